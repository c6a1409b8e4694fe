import { isDeepStrictEqual } from 'node:util';
import type { ServerChange } from '../clients/digitalocean/server-informer.ts';
import { retiredUidOf, uidOf } from '../crds/cloud-tags.ts';
import { isConditionTrue } from '../crds/conditions.ts';
import type { Droplet } from '../crds/droplet.ts';
import type { ObjectKey } from '../crds/meta.ts';
import { DROPLETS_BY_UID, projectKeyOf, type Context } from '../reconcilers/context.ts';

/** What matters of a master to what goes with it from one server to the next. */
export const masterChanged = (after: Droplet, before: Droplet): boolean =>
  after.status?.server?.id !== before.status?.server?.id ||
  isConditionTrue(after.status?.conditions, 'Reachable') !==
    isConditionTrue(before.status?.conditions, 'Reachable') ||
  !isDeepStrictEqual(after.status?.recovery, before.status?.recovery);

/** The project whose master's server, or former one, is another by now: on, off or gone. */
export function projectsOfServer(
  { droplets }: Pick<Context, 'droplets'>,
  { before, after }: ServerChange,
): ObjectKey[] {
  const { tags } = after ?? before!;
  const uid = uidOf(tags) ?? retiredUidOf(tags);
  return uid === undefined
    ? []
    : droplets
        .byIndex(DROPLETS_BY_UID, uid)
        .filter(({ spec }) => spec.role === 'master')
        .map(projectKeyOf);
}
