import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import { DROPLETS_BY_PROJECT_NAME, PROJECTS_BY_NAME, projectKeyOf, type Context } from '../context.ts';
import { holderAmong } from '../read-model/project-names.ts';

/**
 * The key that looks after the firewalls of a project's name, whose tags say no namespace: the Project that has the
 * name. Without one it is the first namespace with Droplets of that name; with neither nobody is in another's way.
 */
export function keeperOf(
  { projects, droplets }: Pick<Context, 'projects' | 'droplets'>,
  name: string,
): ObjectKey | undefined {
  const holder = holderAmong(projects.byIndex(PROJECTS_BY_NAME, name));
  if (holder !== undefined) return keyOf(holder);
  return droplets.byIndex(DROPLETS_BY_PROJECT_NAME, name).map(projectKeyOf).toSorted()[0];
}
