import type { Droplet } from '../../crds/droplet.ts';

/**
 * The Droplets that a person may mean by a name: those of that name, else those that their project calls so,
 * such as `web1` for `shop-web1`.
 */
export function dropletsCalled(name: string, droplets: readonly Droplet[]): Droplet[] {
  const exact = droplets.filter(({ metadata }) => metadata.name === name);
  if (exact.length > 0) return exact;
  return droplets.filter(({ metadata, spec }) => metadata.name === `${spec.project}-${name}`);
}
