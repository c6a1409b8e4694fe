import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A way to a server on loopback that is slow, or that swallows everything when told to. */
export interface Relay {
  readonly port: number;
  /** What came in from clients, all of it. */
  received(): Buffer;
  /** From now on nothing gets through, and nobody is told: a half-open connection. */
  freeze(): void;
  /** From now on a connection is cut once so many more bytes came in. */
  cutAfter(bytes: number): void;
  close(): Promise<void>;
}

/** What ails it. */
interface Ailments {
  /** Each way, in milliseconds. */
  delayMs?: number;
  /** Whether to hold a chunk, and all behind it, for a retransmission's time, as TCP does after a loss. */
  isLost?: () => boolean;
}

/** TCP's shortest retransmission time-out on Linux. */
const RETRANSMISSION_MS = 200;

/** A relay to 127.0.0.1:`target`. */
export async function startRelay(target: number, ailments: Ailments = {}): Promise<Relay> {
  const sockets = new Set<Socket>();
  const received: Buffer[] = [];
  let isFrozen = false;
  let bytesLeft = Infinity;

  const { delayMs = 0, isLost = () => false } = ailments;

  const carry = (from: Socket, to: Socket, isFromClient: boolean): void => {
    // Chunks leave one after the other: timers alone would not keep their order.
    let last = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      if (isFrozen) return;
      if (isFromClient) {
        received.push(chunk);
        bytesLeft -= chunk.length;
        if (bytesLeft < 0) return void from.destroy();
      }
      const due = performance.now() + delayMs;
      const stallMs = isLost() ? RETRANSMISSION_MS : 0;
      last = last.then(async () => {
        const wait = due - performance.now() + stallMs;
        if (wait > 0) await sleep(wait);
        if (!to.destroyed) to.write(chunk);
      });
    });
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
    // Its close is what matters.
    from.on('error', () => from.destroy());
    sockets.add(from);
  };

  const server = createServer({ noDelay: true }, near => {
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
    carry(near, far, true);
    carry(far, near, false);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received: () => Buffer.concat(received),
    freeze: () => void (isFrozen = true),
    cutAfter: bytes => void (bytesLeft = bytes),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
