import { askOver, type Answer } from '../../network/http.ts';
import { refusal, unknownManifest, type EngineError } from '../engine-error.ts';
import type { Engine } from '../engine.ts';
import { manifestDigest } from '../images.ts';
import type { Image } from '../model.ts';
import { fullName, type Reference } from '../reference.ts';
import { trustsPlainHttp } from './trust.ts';

/** What a registry keeps of an image: all that a machine needs to have it too. */
type Kept = Pick<Image, 'id' | 'size' | 'config'>;

/** Sends an image to a machine's registry. Throws EngineError. */
export async function pushTo(
  engine: Engine,
  image: Image,
  reference: Reference,
  options: { signal: AbortSignal; isTrusted: boolean },
): Promise<void> {
  const digest = manifestDigest(image);
  const { id, size, config } = image;
  const kept = {
    schemaVersion: 2,
    digest,
    config: { digest: id, size: 0 },
    layers: [{ size }],
    emulated: { id, size, config },
  };
  const { response } = await ask(engine, reference, 'PUT', {
    ...options,
    body: Buffer.from(JSON.stringify(kept)),
  });
  if (response.statusCode !== 201) throw unexpected(engine, reference, response.statusCode ?? 0);
}

/** Fetches an image from a machine's registry. Throws EngineError. */
export async function pullFrom(
  engine: Engine,
  reference: Reference,
  options: { signal: AbortSignal; isTrusted: boolean },
): Promise<Kept> {
  const { response, body } = await ask(engine, reference, 'GET', options);
  if (response.statusCode === 404) throw unknownManifest(engine.kind, reference);
  if (response.statusCode !== 200) throw unexpected(engine, reference, response.statusCode ?? 0);
  return (JSON.parse(body.toString()) as { emulated: Kept }).emulated;
}

async function ask(
  engine: Engine,
  reference: Reference,
  method: 'GET' | 'PUT',
  { signal, isTrusted, body }: { signal: AbortSignal; isTrusted: boolean; body?: Uint8Array },
): Promise<Answer> {
  const { registry, repository, tag, digest } = reference;
  const [host = '', port = '443'] = registry.split(':');
  let answer: Answer;
  try {
    const stream = await engine.machine.connect(host, Number(port), signal);
    const path = `/v2/${repository}/manifests/${digest ?? tag}`;
    answer = await askOver(stream, { method, host: registry, path, headers: {} }, body, signal);
  } catch (error) {
    throw unreachable(engine, reference, (error as Error).message.toLowerCase());
  }
  if (!isTrusted && !trustsPlainHttp(engine, registry)) throw withoutTls(engine, reference);
  return answer;
}

const unreachable = ({ kind }: Engine, reference: Reference, why: string): EngineError => {
  const { registry } = reference;
  const cause = why.startsWith('connection refused')
    ? 'connect: connection refused'
    : why.startsWith('connection timed out')
      ? 'i/o timeout'
      : 'EOF';
  const get = (scheme: string): string => `Get "${scheme}://${registry}/v2/": dial tcp ${registry}: ${cause}`;
  return refusal(kind, {
    docker: get('http'),
    podman: `initializing source docker://${fullName(reference)}: pinging container registry ${registry}: ${get('https')}`,
  });
};

const withoutTls = ({ kind }: Engine, reference: Reference): EngineError => {
  const get = `Get "https://${reference.registry}/v2/": http: server gave HTTP response to HTTPS client`;
  return refusal(kind, {
    docker: get,
    podman: `initializing source docker://${fullName(reference)}: pinging container registry ${reference.registry}: ${get}`,
  });
};

const unexpected = ({ kind }: Engine, reference: Reference, status: number): EngineError => {
  const what =
    `received unexpected HTTP status: ${status} ${status === 500 ? 'Internal Server Error' : ''}`.trim();
  return refusal(kind, {
    docker: what,
    podman: `writing manifest to docker://${fullName(reference)}: ${what}`,
  });
};
