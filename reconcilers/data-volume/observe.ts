import type { CloudVolume } from '../../clients/digitalocean/cloud.ts';
import { fleetTag, uidOf, uidTag } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Project } from '../../crds/project.ts';
import { volumeName } from '../../crds/volume-name.ts';
import { masterOf, masterServer, observeHolder } from '../master/observe.ts';
import type { Context } from './concern.ts';
import type { DataVolumeInput, VolumeView } from './plan.ts';
import { DATA_VOLUME_SECTION } from './section.ts';

/** What is known of a project's volume: one call of the cloud, and another where a server that is not the master's has it. */
export async function observeDataVolume(
  context: Context,
  project: Project,
  signal: AbortSignal,
): Promise<DataVolumeInput> {
  const { spec, status } = project;
  const droplet = masterOf(context, project);
  const server = droplet && masterServer(context, droplet);
  const mounted = droplet && context.hosts?.probes.of(DATA_VOLUME_SECTION).get(droplet)?.facts;
  const found = await findVolume(context, project, droplet, signal);
  const volume = found && viewOf(context, project, found);
  const isElsewhere = volume?.holderID !== undefined && volume.holderID !== server?.id;
  const holder = isElsewhere ? await observeHolder(context, droplet, volume.holderID!, signal) : undefined;
  return {
    ...(spec.dataVolume && { wantedGB: spec.dataVolume.sizeGB }),
    status: status?.dataVolume ?? {},
    ...(droplet && { region: droplet.spec.region }),
    ...(volume && { volume }),
    ...(server && { master: { ...server, ...(mounted !== undefined && { mounted }) } }),
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
