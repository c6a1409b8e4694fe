import { priced } from '../read-model/volume-cost.ts';
import { projectRoleOf } from '../../crds/cloud-tags.ts';
import type { OwnedResource } from './plan.ts';

/** A orphan, and what to do about it: take it over, or remove it. */
export interface AdvisedOrphan extends OwnedResource {
  advice: 'adopt' | 'cleanup';
}

/**
 * The one place that decides what people are told to do about orphans. Droplets of a project that has no other are
 * more likely a project whose objects were lost than something that was forgotten.
 *
 * @param servers all servers that carry the fleet's tag.
 */
export function adviseOn(
  orphans: readonly OwnedResource[],
  fleetId: string,
  servers: readonly { id: number; tags: readonly string[] }[],
): AdvisedOrphan[] {
  const left = new Set(orphans.filter(({ kind }) => kind === 'droplet').map(({ id }) => id));
  const staying = servers.filter(({ id }) => !left.has(String(id)));
  const alive = new Set(staying.flatMap(({ tags }) => projectRoleOf(fleetId, tags)?.project ?? []));
  return orphans.map(orphan => {
    const project = orphan.kind === 'droplet' ? projectRoleOf(fleetId, orphan.tags)?.project : undefined;
    const isLost = project !== undefined && !alive.has(project);
    return { ...orphan, advice: isLost ? 'adopt' : 'cleanup' };
  });
}

/** The advice in words, to follow what the orphan is. */
export const describeAdvice = ({ advice, kind, id, name, sizeGB = 0 }: AdvisedOrphan): string =>
  kind === 'reserved IP'
    ? `of a Project that is gone; whatever leads there would lead to somebody else's: dropfleet cleanup --reserved-ip ${id} releases it`
    : kind === 'volume'
      ? `${priced(sizeGB)}, with the data of a Project that is gone: dropfleet cleanup --data-volume ${name} removes it`
      : advice === 'adopt'
        ? 'its whole project has no object: dropfleet adopt takes it over, dropfleet cleanup removes it'
        : 'dropfleet cleanup removes it';
