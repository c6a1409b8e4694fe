import type { BuildRequest, BuildState } from './request.ts';

type Failed = Extract<BuildState, { state: 'failed' }>;

const failed = (reason: string, message: string, log: string[] = []): Failed => ({
  state: 'failed',
  reason,
  message,
  log,
});

/** What stands in a build's output when the engine went away, not the build. */
const ENGINE_GONE =
  /cannot connect to the docker daemon|error during connect|is the docker daemon running|unexpected EOF$|context canceled/i;
/** What stands there when a base image could not be had. */
const NOT_PULLED =
  /pull access denied|manifest (for .* )?(not found|unknown)|toomanyrequests|failed to resolve (source|reference)|creating build container|failed to do request|registry-1\.docker\.io|no such host|i\/o timeout|unauthorized: /i;

/** Whether the build was ended from outside, so that another try may end otherwise. */
export const isInterrupted = (result: string, log: readonly string[]): boolean =>
  result.startsWith('exit ') && lastWords(log).some(line => ENGINE_GONE.test(line));

/** Why a build failed, and what to do. */
export function explainFailure(request: BuildRequest, result: string, log: string[]): Failed {
  const { containerfile, context } = request;
  if (result === 'no-containerfile')
    return failed(
      'NoContainerfile',
      `there is no ${containerfile} in the source; add it, or set containerfile_path to where it is`,
    );
  if (result === 'no-context')
    return failed(
      'NoContext',
      `there is no folder ${context} in the source; set build_context to the folder that is to be built`,
    );
  if (result === 'disk-full' || log.some(line => /no space left on device/i.test(line)))
    return failed('DiskFull', `the disk got full during the build; ${MAKE_ROOM}`, log);
  if (result === 'exit 124')
    return failed('BuildTimedOut', 'the build took over 1 h and was stopped; see its log', log);
  const cause = lastWords(log).at(-1) ?? `${request.engine} build ended with ${result}`;
  if (lastWords(log).some(line => NOT_PULLED.test(line)))
    return failed(
      'BaseImageNotPulled',
      `cannot pull the base image: ${cause}; check the FROM lines of ${containerfile}, and that the master reaches the registry`,
      log,
    );
  const memory = /\b137\b|signal: killed|out of memory|cannot allocate memory/i.test(`${result} ${cause}`)
    ? '; it may have run out of memory, of which a build gets 60 %: resize the master'
    : '';
  return failed('BuildFailed', `build failed: ${cause}${memory}`, log);
}

/** A build that reboots, or somebody, ended again and again. */
export const interrupted = (times: number, log: string[]): Failed =>
  failed(
    'BuildInterrupted',
    `the build was interrupted ${times} times; see "journalctl -u docker" and "last reboot" on the master, then deploy again`,
    log,
  );

/** Refused before anything changes. */
export const noRoom = (free: number, needed: number): Failed =>
  failed('DiskFull', `${mb(free)} MB free on the master, the build needs ${mb(needed)} MB; ${MAKE_ROOM}`);

/** A path that leads out of the source. */
export function outside({ containerfile, context }: BuildRequest): Failed | undefined {
  const bad = [containerfile, context].find(path => path.startsWith('/') || path.split('/').includes('..'));
  if (bad === undefined) return undefined;
  return failed(
    'PathOutsideSource',
    `${bad} is not in the source; paths of a build are relative to its root`,
  );
}

const MAKE_ROOM =
  'make room ("sudo du -xh / | sort -h | tail" shows what is large), or resize the master to a larger disk';

const mb = (kib: number): number => Math.floor(kib / 1_024);

/** Where a build says why it ended. */
const lastWords = (log: readonly string[]): readonly string[] => log.slice(-5);
