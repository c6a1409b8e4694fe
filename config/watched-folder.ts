import { watch } from 'chokidar';
import { dirname, resolve, sep } from 'node:path';
import type { WatchedFile } from './watched-file.ts';

/** A folder and what happens in it. */
export type WatchedFolder = Pick<WatchedFile, 'subscribe' | 'ready' | 'close'>;

/**
 * Watches the files of a folder, which need not be there, down to that many folders below it.
 *
 * @param onError hears once why changes are not noticed.
 */
export function watchFolder(path: string, depth: number, onError: (error: unknown) => void): WatchedFolder {
  const handlers = new Set<() => void>();
  const parent = dirname(resolve(path));
  // Whoever watches a folder that is not there may miss what is in it when it comes: its parent tells of it in time.
  const isElsewhere = (each: string): boolean => each !== parent && !isWithin(resolve(path), resolve(each));
  const options = { depth: depth + 1, ignoreInitial: true, atomic: false, ignored: isElsewhere };
  const watcher = watch(parent, options);
  const isReady = new Promise<void>(done => watcher.once('ready', done));
  watcher.on('all', () => {
    for (const handler of handlers) handler();
  });
  watcher.once('error', onError);
  // Its further errors are no news.
  watcher.on('error', () => undefined);
  return {
    subscribe(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    ready: () => isReady,
    close: () => watcher.close(),
  };
}

const isWithin = (folder: string, path: string): boolean => path === folder || path.startsWith(folder + sep);
