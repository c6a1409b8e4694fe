import { ANY_KIND, Database, type JournalRow } from './database.ts';
import { deepFreeze, toJson, type ApiObject } from './object.ts';
import { expired } from './api-error.ts';

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

/** How many changes the journal keeps, and how many more may gather before it is cut. */
export interface JournalLimits {
  keep: number;
  slack: number;
}

const DEFAULT_LIMITS: JournalLimits = { keep: 10_000, slack: 1_000 };

/** The key of an object in its kind: NUL is in no name, and sorts before all that is. */
export const storeKey = (namespace: string | undefined, name: string): string =>
  `${namespace ?? ''}\0${name}`;

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
  readonly database: Database;
  readonly #limits: JournalLimits;
  readonly #collections = new Map<string, Collection>();
  readonly #floors: Map<string, number>;
  readonly #listeners: ((change: Change) => void)[] = [];
  /** The version before the first write ever. */
  readonly #base: number;
  #version: number;
  #compacted: number;

  private constructor(database: Database, limits: JournalLimits) {
    this.database = database;
    this.#limits = limits;
    const { objects, journal, floors } = database.load();
    this.#floors = floors;
    this.#base = floors.get(ANY_KIND) ?? 0;
    this.#version = journal.at(-1)?.version ?? this.#base;
    this.#compacted = (journal[0]?.version ?? this.#base + 1) - 1;
    for (const { kind, key, body } of objects) {
      this.#collection(kind).entries.set(key, entryFromText(body));
    }
    this.#replay(journal);
  }

  /**
   * Opens the database of that directory and reads all of it; `now` is in milliseconds. Throws an Error of
   * one sentence when it cannot be used.
   */
  static open(directory: string, now: number, limits = DEFAULT_LIMITS): Store {
    const database = Database.open(directory, now);
    try {
      return new Store(database, limits);
    } catch (error) {
      database.close();
      throw database.damaged(error);
    }
  }

  /** The version of the last write. */
  get version(): number {
    return this.#version;
  }

  get(kind: string, key: string): Entry | undefined {
    return this.#collection(kind).entries.get(key);
  }

  /** All objects of a kind, by namespace and name. */
  list(kind: string): Entry[] {
    const collection = this.#collection(kind);
    collection.sorted ??= [...collection.entries.keys()].sort();
    return collection.sorted.map(key => collection.entries.get(key)!);
  }

  /** Stores the object under a new resourceVersion, and returns it with that. */
  put(kind: string, key: string, object: ApiObject): Entry {
    const version = this.#version + 1;
    const entry = toEntry(withVersion(object, version));
    const before = this.get(kind, key);
    this.#commit({ version, kind, key, after: entry, before });
    return entry;
  }

  /** Removes an object that is there. */
  remove(kind: string, key: string): void {
    const before = this.get(kind, key);
    if (before === undefined) return;
    this.#commit({ version: this.#version + 1, kind, key, after: undefined, before });
  }

  /** Puts an object there that is not stored but part of the program. */
  addFixed(kind: string, key: string, object: ApiObject): void {
    const collection = this.#collection(kind);
    collection.entries.set(key, toEntry(object));
    collection.sorted = undefined;
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
    this.database.compact(upTo);
    this.#compacted = upTo;
    for (const [kind, collection] of this.#collections) {
      const kept = collection.changes.findIndex(change => change.version > upTo);
      const dropped = collection.changes.splice(0, kept < 0 ? collection.changes.length : kept);
      if (dropped.length > 0) this.#floors.set(kind, dropped.at(-1)!.version);
    }
  }

  close(): void {
    this.database.close();
  }

  #collection(kind: string): Collection {
    let collection = this.#collections.get(kind);
    if (collection === undefined) {
      collection = { entries: new Map(), sorted: undefined, changes: [] };
      this.#collections.set(kind, collection);
    }
    return collection;
  }

  #commit(change: Change): void {
    const { version, kind, key, after, before } = change;
    this.database.write({ version, kind, key, previous: before?.text ?? null }, after?.text ?? null);
    this.#version = version;
    const collection = this.#collection(kind);
    if (after === undefined) collection.entries.delete(key);
    else collection.entries.set(key, after);
    if (before === undefined || after === undefined) collection.sorted = undefined;
    collection.changes.push(change);
    for (const listener of this.#listeners) listener(change);
  }

  /** The journal knows only the states before; walking it backwards from now gives those after. */
  #replay(journal: JournalRow[]): void {
    const known = new Map<string, Entry | undefined>();
    const changes: Change[] = [];
    for (const { version, kind, key, previous } of journal.toReversed()) {
      const id = `${kind}\0${key}`;
      const after = known.has(id) ? known.get(id) : this.get(kind, key);
      const before = previous === null ? undefined : entryFromText(previous);
      known.set(id, before);
      changes.push({ version, kind, key, after, before });
    }
    for (const change of changes.toReversed()) this.#collection(change.kind).changes.push(change);
  }
}

/** The object with another resourceVersion. */
export function withVersion(object: ApiObject, version: number): ApiObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
}

const toEntry = (object: ApiObject): Entry => ({ object: deepFreeze(object), text: toJson(object) });

const entryFromText = (text: string): Entry => ({ object: deepFreeze(JSON.parse(text) as ApiObject), text });
