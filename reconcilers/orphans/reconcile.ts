import { fleetTag } from '../../crds/cloud-tags.ts';
import type { Run } from '../run.ts';
import type { Outcome } from '../outcome.ts';
import { adviseOn, describeAdvice } from './advice-plan.ts';
import type { Context } from './concern.ts';
import { findOrphans, type OwnedResource } from './plan.ts';

/** The orphans as last found, for the metrics. */
export interface OrphanReport {
  current(): readonly OwnedResource[];
}

/**
 * Finds droplets that carry the fleet's tag and belong to no object, and reports them. They are never removed
 * here: `dropfleet cleanup` does that when a person asks for it.
 */
export function createOrphanReconciler(context: Context): OrphanReport & { reconcile(run: Run): Outcome } {
  let current: readonly OwnedResource[] = [];
  return {
    current: () => current,
    reconcile(run) {
      const found = findOrphanDroplets(context);
      const known = new Set(current.map(({ id }) => id));
      const news = adviseOn(found, context.fleetId, context.servers.list());
      for (const orphan of news.filter(({ id }) => !known.has(id)))
        run.log.warn(
          `droplet ${orphan.id} (${orphan.name}) carries this fleet's tag and belongs to no Droplet: it is paid for; ${describeAdvice(orphan)}`,
        );
      current = found;
      return { requeueAfterMs: context.timings.ageMs };
    },
  };
}

function findOrphanDroplets({ apiId, clock, droplets, servers, fleetId, timings }: Context): OwnedResource[] {
  const resources = servers
    .list()
    .map(({ id, ...droplet }) => ({ kind: 'droplet' as const, id: String(id), ...droplet }));
  const uids = new Set(droplets.list().map(({ metadata }) => metadata.uid!));
  return findOrphans(resources, fleetTag(fleetId), apiId, uids, clock.now(), timings.ageMs);
}
