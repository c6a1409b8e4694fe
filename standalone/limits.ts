import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import { tooManyRequests } from './api-error.ts';

/** How much clients may open at once, and how slow they may be. */
export interface Limits {
  /** Beyond this, requests are refused with 429 and their connection is closed. */
  connections: number;
  watches: number;
  /** For the TLS handshake, and again for the head of a request; for all of its body six times as long. */
  patienceMs: number;
}

export const DEFAULT_LIMITS: Limits = { connections: 2_000, watches: 1_000, patienceMs: 10_000 };

/** Connections that are let in so that they can be told why they are refused; more are dropped without a word. */
const REFUSABLE_CONNECTIONS = 100;

/** The options of the https server by which half-open connections end. */
export const timeoutsFor = ({ patienceMs }: Limits) => ({
  handshakeTimeout: patienceMs,
  headersTimeout: patienceMs,
  requestTimeout: patienceMs * 6,
  connectionsCheckingInterval: patienceMs / 2,
  // Longer than clients keep idle connections, so that it is they who close.
  keepAliveTimeout: 120_000,
});

/** Counts the server's connections. The returned function throws 429 for a request on one that is too many. */
export function limitConnections(
  server: Server,
  { connections }: Limits,
): (request: IncomingMessage) => void {
  const surplus = new WeakSet<Socket>();
  let open = 0;
  server.maxConnections = connections + REFUSABLE_CONNECTIONS;
  server.on('secureConnection', (socket: Socket) => {
    if (++open > connections) surplus.add(socket);
    socket.once('close', () => open--);
  });
  return request => {
    if (!surplus.has(request.socket)) return;
    throw tooManyRequests(`${connections} connections are open, which is as many as may be; try again later`);
  };
}
