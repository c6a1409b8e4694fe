import type { Clock } from '../../clients/clock.ts';

/** How what is waited for looks now: it is over, it has failed, which may pass, or it goes on. */
export interface Look<Ending> {
  readonly state: 'over' | 'failed' | 'waiting';
  /** How the waiting ends if it ends now. */
  readonly ending: Ending;
}

/** What is waited for, and how. */
export interface Watching<Ending> {
  look: () => Look<Ending>;
  /** Is given what is to be called whenever it may look otherwise. */
  onChange: (look: () => void) => void;
  clock: Pick<Clock, 'after'>;
  /** Its abort ends the waiting as it looks then. */
  signal: AbortSignal;
}

/** A failure may be an old one that is about to be tried again: it is believed when it has stayed for so long, ms. */
const FAILURE_STAYS_MS = 5_000;

/** Waits until it is over, or a failure has stayed. */
export function untilOver<Ending>({ look, onChange, clock, signal }: Watching<Ending>): Promise<Ending> {
  return new Promise(resolve => {
    let isOver = false;
    let forgetFailure: (() => void) | undefined;
    const end = (ending: Ending): void => {
      isOver = true;
      forgetFailure?.();
      resolve(ending);
    };
    const check = (): void => {
      if (isOver) return;
      const { state, ending } = look();
      if (state === 'over' || signal.aborted) return end(ending);
      if (state === 'failed') forgetFailure ??= clock.after(FAILURE_STAYS_MS, () => end(ending));
      else {
        forgetFailure?.();
        forgetFailure = undefined;
      }
    };
    onChange(check);
    signal.addEventListener('abort', check, { once: true });
    if (signal.aborted) check();
  });
}
