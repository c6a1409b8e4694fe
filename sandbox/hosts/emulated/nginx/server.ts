import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Machine } from '../model.ts';
import { bodyOf, serveStreams, type Answer } from '../network/http.ts';
import { locationFor, portsOf, serverFor } from './choosing.ts';
import { argsOf, blocksOf, readNginxConfig } from './config.ts';
import { exchangeOf, expanded, type Block, type Exchange } from './exchange.ts';
import { allAt, createProxy, valueAt, type Proxy } from './proxy.ts';
import { rewrite } from './rewriting.ts';

/** An nginx with the configuration that it was started with. */
export interface Nginx {
  readonly ports: readonly number[];
  readonly accept: (port: number, stream: Duplex) => void;
  /** Lets connections go on which nothing is asked: their next request is for the nginx after it. */
  retire(): void;
}

/** Reads the configuration as it is now. Throws NginxConfigError. */
export function startNginx(machine: Machine): Nginx {
  const http = blocksOf(readNginxConfig(machine.files), 'http')[0]?.block ?? [];
  const servers = blocksOf(http, 'server').map(({ block }) => block!);
  const ports = [...new Set(servers.flatMap(portsOf))];
  const site = { machine, http, servers, proxy: createProxy(machine) };
  const doors = new Map(
    ports.map(port => [
      port,
      serveStreams((request, response) => void answer(site, port, request, response)),
    ]),
  );
  return {
    ports,
    accept: (port, stream) => doors.get(port)?.accept(stream),
    retire: () => {
      for (const door of doors.values()) door.closeIdle();
    },
  };
}

interface Site {
  readonly machine: Machine;
  readonly http: Block;
  readonly servers: readonly Block[];
  readonly proxy: Proxy;
}

async function answer(
  site: Site,
  port: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request).catch(() => undefined);
  if (body === undefined) return;
  const exchange = exchangeOf(request, site.http, port);
  response.setHeader('Server', 'nginx');
  if (argsOf(site.http, 'keepalive_timeout')?.[0] === '0') response.setHeader('Connection', 'close');
  const server = serverFor(site.servers, expanded(exchange, '$host'), port) ?? [];
  const first = rewrite(exchange, server);
  if (first.type === 'return') return sendReturn(response, first.args, typeAt([server, site.http]));
  await answerIn(site, exchange, server, response, body);
}

/** nginx' own limit of searches for another location. */
const MAX_SEARCHES = 10;

async function answerIn(
  site: Site,
  exchange: Exchange,
  server: Block,
  response: ServerResponse,
  body: Buffer,
): Promise<void> {
  for (let search = 0; search < MAX_SEARCHES; search++) {
    const found = locationFor(server, exchange.uri);
    const block = found?.directive.block ?? [];
    const levels = [block, server, site.http];
    const rewritten = rewrite(exchange, block);
    if (rewritten.type === 'again') continue;
    for (const [name = '', value = ''] of allAt(levels, 'add_header'))
      response.setHeader(name, expanded(exchange, value));
    if (rewritten.type === 'return') return sendReturn(response, rewritten.args, typeAt(levels));
    const alias = argsOf(block, 'alias')?.[0];
    if (alias !== undefined) return sendFile(site.machine, response, alias, typeAt(levels));
    if (argsOf(block, 'proxy_pass') === undefined) return sendPage(response, 404);
    return sendOn(response, await site.proxy.pass(exchange, levels, found!.pattern, body));
  }
  sendPage(response, 500);
}

const typeAt = (levels: readonly Block[]): string => valueAt(levels, 'default_type')?.[0] ?? 'text/plain';

/** Of the connection that they came by. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'server', 'upgrade']);

function sendOn(response: ServerResponse, answered: Answer | 502 | 504): void {
  if (typeof answered === 'number') return sendPage(response, answered);
  const { headers, statusCode = 502 } = answered.response;
  for (const [name, value] of Object.entries(headers))
    if (!HOP_BY_HOP.has(name) && value !== undefined) response.setHeader(name, value);
  response.writeHead(statusCode).end(answered.body);
}

const isRedirect = (status: number): boolean => status >= 301 && status <= 308 && status !== 304;

function sendReturn(
  response: ServerResponse,
  [status = '', text = '']: readonly string[],
  type: string,
): void {
  const code = Number(status);
  if (isRedirect(code)) response.setHeader('Location', text);
  send(response, code, isRedirect(code) ? '' : text, type);
}

function sendFile({ files }: Machine, response: ServerResponse, path: string, type: string): void {
  if (files.find(path)?.type !== 'file') return sendPage(response, 404);
  send(response, 200, files.read(path), type);
}

const REASONS: Readonly<Record<number, string>> = {
  404: 'Not Found',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  504: 'Gateway Time-out',
};

function sendPage(response: ServerResponse, status: number): void {
  const title = `${status} ${REASONS[status] ?? ''}`;
  const page = `<html>\n<head><title>${title}</title></head>\n<body>\n<center><h1>${title}</h1></center>\n</body>\n</html>\n`;
  send(response, status, page, 'text/html');
}

function send(response: ServerResponse, status: number, body: string | Uint8Array, type: string): void {
  response.writeHead(status, { 'Content-Type': type });
  response.end(body);
}
