import type { CloudAction } from '../../clients/digitalocean/cloud.ts';
import {
  isCloudNotFound,
  isDoubtful,
  isInvalidKey,
  isOverLimit,
  isRefused,
} from '../../clients/digitalocean/errors.ts';
import { addFinalizer, removeFinalizers } from '../../clients/kubernetes/finalizer.ts';
import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import { fingerprintOfLine } from '../../clients/ssh/fingerprint.ts';
import { apiTag, fleetTag, nonceTag, projectRoleTag, uidTag } from '../../crds/cloud-tags.ts';
import { toKubernetesTime } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { DROPLET_FINALIZER, LOAD_BALANCER_FINALIZER, RECONCILE_ANNOTATION } from '../../crds/names.ts';
import type { Hosts } from '../context.ts';
import type { Run } from '../run.ts';
import { drainTimeoutMessage } from '../draining/protocol.ts';
import { execute, type Executors } from '../executors.ts';
import { desiredHostOf } from '../host/engine.ts';
import { firstHostKey, pinOf } from '../host/first-host-key.ts';
import { renderUserData } from '../host/render.ts';
import { putTag } from '../put-tag.ts';
import type { Context } from './concern.ts';
import type { DropletPlan, DropletStep, ServerStatus } from './model.ts';
import { noteEnd, noteRequest } from './observe.ts';
import { imageOf } from './recovery-plan.ts';
import { writeDropletStatus } from '../status/write.ts';
import { withFormer, withoutServer } from './status.ts';

/** A plan being carried out: the object as last written, and what is to be written of its server. */
export interface DropletApply {
  droplet: Droplet;
  server: ServerStatus;
  /** What is said of a server that was seen and does not run as asked, also when a step fails. */
  seen?: Pick<DropletPlan, 'phase' | 'provisioned' | 'reason'>;
  /** A change has been asked of the cloud, or is about to be. */
  asked?: boolean;
  /** For how many ms the plan is not carried out. */
  heldMs?: number;
  /** The finalizer is off: there may be no object left to write to. */
  finished: boolean;
}

/** A server that is gone has nothing under way. */
const OWN_FINALIZERS = [DROPLET_FINALIZER, LOAD_BALANCER_FINALIZER];

/** How each step of a plan is done. Every one may be cut off anywhere and done again. */
const executors: Executors<DropletStep, [progress: DropletApply, context: Context, run: Run]> = {
  'add-finalizer': async (_step, progress, { kubernetes }, run) => {
    progress.droplet = await addFinalizer(kubernetes, DROPLETS, progress.droplet, DROPLET_FINALIZER, run);
  },
  'remove-finalizer': async (_step, progress, { kubernetes, events }, run) => {
    events.record(progress.droplet, 'Normal', 'Destroyed', 'DigitalOcean has no server for this Droplet');
    await removeFinalizers(kubernetes, DROPLETS, progress.droplet, OWN_FINALIZERS, run);
    progress.finished = true;
  },
  launch,
  'take-over': takeOver,
  adopt: (step, progress, { events, servers, hosts }) => {
    const before = progress.server.id;
    const [type, message] =
      before === undefined
        ? (['Normal', `found droplet ${step.id}, created by an earlier request`] as const)
        : ([
            'Warning',
            `status.server.id was ${before}, which is not this Droplet's server; corrected to ${step.id}`,
          ] as const);
    events.record(progress.droplet, type, 'Adopted', message);
    progress.server = { ...withFormer(progress.server), id: step.id };
    // It may be an earlier request's, with that one's host key.
    const pin = pinOf(hosts, servers.get(step.id)?.tags ?? []);
    if (pin !== undefined && pin.nonce !== progress.server.nonce && !step.keepsNonce)
      progress.server = { ...progress.server, ...pin };
    return Promise.resolve();
  },
  tag: async ({ id, tags }, progress, context, run) => {
    for (const tag of tags) await tagServer(id, tag, context, run);
    const message = `restored tags of droplet ${id}: ${tags.join(', ')}`;
    context.events.record(progress.droplet, 'Normal', 'Tagged', message);
    context.servers.wake();
  },
  'report-drain-timeout': ({ master }, { droplet }, { events, timings }, { log }) => {
    const message = drainTimeoutMessage(master, timings.drainMs);
    log.warn(message);
    events.record(droplet, 'Warning', 'DrainTimedOut', message);
    return Promise.resolve();
  },
  destroy: async ({ id }, progress, { cloud, servers, events, since }, run) => {
    try {
      await run.fenced(signal => cloud.deleteDroplet(id, signal));
      noteEnd({ since }, progress.droplet, id);
      run.log.info(`destroyed droplet ${id}`);
      events.record(progress.droplet, 'Normal', 'Destroying', `destroying droplet ${id}`);
    } catch (error) {
      if (!isCloudNotFound(error)) throw error;
    }
    servers.wake();
  },
  'shut-down': act(({ id }, { cloud }, signal) => cloud.shutdownDroplet(id, signal)),
  'power-off': act(({ id }, { cloud }, signal) => cloud.powerOffDroplet(id, signal)),
  'power-on': act(({ id }, { cloud }, signal) => cloud.powerOnDroplet(id, signal)),
  'power-cycle': powerCycle,
  retire: async ({ id, put, off }, progress, context, run) => {
    for (const tag of put) await tagServer(id, tag, context, run);
    for (const tag of off) await run.fenced(signal => context.cloud.untagDroplet(id, tag, signal));
    const message = `droplet ${id} is off; it is kept for 24 hours, and another takes its place`;
    run.log.info(message);
    context.events.record(progress.droplet, 'Normal', 'Retired', message);
    context.servers.wake();
  },
  resize,
  'remember-refusal': ({ refusal }, progress) => {
    progress.server = { ...progress.server, resize: { ...attemptOf(progress.droplet), ...refusal } };
    return Promise.resolve();
  },
};

