import { asRoot } from '../host/commands.ts';
import type { BuildRequest } from './request.ts';
import { BEGIN, BUILD, STATUS } from './scripts.ts';

/** How long one look waits for the end of a build, in fifths of a second. */
const TRIES = 50;
/** How long a build may take, in seconds. */
export const MOST_SECONDS = 3_600;

/** The exit codes of `beginBuild`, after sysexits. */
export const CUT_OFF = 65;
export const NO_SOURCE = 66;

/** Says how far a build is. */
export const observeBuild = ({ engine, project, key, attempt }: BuildRequest): string[] =>
  asRoot(STATUS, engine, project, key, nameOf(attempt), `${TRIES}`);

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

/** As a part of a file's name. */
const nameOf = (attempt: string): string => attempt.replaceAll(/[^\w.-]/g, '_').slice(-200);
