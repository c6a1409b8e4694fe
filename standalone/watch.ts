import type { ServerResponse } from 'node:http';
import { isApiError } from './api-error.ts';
import { isSelected, type Selection } from './list.ts';
import { toJson } from './object.ts';
import type { Encoder } from './representation.ts';
import { withVersion, type Change, type Entry, type Store } from './store.ts';

/** Where the lines of a watch go. */
export type WatchSink = Pick<ServerResponse, 'write' | 'writableLength' | 'writableEnded'> & {
  end(): unknown;
  destroy(): unknown;
};

/** What is watched, from where, and how it is told. */
export interface WatchOptions {
  selection: Selection;
  /** 0: tell of all that exists first. */
  version: number;
  encoder: Encoder;
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

/** Sends every watcher the changes that its selection sees. */
export class WatchHub {
  readonly #store: Store;
  readonly #watchers = new Set<Watcher>();

  constructor(store: Store) {
    this.#store = store;
    store.onChange(change => {
      for (const watcher of this.#watchers)
        if (watcher.selection.kind.id === change.kind) sendChange(watcher, change);
    });
  }

  /** Starts a watch; a version that is too old gives one ERROR line. The returned function ends it. */
  watch(options: WatchOptions, sink: WatchSink): () => void {
    const watcher: Watcher = { ...options, sink, headersSent: false };
    try {
      this.#catchUp(watcher);
    } catch (error) {
      if (!isApiError(error)) throw error;
      writeLine(watcher, 'ERROR', toJson(error.toStatus()));
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

  /** Sends all watchers that want it which version they have seen everything up to. */
  sendBookmarks(): void {
    const version = String(this.#store.version);
    for (const watcher of this.#watchers)
      if (watcher.bookmarks) writeLine(watcher, 'BOOKMARK', watcher.encoder.bookmark(version));
  }

  /** Ends all watches. */
  close(): void {
    for (const { sink } of this.#watchers) sink.end();
    this.#watchers.clear();
  }

  #catchUp(watcher: Watcher): void {
    const { kind } = watcher.selection;
    if (watcher.version !== 0) {
      for (const change of this.#store.changesSince(kind.id, watcher.version)) sendChange(watcher, change);
      return;
    }
    for (const entry of this.#store.list(kind.id))
      if (isSelected(watcher.selection, entry)) send(watcher, 'ADDED', entry);
  }
}

/** An object that enters the selection is ADDED, one that leaves it DELETED, as it was last. */
function sendChange(watcher: Watcher, { before, after, version }: Change): void {
  const was = before !== undefined && isSelected(watcher.selection, before);
  const is = after !== undefined && isSelected(watcher.selection, after);
  if (is) return send(watcher, was ? 'MODIFIED' : 'ADDED', after);
  if (!was) return;
  const object = withVersion(before.object, version);
  send(watcher, 'DELETED', { object, text: toJson(object) });
}

function send(watcher: Watcher, type: string, entry: Entry): void {
  writeLine(watcher, type, watcher.encoder.object(entry, !watcher.headersSent));
  watcher.headersSent = true;
}

function writeLine({ sink }: Watcher, type: string, object: string): void {
  // Writing to what has ended is an error event that nobody listens for.
  if (!sink.writableEnded) sink.write(`{"type":"${type}","object":${object}}\n`);
  if (sink.writableLength > MOST_PENDING_BYTES) sink.destroy();
}
