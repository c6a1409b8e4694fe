import type { Reader } from '../../clients/kubernetes/client.ts';
import { LEASES, type Lease } from '../../clients/kubernetes/kinds.ts';
import { keyOf } from '../../crds/meta.ts';
import type { Outcome } from '../outcome.ts';
import type { Run } from '../run.ts';
import { createSince, type Since } from '../since.ts';
import type { Context } from './concern.ts';
import type { HealthLeases, Watchers } from './leases.ts';
import { readVote } from './vote.ts';

/** How soon to look again whether anybody watches, ms, before that is known. */
const WATCHERS_MS = 15_000;

/** What the sweep works on. */
export interface SweepParts {
  readonly leases: HealthLeases;
  readonly stored: Reader<Lease>;
  /** Called when monitors came, or went for good. */
  readonly watchersChanged: () => void;
}

/** Removes votes that nobody renews or takes back any more, and notices when monitors come and go. */
export function createSweep(context: Context, parts: SweepParts): (run: Run) => Promise<Outcome> {
  const since = createSince(context.clock);
  let before: Watchers = 'unknown';
  return async run => {
    const watchers = parts.leases.watchers();
    if (watchers !== before) parts.watchersChanged();
    before = watchers;
    for (const lease of parts.stored.list()) await sweepVote(lease, since, context, run);
    return { requeueAfterMs: watchers === 'unknown' ? WATCHERS_MS : context.timings.sweepMs };
  };
}

/** A vote that was not renewed for ten minutes of this process. Its droplet may be gone as well, or have another server. */
async function sweepVote(
  lease: Lease,
  since: Since,
  { kubernetes, timings }: Context,
  { signal, log }: Run,
): Promise<void> {
  if (readVote(lease) === undefined) return;
  const { name, uid, resourceVersion = '' } = lease.metadata;
  if (since.ageMs(keyOf(lease), resourceVersion) < timings.staleMs) return;
  await kubernetes.delete(LEASES, keyOf(lease), { signal, ...(uid !== undefined && { uid }) });
  since.forget(keyOf(lease));
  log.info(`removed ${name}: nobody has renewed it`);
}
