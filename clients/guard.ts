/** Throws when the holder of the signal must not begin anything any more. */
type Check = () => void;

const CHECK: unique symbol = Symbol('check');

interface GuardedSignal extends AbortSignal {
  [CHECK]?: Check;
}

/**
 * Makes `check` be asked by whatever is handed that signal, at the moment when it lets an effect out. The abort alone
 * is not enough: it comes by a timer, timers stand still while the machine sleeps, and an effect may have waited for
 * its turn meanwhile. The check goes along with the signal because everything between hands that on already.
 */
export function guard(signal: GuardedSignal, check: Check): void {
  signal[CHECK] = check;
}

/** Throws when that signal has aborted, or its guard says that it should have. */
export function assertMayAct(signal: GuardedSignal | undefined): void {
  signal?.throwIfAborted();
  signal?.[CHECK]?.();
}
