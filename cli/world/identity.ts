import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { NAMESPACES } from '../../clients/kubernetes/kinds.ts';
import { writeAtomically } from '../../config/files.ts';
import type { Identity } from '../../reconcilers/gate/standing.ts';
import type { World } from './world.ts';

type Place = Pick<World, 'settings' | 'kubernetes' | 'hasCluster' | 'folder'>;

/** What tells this world from others: the fleet's name, its Kubernetes API, and the machine of an API of our own. */
export async function identityOf(world: Place): Promise<Identity> {
  const { metadata } = await world.kubernetes.get(NAMESPACES, 'kube-system');
  const api = metadata.uid!;
  const machine = world.hasCluster ? undefined : await machineId();
  return { fleet: await fleetName(world, api), api, ...(machine !== undefined && { machine }) };
}

/** What tells this fleet's resources from others in the account. */
export const fleetIdOf = async (world: Place): Promise<string> => (await identityOf(world)).fleet;

/**
 * DROPFLEET_FLEET, else the name that stands beside an API of our own, so that it outlives that API's database; else
 * the API's own id.
 */
async function fleetName({ settings, hasCluster, folder }: Place, api: string): Promise<string> {
  if (settings.fleet !== undefined) return settings.fleet.toLowerCase();
  const kept = hasCluster ? undefined : await readFleetFile(folder);
  return kept ?? api.slice(0, 8);
}

const fileIn = (folder: string): string => join(folder, 'fleet.json');

async function readFleetFile(folder: string): Promise<string | undefined> {
  try {
    const { fleet } = JSON.parse(await readFile(fileIn(folder), 'utf8')) as { fleet?: unknown };
    return typeof fleet === 'string' && /^[a-z0-9_-]{1,40}$/.test(fleet) ? fleet : undefined;
  } catch {
    // No file, or none of ours: then there is nothing to remember.
    return undefined;
  }
}

/** Keeps the fleet's name beside an API of our own; whoever begins to act for the fleet calls it. */
export async function rememberFleet({ hasCluster, folder }: Place, { fleet }: Identity): Promise<void> {
  if (hasCluster || (await readFleetFile(folder)) === fleet) return;
  await writeAtomically(fileIn(folder), `${JSON.stringify({ fleet })}\n`, { mode: 0o600 });
}

/** Such as `4c4c45440030@web1`; undefined where the system has no id, as in most containers. */
async function machineId(): Promise<string | undefined> {
  const text = await readFile('/etc/machine-id', 'utf8').catch(() => '');
  const id = text.trim().slice(0, 12);
  return /^[0-9a-f]{12}$/.test(id) ? `${id}@${hostname()}` : undefined;
}
