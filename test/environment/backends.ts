import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A program behind the load balancer, on a loopback address that is its droplet's private one. */
export interface Backend {
  /** Address and port. */
  readonly address: string;
  readonly server: Server;
  /** What it was asked for, since the last time this was asked. */
  requests(): IncomingMessage[];
  close(): Promise<void>;
}

/** Starts one on that address; it answers 200 and its own address by default. */
export async function startBackend(
  host: string,
  answer: RequestListener = (_request, response) => response.end(host),
  port = 0,
): Promise<Backend> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  const sockets = new Set<Socket>();
  server.on('connection', socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    server,
    requests: () => requests.splice(0),
    async close() {
      const closed = once(server, 'close');
      server.close();
      // Those that were upgraded too.
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Answers with the `word` of the query, and a POST with its body, when it is whole. */
export const echo: RequestListener = (request, response) => {
  let body = '';
  request.setEncoding('latin1').on('data', chunk => (body += chunk));
  request.on('end', () => {
    const word = new URL(request.url!, 'http://backend').searchParams.get('word') ?? '';
    response.end(request.method === 'POST' ? body : word);
  });
};
