import type { HiddenText } from '../../clients/ssh/ssh.ts';
import type { Engine } from '../host/desired.ts';
import {
  LOGIN_REFUSED,
  NO_IMAGE,
  NO_REGISTRY,
  OTHER_IMAGE,
  publishImage,
  pullImage,
  pullPublishedImage,
  type ProjectImage,
} from './commands.ts';
import { BuildError, type BuildHost } from './host.ts';

/** How long sending or fetching an image may take. */
const TRANSFER_MS = 1_200_000;

/**
 * Sees that the registry of the project's master has the image, for the webs to pull. To be called again is one question
 * to the registry. Rejects with BuildError.
 *
 * @param host the master, which built the image.
 * @param master its private address.
 */
export async function publish(
  host: BuildHost,
  image: ProjectImage,
  master: string,
  signal: AbortSignal,
): Promise<void> {
  const { code, stderr } = await host.run(publishImage(image, master), { signal, timeoutMs: TRANSFER_MS });
  if (code === 0) return;
  if (code === NO_IMAGE)
    throw new BuildError(`the master has the image ${image.image} no more; deploy again`);
  if (code === NO_REGISTRY)
    throw new BuildError(
      `the registry on the master does not answer (${lastLine(stderr)}); see "sudo journalctl -u docker-registry" there`,
    );
  throw new BuildError(`cannot push the image to the master's registry: ${lastLine(stderr)}`);
}

/** Sees that a web has the image, which was published before. Rejects with BuildError. */
export async function pull(
  host: BuildHost,
  image: ProjectImage,
  master: string,
  signal: AbortSignal,
): Promise<void> {
  const { code, stderr } = await host.run(pullImage(image, master), { signal, timeoutMs: TRANSFER_MS });
  if (code === 0) return;
  if (code === OTHER_IMAGE) throw new BuildError(`the registry holds another image: ${lastLine(stderr)}`);
  throw new BuildError(`cannot pull the image from the master's registry: ${lastLine(stderr)}`);
}

/** A published image on a host. */
export interface PublishedImage {
  /** Its id there, `sha256:...`. */
  image: string;
  /** The name with its digest, by which every other host gets the same; where it was fetched. */
  digest?: string;
}

/** The registry of a published image does not take the login. */
class LoginRefused extends BuildError {}

export const isLoginRefused = (error: unknown): error is BuildError => error instanceof LoginRefused;

/** What is fetched, and as whom. */
interface PublishedRequest {
  engine: Engine;
  project: string;
  name: string;
  id?: string;
  login?: { username: string; password: HiddenText };
}

/**
 * Fetches a published image: on the first server by its name, on the others by the digest and the id that the first
 * got. Rejects with BuildError.
 *
 * @param id with one, nothing is fetched where it is there, and none but it is taken.
 */
export async function pullPublished(
  host: BuildHost,
  { engine, project, name, id, login }: PublishedRequest,
  signal: AbortSignal,
): Promise<PublishedImage> {
  const command = pullPublishedImage(engine, project, name, id, login?.username);
  const stdin = login?.password.reveal() ?? '';
  const result = await host.run(command, { stdin, signal, timeoutMs: TRANSFER_MS });
  const { code, stdout } = result;
  const stderr = stdin === '' ? result.stderr : result.stderr.replaceAll(stdin, '***');
  const [, image = '', digest] = /^image\t(sha256:[0-9a-f]{64})(?:\t(\S+))?$/m.exec(stdout) ?? [];
  if (code === 0 && image !== '') return { image, ...(digest && { digest }) };
  if (code === OTHER_IMAGE) throw new BuildError(`${lastLine(stderr)}, not ${id}`);
  if (code === LOGIN_REFUSED)
    throw new LoginRefused(
      `the registry of ${name} refuses ${login?.username}: ${lastLine(stderr)}; set the secret of its image_login anew, or give that user access`,
    );
  throw new BuildError(`cannot pull ${name}: ${lastLine(stderr)}; check its name, and the registry's login`);
}

const lastLine = (text: string): string =>
  text
    .trim()
    .split(/[\r\n]+/)
    .at(-1)!
    .slice(-300);
