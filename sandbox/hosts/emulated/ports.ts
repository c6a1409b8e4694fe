import { createServer } from 'node:net';
import { addressText, parseCidr } from '../../account/network/cidr.ts';
import { HostError } from '../driver.ts';

const TRIES = 100;

/** A port that is the same on all machines, kept from other sandboxes until it is released. */
export interface ClaimedPort {
  readonly port: number;
  release(): Promise<void>;
}

/**
 * Finds where a service of every machine can listen: at its own port where that may be bound, else at the first
 * free one from `next` on. The range's last address but one stands for all: as long as a sandbox listens there,
 * another one takes another port, and so the two may use the same addresses. Rejects with HostError where the
 * system has no such addresses.
 */
export async function claimPort(publicRange: string, own: number, next: number): Promise<ClaimedPort> {
  const address = addressText(parseCidr(publicRange)!.last - 1);
  for (const port of [own, ...Array.from({ length: TRIES }, (_, index) => next + index)]) {
    const claimed = await tryPort(address, port);
    if (typeof claimed !== 'string') return claimed;
    if (claimed === 'EADDRNOTAVAIL') throw noLoopback(address);
  }
  throw new HostError(
    `No port from ${next} to ${next + TRIES - 1} is free on ${address} for the emulated hosts; stop what listens there.`,
  );
}

// Linux gives loopback all of 127.0.0.0/8, macOS only 127.0.0.1.
const noLoopback = (address: string): HostError =>
  new HostError(
    `This system has no address ${address} for emulated hosts; choose others with --hosts docker, ` +
      `or add each address that is used: sudo ifconfig lo0 alias ${address}.`,
  );

/** The port, or the system's error code when it cannot be listened on. */
function tryPort(address: string, port: number): Promise<ClaimedPort | string> {
  return new Promise(resolve => {
    const server = createServer(socket => socket.destroy());
    server.once('error', error => resolve((error as NodeJS.ErrnoException).code ?? 'unknown'));
    server.listen(port, address, () => {
      server.unref();
      const release = (): Promise<void> => new Promise(done => server.close(() => done()));
      resolve({ port, release });
    });
  });
}
