import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const LAST_PORT = 65_535;

/** The port is not available; the message says what to do. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen';
}

/** Takes the port, or the next free one where that is allowed; resolves with it. Rejects with CannotListen. */
export async function listen(
  server: Server,
  host: string,
  port: number,
  allowNext: boolean,
): Promise<number> {
  for (let candidate = port; ; candidate += 1) {
    try {
      return await tryListen(server, host, candidate);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (isTaken && allowNext && candidate < LAST_PORT) continue;
      const why = isTaken
        ? `Port ${candidate} on ${host} is taken: stop what listens there, or choose another port.`
        : `${host}:${candidate} cannot be listened on (${(error as Error).message}): choose another port.`;
      throw new CannotListen(why, { cause: error });
    }
  }
}

function tryListen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Cuts all connections. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close(error => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}
