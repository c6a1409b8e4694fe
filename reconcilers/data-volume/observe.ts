import type { CloudVolume } from '../../clients/digitalocean/cloud.ts';
import { isCloudNotFound } from '../../clients/digitalocean/errors.ts';
import { fleetTag, retiredUidOf, uidOf, uidTag } from '../../crds/cloud-tags.ts';
import { isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { masterName } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import { volumeName } from '../../crds/volume-name.ts';
import { isOwn } from '../droplet/observe.ts';
import { isReplaced } from '../droplet/recovery-plan.ts';
import type { Context } from './concern.ts';
import type { DataVolumeInput, HolderView, MasterView, VolumeView } from './plan.ts';
import { DATA_VOLUME_SECTION } from './section.ts';

/** The project's master, unless it is to go. */
export function masterOf(
  { droplets }: Pick<Context, 'droplets'>,
  { metadata }: Project,
): Droplet | undefined {
  const droplet = droplets.get(`${metadata.namespace}/${masterName(metadata.name)}`);
  return droplet?.metadata.deletionTimestamp === undefined ? droplet : undefined;
}

/** What is known of a project's volume: one call of the cloud, and another where a server that is not the master's has it. */
export async function observeDataVolume(
  context: Context,
  project: Project,
  signal: AbortSignal,
): Promise<DataVolumeInput> {
  const { spec, status } = project;
  const droplet = masterOf(context, project);
  const server = droplet && masterServer(context, droplet);
  const found = await findVolume(context, project, droplet, signal);
  const volume = found && viewOf(context, project, found);
  const isElsewhere = volume?.holderID !== undefined && volume.holderID !== server?.id;
  const holder = isElsewhere ? await observeHolder(context, droplet, volume.holderID!, signal) : undefined;
  return {
    ...(spec.dataVolume && { wantedGB: spec.dataVolume.sizeGB }),
    status: status?.dataVolume ?? {},
    ...(droplet && { region: droplet.spec.region }),
    ...(volume && { volume }),
    ...(server && { master: server }),
    ...(holder && { holder }),
  };
}

/** The one with the id that the status names, else the one of the name in its region. */
async function findVolume(
  { cloud, fleetId }: Context,
  { metadata, status }: Project,
  master: Droplet | undefined,
  signal: AbortSignal,
): Promise<CloudVolume | undefined> {
  const {
    id,
    name = volumeName(fleetId, metadata.name),
    region = master?.spec.region,
  } = status?.dataVolume ?? {};
  const volumes = await cloud.listVolumes(name, signal);
  return volumes.find(volume => volume.id === id) ?? volumes.find(volume => volume.region === region);
}

function viewOf({ fleetId, projects }: Context, project: Project, volume: CloudVolume): VolumeView {
  const { id, name, sizeGB, tags, dropletIds } = volume;
  const isOfFleet = tags.includes(fleetTag(fleetId));
  const isOurs = isOfFleet && tags.includes(uidTag(project.metadata.uid!));
  const owner = projects.list().find(({ metadata }) => metadata.uid === uidOf(tags));
  return {
    id,
    name,
    sizeGB,
    owner: isOurs ? 'ours' : isOfFleet && owner === undefined ? 'former' : 'foreign',
    ...(dropletIds[0] !== undefined && { holderID: dropletIds[0] }),
  };
}

/** The server that the master's status names, as far as the cloud's list shows it as the master's. */
function masterServer(context: Context, droplet: Droplet): MasterView | undefined {
  const { status } = droplet;
  const id = status?.server?.id;
  const listed = id === undefined ? undefined : context.servers.get(id);
  if (listed === undefined || !isOwn(context, droplet, listed)) return undefined;
  const mounted = context.hosts?.probes.of(DATA_VOLUME_SECTION).get(droplet)?.facts;
  return {
    id: listed.id,
    isIdle: !listed.locked && listed.status === 'active',
    isReplaced: isReplaced(droplet, listed),
    isReachable: isConditionTrue(status?.conditions, 'Reachable'),
    ...(mounted !== undefined && { mounted }),
  };
}

/** A list may lag: whether a server is off, and whose it was, the cloud itself is asked. */
async function observeHolder(
  { cloud }: Context,
  master: Droplet | undefined,
  id: number,
  signal: AbortSignal,
): Promise<HolderView | undefined> {
  try {
    const { status, locked, tags } = await cloud.getDroplet(id, signal);
    const isFormer =
      master !== undefined && uidOf(tags) === undefined && retiredUidOf(tags) === master.metadata.uid;
    return { id, isOff: status === 'off' && !locked, isFormer };
  } catch (error) {
    if (isCloudNotFound(error)) return undefined;
    throw error;
  }
}
