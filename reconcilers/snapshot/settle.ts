import type { CloudSnapshot } from '../../clients/digitalocean/cloud.ts';
import { ifFound } from '../../clients/digitalocean/if-found.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { projectKeyOf } from '../context.ts';
import { ownTags } from '../droplet/apply.ts';
import { putTag } from '../put-tag.ts';
import { formatGigabytes } from '../read-model/snapshot-cost.ts';
import type { Run } from '../run.ts';
import { writeDropletStatus } from '../status/write.ts';
import type { Context } from './concern.ts';
import { forgetFailures, noteFailure } from './failure.ts';
import { isGood } from './owner-plan.ts';
import type { SnapshotSource } from './source.ts';

/** Looks after a snapshot that is being taken, until it is there or did not come. */
export async function settleSnapshot(
  context: Context,
  source: SnapshotSource,
  droplet: Droplet,
  run: Run,
): Promise<void> {
  const { name, actionID } = droplet.status!.snapshotting!;
  const action =
    actionID === undefined ? undefined : await ifFound(context.cloud.getAction(actionID, run.signal));
  if (action?.status === 'in-progress') return;
  if (action?.status === 'errored')
    return await noteFailure(context, droplet, "DigitalOcean failed; see the droplet's history there", run);
  const snapshot = (await source.list(0, run.signal)).find(one => one.name === name && isGood(one));
  if (snapshot !== undefined) return await finish(context, droplet, snapshot, run);
  if (hasHadTime(context, droplet)) await noteFailure(context, droplet, 'DigitalOcean never showed it', run);
}

/** A list may lag, and a request whose reply was lost may still be under way. */
function hasHadTime({ servers, since, timings }: Context, { metadata, status }: Droplet): boolean {
  const isAtWork = servers.get(status?.server?.id ?? 0)?.locked === true;
  const seenMs = since.ageMs(`snapshot ${metadata.uid}`, `${status?.snapshotting?.name} ${isAtWork}`);
  return !isAtWork && seenMs >= timings.graceMs;
}

async function finish(context: Context, droplet: Droplet, snapshot: CloudSnapshot, run: Run): Promise<void> {
  const { cloud, events, metrics, since } = context;
  const { metadata, status } = droplet;
  const { requestedAt, pauseMs } = status!.snapshotting!;
  const { id, sizeGB } = snapshot;
  for (const tag of ownTags(droplet, context).filter(tag => !snapshot.tags.includes(tag)))
    // The droplet carries them too, so that they nearly always exist.
    await putTag(cloud, tag, run, signal => cloud.tagSnapshot(id, tag, signal));
  const taken = { id, createdAt: requestedAt, sizeGB, ...(pauseMs !== undefined && { pauseMs }) };
  const fields = { snapshot: taken, snapshotting: undefined };
  await writeDropletStatus(context, 'snapshot', droplet, { fields }, run);
  metrics.snapshots.inc({ result: 'taken' });
  forgetFailures(context, projectKeyOf(droplet));
  since.forget(`snapshot ${metadata.uid}`);
  const still = pauseMs === undefined ? '' : `; databases stood still for ${(pauseMs / 1000).toFixed(1)} s`;
  const message = `snapshot ${id} of ${metadata.name} was taken, ${formatGigabytes(sizeGB)}${still}`;
  events.record(droplet, 'Normal', 'SnapshotTaken', message);
}
