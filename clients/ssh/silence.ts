import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';

/** How often it is looked whether anything came in. */
const LOOK_MS = 5_000;
/** So many looks in a row that saw nothing new mean that it is dead. */
const SILENT_LOOKS = 3;

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
  let silentLooks = 0;
  const look = (): void => {
    silentLooks = socket.bytesRead === seen ? silentLooks + 1 : 0;
    seen = socket.bytesRead;
    if (silentLooks === SILENT_LOOKS) onSilence();
    else cancel = clock.after(LOOK_MS, look);
  };
  let cancel = clock.after(LOOK_MS, look);
  return () => cancel();
}
