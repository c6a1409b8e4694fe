import type { CloudDroplet } from '../../clients/digitalocean/cloud.ts';
import { isCloudNotFound } from '../../clients/digitalocean/errors.ts';
import { retiredUidOf, uidOf } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { DROPLETS_BY_UID, projectKeyOf } from '../context.ts';
import type { Effect } from '../gate/effect.ts';
import type { Ask } from '../gate/gate.ts';
import { forgetLast, type LastApply } from '../last-snapshot/apply.ts';
import { holdsData } from '../last-snapshot/data-plan.ts';
import { secureData } from '../last-snapshot/secure.ts';
import { LAST_SNAPSHOT } from '../last-snapshot/timings.ts';
import type { Outcome } from '../outcome.ts';
import type { Run } from '../run.ts';
import type { Context } from './concern.ts';
import { planRetired } from './plan.ts';

/** How often a hold is checked when nothing else wakes it, ms. */
const HELD_AGAIN_MS = 30_000;

/**
 * Destroys a server that was replaced, once it was kept for long enough and the one in its place is well. The list
 * costs nothing; the cloud itself is asked right before.
 *
 * @param key DigitalOcean's id of the server.
 */
export async function reconcileRetired(context: Context, key: string, run: Run): Promise<Outcome> {
  const server = context.servers.get(Number(key));
  const droplet = server && ownerOf(context, server);
  const plan = server && planRetired(server, droplet, context.clock.now());
  if (server === undefined || droplet === undefined || plan?.type !== 'destroy') {
    await context.gate.ask(askOf(key), run);
    await context.gate.ask({ asker: lastSnapshotAsker(key), group: '', effects: [], objects: [] }, run);
    return plan?.type === 'keep' && plan.afterMs !== undefined ? { requeueAfterMs: plan.afterMs } : undefined;
  }
  const answer = await context.gate.ask(askOf(key, context, droplet), run);
  if (answer.type === 'wait') return { requeueAfterMs: answer.ms };
  if (answer.type === 'hold') return { requeueAfterMs: HELD_AGAIN_MS };
  const progress: LastApply = { droplet };
  const isStillDoomed = (now: CloudDroplet): boolean => isOver(now, droplet, context.clock.now());
  const doomed = [{ id: server.id, effect: effectOf(key, droplet), isStillDoomed }];
  const { safe } = await secureData(context, progress, doomed, lastSnapshotAsker(key), run);
  if (!safe.has(server.id)) return { requeueAfterMs: LAST_SNAPSHOT.pollMs };
  await destroy(context, server.id, progress.droplet, run);
  await forgetLast(progress, server.id, context, run);
  return undefined;
}

/** Who asks for a server to go without a last snapshot: the gate wakes the server of that id by it. */
const lastSnapshotAsker = (key: string): string => `retired ${key} last snapshot`;

/** The Droplet whose server it was; none while it carries the uid of one whose server it is. */
function ownerOf({ droplets }: Context, { tags }: CloudDroplet): Droplet | undefined {
  const uid = uidOf(tags) === undefined ? retiredUidOf(tags) : undefined;
  return uid === undefined ? undefined : droplets.byIndex(DROPLETS_BY_UID, uid)[0];
}

/** Without a Droplet it is taken back. */
function askOf(key: string, context?: Pick<Context, 'projects'>, droplet?: Droplet): Ask {
  const asker = `retired ${key}`;
  if (context === undefined || droplet === undefined) return { asker, group: '', effects: [], objects: [] };
  const project = context.projects.get(projectKeyOf(droplet));
  return {
    asker,
    group: `retired ${keyOf(droplet)}`,
    effects: [effectOf(key, droplet)],
    objects: [droplet, ...(project ? [project] : [])],
  };
}

const effectOf = (key: string, droplet: Droplet): Effect => ({
  verb: 'destroy',
  cause: 'retired',
  project: projectKeyOf(droplet),
  name: droplet.metadata.name,
  uid: droplet.metadata.uid!,
  server: Number(key),
  change: `former server ${key}`,
  ...(holdsData(droplet, Number(key)) && { data: true }),
});

/** Somebody may have turned it on, or given it to another, since it was listed. */
const isOver = (server: CloudDroplet, droplet: Droplet, now: number): boolean =>
  uidOf(server.tags) === undefined &&
  retiredUidOf(server.tags) === droplet.metadata.uid &&
  planRetired(server, droplet, now).type === 'destroy';

async function destroy(
  { cloud, clock, events, servers }: Context,
  id: number,
  droplet: Droplet,
  run: Run,
): Promise<void> {
  try {
    const now = await cloud.getDroplet(id, run.signal);
    if (isOver(now, droplet, clock.now())) {
      await run.fenced(signal => cloud.deleteDroplet(id, signal));
      run.log.info(`destroyed droplet ${id}, which was replaced`);
      events.record(droplet, 'Normal', 'Destroying', `destroying droplet ${id}, which was replaced`);
    }
  } catch (error) {
    if (!isCloudNotFound(error)) throw error;
  }
  servers.wake();
}
