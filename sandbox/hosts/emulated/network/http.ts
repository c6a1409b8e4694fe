import {
  createServer,
  request,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
} from 'node:http';
import type { Duplex } from 'node:stream';

export interface Answer {
  readonly response: IncomingMessage;
  readonly body: Buffer;
}

/** Asks over a connection of its own, which ends with the answer. */
export function askOver(
  stream: Duplex,
  options: { method: string; host: string; path: string; headers: OutgoingHttpHeaders },
  body: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { host, ...rest } = options;
    const headers = { host, connection: 'close', ...options.headers };
    const sent = request({ ...rest, headers, createConnection: () => stream, signal }, response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject).once('end', () => resolve({ response, body: Buffer.concat(chunks) }));
    });
    sent.once('error', reject).end(body);
  });
}

/** All of a request's body. */
export async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A server for connections that come from elsewhere than a socket. */
export function serveStreams(answer: RequestListener): {
  accept: (stream: Duplex) => void;
  closeIdle: () => void;
} {
  const server = createServer(answer);
  return {
    accept: stream => void server.emit('connection', stream),
    closeIdle: () => server.closeIdleConnections(),
  };
}
