import type { CloudSnapshot } from '../../clients/digitalocean/cloud.ts';
import { isCloudNotFound } from '../../clients/digitalocean/errors.ts';
import { uidOf } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import { DROPLETS_BY_UID } from '../context.ts';
import type { Effect } from '../gate/effect.ts';
import type { Run } from '../run.ts';
import type { Context } from './concern.ts';
import { planPruning } from './retention-plan.ts';
import type { SnapshotSource } from './source.ts';

/** So few are removed at one time: each day brings but one or two. */
const MOST_AT_ONCE = 3;

/** An old snapshot, and the Droplet that has newer ones. */
interface Doomed {
  droplet: Droplet;
  snapshot: CloudSnapshot;
}

/**
 * Removes what retention does not keep of a project's servers. Those of servers that are gone `dropfleet cleanup`
 * removes, when a person asks for it.
 *
 * @returns after how many ms more may be removed; undefined when there is nothing left.
 */
export async function pruneSnapshots(
  context: Context,
  source: SnapshotSource,
  project: Project,
  droplets: readonly Droplet[],
  run: Run,
): Promise<number | undefined> {
  const { timings, gate } = context;
  if (doomedIn(await source.list(timings.listMs, run.signal), context, droplets).length === 0) {
    await gate.ask(askFor(project, []), run);
    return undefined;
  }
  // By what there is now: what was to be kept may be gone.
  const all = doomedIn(await source.list(0, run.signal), context, droplets);
  const doomed = all.slice(0, MOST_AT_ONCE);
  const answer = await gate.ask(askFor(project, doomed), run);
  if (answer.type !== 'pass') return answer.type === 'wait' ? answer.ms : undefined;
  for (const each of doomed) await remove(context, each, run);
  return all.length > doomed.length ? timings.pollMs : undefined;
}

function doomedIn(
  snapshots: readonly CloudSnapshot[],
  context: Context,
  droplets: readonly Droplet[],
): Doomed[] {
  const { fleetId, apiId, clock, servers } = context;
  const { old } = planPruning({
    snapshots: snapshots.filter(snapshot => !isOfOther(snapshot, context, droplets)),
    droplets,
    servers: new Set(servers.list().map(({ id }) => id)),
    fleetId,
    apiId,
    now: clock.now(),
  });
  return droplets.flatMap(droplet =>
    (old.get(droplet.metadata.uid!) ?? []).map(snapshot => ({ droplet, snapshot })),
  );
}

/** Whether it says that it is another project's Droplet's, whose server this one took over. */
function isOfOther({ tags }: CloudSnapshot, context: Context, droplets: readonly Droplet[]): boolean {
  const uid = uidOf(tags);
  const isOwn = uid === undefined || droplets.some(({ metadata }) => metadata.uid === uid);
  return !isOwn && context.droplets.byIndex(DROPLETS_BY_UID, uid).length > 0;
}

const askFor = (project: Project, doomed: readonly Doomed[]) => ({
  asker: `snapshots ${keyOf(project)}`,
  group: `snapshots ${keyOf(project)}`,
  effects: doomed.map(({ droplet, snapshot }): Effect => ({
    verb: 'prune',
    cause: 'old snapshot',
    project: keyOf(project),
    name: droplet.metadata.name,
    uid: droplet.metadata.uid!,
    snapshot: snapshot.id,
  })),
  objects: [project],
  believedAfterMs: 0,
});

async function remove(
  { cloud, events, metrics }: Context,
  { droplet, snapshot }: Doomed,
  run: Run,
): Promise<void> {
  try {
    await run.fenced(signal => cloud.deleteSnapshot(snapshot.id, signal));
  } catch (error) {
    if (!isCloudNotFound(error)) throw error;
  }
  metrics.snapshots.inc({ result: 'removed' });
  const message = `snapshot ${snapshot.id} of ${snapshot.createdAt} was removed; newer ones stay`;
  events.record(droplet, 'Normal', 'SnapshotRemoved', message);
}
