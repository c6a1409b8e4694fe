import type { CloudAction } from '../../clients/digitalocean/cloud.ts';
import {
  isCloudError,
  isCloudNotFound,
  isDoubtful,
  isPendingEvent,
  isRefused,
} from '../../clients/digitalocean/errors.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { RECONCILE_ANNOTATION } from '../../crds/names.ts';
import { snapshotName } from '../../crds/snapshot-name.ts';
import type { Context } from '../context.ts';
import { execute, type Executors } from '../executors.ts';
import { putTag } from '../put-tag.ts';
import type { Run } from '../run.ts';
import { writeDropletStatus } from '../status/write.ts';
import { entryOf } from './observe.ts';
import type { LastSnapshot, LastStep } from './plan.ts';
import { LAST_SNAPSHOT } from './timings.ts';

/** Whose server is about to be destroyed, as last written. */
export interface LastApply {
  droplet: Droplet;
}

type Site = [progress: LastApply, id: number, context: Context, run: Run];

const executors: Executors<LastStep, Site> = {
  'shut-down': stop(({ cloud }, id, signal) => cloud.shutdownDroplet(id, signal)),
  'power-off': stop(({ cloud }, id, signal) => cloud.powerOffDroplet(id, signal)),
  take,
  tag: async ({ snapshot, tags }, { droplet }, id, { cloud, events }, run) => {
    for (const tag of tags) await putTag(cloud, tag, run, signal => cloud.tagSnapshot(snapshot, tag, signal));
    const message = `snapshot ${snapshot} of droplet ${id} is its last: it is kept for 30 days after the server`;
    events.record(droplet, 'Normal', 'LastSnapshotTaken', message);
  },
  'begin-again': (_step, ...[progress, id, context, run]) => note(progress, id, context, run, {}),
  'give-up': ({ why }, ...site) => giveUp(why, ...site),
};

/** Does one step towards the last snapshot of a server; after a failure those that ask for something wait. */
export async function applyLast(step: LastStep, ...site: Site): Promise<void> {
  const [{ droplet }, id, { pauses }] = site;
  const asks = step.type === 'shut-down' || step.type === 'power-off' || step.type === 'take';
  if (asks && pauses.leftMs(pauseKeyOf(droplet, id), groundsOf(droplet)) > 0) return;
  await execute(executors, step, ...site);
}

/** An executor that asks for the server to be stopped and remembers the action, to see later how it ended. */
function stop(ask: (context: Context, id: number, signal: AbortSignal) => Promise<CloudAction>) {
  return async (_step: LastStep, ...site: Site): Promise<void> => {
    const [progress, id, context, run] = site;
    try {
      const action = await run.fenced(signal => ask(context, id, signal));
      run.log.info(`requested ${action.type} for a last snapshot`, { droplet: id, action: action.id });
      await note(progress, id, context, run, { ...entryOf(progress.droplet, id), stopID: action.id });
    } catch (error) {
      if (!isRefused(error)) throw error;
      await giveUp(error.message, ...site);
    }
  };
}

/**
 * Asks for the snapshot, whose name is in the status before. It is taken back only when the cloud surely takes none:
 * after any doubt it is looked for, and not asked for again.
 */
async function take(_step: LastStep, ...site: Site): Promise<void> {
  const [progress, id, context, run] = site;
  const { cloud, clock, fleetId, newNonce } = context;
  const { stopID: _stopped, ...before } = entryOf(progress.droplet, id);
  const name = snapshotName(fleetId, progress.droplet.metadata.name, newNonce(), clock.now());
  await note(progress, id, context, run, { ...before, name }, 'fail');
  try {
    const action = await run.fenced(signal => cloud.snapshotDroplet(id, name, signal));
    run.log.info('requested a last snapshot', { droplet: id, action: action.id });
    await note(progress, id, context, run, { ...before, name, actionID: action.id });
  } catch (error) {
    if (!isCloudError(error) || isDoubtful(error)) throw error;
    if (isRefused(error)) return await giveUp(error.message, ...site);
    await note(progress, id, context, run, before);
    // It is busy, or gone: the next look tells.
    if (!isPendingEvent(error) && !isCloudNotFound(error)) throw error;
  }
}

/** There is none, and why; another is tried after a pause. */
async function giveUp(why: string, ...[progress, id, context, run]: Site): Promise<void> {
  const { pauses, events } = context;
  const { droplet } = progress;
  pauses.failed(pauseKeyOf(droplet, id), {
    grounds: groundsOf(droplet),
    cause: 'failed',
    firstMs: LAST_SNAPSHOT.retryMs,
    slowestMs: LAST_SNAPSHOT.slowestRetryMs,
  });
  const failure = why.replace(/\.$/, '').slice(0, MOST_WORDS);
  await note(progress, id, context, run, { failure });
  const message = `no last snapshot was taken of droplet ${id}, which is kept: ${failure}`;
  run.log.warn(message);
  events.record(droplet, 'Warning', 'LastSnapshotFailed', message);
}

/** As the CRD has it. */
const MOST_WORDS = 1_024;

/** By whose word it is tried: `orchestrate --force` is tried at once. */
const groundsOf = ({ metadata }: Droplet): string => `${metadata.annotations?.[RECONCILE_ANNOTATION]}`;

const pauseKeyOf = ({ metadata }: Droplet, id: number): string => `last snapshot of ${metadata.uid} ${id}`;

/** The server is gone, or goes without: nothing is known of its last snapshot any more. */
export async function forgetLast(progress: LastApply, id: number, context: Context, run: Run): Promise<void> {
  context.pauses.forget(pauseKeyOf(progress.droplet, id));
  if (progress.droplet.status?.lastSnapshots?.[id] !== undefined) await note(progress, id, context, run, {});
}

/** Writes down how far that server is. */
async function note(
  progress: LastApply,
  id: number,
  context: Context,
  run: Run,
  entry: LastSnapshot,
  onConflict: 'retry' | 'fail' = 'retry',
): Promise<void> {
  const { [id]: _before, ...others } = progress.droplet.status?.lastSnapshots ?? {};
  const lastSnapshots = Object.keys(entry).length === 0 ? others : { ...others, [id]: entry };
  const change = { fields: { lastSnapshots } };
  progress.droplet = await writeDropletStatus(
    context,
    'lastSnapshot',
    progress.droplet,
    change,
    run,
    onConflict,
  );
}
