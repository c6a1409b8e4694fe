import type { IFirewall, IFirewallRule, IFirewallRuleNode } from 'dots-wrapper/dist/firewall/index.js';
import type { CloudFirewall, CloudFirewallRule, FirewallRequest } from './cloud.ts';
import {
  fieldsOf,
  FIREWALL_NAME,
  ID,
  itemsOf,
  listOf,
  NETWORK,
  optional,
  PORTS,
  TAG,
  TIME,
  WORD,
  type Kind,
} from './values.ts';

// DigitalOcean's JSON of a firewall and dropfleet's form of it, either way.

/** Throws Unreadable on what is no firewall. */
export const decodeFirewall: Kind<CloudFirewall> = (value, path) => {
  const fields = fieldsOf(value, path);
  return {
    id: fields('id', WORD),
    name: fields('name', FIREWALL_NAME),
    tags: fields('tags', listOf(TAG)),
    dropletIds: fields('droplet_ids', listOf(ID)),
    inbound: fields('inbound_rules', listOf(ruleWith('sources'))),
    outbound: fields('outbound_rules', listOf(ruleWith('destinations'))),
    createdAt: fields('created_at', optional(TIME)) ?? '',
  };
};

const ruleWith =
  (peers: 'sources' | 'destinations'): Kind<CloudFirewallRule> =>
  (value, path) => {
    const fields = fieldsOf(value, path);
    return {
      protocol: fields('protocol', WORD),
      ports: fields('ports', allPorts) ?? '0',
      ...fields(peers, decodePeers),
    };
  };

/** All ports have three spellings: none, `all` and `0`. */
const allPorts: Kind<string | undefined> = (value, path) =>
  value === 'all' ? undefined : optional(PORTS)(value, path);

const decodePeers: Kind<Pick<CloudFirewallRule, 'addresses' | 'tags' | 'others'>> = (value, path) => {
  const fields = fieldsOf(value, path);
  const others = Object.entries(value as object).filter(([name]) => name !== 'addresses' && name !== 'tags');
  return {
    addresses: fields('addresses', listOf(NETWORK)),
    tags: fields('tags', listOf(TAG)),
    others: others.reduce((sum, [, list]) => sum + itemsOf(list ?? [], path).length, 0),
  };
};

/** What POST and PUT take. */
export function firewallBody({ name, tags, inbound, outbound }: FirewallRequest): IFirewall {
  return {
    name,
    tags: [...tags],
    droplet_ids: [],
    inbound_rules: inbound.map(rule => ({ ...trafficOf(rule), sources: peersOf(rule) })),
    outbound_rules: outbound.map(rule => ({ ...trafficOf(rule), destinations: peersOf(rule) })),
  };
}

const trafficOf = ({ protocol, ports }: CloudFirewallRule): IFirewallRule => ({ protocol, ports });

const peersOf = ({ addresses, tags }: CloudFirewallRule): IFirewallRuleNode => ({
  ...(addresses.length > 0 && { addresses: [...addresses] }),
  ...(tags.length > 0 && { tags: [...tags] }),
});