/** Does one step; `progress` says afterwards what there is. */
export const applyStep = (
  step: DropletStep,
  progress: DropletApply,
  context: Context,
  run: Run,
): Promise<void> => execute(executors, step, progress, context, run);

/**
 * Asks the cloud for a server. The nonce is written before the request is sent, so that whoever comes next
 * knows that there may be one; it is taken back only when the cloud surely made none.
 */
async function launch(_step: DropletStep, progress: DropletApply, context: Context, run: Run): Promise<void> {
  const { cloud, clock, events } = context;
  const key = await run.fenced(signal => context.sshKey.id(signal));
  const nonce = context.newNonce();
  const launchedAt = toKubernetesTime(new Date(clock.now()));
  const firstBoot = context.hosts && firstBootOf(context, context.hosts, progress.droplet, nonce);
  const server: ServerStatus = {
    ...withoutServer(withFormer(progress.server)),
    nonce,
    launchedAt,
    ...(firstBoot && { firstKeyFingerprint: firstBoot.fingerprint }),
  };
  // As it was read, as a former leader may have asked for a server that this cache does not know of yet.
  const change = { fields: { phase: 'Creating', server } } as const;
  progress.droplet = await writeDropletStatus(context, 'droplet', progress.droplet, change, run, 'fail');
  progress.server = server;
  try {
    const request = {
      ...requestFor(progress.droplet, context, nonce),
      sshKeys: [key],
      ...(firstBoot && { userData: firstBoot.userData }),
    };
    const server = await run.fenced(signal => cloud.createDroplet(request, signal));
    context.room.granted();
    progress.server = { ...progress.server, id: server.id };
    run.log.info(`creating droplet ${server.id}`, { size: request.size, region: request.region });
    events.record(progress.droplet, 'Normal', 'Creating', `creating droplet ${server.id} (${request.size})`);
  } catch (error) {
    if (isInvalidKey(error)) context.sshKey.forget();
    if (isOverLimit(error)) context.room.refused(keyOf(progress.droplet));
    if (!isDoubtful(error)) progress.server = withoutServer(progress.server);
    throw error;
  } finally {
    // The request may have waited long for its turn: its grace begins now that it is surely out.
    noteRequest(context, progress.droplet, nonce);
  }
}

/** A person named the server: first what it is found by, then what says whose it was. */
async function takeOver(
  { id, put, off }: Extract<DropletStep, { type: 'take-over' }>,
  progress: DropletApply,
  context: Context,
  run: Run,
): Promise<void> {
  for (const tag of put) await tagServer(id, tag, context, run);
  for (const tag of off) await run.fenced(signal => context.cloud.untagDroplet(id, tag, signal));
  const message = `adopted droplet ${id}`;
  run.log.info(message);
  context.events.record(progress.droplet, 'Normal', 'TakenOver', message);
  context.servers.wake();
}

