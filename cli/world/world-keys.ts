import { join } from 'node:path';
import type { FleetKey } from '../../reconcilers/ssh-key/key-ring.ts';
import { CommandFailure } from '../failure.ts';
import { fleetKeys, type FleetKeys } from './fleet-keys.ts';
import { keysInFolder, keysInSecret, type KeyPlace } from './ssh-key.ts';
import type { World } from './world.ts';

type Place = Pick<World, 'hasCluster' | 'kubernetes' | 'namespace' | 'folder'>;

/** This world's SSH keys, in the Secret or in the folder. */
export const sshKeysOf = (world: Place): FleetKeys =>
  fleetKeys(keyPlaceOf(world), world.kubernetes, world.namespace);

/** Where this world keeps the fleet's SSH keys. */
export function keyPlaceOf({ hasCluster, kubernetes, namespace, folder }: Place): KeyPlace {
  return hasCluster ? keysInSecret(kubernetes, namespace) : keysInFolder(join(folder, 'ssh'));
}

/** The key pair that the fleet's droplets let in; for an operator, which makes the first one. */
export const sshKeyOf = async (world: Place): Promise<FleetKey> => (await sshKeysOf(world).read()).current;

/** The same for a command that only reads. */
export async function presentSshKeyOf(world: Place): Promise<FleetKey> {
  const ring = await sshKeysOf(world).find();
  if (ring !== undefined) return ring.current;
  throw new CommandFailure(
    'there is no SSH key yet: the operator makes it when it starts, see "dropfleet up" and "dropfleet orchestrate"',
  );
}
