import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { Connection } from '../../clients/kubernetes/kubeconfig.ts';
import type { Credentials } from '../../clients/kubernetes/credentials.ts';

/** A request as the server got it. */
interface ReceivedRequest {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  /** The JSON body; undefined when there was none. */
  body: unknown;
}

/** What is done with a request. */
export type Answer = (response: ServerResponse, request: ReceivedRequest) => void;

/** An HTTP server on loopback that answers as it is told, in order. */
export interface LoopbackApi {
  readonly received: ReceivedRequest[];
  /** How many connections were opened so far. */
  readonly connections: number;
  /** What the client is shown as its credentials; replace it to rotate them. */
  credentials: Credentials;
  /** How often the client was told that its credentials were refused. */
  readonly forgotten: number;
  /** Answers to the next requests; once they are used up, a request gets a 500. */
  answer(...answers: Answer[]): void;
  connection(): Connection;
  close(): Promise<void>;
}

/** An answer in JSON. */
export const json =
  (code: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  response => {
    response.writeHead(code, { 'Content-Type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };

/** Listens on a free port. */
export async function startLoopbackApi(): Promise<LoopbackApi> {
  const received: ReceivedRequest[] = [];
  const answers: Answer[] = [];
  let connections = 0;
  let forgotten = 0;
  const server = createServer((message, response) => {
    void receive(message).then(request => {
      received.push(request);
      (answers.shift() ?? json(500, { message: 'no answer is planned' }))(response, request);
    });
  });
  server.on('connection', () => void connections++);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const api: LoopbackApi = {
    received,
    get connections() {
      return connections;
    },
    get forgotten() {
      return forgotten;
    },
    credentials: { headers: { Authorization: 'Bearer hunter2' }, tls: {} },
    answer: (...more) => void answers.push(...more),
    connection: () => ({
      server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      namespace: 'default',
      source: 'a test',
      proxy: undefined,
      credentials: { current: async () => api.credentials, forget: () => void forgotten++ },
    }),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return api;
}

async function receive(message: IncomingMessage): Promise<ReceivedRequest> {
  let text = '';
  for await (const chunk of message.setEncoding('utf8')) text += chunk as string;
  return {
    method: message.method!,
    url: new URL(message.url!, 'http://127.0.0.1'),
    headers: message.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}
