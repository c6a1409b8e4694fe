import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { answerHealth, type Checks } from './health.ts';
import type { Route } from './route.ts';

/** What is served, and where. */
export interface HttpOptions {
  host: string;
  /** 0 takes any free one. */
  port: number;
  /** A taken port is stepped over: the next free one is taken. */
  allowNextPort: boolean;
  /** What /metrics shows. */
  registry: Registry;
  /** Whether the process should be left alive. */
  healthz: Checks;
  /** Whether it is of use now. */
  readyz: Checks;
  /** What is served besides; the first that knows the path answers. */
  routes?: readonly Route[];
}

/** /metrics, /healthz, /readyz and what else there is, on one port. */
export interface HttpServer {
  /** The port that was taken. */
  readonly port: number;
  /** Ends it; connections are cut. */
  close(): Promise<void>;
}

/** The port cannot be listened on. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly port: number;
  /** Node's code, such as EADDRINUSE. */
  readonly code: string;

  constructor(host: string, port: number, cause: NodeJS.ErrnoException) {
    super(`cannot serve metrics and health on ${host}:${port}: ${explain(cause)}`, { cause });
    this.port = port;
    this.code = cause.code ?? 'unknown';
  }
}

export const isListenError = (error: unknown): error is ListenError => error instanceof ListenError;

/** How many ports are tried from the default one on. */
const PORTS_TRIED = 100;

/** Starts to serve. Rejects with a ListenError. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch(() => response.destroy());
  });
  const last = options.allowNextPort ? options.port + PORTS_TRIED - 1 : options.port;
  await listen(server, options.host, options.port, last);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, host: string, port: number, last: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    const cause = error as NodeJS.ErrnoException;
    if (cause.code !== 'EADDRINUSE' || port >= last) throw new ListenError(host, port, cause);
    await listen(server, host, port + 1, last);
  }
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Whether it may be a web page that asks by its reader's browser, under a name of its own that leads to this machine.
 * Who listens elsewhere than on loopback is known under names that he alone knows.
 */
function isDisguised({ host }: HttpOptions, { headers }: IncomingMessage): boolean {
  const name = URL.parse(`http://${headers.host ?? 'localhost'}`)?.hostname ?? '';
  return LOOPBACK.test(host) && !LOOPBACK.test(name);
}

async function answer(
  options: HttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { registry, healthz, readyz, routes = [] } = options;
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'only GET');
  // Only path and query are of interest; the base makes the URL whole.
  const url = URL.parse(request.url ?? '/', 'http://localhost');
  if (url === null) return refuse(response, 400, 'not a URL');
  // Routes have rules of their own about who may ask.
  if (routes.some(route => route.answer(request, response, url))) return;
  if (isDisguised(options, request)) return refuse(response, 403, 'not known under that name: use localhost');
  if (answerHealth('healthz', healthz, url, response)) return;
  if (answerHealth('readyz', readyz, url, response)) return;
  if (url.pathname !== '/metrics') return refuse(response, 404, 'there is /metrics, /healthz and /readyz');
  const metrics = await registry.metrics();
  response.writeHead(200, { 'content-type': registry.contentType });
  response.end(metrics);
}

function refuse(response: ServerResponse, code: number, why: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${why}\n`);
}

function explain({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return 'another program listens there; stop it, or choose another port';
  if (code === 'EACCES') return 'this user may not listen there; choose a port above 1023';
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address';
  return message;
}
