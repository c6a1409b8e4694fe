import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import { didYouMean } from '../../config/near-match.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { dropletsCalled } from '../../reconcilers/read-model/find-droplet.ts';
import { CommandFailure } from '../failure.ts';
import type { World } from './world.ts';

/** The Droplet that a person means by that name, or a failure that says which there are. */
export async function findOneDroplet(
  name: string,
  { kubernetes }: Pick<World, 'kubernetes'>,
): Promise<Droplet> {
  const { items } = await kubernetes.list(DROPLETS, {});
  const [droplet, ...others] = dropletsCalled(name, items);
  if (droplet === undefined) {
    const near = didYouMean(
      name,
      items.map(one => (name.includes('/') ? keyOf(one) : one.metadata.name)),
    );
    throw new CommandFailure(`there is no droplet ${name}${near || ': "dropfleet status" lists them all'}`);
  }
  if (others.length > 0) {
    const all = [droplet, ...others];
    const isOneNamespace = new Set(all.map(({ metadata }) => metadata.namespace)).size === 1;
    const names = all.map(one => (isOneNamespace ? one.metadata.name : keyOf(one)));
    throw new CommandFailure(`${name} may be any of ${names.join(', ')}: give the whole name`);
  }
  return droplet;
}
