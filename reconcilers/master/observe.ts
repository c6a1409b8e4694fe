import { ifFound } from '../../clients/digitalocean/if-found.ts';
import { retiredUidOf, uidOf } from '../../crds/cloud-tags.ts';
import { isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { masterName } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import type { Context } from '../context.ts';
import { isOwn } from '../droplet/observe.ts';
import { isReplaced } from '../droplet/recovery-plan.ts';
import type { HolderView, MasterView } from './model.ts';

/** The project's master, unless it is to go. */
export function masterOf(
  { droplets }: Pick<Context, 'droplets'>,
  { metadata }: Project,
): Droplet | undefined {
  const droplet = droplets.get(`${metadata.namespace}/${masterName(metadata.name)}`);
  return droplet?.metadata.deletionTimestamp === undefined ? droplet : undefined;
}

/** The server that the master's status names, as far as the cloud's list shows it as the master's. */
export function masterServer(
  context: Pick<Context, 'servers' | 'fleetId'>,
  droplet: Droplet,
): MasterView | undefined {
  const { status } = droplet;
  const id = status?.server?.id;
  const listed = id === undefined ? undefined : context.servers.get(id);
  if (listed === undefined || !isOwn(context, droplet, listed)) return undefined;
  return {
    id: listed.id,
    isIdle: !listed.locked && listed.status === 'active',
    isReplaced: isReplaced(droplet, listed),
    isReachable: isConditionTrue(status?.conditions, 'Reachable'),
  };
}

/** A list may lag: whether a server is off, and whose it was, the cloud itself is asked. */
export async function observeHolder(
  { cloud }: Pick<Context, 'cloud'>,
  master: Droplet | undefined,
  id: number,
  signal: AbortSignal,
): Promise<HolderView | undefined> {
  const holder = await ifFound(cloud.getDroplet(id, signal));
  if (holder === undefined) return undefined;
  const { status, locked, tags } = holder;
  const isFormer =
    master !== undefined && uidOf(tags) === undefined && retiredUidOf(tags) === master.metadata.uid;
  return { id, isOff: status === 'off' && !locked, isFormer };
}
