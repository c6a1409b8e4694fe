import { expanded, expressionOf, keepGroups, splitOnce, type Block, type Exchange } from './exchange.ts';

/** What the directives that rewrite a request come to: an answer, another search for a location, or to go on. */
export type Rewritten =
  | { readonly type: 'on' }
  | { readonly type: 'again' }
  | { readonly type: 'return'; readonly args: readonly string[] };

/** Carries out `set`, `rewrite` and `return` of a block, in their order. */
export function rewrite(exchange: Exchange, block: Block): Rewritten {
  for (const { name, args } of block) {
    if (name === 'set') assign(exchange, args[0]!.slice(1), expanded(exchange, args[1] ?? ''));
    if (name === 'return') return { type: 'return', args: args.map(text => expanded(exchange, text)) };
    if (name !== 'rewrite' || !replacePath(exchange, args[0] ?? '', args[1] ?? '')) continue;
    const [, , flag] = args;
    if (flag === 'redirect' || flag === 'permanent')
      return { type: 'return', args: [flag === 'redirect' ? '302' : '301', exchange.uri] };
    if (flag !== undefined) return { type: flag === 'break' ? 'on' : 'again' };
  }
  return { type: 'on' };
}

/** `$args` is the request's own. */
function assign(exchange: Exchange, name: string, value: string): void {
  if (name === 'args') exchange.args = value;
  else exchange.variables.set(name, value);
}

function replacePath(exchange: Exchange, pattern: string, replacement: string): boolean {
  const match = expressionOf(pattern, '').exec(exchange.uri);
  if (match === null) return false;
  exchange.captures = [...match];
  keepGroups(exchange, match);
  const [uri, args] = splitOnce(expanded(exchange, replacement), '?');
  exchange.uri = uri;
  exchange.isRewritten = true;
  if (args !== undefined)
    exchange.args = args === '' || exchange.args === '' ? args : `${args}&${exchange.args}`;
  return true;
}
