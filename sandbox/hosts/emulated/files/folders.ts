import type { FileSystem } from './file-system.ts';
import { segmentsOf } from './inode.ts';

/** Makes a folder and those above it, where they are missing. Throws FileError. */
export function makeFolders(files: FileSystem, path: string): void {
  segmentsOf(path).reduce((parent, name) => {
    const folder = `${parent}/${name}`;
    if (files.find(folder) === undefined) files.makeDirectory(folder);
    return folder;
  }, '');
}
