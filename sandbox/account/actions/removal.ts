import { stopBilling, stopCharge } from '../billing/charges.ts';
import { releaseAddress } from '../network/networks.ts';
import { releaseReservedIp } from '../network/reserved-ips.ts';
import { unassign } from '../projects.ts';
import type { AccountContext } from '../context.ts';
import { unlock } from './locks.ts';

// What goes with a resource when it goes, so that nothing is left that names it.

/**
 * Takes a droplet out of the account at once, and out of the firewalls that name it. Its volumes are detached,
 * and a reserved IP leads nowhere; both stay, as do its snapshots, but its backups go with it.
 */
export function removeDroplet(context: AccountContext, id: number, at: number): void {
  const { state } = context;
  const droplet = state.get('droplets', id);
  if (droplet === undefined) return;
  abandonAction(context, droplet.actionId, at);
  stopBilling(context, droplet, at);
  stopCharge(context, { kind: 'backups', resource: String(id) }, at);
  releaseAddress(context, droplet.addresses.public);
  for (const firewall of state.all('firewalls'))
    if (firewall.dropletIds.includes(id))
      state.put('firewalls', firewall.id, {
        ...firewall,
        dropletIds: firewall.dropletIds.filter(other => other !== id),
      });
  for (const reserved of state.all('reservedIps'))
    if (reserved.dropletId === id) releaseReservedIp(context, reserved.ip, at);
  for (const image of state.all('snapshots'))
    if (image.kind === 'backup' && image.dropletId === id) removeImage(context, image.id, at);
  unassign(context, `do:droplet:${id}`);
  state.remove('droplets', id);
}

/** An action whose resource went before its end. What else it locked is free again. */
function abandonAction(context: AccountContext, id: number | undefined, at: number): void {
  const action = id === undefined ? undefined : context.state.get('actions', id);
  if (action === undefined) return;
  context.state.put('actions', action.id, { ...action, status: 'errored', endsAt: at });
  unlock(context.state, action);
}

/** A snapshot, a backup or an uploaded image. */
export function removeImage(context: AccountContext, id: number, at: number): void {
  stopCharge(context, { kind: 'snapshot', resource: String(id) }, at);
  context.state.remove('snapshots', id);
}

export function removeVolume(context: AccountContext, id: string, at: number): void {
  stopCharge(context, { kind: 'volume', resource: id }, at);
  unassign(context, `do:volume:${id}`);
  context.state.remove('volumes', id);
}

export function removeVolumeSnapshot(context: AccountContext, id: string, at: number): void {
  stopCharge(context, { kind: 'snapshot', resource: id }, at);
  context.state.remove('volumeSnapshots', id);
}

export function removeReservedIp(context: AccountContext, ip: string, at: number): void {
  stopCharge(context, { kind: 'reserved-ip', resource: ip }, at);
  unassign(context, `do:floatingip:${ip}`);
  context.state.remove('reservedIps', ip);
}
