import { isIPv4 } from 'node:net';
import type { HostFirewall, HostRule } from '../driver.ts';

/** The faults of a machine that are made by dropping packets. */
export interface PacketFaults {
  /** The addresses that nothing passes to or from; 'all' when nothing passes at all. */
  readonly cut: readonly string[] | 'all';
  /** Percent of the incoming packets. */
  readonly loss: number;
}

/**
 * A droplet's packet filter as a script for nft, which replaces what was there in one step. It sits at the
 * machine's edge, outside of the engines' address translation, so that it judges what a cloud's firewall sees.
 */
export const renderPacketFilter = (firewall: HostFirewall | undefined, faults: PacketFaults): string =>
  [
    ...renderTable('dropfleet_faults', renderFaults(faults)),
    ...renderTable('dropfleet_firewall', renderFirewall(firewall)),
  ]
    .map(line => `${line}\n`)
    .join('');

/** A table is made before it is deleted, because deleting one that is not there is an error. */
const renderTable = (name: string, chains: readonly string[]): readonly string[] => [
  `table inet ${name} {}`,
  `delete table inet ${name}`,
  `table inet ${name} {`,
  ...chains,
  '}',
];

// Conntrack works at -200: faults are the wire's, before it; the firewall asks it.
const renderFaults = ({ cut, loss }: PacketFaults): readonly string[] => [
  ...renderChain('in', 'prerouting priority -300', [
    ...renderCut('saddr', cut),
    ...renderLoss(Math.round(loss * 100)),
  ]),
  ...renderChain('out', 'postrouting priority 300', renderCut('daddr', cut)),
];

/** nft refuses a comparison that is never, or always, true. */
function renderLoss(of10000: number): readonly string[] {
  if (of10000 === 0) return [];
  return of10000 === 10_000 ? ['drop'] : [`numgen random mod 10000 < ${of10000} drop`];
}

const renderCut = (side: 'saddr' | 'daddr', cut: PacketFaults['cut']): readonly string[] => {
  if (cut === 'all') return ['drop'];
  return cut.length === 0 ? [] : [`ip ${side} { ${cut.join(', ')} } drop`];
};

function renderFirewall(firewall: HostFirewall | undefined): readonly string[] {
  if (firewall === undefined) return [];
  return [
    ...renderChain('in', 'prerouting priority -150', renderRules('saddr', firewall.inbound)),
    ...renderChain('out', 'postrouting priority -150', renderRules('daddr', firewall.outbound)),
  ];
}

/** What only the machine's own processes see, such as loopback and the containers' bridges, passes. */
const renderChain = (name: string, hook: string, rules: readonly string[]): readonly string[] => [
  `chain ${name} {`,
  `type filter hook ${hook}; policy accept;`,
  `${name === 'in' ? 'iifname' : 'oifname'} != { eth0, eth1 } accept`,
  ...rules,
  '}',
];

const renderRules = (side: 'saddr' | 'daddr', rules: readonly HostRule[]): readonly string[] => [
  'ct state established,related accept',
  ...rules.flatMap(rule => renderRule(side, rule)),
  'drop',
];

/** One peer a rule: a set would refuse ranges that overlap. */
const renderRule = (side: 'saddr' | 'daddr', { protocol, ports, peers }: HostRule): readonly string[] =>
  peers.map(peer => {
    const [family, icmp] = isIPv4(peer.split('/')[0]!) ? ['ip', 'icmp'] : ['ip6', 'icmpv6'];
    const service =
      protocol === 'icmp' ? `meta l4proto ${icmp}` : `${protocol} dport ${ports[0]}-${ports[1]}`;
    return `${family} ${side} ${peer} ${service} accept`;
  });
