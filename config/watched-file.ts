import { basename, dirname, resolve } from 'node:path';
import { unwatchFile, watchFile as pollFile } from 'node:fs';
import { watch } from 'chokidar';
import { readTextFile, type TextFile } from './files.ts';

/** How often a file is looked at that cannot be watched. */
const POLL_MS = 1_000;

/** Starts to watch a folder. */
type WatchFolder = (folder: string) => Pick<ReturnType<typeof watch>, 'on' | 'once' | 'close'>;

/** A text file and what happens to it, however it is replaced. */
export interface WatchedFile {
  readonly path: string;
  read(): Promise<TextFile>;
  /** The handler is called after every change that might concern the file. Returns what ends that. */
  subscribe(handler: () => void): () => void;
  /** Resolves once changes are noticed. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Watches a file by its folder. An editor's rename puts another inode under the same name, and Kubernetes
 * replaces a mounted ConfigMap by swapping the `..data` link beside it: neither is seen by watching the file
 * itself. The file system's own events are passed on as they come, because chokidar holds its digested ones
 * back by up to 100 ms; a handler that is called once too often only reads once more.
 *
 * A system that allows no more watches, as one that runs many containers, is asked for the file once a second.
 *
 * @param onError hears why changes are noticed no sooner than that.
 */
export function watchFile(
  path: string,
  onError: (error: unknown) => void,
  watchFolder: WatchFolder = folder => watch(folder, { depth: 0, ignoreInitial: true, atomic: false }),
): WatchedFile {
  const file = basename(path);
  const handlers = new Set<() => void>();
  const notify = (): void => {
    for (const handler of handlers) handler();
  };
  const watcher = watchFolder(resolve(dirname(path)));
  const isReady = new Promise<void>(done => watcher.once('ready', done));
  watcher.on('raw', (_event, name) => {
    // A name that is missing may be any; names with two dots in front are a ConfigMap's links.
    if (!name || basename(name) === file || basename(name).startsWith('..')) notify();
  });
  watcher.once('error', error => {
    onError(error);
    pollFile(path, { interval: POLL_MS }, notify);
  });
  // Its further errors are no news.
  watcher.on('error', () => undefined);
  return {
    path,
    read: () => readTextFile(path),
    subscribe(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    ready: () => isReady,
    async close() {
      unwatchFile(path, notify);
      await watcher.close();
    },
  };
}
