import { expect } from 'chai';
import { renderPacketFilter } from '../../../../sandbox/hosts/docker/packet-filter.ts';

const NO_FAULTS = { cut: [], loss: 0 };

describe('renderPacketFilter', () => {
  it('lets everything pass where there is neither firewall nor fault', () => {
    expect(renderPacketFilter(undefined, NO_FAULTS)).not.to.match(/\bdrop\b/);
  });

  it('lets established traffic, then each rule by its peers, then nothing pass', () => {
    const ssh = { protocol: 'tcp', ports: [22, 22], peers: ['203.0.113.7', '2001:db8::/32'] } as const;
    const ping = { protocol: 'icmp', ports: [0, 0], peers: ['0.0.0.0/0', '::/0'] } as const;
    const lines = renderPacketFilter({ inbound: [ssh, ping], outbound: [] }, NO_FAULTS).split('\n');
    expect(lines.slice(lines.indexOf('ct state established,related accept'))).to.deep.equal([
      'ct state established,related accept',
      'ip saddr 203.0.113.7 tcp dport 22-22 accept',
      'ip6 saddr 2001:db8::/32 tcp dport 22-22 accept',
      'ip saddr 0.0.0.0/0 meta l4proto icmp accept',
      'ip6 saddr ::/0 meta l4proto icmpv6 accept',
      'drop',
      '}',
      'chain out {',
      'type filter hook postrouting priority -150; policy accept;',
      'oifname != { eth0, eth1 } accept',
      'ct state established,related accept',
      'drop',
      '}',
      '}',
      '',
    ]);
  });

  it('cuts both ways, and loses a part to two digits', () => {
    const script = renderPacketFilter(undefined, { cut: ['198.18.0.5', '10.100.0.5'], loss: 12.34 });
    expect(script).to.include('ip saddr { 198.18.0.5, 10.100.0.5 } drop');
    expect(script).to.include('ip daddr { 198.18.0.5, 10.100.0.5 } drop');
    expect(script).to.include('numgen random mod 10000 < 1234 drop');
  });

  it('loses everything at 100 percent, and nothing at next to none', () => {
    const linesOf = (loss: number) => renderPacketFilter(undefined, { cut: [], loss }).split('\n');
    expect(linesOf(100)).to.include('drop');
    expect(linesOf(0.001).join('\n')).not.to.match(/\bdrop\b/);
  });

  it('replaces its tables in the one transaction of a script, whether they are there or not', () => {
    const script = renderPacketFilter(undefined, NO_FAULTS);
    for (const table of ['dropfleet_faults', 'dropfleet_firewall'])
      expect(script).to.include(
        `table inet ${table} {}\ndelete table inet ${table}\ntable inet ${table} {\n`,
      );
  });
});
