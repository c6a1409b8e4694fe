import type { OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Machine } from '../model.ts';
import { askOver, type Answer } from '../network/http.ts';
import { argsOf, blocksOf } from './config.ts';
import { expanded, type Block, type Exchange } from './exchange.ts';

/** Where requests go on to, and whose turn it is. */
export interface Proxy {
  /** Asks a server of those that `proxy_pass` names; the status of the failure where none answers. */
  pass(
    exchange: Exchange,
    levels: readonly Block[],
    location: string,
    body: Buffer,
  ): Promise<Answer | 502 | 504>;
}

const DEFAULT_CONNECT_S = 60;
const DEFAULT_READ_S = 60;
/** Of what may be asked twice. */
const REPEATABLE = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

export function createProxy(machine: Machine): Proxy {
  const turns = new Map<string, number>();

  /** The servers in the order in which they are to be tried. */
  function serversOf({ http }: Exchange, name: string): string[] {
    const upstream = blocksOf(http, 'upstream').find(({ args }) => args[0] === name);
    if (upstream === undefined) return [name];
    const servers = upstream
      .block!.filter(({ name: kind, args }) => kind === 'server' && !args.includes('down'))
      .map(({ args }) => args[0]!);
    const turn = turns.get(name) ?? 0;
    turns.set(name, turn + 1);
    return servers.map((_, index) => servers[(turn + index) % servers.length]!);
  }

  return {
    async pass(exchange, levels, location, body) {
      const { authority, path } = targetOf(exchange, valueAt(levels, 'proxy_pass')![0]!, location);
      const headers = headersOf(exchange, levels, authority, body);
      const servers = serversOf(exchange, authority);
      const tries = Number(valueAt(levels, 'proxy_next_upstream_tries')?.[0] ?? 0) || servers.length;
      const method = exchange.request.method ?? 'GET';
      let failure: 502 | 504 = 502;
      for (const server of servers.slice(0, tries)) {
        const connected = await connect(
          machine,
          server,
          secondsAt(levels, 'proxy_connect_timeout', DEFAULT_CONNECT_S),
        );
        if (typeof connected === 'number') failure = connected;
        else {
          const limit = secondsAt(levels, 'proxy_read_timeout', DEFAULT_READ_S);
          const answer = await ask(
            machine,
            connected,
            { method, host: authority, path, headers },
            body,
            limit,
          );
          if (typeof answer !== 'number') return answer;
          failure = answer;
          if (!REPEATABLE.has(method)) break;
        }
      }
      return failure;
    },
  };
}

/** The first level that has the directive says it. */
export const valueAt = (levels: readonly Block[], name: string): readonly string[] | undefined =>
  levels.map(level => argsOf(level, name)).find(args => args !== undefined);

/** All directives of that name at the first level that has any. */
export const allAt = (levels: readonly Block[], name: string): (readonly string[])[] =>
  levels
    .map(level => level.filter(directive => directive.name === name).map(({ args }) => args))
    .find(list => list.length > 0) ?? [];

function secondsAt(levels: readonly Block[], name: string, otherwise: number): number {
  const [, amount = '', unit = 's'] = /^(\d+)(ms|[smh])?$/.exec(valueAt(levels, name)?.[0] ?? '') ?? [];
  const units: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 };
  return amount === '' ? otherwise : Number(amount) * units[unit]!;
}

/**
 * Who is asked, and for which path: the one that `proxy_pass` has in place of the location's, unless variables or a
 * rewrite made another.
 */
function targetOf(exchange: Exchange, pass: string, location: string): { authority: string; path: string } {
  const text = expanded(exchange, pass).replace(/^https?:\/\//, '');
  const slash = text.indexOf('/');
  const authority = slash < 0 ? text : text.slice(0, slash);
  const given = slash < 0 ? '' : text.slice(slash);
  const query = exchange.args === '' ? '' : `?${exchange.args}`;
  if (given !== '' && pass.includes('$')) return { authority, path: given };
  if (exchange.isRewritten) return { authority, path: encodeURI(exchange.uri) + query };
  if (given === '') return { authority, path: exchange.request.url ?? '/' };
  return { authority, path: encodeURI(given + exchange.uri.slice(location.length)) + query };
}

/** Those of the client, but for the connection's own, with what `proxy_set_header` says. */
function headersOf(
  exchange: Exchange,
  levels: readonly Block[],
  authority: string,
  body: Buffer,
): OutgoingHttpHeaders {
  const {
    connection: _own,
    'keep-alive': _alive,
    'transfer-encoding': _encoding,
    host: _host,
    ...passed
  } = exchange.request.headers;
  const headers: OutgoingHttpHeaders = { ...passed, host: authority };
  if (body.length > 0) headers['content-length'] = body.length;
  for (const [name = '', text = ''] of allAt(levels, 'proxy_set_header')) {
    const value = expanded(exchange, text);
    if (value === '') delete headers[name.toLowerCase()];
    else if (name.toLowerCase() !== 'connection') headers[name.toLowerCase()] = value;
  }
  return headers;
}

async function connect(machine: Machine, server: string, seconds: number): Promise<Duplex | 502 | 504> {
  const [, host = '', port = '80'] = /^(.*?)(?::(\d+))?$/.exec(server)!;
  const limit = new AbortController();
  const cancel = machine.clock.after(seconds * 1000, () => limit.abort());
  try {
    return await machine.connect(host, Number(port), limit.signal);
  } catch {
    return limit.signal.aborted ? 504 : 502;
  } finally {
    cancel();
  }
}

async function ask(
  machine: Machine,
  stream: Duplex,
  options: Parameters<typeof askOver>[1],
  body: Buffer,
  seconds: number,
): Promise<Answer | 502 | 504> {
  const limit = new AbortController();
  const cancel = machine.clock.after(seconds * 1000, () => limit.abort());
  try {
    return await askOver(stream, options, body, limit.signal);
  } catch {
    stream.destroy();
    return limit.signal.aborted ? 504 : 502;
  } finally {
    cancel();
  }
}
