import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { changed, pathsOf } from '../builders/mutants.ts';

/** A way to a server on loopback on which replies become others. */
export interface LyingProxy {
  readonly url: string;
  /** From now on one of so many replies, from 0 to 1, is another than it was. */
  lie(probability: number): void;
  /** How many were. */
  lies(): number;
  /** A request is under way. */
  isBusy(): boolean;
  close(): Promise<void>;
}

interface Reply {
  status: number;
  type: string;
  text: string;
}

/** What takes the place of a part of a reply; undefined takes it away. */
const NASTY: readonly unknown[] = [
  undefined,
  null,
  '',
  0,
  -1,
  1e9,
  2 ** 53,
  '0',
  'active',
  'off',
  'archive',
  '198.18.0.99',
  '127.0.0.1; rm -rf /',
  '\u001b[2J',
  'x'.repeat(10_000),
  [],
  {},
  [[]],
];
const STATUSES = [200, 204, 301, 400, 401, 404, 409, 422, 500, 502, 503];

/** A proxy before that URL that tells the truth until it is told to lie. `random` is from 0 to below 1. */
export async function startLyingProxy(target: string, random: () => number): Promise<LyingProxy> {
  let probability = 0;
  let underWay = 0;
  let told = 0;
  const oneOf = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;

  const inPart = (reply: Reply): Reply => {
    const value: unknown = JSON.parse(reply.text);
    return { ...reply, text: JSON.stringify(changed(value, oneOf(pathsOf(value)), oneOf(NASTY))) ?? '' };
  };
  const cutOff = (reply: Reply): Reply => ({
    ...reply,
    text: reply.text.slice(0, random() * reply.text.length),
  });
  const LIES: readonly ((reply: Reply) => Reply)[] = [
    inPart,
    inPart,
    inPart,
    cutOff,
    reply => ({ ...reply, status: oneOf(STATUSES) }),
    reply => ({ ...reply, type: 'text/html', text: '<html><body>Welcome to the hotel</body></html>' }),
  ];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host: _host, connection: _connection, ...headers } = request.headers;
    const body: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) body.push(chunk);
    const real = await fetch(target + request.url!, {
      method: request.method!,
      headers: headers as Record<string, string>,
      ...(body.length > 0 && { body: Buffer.concat(body) }),
    });
    const text = await real.text();
    const truth = { status: real.status, type: real.headers.get('content-type') ?? '', text };
    const isLie = random() < probability;
    if (isLie) told++;
    // What has no body can only be of another status.
    const { status, type, text: said } = isLie ? (text === '' ? LIES[4]! : oneOf(LIES))(truth) : truth;
    response.writeHead(status, type === '' ? {} : { 'content-type': type });
    response.end([204, 301].includes(status) ? '' : said);
  }

  const server = createServer((request, response) => {
    underWay++;
    response.once('close', () => underWay--);
    answer(request, response).catch(() => response.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lie: share => void (probability = share),
    lies: () => told,
    isBusy: () => underWay > 0,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
