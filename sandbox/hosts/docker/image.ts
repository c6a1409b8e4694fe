import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Docker } from './docker.ts';
import type { Names } from './names.ts';

/** The folder of the Dockerfile. */
const CONTEXT = join(import.meta.dirname, 'image');
/** As the Dockerfile has it. */
const DEFAULT_BASE = 'debian:bookworm-slim';
const PARTS = ['Dockerfile', 'droplet', 'hypervisor'];

/** What of the build its user may choose: arguments of the Dockerfile. */
export type BuildArguments = Readonly<Record<string, string>>;

/** Where all images of droplets are. */
const REPOSITORY = 'dropfleet-droplet';
/** On an image, which arguments it was built with. */
const VARIANT_LABEL = 'dropfleet.droplet.variant';

/**
 * The image of a droplet, built when there is none of these very files. All sandboxes that run this version share it,
 * each by a name of its own, which the image lives as long as. Rejects with HostError when it cannot be built.
 */
export async function ensureImage(
  docker: Docker,
  names: Names,
  buildArguments: BuildArguments,
  onProgress: (line: string) => void,
): Promise<string> {
  const hash = await hashOf(buildArguments);
  const [shared, own] = [`${REPOSITORY}:${hash}`, `${names.sandbox}:${hash}`];
  if (!(await isThere(docker, own))) {
    if (!(await isThere(docker, shared))) await build(docker, shared, buildArguments, onProgress);
    await docker.run(['tag', shared, own]);
  }
  return own;
}

const isThere = async (docker: Docker, image: string): Promise<boolean> =>
  (await docker.find(['image', 'inspect', '--format', '{{.Id}}', image])) !== undefined;

async function build(
  docker: Docker,
  image: string,
  buildArguments: BuildArguments,
  onProgress: (line: string) => void,
): Promise<void> {
  onProgress(`Building the droplets' image ${image}: this takes a minute or two, and is done once.`);
  const base = buildArguments['BASE'] ?? DEFAULT_BASE;
  const given = Object.entries(buildArguments).flatMap(([name, value]) => [
    '--build-arg',
    `${name}=${value}`,
  ]);
  const variant = `${VARIANT_LABEL}=${variantOf(buildArguments)}`;
  // The host's network: the packages come from where the host gets them.
  await docker.run(['build', '--network', 'host', '--tag', image, '--label', variant, ...given, CONTEXT], {
    failure: `The droplets' image cannot be built on ${base} by ${join(CONTEXT, 'Dockerfile')}`,
  });
  await removeOlderImages(docker, image, variant);
}

/** Those of earlier versions, unless a container or a sandbox still has them. `variant` is a label. */
export async function removeOlderImages(docker: Docker, current: string, variant: string): Promise<void> {
  for (const image of await listImages(docker, REPOSITORY, ['--filter', `label=${variant}`]))
    if (image !== current) await removeImage(docker, image);
}

/** All names that a sandbox has for images. */
export const imagesOf = (docker: Docker, { sandbox }: Names): Promise<readonly string[]> =>
  listImages(docker, sandbox);

async function listImages(
  docker: Docker,
  repository: string,
  filters: readonly string[] = [],
): Promise<readonly string[]> {
  const format = '{{.Repository}}:{{.Tag}}';
  const text = await docker.run(['images', ...filters, '--format', format, repository]);
  return text === '' ? [] : text.split('\n');
}

/** Takes a name from an image, and the image away with its last; but not one that a container has. */
export async function removeImage(docker: Docker, image: string): Promise<void> {
  try {
    await docker.find(['rmi', image]);
  } catch (error) {
    if (!IN_USE.test((error as Error).message)) throw error;
  }
}

const IN_USE = /conflict|is being used/i;

const variantOf = (buildArguments: BuildArguments): string =>
  createHash('sha256').update(JSON.stringify(buildArguments)).digest('hex').slice(0, 12);

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
