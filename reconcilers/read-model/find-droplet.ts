import type { Droplet } from '../../crds/droplet.ts';
import { splitKey } from '../../crds/meta.ts';

/**
 * The Droplets that a person may mean by a name: those of that name, else those that their project calls so,
 * such as `web1` for `shop-web1`. `team-a/web1` means those of one namespace alone.
 */
export function dropletsCalled(words: string, droplets: readonly Droplet[]): Droplet[] {
  const { namespace, name } = splitKey(words);
  const here = droplets.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
  const exact = here.filter(({ metadata }) => metadata.name === name);
  if (exact.length > 0) return exact;
  return here.filter(({ metadata, spec }) => metadata.name === `${spec.project}-${name}`);
}
