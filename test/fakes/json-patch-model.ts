/** A JSON value; trees are never changed, only replaced. */
type Json = unknown;

/** One operation of RFC 6902. */
export interface ModelOperation {
  op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  path: string;
  from?: string;
  value?: Json;
}

/** What RFC 6902 makes of a document, as plainly as it can be said; undefined when the patch does not fit. */
export function modelOfJsonPatch(
  document: Json,
  patch: readonly ModelOperation[],
): { result: Json } | undefined {
  try {
    return { result: patch.reduce(step, document) };
  } catch (error) {
    if (error instanceof Misfit) return undefined;
    throw error;
  }
}

class Misfit extends Error {}

function step(document: Json, { op, path, from, value }: ModelOperation): Json {
  switch (op) {
    case 'add':
      return edit(document, parse(path), 'add', value);
    case 'remove':
      return edit(document, parse(path), 'remove');
    case 'replace':
      return edit(document, parse(path), 'replace', value);
    case 'copy':
      return edit(document, parse(path), 'add', valueAt(document, parse(from!)));
    case 'move':
      if (path.startsWith(`${from!}/`)) throw new Misfit();
      return edit(
        edit(document, parse(from!), 'remove'),
        parse(path),
        'add',
        valueAt(document, parse(from!)),
      );
    case 'test':
      if (canonical(valueAt(document, parse(path))) !== canonical(value)) throw new Misfit();
      return document;
  }
}

const parse = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map(key => key.replaceAll('~1', '/').replaceAll('~0', '~'));

/** The same text for the same value, whatever the order of fields. */
const canonical = (value: Json): string =>
  JSON.stringify(value, (_key, inner: Json) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );

const isObject = (value: Json): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function valueAt(value: Json, [key, ...rest]: string[]): Json {
  if (value === undefined) throw new Misfit();
  if (key === undefined) return value;
  if (Array.isArray(value)) return valueAt(value[indexIn(key, value.length)], rest);
  if (!isObject(value) || !Object.keys(value).includes(key)) throw new Misfit();
  return valueAt(value[key], rest);
}

function edit(value: Json, [key, ...rest]: string[], how: 'add' | 'remove' | 'replace', given?: Json): Json {
  if (how !== 'add') valueAt(value, []);
  if (key === undefined) return how === 'remove' ? undefined : given;
  const isLast = rest.length === 0;
  if (Array.isArray(value)) {
    if (!isLast) return value.with(indexIn(key, value.length), edit(valueAt(value, [key]), rest, how, given));
    if (how === 'add')
      return value.toSpliced(key === '-' ? value.length : indexIn(key, value.length + 1), 0, given);
    const index = indexIn(key, value.length);
    return how === 'remove' ? value.toSpliced(index, 1) : value.with(index, given);
  }
  if (!isObject(value)) throw new Misfit();
  if (!isLast) return { ...value, [key]: edit(valueAt(value, [key]), rest, how, given) };
  if (how !== 'add') valueAt(value, [key]);
  const { [key]: _replaced, ...others } = value;
  return how === 'remove' ? others : { ...others, [key]: given };
}

function indexIn(key: string, length: number): number {
  if (!/^(0|[1-9]\d*)$/.test(key) || Number(key) >= length) throw new Misfit();
  return Number(key);
}
