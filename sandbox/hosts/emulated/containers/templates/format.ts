import { GoTime } from './go-time.ts';
import { parseTemplate, TemplateError, type Expression, type TemplateNode } from './parse.ts';

type Methods = Readonly<Record<string, (...args: unknown[]) => unknown>>;

interface Scope {
  readonly dot: unknown;
  readonly variables: ReadonlyMap<string, unknown>;
  readonly methods: Methods;
}

/** What a template makes of `data`. `methods` are called as `.Name ARGUMENT`. Throws TemplateError. */
export function formatTemplate(template: string, data: unknown, methods: Methods = {}): string {
  // The shells of people do not turn these into characters, and so the engines do.
  const text = template.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
  return write(parseTemplate(text), { dot: data, variables: new Map([['$', data]]), methods });
}

function write(nodes: readonly TemplateNode[], outer: Scope): string {
  let scope = outer;
  let text = '';
  for (const node of nodes) {
    if (node.type === 'assign')
      scope = {
        ...scope,
        variables: new Map([...scope.variables, [node.name, valueOf(node.expression, scope)]]),
      };
    else text += writeNode(node, scope);
  }
  return text;
}

function writeNode(node: Exclude<TemplateNode, { type: 'assign' }>, scope: Scope): string {
  if (node.type === 'text') return node.text;
  const value = valueOf(node.expression, scope);
  if (node.type === 'value') return shown(value);
  if (node.type === 'range') return writeRange(node, value, scope);
  if (!isTrue(value)) return write(node.otherwise, scope);
  const [name] = node.variables;
  const variables = name === undefined ? scope.variables : new Map([...scope.variables, [name, value]]);
  return write(node.body, { ...scope, variables, dot: node.type === 'with' ? value : scope.dot });
}

type Range = Extract<TemplateNode, { type: 'range' | 'if' | 'with' }>;

function writeRange(node: Range, value: unknown, scope: Scope): string {
  const entries = entriesOf(value);
  if (entries.length === 0) return write(node.otherwise, scope);
  return entries
    .map(([key, item]) => {
      const names = node.variables;
      const own: [string, unknown][] =
        names.length === 2
          ? [
              [names[0]!, key],
              [names[1]!, item],
            ]
          : names.map(name => [name, item]);
      return write(node.body, { ...scope, dot: item, variables: new Map([...scope.variables, ...own]) });
    })
    .join('');
}

/** Maps are gone through in the order of their keys. */
function entriesOf(value: unknown): [key: unknown, item: unknown][] {
  if (Array.isArray(value)) return value.map((item, index) => [index, item]);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function isTrue(value: unknown): boolean {
  if (value !== null && typeof value === 'object') return entriesOf(value).length > 0;
  return Boolean(value);
}

function valueOf(expression: Expression, scope: Scope): unknown {
  switch (expression.type) {
    case 'literal':
      return expression.value;
    case 'variable':
      if (!scope.variables.has(expression.name))
        throw new TemplateError(`undefined variable ${JSON.stringify(expression.name)}`);
      return scope.variables.get(expression.name);
    case 'path':
      return fieldOf(
        expression.base === undefined ? scope.dot : valueOf(expression.base, scope),
        expression.names,
      );
    case 'call':
      return call(
        expression.name,
        expression.args.map(argument => valueOf(argument, scope)),
        scope,
      );
  }
}

/** Fields whose own fields are whatever a person wrote; of others, a name that is not there is a mistake. */
const OPEN = new Set([
  'Labels',
  'ExposedPorts',
  'PortBindings',
  'Ports',
  'Networks',
  'Volumes',
  'Annotations',
]);

function fieldOf(base: unknown, names: readonly string[]): unknown {
  let value = base;
  let parent = '';
  for (const name of names) {
    if (value === null || typeof value !== 'object')
      throw new TemplateError(
        `can't evaluate field ${name} in type ${value === null ? 'nil' : typeof value}`,
      );
    const fields = value as Record<string, unknown>;
    if (!Object.hasOwn(fields, name) && !OPEN.has(parent))
      throw new TemplateError(
        `executing "" at <.${names.join('.')}>: map has no entry for key ${JSON.stringify(name)}`,
      );
    value = fields[name];
    parent = name;
  }
  return value;
}

const FUNCTIONS: Methods = {
  json: value => JSON.stringify(value ?? null),
  index: (value, ...keys) =>
    keys.reduce(
      (found, key) => (found as Record<string, unknown> | undefined | null)?.[String(key)] ?? '',
      value,
    ),
  println: (...values) => `${values.map(shown).join(' ')}\n`,
  print: (...values) => values.map(shown).join(''),
  printf: (format, ...values) =>
    String(format).replace(/%[svdq]/g, verb =>
      verb === '%q' ? JSON.stringify(values.shift()) : shown(values.shift()),
    ),
  len: value => (typeof value === 'string' ? value.length : entriesOf(value).length),
  join: (list, separator) => ((list as readonly unknown[] | null) ?? []).map(shown).join(String(separator)),
  split: (text, separator) => String(text).split(String(separator)),
  lower: text => String(text).toLowerCase(),
  upper: text => String(text).toUpperCase(),
  slice: (value, from, to) => (value as string).slice(from as number, to as number | undefined),
  truncate: (text, length) => String(text).slice(0, length as number),
  eq: (value, ...others) => others.includes(value),
  ne: (a, b) => a !== b,
  lt: (a, b) => (a as number) < (b as number),
  gt: (a, b) => (a as number) > (b as number),
  le: (a, b) => (a as number) <= (b as number),
  ge: (a, b) => (a as number) >= (b as number),
  not: value => !isTrue(value),
  and: (...values) => values.find(value => !isTrue(value)) ?? values.at(-1),
  or: (...values) => values.find(isTrue) ?? values.at(-1),
};

function call(name: string, args: readonly unknown[], { dot, methods }: Scope): unknown {
  const method = name.startsWith('.') ? methods[name.slice(1)] : FUNCTIONS[name];
  if (method === undefined) throw new TemplateError(`function ${JSON.stringify(name)} not defined`);
  return name.startsWith('.') ? method(dot, ...args) : method(...args);
}

/** As Go prints values. */
function shown(value: unknown): string {
  if (value === undefined) return '<no value>';
  if (value === null) return '<nil>';
  if (value instanceof GoTime) return value.toString();
  if (Array.isArray(value)) return `[${value.map(shown).join(' ')}]`;
  if (typeof value !== 'object') return `${value as string | number | boolean}`;
  return `map[${entriesOf(value)
    .map(([key, item]) => `${String(key)}:${shown(item)}`)
    .join(' ')}]`;
}
