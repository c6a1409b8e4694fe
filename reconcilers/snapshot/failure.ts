import type { Droplet } from '../../crds/droplet.ts';
import { projectKeyOf } from '../context.ts';
import type { Run } from '../run.ts';
import { writeDropletStatus } from '../status/write.ts';
import type { Context } from './concern.ts';

const GROUNDS = 'snapshot';
const keyOf = (project: string): string => `snapshot ${project}`;

/** There is no snapshot, and why; another is taken after a pause. */
export async function noteFailure(context: Context, droplet: Droplet, why: string, run: Run): Promise<void> {
  const { events, metrics, pauses, timings } = context;
  const minutes = Math.round(
    pauses.failed(keyOf(projectKeyOf(droplet)), {
      grounds: GROUNDS,
      cause: 'failed',
      firstMs: timings.retryMs,
      slowestMs: timings.dayMs,
    }) / 60_000,
  );
  metrics.snapshots.inc({ result: 'failed' });
  const message = `no snapshot was taken of ${droplet.metadata.name}: ${why}; trying again in ${minutes} minutes`;
  run.log.warn(message);
  events.record(droplet, 'Warning', 'SnapshotFailed', message);
  await writeDropletStatus(context, 'snapshot', droplet, { fields: { snapshotting: undefined } }, run);
}

/** For how long nothing is tried again in the project, ms. */
export const failurePauseMs = ({ pauses }: Context, project: string): number =>
  pauses.leftMs(keyOf(project), GROUNDS);

/** The last one was taken, or there is no such project. */
export const forgetFailures = ({ pauses }: Context, project: string): void => pauses.forget(keyOf(project));
