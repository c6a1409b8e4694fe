import type { IFirewall, IFirewallRule, IFirewallRuleNode } from 'dots-wrapper/dist/firewall/index.js';
import type { CloudFirewall, CloudFirewallRule, FirewallRequest } from './cloud.ts';

// DigitalOcean's JSON of a firewall and dropfleet's form of it, either way.

/** Throws on something that is no firewall. dots-wrapper's type lacks `created_at`. */
export function decodeFirewall(firewall: IFirewall & { created_at?: string }): CloudFirewall {
  if (typeof firewall.id !== 'string') throw new TypeError('a firewall must have an id');
  return {
    id: firewall.id,
    name: firewall.name,
    tags: firewall.tags ?? [],
    dropletIds: firewall.droplet_ids ?? [],
    inbound: (firewall.inbound_rules ?? []).map(rule => decodeRule(rule, rule.sources)),
    outbound: (firewall.outbound_rules ?? []).map(rule => decodeRule(rule, rule.destinations)),
    createdAt: firewall.created_at ?? '',
  };
}

/** All ports have three spellings: none, `all` and `0`. */
function decodeRule({ protocol, ports }: IFirewallRule, peers: IFirewallRuleNode): CloudFirewallRule {
  const { addresses, tags, ...others } = peers;
  return {
    protocol,
    ports: !ports || ports === 'all' ? '0' : ports,
    addresses: addresses ?? [],
    tags: tags ?? [],
    others: Object.values(others).reduce((sum, list) => sum + (list as unknown[]).length, 0),
  };
}

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
