import type { Droplet } from './droplet.ts';
import { PROJECT_LABEL, ROLE_LABEL } from './names.ts';

/**
 * What a Droplet's CEL rules forbid and a Kubernetes without CEL lets through: another project, role or region.
 * The labels that its Project gave it, and the region of its server, remember what they were.
 *
 * @param serverRegion the region that the server is in; undefined when there is none yet.
 * @returns a sentence that says what to do; undefined when nothing is wrong.
 */
export function immutableProblem(droplet: Droplet, serverRegion: string | undefined): string | undefined {
  const { project, role, region } = droplet.spec;
  const labels = droplet.metadata.labels ?? {};
  const [field, was] = [
    ['project', labels[PROJECT_LABEL], project],
    ['role', labels[ROLE_LABEL], role],
    ['region', serverRegion, region],
  ].find(([, before, now]) => before !== undefined && before !== now) ?? [undefined, undefined];
  if (field === undefined) return undefined;
  return `spec.${field} is immutable: set it back to ${was}. Deleting this Droplet loses its disk, and recreates it`;
}
