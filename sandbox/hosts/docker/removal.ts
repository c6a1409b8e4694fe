import type { HostInventory } from '../driver.ts';
import { imagesOf, removeImage } from './image.ts';
import { DROPLET_LABEL } from './names.ts';
import type { Rack } from './rack.ts';

/** What there is of this sandbox: containers and what is on disk, whichever an earlier life got to. */
export async function inventoryOf(rack: Rack): Promise<HostInventory> {
  const lines = (await rack.hypervisor.run('disks', ['list'])).split('\n');
  const on = (kind: string): readonly string[] =>
    lines.filter(line => line.startsWith(`${kind}/`)).map(line => line.slice(kind.length + 1));
  const hosts = new Set([...on('droplets').map(Number), ...(await containersOf(rack)).map(Number)]);
  return { hosts: [...hosts], snapshots: on('snapshots').map(Number), volumes: on('volumes') };
}

/** The droplets that have a container. */
async function containersOf({ docker, names }: Rack): Promise<readonly string[]> {
  const filters = ['--filter', `label=${names.label}`, '--filter', `label=${DROPLET_LABEL}`];
  const format = `{{.Label "${DROPLET_LABEL}"}}`;
  const text = await docker.run(['ps', '--all', ...filters, '--format', format]);
  return text === '' ? [] : text.split('\n');
}

export async function removeDroplet(rack: Rack, id: number): Promise<void> {
  const { docker, names, hypervisor } = rack;
  rack.specs.delete(id);
  rack.faults.delete(id);
  await docker.find(['rm', '--force', names.dropletOf(id)]);
  await hypervisor.run(String(id), ['remove', 'droplets', String(id)]);
}

/** Gives up the images of earlier versions that neither a machine nor a snapshot is made of any more. */
export async function releaseImages({ docker, names, hypervisor, image }: Rack): Promise<void> {
  const older = (await imagesOf(docker, names)).filter(name => name !== image);
  if (older.length === 0) return;
  const used = (await hypervisor.run('disks', ['images'])).split('\n');
  for (const name of older) if (!used.includes(name)) await removeImage(docker, name);
}

/** Containers first, for they hold the rest; the hypervisor after what only it can release. */
export async function resetAll(rack: Rack): Promise<void> {
  const { docker, names, hypervisor } = rack;
  rack.specs.clear();
  rack.faults.clear();
  const ids = await containersOf(rack);
  await Promise.all(ids.map(id => docker.find(['rm', '--force', names.dropletOf(Number(id))])));
  const { volumes } = await inventoryOf(rack);
  await hypervisor.run('disks', ['remove', 'volumes', ...volumes]);
  await docker.find(['rm', '--force', names.sandbox]);
  await docker.find(['volume', 'rm', names.sandbox]);
  await docker.find(['network', 'rm', names.sandbox]);
  for (const name of await imagesOf(docker, names)) await removeImage(docker, name);
}
