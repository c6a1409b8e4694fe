import { systemClock } from '../../clients/clock.ts';
import { findLeader } from './leader.ts';
import type { KubernetesWorld } from './world.ts';

/** Begins the identity of an operator whose Kubernetes API is in the same process. */
export const EMBEDDED = 'embedded_';

/** Whether that API is in this very process. */
export const isEmbedded = ({ hasCluster, daemon }: KubernetesWorld): boolean =>
  !hasCluster && daemon === undefined;

/**
 * The lock on the state directory proves that the process which ran its API before is dead, and so the operator in it.
 * Whoever else came over a connection may live.
 */
export const deadHoldersOf = (world: KubernetesWorld) => (holder: string) =>
  isEmbedded(world) && holder.startsWith(EMBEDDED);

/** Whether an operator already works on that world: the daemon's, or whoever leads that API from wherever. */
export async function isOperatorRunning(world: KubernetesWorld): Promise<boolean> {
  const { kubernetes, namespace, daemon } = world;
  // The daemon's own either leads, or is about to, or waits for one that does.
  if (daemon !== undefined) return true;
  const isKnownDead = deadHoldersOf(world);
  return (await findLeader(kubernetes, { namespace, clock: systemClock, isKnownDead })) !== undefined;
}
