import { connect } from 'node:net';
import type { Clock } from '../clock.ts';

/** What it takes to knock at a host's sshd. */
export interface KnockOptions {
  readonly address: string;
  readonly port: number;
  readonly clock: Pick<Clock, 'after'>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Whether an sshd says a word at that address in time, without a login. What accepts the connection and says nothing is
 * a kernel at most. Never rejects.
 */
export function knock({ address, port, clock, timeoutMs, signal }: KnockOptions): Promise<boolean> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve(false);
    const socket = connect({ host: address, port });
    const end = (isThere: boolean): void => {
      cancel();
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
      resolve(isThere);
    };
    const giveUp = (): void => end(false);
    const cancel = clock.after(timeoutMs, giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    socket
      .once('data', () => end(true))
      .once('error', giveUp)
      .once('close', giveUp);
  });
}
