import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a port on loopback on which everything, the end included, takes as long as over a real network. */
export interface DelayingRelay {
  readonly port: number;
  close(): void;
}

/**
 * Starts a relay to 127.0.0.1:`target`.
 *
 * @param delayMs how long a byte or an end takes, one way.
 */
export async function startDelayingRelay(target: number, delayMs: number): Promise<DelayingRelay> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, near => {
    const far = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    carry(near, far, delayMs);
    carry(far, near, delayMs);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
  });
  server.listen(0, '127.0.0.1', 1024);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Timers of one length fire in the order in which they were set, so that bytes stay in theirs. */
function carry(from: Socket, to: Socket, delayMs: number): void {
  from.on('data', chunk => setTimeout(() => to.writable && to.write(chunk), delayMs));
  from.on('end', () => setTimeout(() => to.writable && to.end(), delayMs));
  // A reset is passed on as one.
  from.on('error', () => setTimeout(() => to.resetAndDestroy(), delayMs));
}
