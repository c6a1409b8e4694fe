// A small part of Go's text/template: fields, functions, pipes, `range`, `if`, `with` and variables.

/** What stands between the braces and has a value: a call of a function, or one value alone. */
export type Expression =
  | { readonly type: 'literal'; readonly value: unknown }
  | { readonly type: 'path'; readonly base: Expression | undefined; readonly names: readonly string[] }
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly Expression[] };

export type TemplateNode =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'value'; readonly expression: Expression }
  | { readonly type: 'assign'; readonly name: string; readonly expression: Expression }
  | {
      readonly type: 'range' | 'if' | 'with';
      readonly variables: readonly string[];
      readonly expression: Expression;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    };

/** The engine would not read it. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

const ACTION = /\{\{(-\s)?\s*((?:"(?:[^"\\]|\\.)*"|`[^`]*`|[^}"`]|\}(?!\}))*?)\s*(\s-)?\}\}/g;

type Piece = { readonly text: string } | { readonly action: string };

function piecesOf(template: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trims = false;
  const addText = (text: string, trimsEnd: boolean): void => {
    const start = trims ? text.trimStart() : text;
    pieces.push({ text: trimsEnd ? start.trimEnd() : start });
  };
  for (const match of template.matchAll(ACTION)) {
    addText(template.slice(at, match.index), match[1] !== undefined);
    pieces.push({ action: match[2]! });
    trims = match[3] !== undefined;
    at = match.index + match[0].length;
  }
  addText(template.slice(at), false);
  return pieces.filter(piece => !('text' in piece) || piece.text !== '');
}

/** Throws TemplateError. */
export function parseTemplate(template: string): TemplateNode[] {
  const pieces = piecesOf(template);
  let at = 0;

  /** Up to an `end` or `else`, which is returned. */
  function block(isInner: boolean): { nodes: TemplateNode[]; closing: string } {
    const nodes: TemplateNode[] = [];
    while (at < pieces.length) {
      const piece = pieces[at++]!;
      if ('text' in piece) nodes.push({ type: 'text', text: piece.text });
      else if (/^(?:end|else)\b/.test(piece.action)) {
        if (!isInner) throw new TemplateError(`unexpected {{${piece.action}}}`);
        return { nodes, closing: piece.action };
      } else if (!piece.action.startsWith('/*')) nodes.push(nodeOf(piece.action));
    }
    if (isInner) throw new TemplateError('unexpected EOF');
    return { nodes, closing: '' };
  }

  function nodeOf(action: string): TemplateNode {
    const control = /^(range|if|with)\b\s*(.*)$/s.exec(action);
    if (control !== null) return controlled(control[1] as 'range', control[2]!);
    const assignment = /^(\$\w+)\s*:?=\s*(.*)$/s.exec(action);
    if (assignment !== null)
      return { type: 'assign', name: assignment[1]!, expression: parseExpression(assignment[2]!) };
    return { type: 'value', expression: parseExpression(action) };
  }

  function controlled(type: 'range' | 'if' | 'with', text: string): TemplateNode {
    const declared = /^(\$\w+(?:\s*,\s*\$\w+)?)\s*:=\s*(.*)$/s.exec(text);
    const variables = declared === null ? [] : declared[1]!.split(/\s*,\s*/);
    const expression = parseExpression(declared === null ? text : declared[2]!);
    const { nodes: body, closing } = block(true);
    const elseIf = /^else\s+if\s+(.*)$/s.exec(closing);
    if (elseIf !== null) {
      const otherwise = [controlled('if', elseIf[1]!)];
      return { type, variables, expression, body, otherwise };
    }
    const otherwise = closing === 'else' ? block(true).nodes : [];
    return { type, variables, expression, body, otherwise };
  }

  return block(false).nodes;
}

const TOKEN = /\s*("(?:[^"\\]|\\.)*"|`[^`]*`|[()|]|[^\s()|"`]+)/y;

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text);
    if (match === null) throw new TemplateError(`unexpected ${JSON.stringify(text)} in command`);
    tokens.push(match[1]!);
  }
  return tokens;
}

function parseExpression(text: string): Expression {
  const tokens = tokensOf(text);
  let at = 0;

  function pipeline(): Expression {
    let value = command(undefined);
    while (tokens[at] === '|') {
      at += 1;
      value = command(value);
    }
    return value;
  }

  /** A value alone, or a function with its arguments; what a pipe brings is the last one. */
  function command(piped: Expression | undefined): Expression {
    const operands: (Expression | string)[] = [];
    while (at < tokens.length && tokens[at] !== '|' && tokens[at] !== ')') operands.push(operand());
    const [first, ...rest] = operands;
    if (first === undefined) throw new TemplateError('missing value for command');
    const args = [...rest, ...(piped === undefined ? [] : [piped])].map(asValue);
    if (typeof first === 'string') return { type: 'call', name: first, args };
    if (args.length === 0) return first;
    // A method with arguments, as `.Label "name"`.
    if (first.type === 'path' && first.base === undefined && first.names.length === 1)
      return { type: 'call', name: `.${first.names[0]!}`, args };
    throw new TemplateError("can't give argument to non-function");
  }

  const asValue = (operand: Expression | string): Expression =>
    typeof operand === 'string' ? { type: 'call', name: operand, args: [] } : operand;

  /** A function is only its name. */
  function operand(): Expression | string {
    const token = tokens[at++]!;
    if (token !== '(') return word(token);
    const inner = pipeline();
    if (tokens[at++] !== ')') throw new TemplateError('unclosed left paren');
    const next = tokens[at];
    if (next === undefined || !/^\.\w/.test(next)) return inner;
    at += 1;
    return { type: 'path', base: inner, names: next.slice(1).split('.') };
  }

  const value = pipeline();
  if (at < tokens.length) throw new TemplateError('unexpected right paren');
  return value;
}

function word(token: string): Expression | string {
  if (token.startsWith('"')) return { type: 'literal', value: JSON.parse(token) as string };
  if (token.startsWith('`')) return { type: 'literal', value: token.slice(1, -1) };
  if (/^-?\d+$/.test(token)) return { type: 'literal', value: Number(token) };
  if (token === 'true' || token === 'false') return { type: 'literal', value: token === 'true' };
  if (token === 'nil') return { type: 'literal', value: null };
  if (token === '.') return { type: 'path', base: undefined, names: [] };
  if (/^(?:\.\w+)+$/.test(token)) return { type: 'path', base: undefined, names: token.slice(1).split('.') };
  const variable = /^(\$\w*)((?:\.\w+)*)$/.exec(token);
  if (variable !== null) {
    const base: Expression = { type: 'variable', name: variable[1]! };
    return variable[2] === '' ? base : { type: 'path', base, names: variable[2]!.slice(1).split('.') };
  }
  if (/^\w+$/.test(token)) return token;
  throw new TemplateError(`unexpected ${JSON.stringify(token)} in operand`);
}
