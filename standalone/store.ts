import { join } from 'node:path';
import { expired } from './api-error.ts';
import { ANY_KIND, Database, DATABASE_FILE, unusable, type JournalRow } from './database.ts';
import { deepFreeze, toJson, type ApiObject } from './object.ts';

/** An object as stored, with its JSON. Shared by all readers; frozen. */
export interface Entry {
  object: ApiObject;
  text: string;
}

/** One write. */
export interface Change {
  version: number;
  /** The kind's id. */
  kind: string;
  key: string;
  /** The state after it; undefined when it was a removal. */
  after: Entry | undefined;
  /** The state before it; undefined when there was none. */
  before: Entry | undefined;
}

/** Where what is stored comes from and goes to. */
export type Storage = Pick<Database, 'load' | 'write' | 'compact' | 'close'>;

/** What an object is to be; undefined is gone. */
export interface Write {
  /** The kind's id. */
  kind: string;
  key: string;
  object: ApiObject | undefined;
}

/** How many changes the journal keeps, and how many more may gather before it is cut. */
export interface JournalLimits {
  keep: number;
  slack: number;
}

/** The key of an object in its kind: NUL is in no name, and sorts before all that is. */
export const storeKey = (namespace: string | undefined, name: string): string =>
  `${namespace ?? ''}\0${name}`;

/** The key of an object that is stored. */
export const keyOf = ({ object: { metadata } }: Entry): string => storeKey(metadata.namespace, metadata.name);

/** What one kind holds. `sorted` is worked out when asked for. */
interface Collection {
  entries: Map<string, Entry>;
  sorted: string[] | undefined;
  changes: Change[];
}

/**
 * All objects, in memory for reading and in the database for keeps. Every write gets the next version of one
 * counter; the last changes are remembered, so that a watch can resume and a list can be continued as of an
 * earlier version.
 */
export class Store {
  readonly #database: Storage;
  readonly #limits: JournalLimits;
  readonly #collections = new Map<string, Collection>();
  readonly #listeners: ((change: Change) => void)[] = [];
  readonly #floors: Map<string, number>;
  /** The version before the first write ever. */
  readonly #base: number;
  #version: number;
  #compacted: number;

  /**
   * Reads all of the database of that directory, which it opens unless it is given; `now` is in milliseconds. Throws a
   * DatabaseError when it cannot be used.
   */
  constructor(
    directory: string,
    now: number,
    limits: JournalLimits = { keep: 10_000, slack: 1_000 },
    database: Storage = new Database(directory, now),
  ) {
    this.#database = database;
    this.#limits = limits;
    try {
      const { objects, journal, floors } = this.#database.load();
      this.#floors = floors;
      this.#base = floors.get(ANY_KIND) ?? 0;
      this.#version = journal.at(-1)?.version ?? this.#base;
      this.#compacted = (journal[0]?.version ?? this.#base + 1) - 1;
      for (const { kind, key, body } of objects) this.#collection(kind).entries.set(key, entryFromText(body));
      this.#replay(journal);
    } catch (error) {
      this.close();
      throw unusable(join(directory, DATABASE_FILE), 'is damaged', error);
    }
  }

  /** The version of the last write. */
  get version(): number {
    return this.#version;
  }

  get(kind: string, key: string): Entry | undefined {
    return this.#collection(kind).entries.get(key);
  }

  /** All objects of a kind, in any order. */
  all(kind: string): Iterable<Entry> {
    return this.#collection(kind).entries.values();
  }

  /** The same by namespace and name. */
  list(kind: string): Entry[] {
    const collection = this.#collection(kind);
    collection.sorted ??= [...collection.entries.keys()].sort();
    return collection.sorted.map(key => collection.entries.get(key)!);
  }

  /** Stores the object under a new resourceVersion, and returns it with that. */
  put(kind: string, key: string, object: ApiObject): Entry {
    this.write([{ kind, key, object }]);
    return this.get(kind, key)!;
  }

  /** Removes an object, if it is there. */
  remove(kind: string, key: string): void {
    if (this.get(kind, key) !== undefined) this.write([{ kind, key, object: undefined }]);
  }

