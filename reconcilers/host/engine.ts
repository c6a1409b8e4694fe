import type { ObjectKey } from '../../crds/meta.ts';
import { SERVICES_BY_PROJECT, type Context, type Hosts } from '../context.ts';
import type { Engine } from './desired.ts';

/**
 * What runs the containers on the hosts of a project: what its services ask for. A host has one engine: where they ask
 * for none, or for several, it is the operator's.
 */
export function engineFor(
  { services }: Pick<Context, 'services'>,
  { engine }: Pick<Hosts, 'engine'>,
  project: ObjectKey,
): Engine {
  const platforms = services.byIndex(SERVICES_BY_PROJECT, project).map(({ spec }) => spec.platform);
  const [asked, ...others] = new Set(platforms.filter(isEngine));
  return asked === undefined || others.length > 0 ? engine : asked;
}

const isEngine = (platform: string | undefined): platform is Engine =>
  platform === 'docker' || platform === 'podman';
