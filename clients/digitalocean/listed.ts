import { UnreadableItems, type Marks } from './errors.ts';
import { unreadableSentence } from './failures.ts';
import { fieldsOf, ID, itemsOf, SERVER_ADDRESS, SLUG, Unreadable, WORD, type Kind } from './values.ts';

/** One item of a list: what it is, or why that cannot be told. */
export type Listed<T> =
  { id: unknown; value: T } | { id: unknown; unreadable: string; marks: Marks | undefined };

/** Every item of a list, by what it is told apart by: its id, its slug, its address, or, where neither can be read, itself. */
export const itemsWithIds =
  <T>(kind: Kind<T>): Kind<Listed<T>[]> =>
  (value, path) =>
    itemsOf(value, path).map((item, i) => listed(kind, item, `${path}[${i}]`));

function listed<T>(kind: Kind<T>, item: unknown, path: string): Listed<T> {
  const id = identityOf(item);
  try {
    return { id: id ?? Symbol(path), value: kind(item, path) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { id: id ?? Symbol(path), unreadable: error.message, marks: marksOf(item) };
  }
}

const IDENTITIES: readonly [field: string, kind: Kind<number | string>][] = [
  ['id', ID],
  ['id', WORD],
  ['slug', SLUG],
  ['ip', SERVER_ADDRESS],
];

function identityOf(item: unknown): number | string | undefined {
  for (const [field, kind] of IDENTITIES)
    try {
      return fieldsOf(item, '')(field, kind);
    } catch {
      continue;
    }
  return undefined;
}

function marksOf(item: unknown): Marks | undefined {
  const { name, tags } = (item ?? {}) as Record<string, unknown>;
  const isTold =
    typeof name === 'string' && Array.isArray(tags) && tags.every(tag => typeof tag === 'string');
  return isTold ? { name, tags } : undefined;
}

/** What the items are. Throws UnreadableItems when that cannot be told of all: their absence would be no proof. */
export function readable<T>(operation: string, items: readonly Listed<T>[]): T[] {
  const values = items.flatMap(item => ('value' in item ? [item.value] : []));
  const rest = items.flatMap(item => ('unreadable' in item ? [item] : []));
  const [first] = rest;
  if (first === undefined) return values;
  const more = rest.length > 1 ? ` (and ${rest.length - 1} more)` : '';
  throw new UnreadableItems(
    {
      operation,
      status: 200,
      message: unreadableSentence(operation, `${nameOf(first.id)}${first.unreadable}${more}`),
    },
    values,
    rest.map(({ id, marks }) => ({ id: typeof id === 'symbol' ? undefined : id, marks })),
  );
}

const nameOf = (id: unknown): string => (typeof id === 'symbol' ? '' : `of ${String(id)}, `);
