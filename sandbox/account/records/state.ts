import type { Collection, Records } from './records.ts';

/** A record put in place, or taken away (null). */
export type Change = readonly [collection: Collection, id: string, record: Records[Collection] | null];

const COLLECTIONS: readonly Collection[] = [
  'droplets',
  'actions',
  'keys',
  'snapshots',
  'tags',
  'firewalls',
  'vpcs',
  'volumes',
  'volumeSnapshots',
  'reservedIps',
  'domains',
  'dnsRecords',
  'projects',
  'assignments',
  'destructions',
  'usage',
  'charges',
  'counters',
  'account',
];

type Tables = { readonly [C in Collection]: Map<string, Records[C]> };

/** Everything the account holds, in memory; whole transactions only. */
export interface State {
  get<C extends Collection>(collection: C, id: string | number): Records[C] | undefined;
  /** In the order of creation. */
  all<C extends Collection>(collection: C): Iterable<Records[C]>;
  count(collection: Collection): number;
  put<C extends Collection>(collection: C, id: string | number, record: Records[C]): void;
  remove(collection: Collection, id: string | number): void;
  /** Runs `work`; its changes stay only if it returns. They are handed to `onCommit` in one piece. */
  transaction<T>(work: () => T): T;
  /** All that is held, as changes to an empty state. */
  snapshot(): Change[];
}

/** A state that begins with `changes`; each later transaction that changed something goes to `onCommit`. */
export function createState(changes: Iterable<Change>, onCommit: (changes: Change[]) => void): State {
  const tables = Object.fromEntries(COLLECTIONS.map(name => [name, new Map()])) as Tables;
  for (const change of changes) apply(tables, change);
  let done: Change[] = [];
  let undo: Change[] = [];
  const change = (next: Change): void => {
    const [collection, id] = next;
    undo.push([collection, id, tables[collection].get(id) ?? null]);
    done.push(next);
    apply(tables, next);
  };
  return {
    get: (collection, id) => tables[collection].get(String(id)),
    all: collection => tables[collection].values(),
    count: collection => tables[collection].size,
    put: (collection, id, record) => change([collection, String(id), record]),
    remove: (collection, id) => change([collection, String(id), null]),
    transaction(work) {
      done = [];
      undo = [];
      try {
        const result = work();
        if (done.length > 0) onCommit(done);
        return result;
      } catch (error) {
        for (const previous of undo.toReversed()) apply(tables, previous);
        throw error;
      }
    },
    snapshot: () =>
      COLLECTIONS.flatMap(name => [...tables[name]].map(([id, record]): Change => [name, id, record])),
  };
}

/** Whether `value`, read from outside, has the shape of a change. */
export function isChange(value: unknown): value is Change {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [collection, id, record] = value as unknown[];
  return (
    COLLECTIONS.some(name => name === collection) && typeof id === 'string' && typeof record === 'object'
  );
}

function apply(tables: Tables, [collection, id, record]: Change): void {
  const table = tables[collection] as Map<string, Records[Collection]>;
  if (record === null) table.delete(id);
  else table.set(id, record);
}
