import { isApiError, toStatus } from './api-error.ts';
import { apiVersionOf } from './kinds.ts';
import { isSelected, type Selection } from './list.ts';
import { toJson } from './object.ts';
import { encodeObject, type Representation } from './representation.ts';
import { withVersion, type Change, type Entry, type Store } from './store.ts';

/** Where the lines of a watch go. */
export interface WatchSink {
  /** Takes a line with its newline. */
  write(line: string): void;
  /** Bytes that were taken but not yet sent. */
  pendingBytes(): number;
  /** Ends the watch in good order. */
  end(): void;
  /** Cuts the watch off. */
  destroy(): void;
}

/** What is watched, from where, and how it is told. */
export interface WatchOptions {
  selection: Selection;
  /** 0: tell of all that exists first. */
  version: number;
  representation: Representation;
  bookmarks: boolean;
}

/** One watch under way. */
interface Watcher extends WatchOptions {
  sink: WatchSink;
  /** Whether a Table's column definitions were sent. */
  headersSent: boolean;
}

/** A client that leaves this much unread is cut off, so that it cannot fill the memory; it will list again. */
const MOST_PENDING_BYTES = 16 * 1024 * 1024;

/** Tells every watcher of the changes that its selection sees. */
export class WatchHub {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #watchers = new Set<Watcher>();

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
    store.onChange(change => this.#spread(change));
  }

  /** Starts a watch; a version that is too old gives one ERROR line. The returned function ends it. */
  watch(options: WatchOptions, sink: WatchSink): () => void {
    const watcher: Watcher = { ...options, sink, headersSent: false };
    try {
      this.#catchUp(watcher);
    } catch (error) {
      if (!isApiError(error)) throw error;
      sink.write(`${toJson({ type: 'ERROR', object: toStatus(error) })}\n`);
      sink.end();
      return () => undefined;
    }
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** How many watches are open. */
  get size(): number {
    return this.#watchers.size;
  }

  /** Tells all watchers that want it which version they have seen everything up to. */
  sendBookmarks(): void {
    for (const watcher of this.#watchers) if (watcher.bookmarks) this.#bookmark(watcher);
  }

  /** Ends all watches. */
  close(): void {
    for (const watcher of this.#watchers) watcher.sink.end();
    this.#watchers.clear();
  }

  #catchUp(watcher: Watcher): void {
    const { kind } = watcher.selection;
    if (watcher.version !== 0) {
      for (const change of this.#store.changesSince(kind.id, watcher.version)) this.#tell(watcher, change);
      return;
    }
    for (const entry of this.#store.list(kind.id)) {
      if (isSelected(watcher.selection, entry)) this.#send(watcher, 'ADDED', entry);
    }
  }

  #spread(change: Change): void {
    for (const watcher of this.#watchers) {
      if (watcher.selection.kind.id === change.kind) this.#tell(watcher, change);
    }
  }

  /** An object that enters the selection is ADDED, one that leaves it DELETED. */
  #tell(watcher: Watcher, { before, after, version }: Change): void {
    const was = before !== undefined && isSelected(watcher.selection, before);
    const is = after !== undefined && isSelected(watcher.selection, after);
    if (is) this.#send(watcher, was ? 'MODIFIED' : 'ADDED', after);
    else if (was) this.#send(watcher, 'DELETED', lastState(before, version));
  }

  #send(watcher: Watcher, type: string, entry: Entry): void {
    const { selection, representation, sink } = watcher;
    const headers = !watcher.headersSent;
    const object = encodeObject(selection.kind, entry, representation, this.#now(), headers);
    watcher.headersSent = true;
    sink.write(`{"type":"${type}","object":${object}}\n`);
    if (sink.pendingBytes() > MOST_PENDING_BYTES) sink.destroy();
  }

  #bookmark({ selection, representation, sink }: Watcher): void {
    const { kind } = selection.kind;
    const apiVersion = apiVersionOf(selection.kind);
    const resourceVersion = String(this.#store.version);
    const object =
      representation.as === 'table'
        ? { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: { resourceVersion }, rows: [] }
        : { kind, apiVersion, metadata: { resourceVersion, creationTimestamp: null } };
    sink.write(`${toJson({ type: 'BOOKMARK', object })}\n`);
  }
}

/** A deletion shows the object as it was last, under the version of the deletion. */
function lastState({ object }: Entry, version: number): Entry {
  const last = withVersion(object, version);
  return { object: last, text: toJson(last) };
}
