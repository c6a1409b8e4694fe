import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';

/** How often it is checked whether anything came in. */
const CHECK_MS = 5_000;
/** So many checks in a row that saw nothing new mean that it is dead. */
const SILENT_CHECKS = 3;

/**
 * Calls `onSilence` when the socket has received nothing for 15 to 20 s although the peer had reason to answer;
 * TCP alone would wait for a quarter of an hour. The returned function ends the watch.
 */
export function watchForSilence(
  socket: Pick<Socket, 'bytesRead'>,
  clock: Clock,
  onSilence: () => void,
): () => void {
  let seen = socket.bytesRead;
  let silentChecks = 0;
  const check = (): void => {
    silentChecks = socket.bytesRead === seen ? silentChecks + 1 : 0;
    seen = socket.bytesRead;
    if (silentChecks === SILENT_CHECKS) onSilence();
    else cancel = clock.after(CHECK_MS, check);
  };
  let cancel = clock.after(CHECK_MS, check);
  return () => cancel();
}
