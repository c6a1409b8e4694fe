import { isConflict, isNotFound } from '../../clients/kubernetes/errors.ts';
import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { CommandFailure } from '../failure.ts';
import type { KubernetesWorld } from './world.ts';

/**
 * Writes a person's wish on a Droplet for the operator to follow. Fails when another object has its name by now; its
 * version does not matter, as the operator writes the status all the time.
 */
export async function annotateDroplet(
  { kubernetes }: Pick<KubernetesWorld, 'kubernetes'>,
  droplet: Droplet,
  annotations: Readonly<Record<string, string>>,
): Promise<void> {
  const { name, uid } = droplet.metadata;
  try {
    await kubernetes.patch(DROPLETS, keyOf(droplet), { metadata: { uid: uid!, annotations } });
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error;
    throw new CommandFailure(`no changes made: the Droplet ${name} is another one by now; try again`);
  }
}
