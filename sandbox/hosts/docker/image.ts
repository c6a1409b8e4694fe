import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Docker } from './docker.ts';

/** The folder of the Dockerfile. */
const CONTEXT = join(import.meta.dirname, '../..');
/** As the Dockerfile has it. */
const DEFAULT_BASE = 'debian:bookworm-slim';
const PARTS = ['Dockerfile', 'droplet', 'hypervisor'];

/** What of the build its user may choose: arguments of the Dockerfile. */
export type BuildArguments = Readonly<Record<string, string>>;

/**
 * The image of a droplet, built when there is none of these very files. It belongs to no one sandbox: all that
 * run this version share it. Rejects with HostError when it cannot be built.
 */
export async function ensureImage(
  docker: Docker,
  buildArguments: BuildArguments,
  onProgress: (line: string) => void,
): Promise<string> {
  const image = `dropfleet-droplet:${await hashOf(buildArguments)}`;
  if ((await docker.find(['image', 'inspect', '--format', '{{.Id}}', image])) !== undefined) return image;
  onProgress(`Building the droplets' image ${image}: this takes a minute, and is done once.`);
  const base = buildArguments['BASE'] ?? DEFAULT_BASE;
  const given = Object.entries(buildArguments).flatMap(([name, value]) => [
    '--build-arg',
    `${name}=${value}`,
  ]);
  // The host's network: the packages come from where the host gets them.
  await docker.run(['build', '--network', 'host', '--tag', image, ...given, CONTEXT], {
    failure: `The droplets' image cannot be built on ${base} by ${join(CONTEXT, 'Dockerfile')}`,
  });
  return image;
}

async function hashOf(buildArguments: BuildArguments): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(buildArguments));
  for (const file of await filesOf(PARTS)) hash.update(file).update(await readFile(join(CONTEXT, file)));
  return hash.digest('hex').slice(0, 12);
}

async function filesOf(parts: readonly string[]): Promise<readonly string[]> {
  const lists = parts.map(async part => {
    if (part === 'Dockerfile') return [part];
    return (await readdir(join(CONTEXT, part))).toSorted().map(name => join(part, name));
  });
  return (await Promise.all(lists)).flat();
}
