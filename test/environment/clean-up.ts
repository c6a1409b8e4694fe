import { systemClock, type Clock } from '../../clients/clock.ts';

/** How patiently, how much at once, and whom to tell of failures. */
export interface CleanUpOptions {
  atOnce?: number;
  withinMs?: number;
  clock?: Pick<Clock, 'after'>;
  complain?: (text: string) => void;
}

/**
 * Removes what tests have left, a few at a time, each with a signal that ends its time. Never rejects: whether tests
 * passed was known before. What is still there is told loudly instead.
 */
export async function cleanUp(
  what: string,
  names: readonly string[],
  remove: (name: string, signal: AbortSignal) => Promise<unknown>,
  { atOnce = 4, withinMs = 60_000, clock = systemClock, complain = shout }: CleanUpOptions = {},
): Promise<void> {
  const failures = new Map<string, unknown>();
  const left = [...names];
  const over = new AbortController();
  const cancel = clock.after(withinMs, () => over.abort(new Error(`it took more than ${withinMs} ms`)));
  const removeSome = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      try {
        await untilOver(name, remove, over.signal);
      } catch (error) {
        failures.set(name, error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, removeSome));
  cancel();
  if (failures.size > 0) complain(complaint(what, names.length, failures));
}

/** Some that remove pay no heed to the signal. */
async function untilOver(
  name: string,
  remove: (name: string, signal: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const ended = Promise.withResolvers<never>();
  const end = (): void => ended.reject(signal.reason);
  signal.addEventListener('abort', end);
  try {
    await Promise.race([remove(name, signal), ended.promise]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

function complaint(what: string, count: number, failures: ReadonlyMap<string, unknown>): string {
  const reasons = [...failures].map(([name, error]) => `  ${name}: ${messageOf(error)}`);
  return [`CLEAN-UP FAILED: ${what}: ${failures.size} of ${count} may be left`, ...reasons].join('\n');
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const shout = (text: string): void => console.error(`\n*** ${text}\n`);
