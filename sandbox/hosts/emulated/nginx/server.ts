import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Machine } from '../model.ts';
import { argsOf, blocksOf, readNginxConfig } from './config.ts';
import type { Directive } from './syntax.ts';

/** An nginx with the configuration that it was started with. */
export interface Nginx {
  readonly accept: (stream: Duplex) => void;
}

/**
 * Reads the configuration as it is now. Answers what `return` and `alias` say; what would be passed on to another
 * server is answered with 502, for no program listens on an emulated machine. Throws NginxConfigError.
 */
export function startNginx(machine: Machine): Nginx {
  const http = blocksOf(readNginxConfig(machine.files), 'http')[0]?.block ?? [];
  const servers = blocksOf(http, 'server').map(({ block }) => block!);
  let server: Server | undefined;
  return {
    accept: stream => {
      server ??= createServer((request, response) => answer(machine, servers, request, response));
      server.emit('connection', stream);
    },
  };
}

type Block = readonly Directive[];

function answer(
  machine: Machine,
  servers: readonly Block[],
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const path = new URL(request.url ?? '/', 'http://host').pathname;
  const server = serverFor(servers, request.headers.host?.replace(/:\d+$/, '') ?? '');
  const location = server && locationFor(server, path);
  const block = location?.block ?? server ?? [];
  response.setHeader('Server', 'nginx');
  for (const { args } of block.filter(({ name }) => name === 'add_header'))
    response.setHeader(args[0] ?? '', args[1] ?? '');
  const type =
    argsOf(block, 'default_type')?.[0] ?? argsOf(server ?? [], 'default_type')?.[0] ?? 'text/plain';
  const returned = argsOf(block, 'return');
  const alias = argsOf(block, 'alias')?.[0];
  if (returned !== undefined) sendReturn(response, returned, type);
  else if (alias !== undefined) sendFile(machine, response, alias, type);
  else send(response, argsOf(block, 'proxy_pass') === undefined ? 404 : 502, '', 'text/html');
}

/** The server of that name, or the default one. */
function serverFor(servers: readonly Block[], host: string): Block | undefined {
  const isDefault = (block: Block): boolean => argsOf(block, 'listen')?.includes('default_server') ?? false;
  return (
    servers.find(block => argsOf(block, 'server_name')?.includes(host)) ??
    servers.find(isDefault) ??
    servers[0]
  );
}

/** An exact location, else the longest prefix, unless an expression matches. */
function locationFor(server: Block, path: string): Directive | undefined {
  const locations = blocksOf(server, 'location').map(directive => {
    const [first = '', second] = directive.args;
    return second === undefined
      ? { directive, kind: '', pattern: first }
      : { directive, kind: first, pattern: second };
  });
  const exact = locations.find(({ kind, pattern }) => kind === '=' && pattern === path);
  if (exact !== undefined) return exact.directive;
  const prefix = locations
    .filter(({ kind, pattern }) => (kind === '' || kind === '^~') && path.startsWith(pattern))
    .toSorted((a, b) => b.pattern.length - a.pattern.length)[0];
  if (prefix?.kind === '^~') return prefix.directive;
  const expression = locations.find(
    ({ kind, pattern }) => kind.startsWith('~') && new RegExp(pattern, kind === '~*' ? 'i' : '').test(path),
  );
  return (expression ?? prefix)?.directive;
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
  if (files.find(path)?.type !== 'file') return send(response, 404, '', 'text/html');
  send(response, 200, files.read(path), type);
}

function send(response: ServerResponse, status: number, body: string | Uint8Array, type: string): void {
  response.writeHead(status, { 'Content-Type': type });
  response.end(body);
}