/** What the server is told to make of itself, and how it will be known again. */
function firstBootOf(context: Context, hosts: Hosts, droplet: Droplet, nonce: string) {
  const hostKey = firstHostKey(hosts, nonce);
  return {
    userData: renderUserData(desiredHostOf(context, hosts, droplet), hostKey, hosts.publicKey),
    fingerprint: fingerprintOfLine(hostKey.publicKey),
  };
}

function requestFor(droplet: Droplet, context: Context, nonce: string) {
  const { metadata, spec } = droplet;
  return {
    name: metadata.name,
    region: spec.region,
    size: spec.size,
    image: imageOf(droplet),
    tags: [...ownTags(droplet, context), nonceTag(nonce)],
  };
}

/** The tags by which a server is found, protected by its firewall, and known as this object's. */
export const ownTags = (
  { metadata, spec }: Droplet,
  { fleetId, apiId }: Pick<Context, 'fleetId' | 'apiId'>,
): string[] => [
  fleetTag(fleetId),
  projectRoleTag(fleetId, spec.project, spec.role),
  uidTag(metadata.uid!),
  apiTag(apiId),
];

const tagServer = (id: number, tag: string, { cloud }: Context, run: Run): Promise<void> =>
  putTag(cloud, tag, run, signal => cloud.tagDroplet(id, tag, signal));

const askPowerCycle = act<Extract<DropletStep, { type: 'power-cycle' }>>(({ id }, { cloud }, signal) =>
  cloud.powerCycleDroplet(id, signal),
);

/**
 * Asked for once for each recovery: that it is about to be is written down before, and taken back only when the cloud
 * surely did nothing. A second time would stop a server that is just about to be well.
 */
async function powerCycle(
  step: Extract<DropletStep, { type: 'power-cycle' }>,
  progress: DropletApply,
  context: Context,
  run: Run,
): Promise<void> {
  const { cycledFor: _before, ...before } = progress.server;
  const server = { ...before, cycledFor: step.recovery };
  progress.droplet = await writeDropletStatus(
    context,
    'droplet',
    progress.droplet,
    { fields: { server } },
    run,
    'fail',
  );
  progress.server = server;
  try {
    await askPowerCycle(step, progress, context, run);
  } catch (error) {
    if (!isDoubtful(error)) progress.server = before;
    throw error;
  }
}

const askResize = act<Extract<DropletStep, { type: 'resize' }>>(({ id, size }, { cloud }, signal) =>
  cloud.resizeDroplet(id, size, signal),
);

/**
 * Asks for the size, and notes for what; a refusal is noted too, and no failure: the plan that follows from it powers
 * the server on again.
 */
async function resize(
  step: Extract<DropletStep, { type: 'resize' }>,
  progress: DropletApply,
  context: Context,
  run: Run,
) {
  const attempt = attemptOf(progress.droplet);
  progress.server = { ...progress.server, resize: attempt };
  try {
    await askResize(step, progress, context, run);
  } catch (error) {
    if (!isRefused(error)) throw error;
    // A server that somebody powered on meanwhile, or resized, is refused whatever the size.
    const { status, locked, size } = await context.cloud.getDroplet(step.id, run.signal);
    if (status !== 'off' || locked || size === step.size) throw error;
    const { message } = error;
    run.log.warn('the resize was refused', { size: step.size, error: message });
    progress.server = { ...progress.server, resize: { ...attempt, reason: 'ResizeRefused', message } };
  }
}

/** Which size is asked for, and by whose word. */
function attemptOf({ metadata, spec }: Droplet): { size: string; request?: string } {
  const request = metadata.annotations?.[RECONCILE_ANNOTATION];
  return { size: spec.size, ...(request !== undefined && { request }) };
}

/** An executor that asks for an action and remembers its id, to see later how it ended. */
function act<Step extends DropletStep>(
  ask: (step: Step, context: Context, signal: AbortSignal) => Promise<CloudAction>,
) {
  return async (step: Step, progress: DropletApply, context: Context, run: Run): Promise<void> => {
    const action = await run.fenced(signal => ask(step, context, signal));
    progress.server = { ...progress.server, actionID: action.id };
    run.log.info(`requested ${action.type}`, { action: action.id });
    context.events.record(progress.droplet, 'Normal', 'Acting', `requested ${action.type} from DigitalOcean`);
    context.servers.wake();
  };
}
