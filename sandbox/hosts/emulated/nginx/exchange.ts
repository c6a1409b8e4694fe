import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Directive } from './syntax.ts';

/** A block's directives. */
export type Block = readonly Directive[];

/** A request as nginx has it while it decides what becomes of it. */
export interface Exchange {
  readonly request: IncomingMessage;
  /** Where it came in. */
  readonly port: number;
  readonly http: Block;
  /** The path, decoded and as rewrites left it. */
  uri: string;
  /** The query, without its question mark. */
  args: string;
  isRewritten: boolean;
  /** `$1` and so on, of the last expression. */
  captures: readonly string[];
  /** What `set` and named groups gave. */
  readonly variables: Map<string, string>;
}

export function exchangeOf(request: IncomingMessage, http: Block, port: number): Exchange {
  const [path, args = ''] = splitOnce(request.url ?? '/', '?');
  return {
    request,
    port,
    http,
    uri: normalized(path),
    args,
    isRewritten: false,
    captures: [],
    variables: new Map([['request_id', randomUUID().replaceAll('-', '')]]),
  };
}

/** Decoded, without dot segments and doubled slashes. */
function normalized(path: string): string {
  const parts: string[] = [];
  const decoded = decode(path);
  for (const part of decoded.split('/'))
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  const isFolder = /\/(?:\.{0,2})$/.test(decoded) && parts.length > 0;
  return `/${parts.join('/')}${isFolder ? '/' : ''}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** The text with its variables replaced. */
export const expanded = (exchange: Exchange, text: string): string =>
  text.replace(/\$(?:\{(\w+)\}|([a-zA-Z_]\w*|\d))/g, (_, braced?: string, plain?: string) =>
    valueOf(exchange, braced ?? plain!),
  );

function valueOf(exchange: Exchange, name: string): string {
  const { request, variables, captures } = exchange;
  if (/^\d$/.test(name)) return captures[Number(name)] ?? '';
  const own = variables.get(name) ?? BUILT_IN[name]?.(exchange);
  if (own !== undefined) return own;
  if (name.startsWith('http_')) return headerOf(request, name.slice(5).replaceAll('_', '-'));
  if (name.startsWith('arg_')) return new URLSearchParams(exchange.args).get(name.slice(4)) ?? '';
  return mapped(exchange, name) ?? '';
}

const headerOf = ({ headers }: IncomingMessage, name: string): string => {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? '');
};

const BUILT_IN: Readonly<Record<string, (exchange: Exchange) => string>> = {
  args: ({ args }) => args,
  query_string: ({ args }) => args,
  is_args: ({ args }) => (args === '' ? '' : '?'),
  uri: ({ uri }) => uri,
  document_uri: ({ uri }) => uri,
  request_uri: ({ request }) => request.url ?? '/',
  request_method: ({ request }) => request.method ?? 'GET',
  host: ({ request }) => headerOf(request, 'host').replace(/:\d+$/, ''),
  scheme: () => 'http',
  server_port: ({ port }) => String(port),
  remote_addr: ({ request }) => remoteAddress(request),
  proxy_add_x_forwarded_for: ({ request }) =>
    [headerOf(request, 'x-forwarded-for'), remoteAddress(request)].filter(text => text !== '').join(', '),
};

/** Connections within this process have no address of their own. */
const remoteAddress = ({ socket }: IncomingMessage): string => socket.remoteAddress ?? '127.0.0.1';

/** What a `map` makes of its source. */
function mapped(exchange: Exchange, name: string): string | undefined {
  const table = exchange.http.find(({ name: kind, args }) => kind === 'map' && args[1] === `$${name}`);
  if (table?.block === undefined) return undefined;
  const source = expanded(exchange, table.args[0]!);
  const fit = table.block.find(({ name: key }) => key !== 'default' && fits(exchange, key, source));
  const row = fit ?? table.block.find(({ name: key }) => key === 'default');
  return expanded(exchange, row?.args[0] ?? '');
}

/** A key of a map: text, or an expression behind `~` or `~*`, whose named groups become variables. */
function fits(exchange: Exchange, key: string, source: string): boolean {
  if (!key.startsWith('~')) return key.toLowerCase() === source.toLowerCase();
  const match = key.startsWith('~*')
    ? expressionOf(key.slice(2), 'i').exec(source)
    : expressionOf(key.slice(1), '').exec(source);
  if (match === null) return false;
  keepGroups(exchange, match);
  return true;
}

/** The expression as JavaScript has it: `(?s)` in front is a flag. */
export function expressionOf(pattern: string, flags: string): RegExp {
  const [, letters = '', rest = ''] = /^(?:\(\?([a-z]+)\))?(.*)$/s.exec(pattern)!;
  return new RegExp(rest, [...new Set(flags + letters)].join(''));
}

export function keepGroups(exchange: Exchange, match: RegExpExecArray): void {
  for (const [name, value] of Object.entries(match.groups ?? {})) exchange.variables.set(name, value ?? '');
}
