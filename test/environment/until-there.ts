import { once } from 'node:events';
import { readdirSync, watch } from 'node:fs';

/** Resolves when the names in the folder are as they should be. */
export async function untilThere(folder: string, areRight: (names: string[]) => boolean): Promise<void> {
  const watcher = watch(folder);
  try {
    while (!areRight(readdirSync(folder))) await once(watcher, 'change');
  } finally {
    watcher.close();
  }
}
