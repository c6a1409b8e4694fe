import { startCharge, stopCharge } from '../billing/charges.ts';
import { IDLE_RESERVED_IP } from '../billing/prices.ts';
import type { World } from '../world.ts';

/** Lets an address lead to a droplet, which is free from then on. An address that is gone stays so. */
export function assignReservedIp(world: World, ip: string, dropletId: number, at: number): void {
  const reserved = world.state.get('reservedIps', ip);
  if (reserved === undefined) return;
  stopCharge(world, { kind: 'reserved-ip', resource: ip }, at);
  world.state.put('reservedIps', ip, { ...reserved, dropletId });
}

/** Lets an address lead nowhere, which is paid from then on. */
export function releaseReservedIp(world: World, ip: string, at: number): void {
  const reserved = world.state.get('reservedIps', ip);
  if (reserved === undefined) return;
  const { dropletId: _before, ...idle } = reserved;
  world.state.put('reservedIps', ip, idle);
  startCharge(world, { kind: 'reserved-ip', resource: ip, name: ip, monthly: IDLE_RESERVED_IP, from: at });
}
