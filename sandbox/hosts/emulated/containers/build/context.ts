import { readArchive } from '../../commands/archives.ts';
import type { Inode } from '../../files/inode.ts';
import type { Process } from '../../model.ts';
import { absolutePath } from '../../shell/process.ts';
import { readAll } from '../../shell/streams.ts';
import { digestOf } from '../images.ts';

/** The files that a build may copy, by their path in its context. */
export type Context = ReadonlyMap<string, Uint8Array>;

/** The files of a folder. Throws FileError where there is none. */
export function contextOfFolder({ files, cwd }: Process, folder: string): Context {
  const found = new Map<string, Uint8Array>();
  const walk = (inode: Inode, path: string): void => {
    if (inode.type === 'file') found.set(path, inode.data);
    if (inode.type === 'link') found.set(path, Buffer.from(inode.target));
    if (inode.type === 'directory')
      for (const [name, child] of inode.entries) walk(child, path === '' ? name : `${path}/${name}`);
  };
  const inode = files.stat(absolutePath({ cwd }, folder));
  files.list(absolutePath({ cwd }, folder));
  walk(inode, '');
  return found;
}

/** What comes on standard input: an archive, or a Containerfile alone. */
export async function contextOfInput({ input }: Process): Promise<Context | string> {
  const data = await readAll(input);
  const entries = readArchive(data);
  if (entries === undefined || data.length === 0) return data.toString();
  return new Map(
    entries
      .filter(({ type }) => type !== 'directory')
      .map(({ name, data: content }) => [name.replace(/^(?:\.?\/)+/, ''), content]),
  );
}

/** The files that a source of COPY names, `.` for all; empty where there are none. */
export function filesOf(context: Context, source: string): [path: string, data: Uint8Array][] {
  const wanted = source.replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '');
  if (wanted === '' || wanted === '.') return [...context];
  const expression = new RegExp(
    `^${wanted
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]')}(?:/|$)`,
  );
  return [...context].filter(([path]) => expression.test(path));
}

/** What tells these files from others. */
export const digestOfFiles = (files: readonly (readonly [path: string, data: Uint8Array])[]): string =>
  digestOf(
    files
      .map(([path, data]) => `${path} ${digestOf(data)}`)
      .toSorted()
      .join('\n'),
  );
