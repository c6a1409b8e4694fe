import { stopBilling, stopCharge } from '../billing/charges.ts';
import { releaseAddress } from '../network/networks.ts';
import { releaseReservedIp } from '../network/reserved-ips.ts';
import { unassign } from '../projects.ts';
import type { World } from '../world.ts';
import { unlock } from './locks.ts';

// What goes with a resource when it goes, so that nothing is left that names it.

/**
 * Takes a droplet out of the account at once, and out of the firewalls that name it. Its volumes are detached,
 * and a reserved IP leads nowhere; both stay, as do its snapshots, but its backups go with it.
 */
export function removeDroplet(world: World, id: number, at: number): void {
  const { state } = world;
  const droplet = state.get('droplets', id);
  if (droplet === undefined) return;
  abandonAction(world, droplet.actionId, at);
  stopBilling(world, droplet, at);
  stopCharge(world, { kind: 'backups', resource: String(id) }, at);
  releaseAddress(world, droplet.addresses.public);
  for (const firewall of state.all('firewalls'))
    if (firewall.dropletIds.includes(id))
      state.put('firewalls', firewall.id, {
        ...firewall,
        dropletIds: firewall.dropletIds.filter(other => other !== id),
      });
  for (const reserved of state.all('reservedIps'))
    if (reserved.dropletId === id) releaseReservedIp(world, reserved.ip, at);
  for (const image of state.all('snapshots'))
    if (image.kind === 'backup' && image.dropletId === id) removeImage(world, image.id, at);
  unassign(world, `do:droplet:${id}`);
  state.remove('droplets', id);
}

/** An action whose resource went before its end. What else it locked is free again. */
function abandonAction(world: World, id: number | undefined, at: number): void {
  const action = id === undefined ? undefined : world.state.get('actions', id);
  if (action === undefined) return;
  world.state.put('actions', action.id, { ...action, status: 'errored', endsAt: at });
  unlock(world.state, action);
}

/** A snapshot, a backup or an uploaded image. */
export function removeImage(world: World, id: number, at: number): void {
  stopCharge(world, { kind: 'snapshot', resource: String(id) }, at);
  world.state.remove('snapshots', id);
}

export function removeVolume(world: World, id: string, at: number): void {
  stopCharge(world, { kind: 'volume', resource: id }, at);
  unassign(world, `do:volume:${id}`);
  world.state.remove('volumes', id);
}

export function removeVolumeSnapshot(world: World, id: string, at: number): void {
  stopCharge(world, { kind: 'snapshot', resource: id }, at);
  world.state.remove('volumeSnapshots', id);
}

export function removeReservedIp(world: World, ip: string, at: number): void {
  stopCharge(world, { kind: 'reserved-ip', resource: ip }, at);
  unassign(world, `do:floatingip:${ip}`);
  world.state.remove('reservedIps', ip);
}