  /** Writes them in one commit, which takes little longer than for one: all of them, or when it fails none. */
  write(writes: readonly Write[]): void {
    const changes = writes.map(({ kind, key, object }, i): Change => {
      const version = this.#version + 1 + i;
      const after = object && toEntry(withVersion(object, version));
      return { version, kind, key, after, before: this.get(kind, key) };
    });
    if (changes.length > 0) this.#commit(changes);
  }

  /** Puts an object there that is not stored but part of the program. */
  addFixed(kind: string, key: string, object: ApiObject): void {
    this.#apply(kind, key, toEntry(object));
  }

  /** Calls back after every write, once it is on the disk, in order. */
  onChange(listener: (change: Change) => void): void {
    this.#listeners.push(listener);
  }

  /** The changes of a kind after that version. Throws 410 when they are not known any more, or not yet. */
  changesSince(kind: string, version: number): Change[] {
    const floor = this.#floors.get(kind) ?? this.#base;
    if (version < floor) throw expired(`too old resource version: ${version} (${floor})`);
    if (version > this.#version) throw expired(`too new resource version: ${version} (${this.#version})`);
    return this.#collection(kind).changes.filter(change => change.version > version);
  }

  /** All objects of a kind as they were at that version. Throws 410 like changesSince. */
  listAt(kind: string, version: number): Entry[] {
    const changes = this.changesSince(kind, version);
    if (changes.length === 0) return this.list(kind);
    const entries = new Map(this.#collection(kind).entries);
    for (const { key, before } of changes.toReversed()) {
      if (before === undefined) entries.delete(key);
      else entries.set(key, before);
    }
    return [...entries.keys()].sort().map(key => entries.get(key)!);
  }

  /** Forgets changes that need not be kept any more, once enough have gathered. Throws 507 on a full disk. */
  compact(): void {
    const upTo = this.#version - this.#limits.keep;
    if (upTo - this.#compacted < this.#limits.slack) return;
    this.#database.compact(upTo);
    this.#compacted = upTo;
    for (const [kind, collection] of this.#collections) {
      const last = collection.changes.findLast(change => change.version <= upTo);
      if (last === undefined) continue;
      this.#floors.set(kind, last.version);
      collection.changes = collection.changes.filter(change => change.version > upTo);
    }
  }

  close(): void {
    this.#database.close();
  }

  #collection(kind: string): Collection {
    const known = this.#collections.get(kind);
    if (known !== undefined) return known;
    const collection: Collection = { entries: new Map(), sorted: undefined, changes: [] };
    this.#collections.set(kind, collection);
    return collection;
  }

  #commit(changes: readonly Change[]): void {
    const rows = changes.map(({ version, kind, key, after, before }) => {
      const row = { version, kind, key, previous: before?.text ?? null };
      return { row, body: after?.text ?? null };
    });
    this.#database.write(rows);
    for (const change of changes) {
      const { version, kind, key, after } = change;
      this.#version = version;
      this.#apply(kind, key, after);
      this.#collection(kind).changes.push(change);
      for (const listener of this.#listeners) listener(change);
    }
  }

  #apply(kind: string, key: string, entry: Entry | undefined): void {
    const collection = this.#collection(kind);
    if (entry === undefined || !collection.entries.has(key)) collection.sorted = undefined;
    if (entry === undefined) collection.entries.delete(key);
    else collection.entries.set(key, entry);
  }

  /** The journal knows only the states before; walking it backwards from now gives those after. */
  #replay(journal: JournalRow[]): void {
    const known = new Map<string, Entry | undefined>();
    const changes = journal.toReversed().map(({ version, kind, key, previous }): Change => {
      const id = `${kind}\0${key}`;
      const after = known.has(id) ? known.get(id) : this.get(kind, key);
      const before = previous === null ? undefined : entryFromText(previous);
      known.set(id, before);
      return { version, kind, key, after, before };
    });
    for (const change of changes.toReversed()) this.#collection(change.kind).changes.push(change);
  }
}

/** The object with another resourceVersion. */
export function withVersion(object: ApiObject, version: number): ApiObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
}

const toEntry = (object: ApiObject): Entry => ({ object: deepFreeze(object), text: toJson(object) });

function entryFromText(text: string): Entry {
  const object = JSON.parse(text) as Partial<ApiObject> | null;
  if (typeof object?.metadata?.uid !== 'string' || typeof object.metadata.name !== 'string')
    throw new TypeError('an object has no name or uid');
  return { object: deepFreeze(object as ApiObject), text };
}
