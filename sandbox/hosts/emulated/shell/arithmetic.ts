import { ShellSyntaxError } from './syntax.ts';

/** The variables of an expression. */
export interface Variables {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}

const TOKEN =
  /\s*(?:(0[xX][0-9a-fA-F]+|[0-9]+)|([A-Za-z_][A-Za-z0-9_]*)|(<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%<>=!~&|^?:()]))/y;

/** Loosest first; all of them group to the left. */
const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

const flag = (value: boolean): bigint => (value ? 1n : 0n);

const BINARY: Record<string, (a: bigint, b: bigint) => bigint> = {
  '||': (a, b) => flag(a !== 0n || b !== 0n),
  '&&': (a, b) => flag(a !== 0n && b !== 0n),
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '&': (a, b) => a & b,
  '==': (a, b) => flag(a === b),
  '!=': (a, b) => flag(a !== b),
  '<': (a, b) => flag(a < b),
  '<=': (a, b) => flag(a <= b),
  '>': (a, b) => flag(a > b),
  '>=': (a, b) => flag(a >= b),
  '<<': (a, b) => a << b,
  '>>': (a, b) => a >> b,
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => divided(a, b, () => a / b),
  '%': (a, b) => divided(a, b, () => a % b),
};

function divided(_a: bigint, b: bigint, result: () => bigint): bigint {
  if (b === 0n) throw new ShellSyntaxError('division by zero');
  return result();
}

/** The value of `$((expression))`, in 64 bits; throws ShellSyntaxError. */
export function evaluateArithmetic(expression: string, variables: Variables): string {
  const tokens = tokenize(expression);
  let at = 0;
  const accept = (...texts: string[]): string | undefined =>
    texts.includes(tokens[at] ?? '') ? tokens[at++] : undefined;

  function assignment(): bigint {
    const name = tokens[at] ?? '';
    const operator = /^[-+*/%&|^<>]*=$/.test(tokens[at + 1] ?? '') ? tokens[at + 1]! : '==';
    if (!/^[A-Za-z_]/.test(name) || ['==', '!=', '<=', '>='].includes(operator)) return ternary();
    at += 2;
    const operand = assignment();
    const value =
      operator === '=' ? operand : BINARY[operator.slice(0, -1)]!(valueOf(name, variables), operand);
    variables.set(name, String(wrap(value)));
    return wrap(value);
  }

  function ternary(): bigint {
    const condition = binary(0);
    if (accept('?') === undefined) return condition;
    const yes = assignment();
    if (accept(':') === undefined) throw new ShellSyntaxError('expecting ":"');
    const no = ternary();
    return condition === 0n ? no : yes;
  }

  function binary(level: number): bigint {
    const operators = LEVELS[level];
    if (operators === undefined) return unary();
    let value = binary(level + 1);
    for (let operator = accept(...operators); operator !== undefined; operator = accept(...operators))
      value = wrap(BINARY[operator]!(value, binary(level + 1)));
    return value;
  }

  function unary(): bigint {
    const operator = accept('-', '+', '!', '~');
    if (operator === undefined) return primary();
    const value = unary();
    return { '-': -value, '+': value, '!': flag(value === 0n), '~': ~value }[operator]!;
  }

  function primary(): bigint {
    if (accept('(') !== undefined) {
      const value = assignment();
      if (accept(')') === undefined) throw new ShellSyntaxError('expecting ")"');
      return value;
    }
    const token = tokens[at++];
    if (token === undefined || !/^\w/.test(token)) throw new ShellSyntaxError('expecting primary');
    return /^\d/.test(token) ? numberOf(token) : valueOf(token, variables);
  }

  if (tokens.length === 0) return '0';
  const value = assignment();
  if (at < tokens.length) throw new ShellSyntaxError('expecting EOF');
  return String(wrap(value));
}

const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);

/** A leading zero makes an octal number, as in C. */
const numberOf = (text: string): bigint => BigInt(/^0[0-7]+$/.test(text) ? `0o${text.slice(1)}` : text);

function valueOf(name: string, variables: Variables): bigint {
  const text = variables.get(name)?.trim() ?? '';
  if (text === '') return 0n;
  if (!/^[-+]?(0[xX][0-9a-fA-F]+|\d+)$/.test(text)) throw new ShellSyntaxError(`Illegal number: ${text}`);
  return text.startsWith('-') ? -numberOf(text.slice(1)) : numberOf(text.replace('+', ''));
}

function tokenize(expression: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (expression.slice(TOKEN.lastIndex).trim() !== '') {
    const match = TOKEN.exec(expression);
    if (match === null) throw new ShellSyntaxError(`arithmetic expression: "${expression}"`);
    tokens.push(match[1] ?? match[2] ?? match[3]!);
  }
  return tokens;
}
