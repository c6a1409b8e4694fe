import { projectRoleOf } from '../../crds/cloud-tags.ts';
import type { OwnedResource } from './plan.ts';

/** A leftover, and what to do about it: take it over, or remove it. */
export interface AdvisedLeftover extends OwnedResource {
  advice: 'adopt' | 'cleanup';
}

/**
 * The one place that decides what people are told to do about leftovers. Droplets of a project that has no other are
 * more likely a project whose objects were lost than something that was forgotten.
 *
 * @param servers all servers that carry the fleet's tag.
 */
export function adviseOn(
  leftovers: readonly OwnedResource[],
  fleetId: string,
  servers: readonly { id: number; tags: readonly string[] }[],
): AdvisedLeftover[] {
  const left = new Set(leftovers.filter(({ kind }) => kind === 'droplet').map(({ id }) => id));
  const staying = servers.filter(({ id }) => !left.has(String(id)));
  const alive = new Set(staying.flatMap(({ tags }) => projectRoleOf(fleetId, tags)?.project ?? []));
  return leftovers.map(leftover => {
    const project = leftover.kind === 'droplet' ? projectRoleOf(fleetId, leftover.tags)?.project : undefined;
    const isLost = project !== undefined && !alive.has(project);
    return { ...leftover, advice: isLost ? 'adopt' : 'cleanup' };
  });
}

/** The advice in words, to follow what the leftover is. */
export const sayAdvice = ({ advice }: AdvisedLeftover): string =>
  advice === 'adopt'
    ? 'its whole project has no object: dropfleet adopt takes it over, dropfleet cleanup removes it'
    : 'dropfleet cleanup removes it';
