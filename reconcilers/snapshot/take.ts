import type { CloudAction } from '../../clients/digitalocean/cloud.ts';
import { isCloudError, isDoubtful } from '../../clients/digitalocean/errors.ts';
import { toKubernetesTime } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { snapshotName } from '../../crds/snapshot-name.ts';
import { projectKeyOf, SERVICES_BY_PROJECT, type Hosts } from '../context.ts';
import { hostOf } from '../host/access.ts';
import { engineFor } from '../host/engine.ts';
import { Waiting } from '../outcome.ts';
import type { Run } from '../run.ts';
import { writeDropletStatus } from '../status/write.ts';
import { askWhileStill, type Quiesced } from './quiesce.ts';
import type { Context } from './concern.ts';
import { databasesOn } from './databases-plan.ts';
import { noteFailure } from './failure.ts';
import type { SnapshotCause } from './schedule-plan.ts';

type Snapshotting = NonNullable<NonNullable<Droplet['status']>['snapshotting']>;

/** Asks for a snapshot; its name is in the status before. What becomes of it, settle.ts sees. */
export async function takeSnapshot(
  context: Context,
  hosts: Hosts,
  droplet: Droplet,
  cause: SnapshotCause,
  run: Run,
): Promise<void> {
  const { clock, cloud, fleetId, services, newNonce, events } = context;
  const ssh = hostOf(hosts, droplet);
  const id = droplet.status?.server?.id;
  if (ssh === undefined || id === undefined)
    throw new Waiting('it has no address yet', context.timings.pollMs);
  const name = snapshotName(fleetId, droplet.metadata.name, newNonce(), clock.now());
  const asked: Snapshotting = { name, requestedAt: toKubernetesTime(new Date(clock.now())), cause };
  const note = (of: Droplet, snapshotting: Snapshotting): Promise<Droplet> =>
    writeDropletStatus(
      context,
      'snapshot',
      of,
      { fields: { snapshotting } },
      run,
      of === droplet ? 'fail' : 'retry',
    );
  const noted = await note(droplet, asked);
  const project = projectKeyOf(droplet);
  const engine = engineFor(context, hosts, project);
  const databases = databasesOn(droplet, services.byIndex(SERVICES_BY_PROJECT, project));
  const ask = (): Promise<CloudAction> => run.fenced(signal => cloud.snapshotDroplet(id, name, signal));
  let quiesced: Quiesced;
  try {
    quiesced = await askWhileStill(context, ssh, engine, databases, ask, run);
  } catch (error) {
    // It may come all the same.
    if (run.signal.aborted || (isCloudError(error) && isDoubtful(error))) throw error;
    return await noteFailure(context, noted, describe(error), run);
  }
  const { action, pauseMs, warnings } = quiesced;
  for (const warning of warnings) events.record(droplet, 'Warning', 'SnapshotNotQuiesced', warning);
  await note(noted, { ...asked, actionID: action.id, ...(pauseMs !== undefined && { pauseMs }) });
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));
