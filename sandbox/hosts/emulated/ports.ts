import { createServer } from 'node:net';
import { HostError } from '../driver.ts';
import { addressText, parseCidr } from '../../cidr.ts';

const TRIES = 100;

/**
 * Where a service of every machine can listen: at its own port where that may be bound, else at the first free one
 * from `next` on. Rejects with HostError where the system has no such addresses.
 */
export async function findPort(publicRange: string, own: number, next: number): Promise<number> {
  const address = addressText(parseCidr(publicRange)!.last - 1);
  for (const port of [own, ...Array.from({ length: TRIES }, (_, index) => next + index)]) {
    const problem = await tryPort(address, port);
    if (problem === undefined) return port;
    if (problem === 'EADDRNOTAVAIL') throw noLoopback(address);
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

/** The system's error code when it cannot be listened on. */
function tryPort(address: string, port: number): Promise<string | undefined> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', error => resolve((error as NodeJS.ErrnoException).code ?? 'unknown'));
    server.listen(port, address, () => server.close(() => resolve(undefined)));
  });
}
