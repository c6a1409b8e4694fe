import type { Clock } from '../../../clients/clock.ts';
import { sleep } from '../../../clients/clock.ts';
import type { KubernetesClient } from '../../../clients/kubernetes/client.ts';
import { isAlreadyExists, isNotFound } from '../../../clients/kubernetes/errors.ts';
import { LEASES, type Lease } from '../../../clients/kubernetes/kinds.ts';
import { keyOf } from '../../../crds/meta.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import { voteLease } from '../../../reconcilers/health/vote.ts';
import { heartbeatLease } from '../../../reconcilers/monitor/heartbeat.ts';

/** How often they write, ms of the world's time. */
const RENEW_MS = 5_000;

/** Where they write. */
export interface ObserverParts {
  readonly kubernetes: KubernetesClient;
  readonly namespace: string;
  readonly clock: Clock;
}

/**
 * What monitors would write of a server that is silent: their heartbeat, and the votes of the master and of another web.
 *
 * @param isSilent whether it still is; the votes are taken back when it is not.
 */
export async function observe(
  { kubernetes, namespace, clock }: ObserverParts,
  droplet: Droplet,
  isSilent: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  const [failingSince, dropletID] = [clock.now(), droplet.status!.server!.id!];
  const { project } = droplet.spec;
  const about = { target: keyOf(droplet), project, dropletID, failingSince, flaps: 0 };
  const votes = (): Lease[] =>
    [`${project}-master`, `${project}-web2`].map(observer =>
      voteLease({ ...about, observer, renewedAt: clock.now() }, namespace, droplet),
    );

  async function write(lease: Lease): Promise<void> {
    const { metadata, spec } = lease;
    await kubernetes.create(LEASES, lease).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
      return kubernetes.patch(LEASES, keyOf({ metadata }), { spec });
    });
  }

  async function remove({ metadata }: Lease): Promise<void> {
    await kubernetes.delete(LEASES, keyOf({ metadata })).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }

  while (!signal.aborted) {
    const beat = { namespace, startedAt: failingSince, now: clock.now() };
    await write(heartbeatLease({ name: 'monitor', pinned: undefined }, beat));
    for (const vote of votes()) await (isSilent() ? write(vote) : remove(vote));
    await sleep(clock, RENEW_MS, signal).catch(() => undefined);
  }
}
