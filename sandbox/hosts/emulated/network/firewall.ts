import { BlockList, isIPv6 } from 'node:net';
import type { HostRule } from '../../driver.ts';

/** Whether any rule lets a TCP connection through: to `port`, from or to `address`. */
export const passes = (rules: readonly HostRule[], port: number, address: string): boolean =>
  rules.some(
    ({ protocol, ports: [first, last], peers }) =>
      protocol === 'tcp' && first <= port && port <= last && includesAddress(peers, address),
  );

function includesAddress(peers: readonly string[], address: string): boolean {
  const list = new BlockList();
  for (const peer of peers) {
    const [network = '', prefix] = peer.split('/');
    const family = isIPv6(network) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(network, family);
    else list.addSubnet(network, Number(prefix), family);
  }
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
