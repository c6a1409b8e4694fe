import { afterEffect } from '../account/actions/effects.ts';
import { sizeBySlug } from '../account/catalog.ts';
import type {
  ActionRecord,
  DropletRecord,
  FirewallRecord,
  FirewallRule,
  ImageRecord,
} from '../account/records/records.ts';
import type { State } from '../account/records/state.ts';
import { hasTag } from '../account/tagging.ts';
import type { HostFirewall, HostImage, HostRule, HostSpec, HostVolume } from './driver.ts';

/** What the machine behind a droplet should be, once the action that is under way on it has succeeded. */
export function hostSpec(state: State, droplet: DropletRecord): HostSpec {
  const action = droplet.actionId === undefined ? undefined : state.get('actions', droplet.actionId);
  const after = action === undefined || action.fails ? droplet : afterEffect(droplet, action.effect);
  const size = sizeBySlug(after.size)!;
  return {
    id: after.id,
    name: after.name,
    power: after.status === 'active' ? 'on' : 'off',
    installation: after.installations,
    image: hostImage(after.image),
    vcpus: size.vcpus,
    memory: size.memory,
    disk: after.disk,
    addresses: {
      public: after.addresses.public,
      private: after.addresses.private,
      privateRange: state.get('vpcs', after.vpc)!.ipRange,
      reserved: reservedIp(state, after, action),
    },
    userData: after.userData,
    authorizedKeys: after.authorizedKeys,
    volumes: after.volumeIds.map(id => hostVolume(state, id)),
    firewall: hostFirewall(state, after),
  };
}

/** The address that leads to the droplet, or will when the action under way has ended. */
function reservedIp(
  state: State,
  { id }: DropletRecord,
  action: ActionRecord | undefined,
): string | undefined {
  if (action?.effect.kind === 'assign-ip') return action.reservedIp;
  if (action?.effect.kind === 'unassign-ip') return undefined;
  return [...state.all('reservedIps')].find(({ dropletId }) => dropletId === id)?.ip;
}

function hostVolume(state: State, id: string): HostVolume {
  const { name, sizeGigabytes, filesystemType } = state.get('volumes', id)!;
  return { id, name, size: sizeGigabytes, ...(filesystemType !== '' && { filesystem: filesystemType }) };
}

const hostImage = ({ kind, id, slug }: ImageRecord): HostImage =>
  kind === 'snapshot' || kind === 'backup'
    ? { type: 'snapshot', id }
    : { type: 'distribution', slug: slug ?? String(id) };

/** The rules of all firewalls that protect the droplet add up, and what none of them lets through is dropped. */
function hostFirewall(state: State, droplet: DropletRecord): HostFirewall | undefined {
  const firewalls = [...state.all('firewalls')].filter(firewall => protects(firewall, droplet));
  if (firewalls.length === 0) return undefined;
  const rules = (side: FirewallRule[], target: string): HostRule[] =>
    side.map(rule => hostRule(state, rule, target));
  return {
    inbound: rules(
      firewalls.flatMap(({ inboundRules }) => inboundRules),
      'sources',
    ),
    outbound: rules(
      firewalls.flatMap(({ outboundRules }) => outboundRules),
      'destinations',
    ),
  };
}

/** Whether a firewall covers a droplet, by its id or by a tag. */
export const protects = ({ dropletIds, tags }: FirewallRecord, droplet: DropletRecord): boolean =>
  dropletIds.includes(droplet.id) || tags.some(tag => hasTag(droplet.tags, tag));

function hostRule(state: State, rule: FirewallRule, target: string): HostRule {
  const peers = rule[target] as { addresses?: string[]; droplet_ids?: number[]; tags?: string[] };
  return {
    protocol: rule['protocol'] as HostRule['protocol'],
    ports: portRange(rule['ports'] as string),
    peers: [...(peers.addresses ?? []), ...dropletAddresses(state, peers)],
  };
}

/** `0` stands for all ports. */
function portRange(ports: string): HostRule['ports'] {
  if (ports === '0') return [1, 65_535];
  const [first, last] = ports.split('-').map(Number);
  return [first!, last ?? first!];
}

const dropletAddresses = (
  state: State,
  { droplet_ids: ids = [], tags = [] }: { droplet_ids?: number[]; tags?: string[] },
): string[] =>
  ids.length + tags.length === 0
    ? []
    : [...state.all('droplets')]
        .filter(droplet => ids.includes(droplet.id) || tags.some(tag => hasTag(droplet.tags, tag)))
        .flatMap(({ addresses }) => [addresses.public, addresses.private]);
