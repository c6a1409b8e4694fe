import { argsOf, blocksOf } from './config.ts';
import type { Block } from './exchange.ts';
import type { Directive } from './syntax.ts';

const DEFAULT_PORT = 80;

/** The ports that a server listens on: `80`, `10.116.0.2:8001`, `[::]:80`. */
export function portsOf(server: Block): number[] {
  const listens = server.filter(({ name }) => name === 'listen').map(({ args }) => portOf(args[0] ?? ''));
  return listens.length === 0 ? [DEFAULT_PORT] : listens;
}

const portOf = (text: string): number => Number(/(?:^|:)(\d+)$/.exec(text)?.[1] ?? DEFAULT_PORT);

/** The server of that name at that port, or the default one there. */
export function serverFor(servers: readonly Block[], host: string, port: number): Block | undefined {
  const there = servers.filter(server => portsOf(server).includes(port));
  const isDefault = (block: Block): boolean =>
    block.some(
      ({ name, args }) => name === 'listen' && args.includes('default_server') && portOf(args[0]!) === port,
    );
  return (
    there.find(block => argsOf(block, 'server_name')?.includes(host)) ?? there.find(isDefault) ?? there[0]
  );
}

/** An exact location, else the longest prefix, unless an expression matches. */
export function locationFor(
  server: Block,
  path: string,
): { directive: Directive; pattern: string } | undefined {
  const locations = blocksOf(server, 'location').map(directive => {
    const [first = '', second] = directive.args;
    return second === undefined
      ? { directive, kind: '', pattern: first }
      : { directive, kind: first, pattern: second };
  });
  const exact = locations.find(({ kind, pattern }) => kind === '=' && pattern === path);
  if (exact !== undefined) return exact;
  const prefix = locations
    .filter(({ kind, pattern }) => (kind === '' || kind === '^~') && path.startsWith(pattern))
    .toSorted((a, b) => b.pattern.length - a.pattern.length)[0];
  if (prefix?.kind === '^~') return prefix;
  const expression = locations.find(
    ({ kind, pattern }) => kind.startsWith('~') && new RegExp(pattern, kind === '~*' ? 'i' : '').test(path),
  );
  return expression ?? prefix;
}
