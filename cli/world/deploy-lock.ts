import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { sleep, systemClock } from '../../clients/clock.ts';
import { LEASE_DURATION_MS, RETRY_PERIOD_MS } from '../../controllers/runtime/lease.ts';
import { LeaseClaim } from '../../controllers/runtime/lease-claim.ts';
import { CommandFailure } from '../failure.ts';
import type { KubernetesWorld } from './world.ts';

/** What is locked: one environment of a project. */
export interface Locked {
  namespace: string;
  project: string;
  environment: string;
}

/**
 * Keeps others from deploying there while `work` goes on. A Lease that is renewed says so, and one that is not ends
 * by itself: a deploy that was killed blocks nobody for longer than that.
 */
export async function withDeployLock<R>(
  { kubernetes }: Pick<KubernetesWorld, 'kubernetes'>,
  { namespace, project, environment }: Locked,
  signal: AbortSignal,
  work: () => Promise<R>,
): Promise<R> {
  const name = `dropfleet-deploy-${project}-${environment}`;
  const lease = new LeaseClaim({
    client: kubernetes,
    clock: systemClock,
    namespace,
    name,
    identity: `${hostname()}_${process.pid}_${randomBytes(4).toString('hex')}`,
    isKnownDead,
  });
  await acquire(lease, `${project} to ${environment}`, signal);
  const done = new AbortController();
  const keeping = keep(lease, done.signal);
  try {
    return await work();
  } finally {
    done.abort();
    await keeping;
    // It ends by itself where it cannot be given back.
    await lease.release(AbortSignal.timeout(RETRY_PERIOD_MS)).catch(() => undefined);
  }
}

/** Others are seen alive when they renew it; for that long it is waited, and no longer. */
async function acquire(lease: LeaseClaim, what: string, signal: AbortSignal): Promise<void> {
  const until = systemClock.monotonic() + LEASE_DURATION_MS + 2 * RETRY_PERIOD_MS;
  let seen: string | undefined;
  while (!(await lease.attempt(signal))) {
    const isAlive = seen !== undefined && lease.renewTime !== seen;
    seen ??= lease.renewTime;
    if (isAlive || systemClock.monotonic() > until)
      throw new CommandFailure(
        `no changes made: another deploy of ${what} is on its way (${holderIn(lease.holder)}, since ${lease.acquireTime.slice(0, 19)}Z): wait for its end and try again`,
      );
    await sleep(systemClock, RETRY_PERIOD_MS / 2, signal);
  }
}

async function keep(lease: LeaseClaim, done: AbortSignal): Promise<void> {
  while (!done.aborted) {
    await sleep(systemClock, RETRY_PERIOD_MS, done).catch(() => undefined);
    // What cannot be renewed now may be a moment later; the deploy itself meets the same trouble and says so.
    if (!done.aborted) await lease.attempt(done).catch(() => undefined);
  }
}

const holderIn = (identity: string): string => {
  const [host, pid] = partsOf(identity);
  return `process ${pid} on ${host}`;
};

/** A host's name has no underscores. */
const partsOf = (identity: string): [string, string] => identity.split('_') as [string, string];

/** A process of this very machine that is no more. */
function isKnownDead(identity: string): boolean {
  const [host, pid] = partsOf(identity);
  if (host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
