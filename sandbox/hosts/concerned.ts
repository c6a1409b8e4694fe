import type { Collection, DropletRecord, FirewallRecord, Records } from '../account/records/records.ts';
import type { Change, State } from '../account/records/state.ts';
import { tagKey } from '../account/tagging.ts';
import { protects } from './host-spec.ts';

/** Finds the droplets whose machines may have to be others after changes of the records. */
export interface Concerned {
  all(): ReadonlySet<number>;
  /** Of changes that the state already has; a droplet that is gone is among them. */
  by(changes: readonly Change[]): ReadonlySet<number>;
}

/** What other droplets' firewalls know of a droplet. */
type Peer = Pick<DropletRecord, 'id' | 'tags' | 'addresses'>;

type Reach = 'all' | readonly number[];

/** Whom a change of a record of each kind concerns, beside the peers of a droplet; hostSpec (host-spec.ts) reads no other. */
const REACH: { readonly [C in Collection]: (id: string, record: Records[C] | null) => Reach } = {
  droplets: id => [Number(id)],
  actions: (_, action) => (action?.dropletId === undefined ? [] : [action.dropletId]),
  // A backup that is to be taken.
  snapshots: (_, image) => (image?.dropletId === undefined ? [] : [image.dropletId]),
  // They may have concerned others before.
  firewalls: () => 'all',
  reservedIps: () => 'all',
  volumes: () => 'all',
  vpcs: () => 'all',
  keys: () => [],
  tags: () => [],
  volumeSnapshots: () => [],
  projects: () => [],
  assignments: () => [],
  destructions: () => [],
  usage: () => [],
  charges: () => [],
  counters: () => [],
  account: () => [],
  domains: () => [],
  dnsRecords: () => [],
};

export function createConcerned(state: State): Concerned {
  /** The droplets as they were when they were last looked at. */
  const peers = new Map<number, Peer>();

  function all(): ReadonlySet<number> {
    const before = [...peers.keys()];
    peers.clear();
    for (const droplet of state.all('droplets')) peers.set(droplet.id, droplet);
    return new Set([...before, ...peers.keys()]);
  }

  /** What firewalls may have to learn of these droplets: as they were, and as they are. */
  function changedPeers(ids: Iterable<number>): Peer[] {
    const changed: Peer[] = [];
    for (const id of ids) {
      const [before, after] = [peers.get(id), state.get('droplets', id)];
      if (isSamePeer(before, after)) continue;
      changed.push(...[before, after].filter(peer => peer !== undefined));
      if (after === undefined) peers.delete(id);
      else peers.set(id, after);
    }
    return changed;
  }

  /** Those whose firewalls name one of these in a rule. */
  function neighborsOf(changed: readonly Peer[]): number[] {
    if (changed.length === 0) return [];
    const ids = new Set(changed.map(({ id }) => id));
    const tags = new Set(changed.flatMap(peer => peer.tags.map(tagKey)));
    const firewalls = [...state.all('firewalls')].filter(firewall => namesOneOf(firewall, ids, tags));
    if (firewalls.length === 0) return [];
    return [...state.all('droplets')]
      .filter(droplet => firewalls.some(firewall => protects(firewall, droplet)))
      .map(({ id }) => id);
  }

  return {
    all,
    by(changes) {
      const ids = new Set<number>();
      for (const change of changes) {
        const reach = reachOf(change);
        if (reach === 'all') return all();
        for (const id of reach) ids.add(id);
      }
      return new Set([...ids, ...neighborsOf(changedPeers(ids))]);
    },
  };
}

function reachOf<C extends Collection>([collection, id, record]: readonly [
  C,
  string,
  Records[C] | null,
]): Reach {
  return REACH[collection](id, record);
}

const isSamePeer = (one: Peer | undefined, other: Peer | undefined): boolean =>
  one?.addresses.public === other?.addresses.public &&
  one?.addresses.private === other?.addresses.private &&
  one?.tags.join() === other?.tags.join();

/** Whether a rule of the firewall names one of the droplets, or one of the tags. */
function namesOneOf(
  { inboundRules, outboundRules }: FirewallRecord,
  ids: ReadonlySet<number>,
  tags: ReadonlySet<string>,
): boolean {
  const named = [
    ...inboundRules.map(rule => rule['sources']),
    ...outboundRules.map(rule => rule['destinations']),
  ];
  return (named as readonly Named[]).some(
    target => target.droplet_ids?.some(id => ids.has(id)) || target.tags?.some(tag => tags.has(tagKey(tag))),
  );
}

interface Named {
  readonly droplet_ids?: readonly number[];
  readonly tags?: readonly string[];
}
