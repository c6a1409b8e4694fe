import type { Clock } from '../../clients/clock.ts';
import { beginBuild, CUT_OFF, endOf, NO_SOURCE, observeBuild } from './commands.ts';
import { parseFacts } from './facts.ts';
import { BuildError, type BuildHost } from './host.ts';
import { buildingMessage, planBuild, type BuildPlan } from './plan.ts';
import type { BuildRequest, BuildSource, BuildState } from './request.ts';

/** How long a call waits for a source that is being sent; it goes on afterwards. */
const PATIENCE_MS = 15_000;
/** How long sending one may take. */
const SENDING_MS = 1_800_000;
/** A look waits up to 10 s for the end of the build. */
const LOOK_MS = 40_000;

/** Sees to images of sources. */
export interface Builder {
  /**
   * Sees that the source is built, and says how far that is: to be called again until it is. It answers within about
   * 20 s, and rejects when the host cannot be asked.
   *
   * @param host the project's master.
   */
  ensureBuilt(
    host: BuildHost,
    request: BuildRequest,
    source: BuildSource,
    signal: AbortSignal,
  ): Promise<BuildState>;
}

/** A builder that remembers only which sources it is sending. */
export function createBuilder(clock: Pick<Clock, 'after'>): Builder {
  const sending = new Map<string, Promise<BuildState | undefined>>();
  return {
    async ensureBuilt(host, request, source, signal) {
      const name = `${request.project}/${request.key}`;
      if (!sending.has(name)) {
        const plan = await observe(host, request, signal);
        if (plan.state !== 'begin') return plan;
        // Another service of the same files may have looked at the same time.
        if (!sending.has(name)) {
          const begun = begin(host, request, source);
          // Whoever asks next is told.
          begun.catch(() => undefined);
          sending.set(name, begun);
        }
      }
      const sent = await within(PATIENCE_MS, sending.get(name)!, clock, signal).catch((error: unknown) => {
        if (!signal.aborted) sending.delete(name);
        throw error;
      });
      if (sent === 'late') return { state: 'building', message: 'sending the source to the master', log: [] };
      sending.delete(name);
      if (sent !== undefined) return sent;
      const plan = await observe(host, request, signal);
      return plan.state === 'begin' ? buildingNow(request) : plan;
    },
  };
}

const buildingNow = (request: BuildRequest): BuildState => ({
  state: 'building',
  message: buildingMessage(request),
  log: [],
});

async function observe(host: BuildHost, request: BuildRequest, signal: AbortSignal): Promise<BuildPlan> {
  const { stdout, stderr } = await host.run(observeBuild(request), { signal, timeoutMs: LOOK_MS });
  const facts = parseFacts(stdout);
  if (facts === undefined) throw new BuildError(`cannot look at the build: ${stderr.trim().slice(-300)}`);
  return planBuild(request, facts);
}

/** Resolves with a failure that a person must see to, or undefined when the build runs. */
async function begin(
  host: BuildHost,
  request: BuildRequest,
  source: BuildSource,
): Promise<BuildState | undefined> {
  const abort = new AbortController();
  const command = 'tree' in source ? beginBuild(request, source.tree) : beginBuild(request);
  const stdin = 'tree' in source ? '' : withEnd(source.open(abort.signal), endOf(request));
  try {
    const { code, stderr } = await host.run(command, { stdin, timeoutMs: SENDING_MS });
    if (code === NO_SOURCE) return sourceIsGone(request);
    if (code === CUT_OFF) throw new BuildError('the source did not arrive in full on the master');
    if (code !== 0) throw new BuildError(`cannot begin the build: ${stderr.trim().slice(-300)}`);
    return undefined;
  } finally {
    abort.abort();
  }
}

const sourceIsGone = ({ project }: BuildRequest): BuildState => ({
  state: 'failed',
  reason: 'NoSource',
  message: `the files that were sent to the master are gone; send them again: dropfleet deploy uat ${project} --local`,
  log: [],
});

async function* withEnd(
  stream: AsyncIterable<Uint8Array>,
  end: string,
): AsyncGenerator<string | Uint8Array, void> {
  yield* stream;
  yield end;
}

/** The promise's outcome, or `late`; rejects when the signal aborts. */
function within<T>(
  ms: number,
  promise: Promise<T>,
  clock: Pick<Clock, 'after'>,
  signal: AbortSignal,
): Promise<T | 'late'> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    const cancel = clock.after(ms, () => resolve('late'));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const settle = (): void => {
      cancel();
      signal.removeEventListener('abort', onAbort);
    };
    promise.then(resolve, reject).then(settle, settle);
  });
}
