import { isNameTaken, isPendingEvent } from '../../clients/digitalocean/errors.ts';
import { fleetTag, nonceTag, uidOf, uidTag } from '../../crds/cloud-tags.ts';
import type { Project } from '../../crds/project.ts';
import { volumeName } from '../../crds/volume-name.ts';
import { execute, type Executors } from '../executors.ts';
import { hostOf } from '../host/access.ts';
import { Waiting } from '../outcome.ts';
import { putTag } from '../put-tag.ts';
import type { Run } from '../run.ts';
import { writeProjectStatus } from '../status/write.ts';
import { mountVolume, NOT_NOW } from './commands.ts';
import type { Context } from './concern.ts';
import { masterOf } from '../master/observe.ts';
import type { DataVolumeStep, VolumeStatus } from './plan.ts';
import { DATA_VOLUME_SECTION } from './section.ts';

/** A project's volume being worked on: the Project as last written. */
export interface DataVolumeApply {
  project: Project;
}

type Rest = [progress: DataVolumeApply, context: Context, run: Run];

/** How each step is done. Every one may be cut off anywhere: what there is then tells what is next. */
const executors: Executors<DataVolumeStep, Rest> = {
  note: async (_step, progress, context, run) => {
    const { metadata } = progress.project;
    const region = masterOf(context, progress.project)!.spec.region;
    const name = volumeName(context.fleetId, metadata.name);
    await note(progress, { nonce: context.newNonce(), name, region }, context, run);
  },
  create: async ({ sizeGB }, progress, context, run) => await create(sizeGB, progress, context, run),
  'create-again': async ({ sizeGB }, progress, context, run) => {
    const { id: _gone, serverID: _former, sizeGB: _its, ...rest } = progress.project.status!.dataVolume!;
    await note(progress, rest, context, run);
    await create(sizeGB, progress, context, run);
  },
  'take-over': async ({ id }, progress, context, run) => {
    const { cloud } = context;
    const { name } = progress.project.status!.dataVolume!;
    const found = (await cloud.listVolumes(name, run.signal)).find(volume => volume.id === id);
    const former = uidOf(found?.tags ?? []);
    const own = uidTag(progress.project.metadata.uid!);
    await putTag(cloud, own, run, signal => cloud.tagVolume(id, own, signal));
    if (former !== undefined) await run.fenced(signal => cloud.untagVolume(id, uidTag(former), signal));
  },
  adopt: ({ id }, progress, context, run) =>
    note(progress, { ...progress.project.status!.dataVolume, id }, context, run),
  attach: async ({ id, to }, _progress, { cloud }, run) => {
    await run.fenced(signal => cloud.attachVolume(id, to, signal));
    run.log.info(`attaching volume ${id} to droplet ${to}`);
  },
  detach: async ({ id, from }, _progress, { cloud }, run) => {
    await run.fenced(signal => cloud.detachVolume(id, from, signal));
    run.log.info(`detaching volume ${id} from droplet ${from}, which is off`);
  },
  resize: async ({ id, sizeGB }, _progress, { cloud }, run) => {
    await run.fenced(signal => cloud.resizeVolume(id, sizeGB, signal));
  },
  mount: async ({ on, sizeGB }, progress, context, run) => {
    const status = progress.project.status!.dataVolume!;
    await mount(status, progress, context, run);
    await note(progress, { ...status, sizeGB, serverID: on }, context, run);
    const message = `${status.name} is mounted on droplet ${on}`;
    context.events.record(progress.project, 'Normal', 'DataVolumeMounted', message);
  },
};

/** Does one step; what the cloud is at work on already is waited for. */
export async function applyStep(
  step: DataVolumeStep,
  progress: DataVolumeApply,
  context: Context,
  run: Run,
): Promise<void> {
  try {
    await execute(executors, step, progress, context, run);
  } catch (error) {
    if (!isPendingEvent(error)) throw error;
    throw new Waiting('DigitalOcean is at work on the volume or its droplet', context.timings.pollMs);
  }
}

async function note(
  progress: DataVolumeApply,
  dataVolume: VolumeStatus,
  context: Context,
  run: Run,
): Promise<void> {
  const fields = { dataVolume };
  progress.project = await writeProjectStatus(context, 'dataVolume', progress.project, { fields }, run);
}

/** The name is taken when an earlier request, whose reply was lost, has come through: then it is looked for. */
async function create(sizeGB: number, progress: DataVolumeApply, context: Context, run: Run): Promise<void> {
  const { metadata, status } = progress.project;
  const { name, region, nonce } = status!.dataVolume!;
  const tags = [fleetTag(context.fleetId), uidTag(metadata.uid!), nonceTag(nonce!)];
  try {
    const { id } = await run.fenced(signal =>
      context.cloud.createVolume({ name: name!, region: region!, sizeGB, tags }, signal),
    );
    await note(progress, { ...progress.project.status!.dataVolume, id }, context, run);
  } catch (error) {
    if (!isNameTaken(error)) throw error;
    throw new Waiting(`the volume ${name} is there already`, context.timings.pollMs);
  }
}

async function mount(
  { name }: VolumeStatus,
  { project }: DataVolumeApply,
  context: Context,
  { signal }: Run,
): Promise<void> {
  const { hosts, clock, timings } = context;
  const master = masterOf(context, project);
  const ssh = hosts && master && hostOf(hosts, master);
  if (ssh === undefined) throw new Waiting("the master's host cannot be reached yet", timings.pollMs);
  const seenAt = clock.monotonic();
  const { code, stderr } = await ssh.run(mountVolume(name!), { signal });
  if (code !== 0)
    throw new Waiting(
      `${master!.metadata.name} cannot mount ${name}: ${stderr.trim().slice(-300)}`,
      code === NOT_NOW ? timings.pollMs : timings.retryMs,
    );
  hosts!.probes.of(DATA_VOLUME_SECTION).record(master!, name, seenAt);
}
