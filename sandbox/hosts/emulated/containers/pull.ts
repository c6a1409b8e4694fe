import { refusal, unknownManifest, type EngineError } from './engine-error.ts';
import type { Engine } from './engine.ts';
import { digestOf, EMPTY_CONFIG, findImage, keepImage, manifestDigest } from './images.ts';
import type { EngineKind, Image, ImageConfig } from './model.ts';
import { fullName, isReference, parseReference, repositoryName, type Reference } from './reference.ts';
import { checkRoom } from './room.ts';
import { pullFrom } from './registry/client.ts';

const MEGABYTE = 2 ** 20;

/** Ports of published images that people know. */
const PORTS: Readonly<Record<string, number>> = {
  postgres: 5432, mysql: 3306, mariadb: 3306, redis: 6379, valkey: 6379, nginx: 80, httpd: 80, caddy: 80,
  memcached: 11_211, vault: 8200, opensearch: 9200, elasticsearch: 9200, rabbitmq: 5672, mongo: 27_017,
}; // prettier-ignore

export interface PullOptions {
  readonly signal: AbortSignal;
  /** Whether a registry without TLS will do, whatever the engine's configuration says. */
  readonly isTrusted: boolean;
}

/** The image of that name, fetched from where it is kept. Throws EngineError. */
export async function pullImage(engine: Engine, text: string, options: PullOptions): Promise<Image> {
  if (!isReference(text))
    throw refusal(engine.kind, { docker: 'invalid reference format', podman: 'invalid reference format' });
  const reference = parseReference(text);
  const fetched = isMachine(reference)
    ? await pullFrom(engine, reference, options)
    : published(engine.kind, reference);
  if (engine.state().images.every(({ id }) => id !== fetched.id)) checkRoom(engine, fetched.size);
  const image: Image = {
    ...fetched,
    created: engine.now(),
    tags: [],
    digests: [`${repositoryName(reference)}@${manifestDigest(fetched)}`],
  };
  return keepImage(engine, image, reference.digest === undefined ? [fullName(reference)] : []);
}

/** The image that is there, or else pulled. */
export const imageOrPulled = async (engine: Engine, text: string, options: PullOptions): Promise<Image> =>
  findImage(engine, text) ?? pullImage(engine, text, options);

/** Whether the registry is one of the emulated network, by its address. */
const isMachine = ({ registry }: Reference): boolean =>
  /^(?:\d+\.\d+\.\d+\.\d+|localhost)(?::\d+)?$/.test(registry) && registry !== 'localhost';

const denied = (kind: EngineKind, reference: Reference): EngineError => {
  const { registry, repository, tag } = reference;
  const why = 'requested access to the resource is denied';
  return refusal(kind, {
    docker: `pull access denied for ${repository}, repository does not exist or may require 'docker login': denied: ${why}`,
    podman: `initializing source docker://${fullName(reference)}: reading manifest ${tag} in ${registry}/${repository}: ${why}`,
  });
};

/** Every published image exists, but those made up to be missing. */
function published(kind: EngineKind, reference: Reference): Pick<Image, 'id' | 'size' | 'config'> {
  const { registry, repository, tag } = reference;
  // What dropfleet builds is published nowhere.
  if (repository.startsWith('dropfleet/')) throw denied(kind, reference);
  if (registry === 'registry.invalid' || registry === 'localhost' || tag === 'missing')
    throw unknownManifest(kind, reference);
  const id = digestOf(`published image ${fullName(reference)}`);
  const name = repository.split('/').at(-1)!;
  const config: ImageConfig = {
    ...EMPTY_CONFIG,
    Cmd: [name],
    ExposedPorts: PORTS[name] === undefined ? [] : [`${PORTS[name]}/tcp`],
  };
  return { id, size: 40 * MEGABYTE + (Number.parseInt(id.slice(7, 11), 16) % 120) * MEGABYTE, config };
}
