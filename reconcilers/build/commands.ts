import { asRoot } from '../host/commands.ts';
import { REGISTRY_PORT, type Engine } from '../host/desired.ts';
import type { BuildRequest } from './request.ts';
import {
  BEGIN,
  BUILD,
  IMAGES,
  LOG,
  PRUNE,
  PRUNE_REGISTRY,
  PUBLISH,
  PULL,
  PULL_PUBLISHED,
  STATUS,
} from './scripts.ts';

/** How long one look waits for the end of a build, in fifths of a second. */
const TRIES = 50;
/** How long a build may take, in seconds. */
export const MOST_SECONDS = 3_600;

/** The exit codes of `beginBuild`, after sysexits. */
export const CUT_OFF = 65;
/** Of `pullPublishedImage`: the registry does not take the login. */
export const LOGIN_REFUSED = 77;
export const NO_SOURCE = 66;
/** Those of `publishImage` and `pullImage`. */
export const OTHER_IMAGE = 65;
export const NO_IMAGE = 66;
export const NO_REGISTRY = 69;

/** Says how far a build is. */
export const observeBuild = ({ engine, project, key, attempt }: BuildRequest): string[] =>
  asRoot(STATUS, engine, project, key, nameOf(attempt), `${TRIES}`);

/** Prints what a build has said after the first `offset` bytes, if it is that attempt's. */
export const readBuildLog = (
  { key, attempt }: Pick<BuildRequest, 'key' | 'attempt'>,
  offset: number,
): string[] => asRoot(LOG, key, nameOf(attempt), `${offset}`);

/**
 * Starts a build; of two who start the same one does.
 *
 * @param tree where the source was sent before; without it comes on stdin, and after it `endOf` the build.
 */
export const beginBuild = (request: BuildRequest, tree = ''): string[] =>
  asRoot(
    BEGIN,
    request.engine,
    request.project,
    request.key,
    nameOf(request.attempt),
    `${MOST_SECONDS}`,
    tree,
    request.containerfile,
    request.context,
    BUILD.text,
    ...Object.entries(request.labels).map(([name, value]) => `${name}=${value}`),
  );

/**
 * What follows the tar of a source, as a tar's own end cannot be told from a file of zeros. No source can hold it: the
 * key is made from its hash.
 */
export const endOf = ({ key }: BuildRequest): string => `dropfleet-end-${key}`;

/** An image of a project, and the host that it is on or is to be on. */
export interface ProjectImage {
  engine: Engine;
  /** The project's name. */
  project: string;
  /** Its id, `sha256:...`. */
  image: string;
}

/**
 * Sends an image to the registry of the project's master, to be run there.
 *
 * @param master the master's private address.
 */
export const publishImage = ({ engine, project, image }: ProjectImage, master: string): string[] =>
  asRoot(PUBLISH, engine, project, image, registryAt(master));

/** Fetches an image from that registry, to be run on a web. */
export const pullImage = ({ engine, project, image }: ProjectImage, master: string): string[] =>
  asRoot(PULL, engine, project, image, registryAt(master));

/** Fetches a published image; with an id, that one or none. As a user, whose password comes on stdin. */
export function pullPublishedImage(
  engine: Engine,
  project: string,
  name: string,
  image = '',
  username = '',
): string[] {
  const full = fullName(name);
  const login = username === '' ? [] : [full.split('/')[0]!, username];
  return asRoot(PULL_PUBLISHED, engine, project, full, image, ...login);
}

/** Tells the project's images on a host. */
export const listImages = (engine: Engine, project: string): string[] => asRoot(IMAGES, engine, project);

/** Removes these tags of a project's, and cache that is older than `age`, such as `24h`. */
export const pruneImages = (
  engine: Engine,
  project: string,
  age: string,
  tags: readonly string[],
): string[] => asRoot(PRUNE, engine, project, age, ...tags);

/** Removes all but these images, by their ids, from the master's registry. */
export const pruneRegistry = (project: string, master: string, needed: readonly string[]): string[] =>
  asRoot(PRUNE_REGISTRY, registryAt(master), project, ...needed.map(hexOf));

const registryAt = (master: string): string => `${master}:${REGISTRY_PORT}`;

/** The tag under which a project's hosts have an image. */
export const hexOf = (image: string): string => image.replace(/^sha256:/, '');

/** The name as every engine understands it: `postgres:17` is `docker.io/library/postgres:17`. */
export function fullName(name: string): string {
  const [first, ...rest] = name.split('/');
  if (rest.length === 0) return `docker.io/library/${name}`;
  return /[.:]|^localhost$/.test(first!) ? name : `docker.io/${name}`;
}

/** As a part of a file's name. */
const nameOf = (attempt: string): string => attempt.replaceAll(/[^\w.-]/g, '_').slice(-200);
