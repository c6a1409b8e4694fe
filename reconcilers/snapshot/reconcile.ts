import type { ObjectKey } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import { DROPLETS_BY_PROJECT, SERVICES_BY_PROJECT, type Hosts } from '../context.ts';
import { dataServersWith } from '../last-snapshot/data-plan.ts';
import type { Outcome } from '../outcome.ts';
import type { Run } from '../run.ts';
import { isAvailable } from '../service/placement-plan.ts';
import { writeDropletStatus } from '../status/write.ts';
import type { Context } from './concern.ts';
import { failurePauseMs, forgetFailures } from './failure.ts';
import { pruneSnapshots } from './prune.ts';
import { planSchedule, type Schedule } from './schedule-plan.ts';
import { settleSnapshot } from './settle.ts';
import type { SnapshotSource } from './source.ts';
import { takeSnapshot } from './take.ts';

/** One project's snapshots, one at a time: sees one through that is under way, takes what is due, removes what is old. */
export function createSnapshotReconciler(context: Context, hosts: Hosts, source: SnapshotSource) {
  return async (key: ObjectKey, project: Project | undefined, run: Run): Promise<Outcome> => {
    await rememberData(context, key, run);
    if (project === undefined || project.metadata.deletionTimestamp !== undefined) {
      forgetFailures(context, key);
      return undefined;
    }
    const { timings } = context;
    const droplets = context.droplets.byIndex(DROPLETS_BY_PROJECT, key);
    const underWay = droplets.find(({ status }) => status?.snapshotting !== undefined);
    if (underWay !== undefined) {
      await settleSnapshot(context, source, underWay, run);
      return { requeueAfterMs: timings.pollMs };
    }
    const schedule = scheduleOf(context, key, project);
    if (schedule.type === 'take') {
      const pauseMs = failurePauseMs(context, key);
      if (pauseMs > 0) return { requeueAfterMs: pauseMs };
      await takeSnapshot(context, hosts, schedule.droplet, schedule.cause, run);
      return { requeueAfterMs: timings.pollMs };
    }
    // Nobody asks the cloud for the snapshots of a project that has none.
    const mayHaveOld = droplets.some(({ status }) => status?.snapshot !== undefined);
    const isKept = project.spec.snapshots !== 'off' && !project.spec.suspend;
    const againMs =
      mayHaveOld && isKept ? await pruneSnapshots(context, source, project, droplets, run) : undefined;
    return { requeueAfterMs: Math.min(againMs ?? schedule.ms, schedule.ms) };
  };
}

/** Notes which servers have data: when they are to be destroyed, the services that wrote them may be gone already. */
async function rememberData(context: Context, key: ObjectKey, run: Run): Promise<void> {
  const services = context.services.byIndex(SERVICES_BY_PROJECT, key);
  for (const droplet of context.droplets.byIndex(DROPLETS_BY_PROJECT, key)) {
    const dataServers = isAvailable(droplet) ? dataServersWith(droplet, services) : undefined;
    if (dataServers !== undefined)
      await writeDropletStatus(context, 'snapshot', droplet, { fields: { dataServers } }, run);
  }
}

function scheduleOf(context: Context, key: ObjectKey, project: Project): Schedule {
  const { servers, services, clock, timings } = context;
  const idle = servers.list().filter(({ locked, status }) => !locked && status === 'active');
  return planSchedule({
    project,
    droplets: context.droplets.byIndex(DROPLETS_BY_PROJECT, key),
    services: services.byIndex(SERVICES_BY_PROJECT, key),
    idleServers: new Set(idle.map(({ id }) => id)),
    now: clock.now(),
    timings,
  });
}
