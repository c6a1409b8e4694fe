import { startCharge, stopCharge } from '../billing/charges.ts';
import { IDLE_RESERVED_IP } from '../billing/prices.ts';
import type { AccountContext } from '../context.ts';

/** Lets an address lead to a droplet, which is free from then on. An address that is gone stays so. */
export function assignReservedIp(context: AccountContext, ip: string, dropletId: number, at: number): void {
  const reserved = context.state.get('reservedIps', ip);
  if (reserved === undefined) return;
  stopCharge(context, { kind: 'reserved-ip', resource: ip }, at);
  context.state.put('reservedIps', ip, { ...reserved, dropletId });
}

/** Lets an address lead nowhere, which is paid from then on. */
export function releaseReservedIp(context: AccountContext, ip: string, at: number): void {
  const reserved = context.state.get('reservedIps', ip);
  if (reserved === undefined) return;
  const { dropletId: _before, ...idle } = reserved;
  context.state.put('reservedIps', ip, idle);
  startCharge(context, { kind: 'reserved-ip', resource: ip, name: ip, monthly: IDLE_RESERVED_IP, from: at });
}
