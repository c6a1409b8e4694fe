import { gunzipSync } from 'node:zlib';
import type { Process, Program } from '../model.ts';
import { absolutePath, fail, print } from '../shell/process.ts';
import { readAll } from '../shell/streams.ts';
import { readOptions } from './options.ts';

const BLOCK = 512;

/** An entry of an archive in the ustar format. */
export interface ArchiveEntry {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'link';
  readonly mode: number;
  readonly target: string;
  readonly data: Uint8Array;
}

/** `tar -x`, with `-C FOLDER`, `-f FILE` or standard input; `tar -t`. */
const tar: Program = async process => {
  const args = process.args
    .slice(1)
    .map((argument, index) => (index === 0 && /^[a-z]+$/.test(argument) ? `-${argument}` : argument));
  const options = readOptions(args, [
    'x|extract',
    't|list',
    'f=|file=',
    'C=|directory=',
    'p',
    'o|no-same-owner',
    'no-same-permissions',
    'm',
    'z|gzip',
    'v',
  ]);
  const file = options.value('f') ?? '-';
  const data =
    file === '-'
      ? await readAll(process.input)
      : Buffer.from(process.files.read(absolutePath(process, file)));
  const entries = readArchive(data);
  if (entries === undefined) return fail(process, 'This does not look like a tar archive', 2);
  if (options.has('t')) await print(process, entries.map(({ name }) => `${name}\n`).join(''));
  else if (!options.has('x')) return fail(process, 'only -x and -t are known to an emulated host', 127);
  else for (const entry of entries) extract(process, absolutePath(process, options.value('C') ?? '.'), entry);
  return 0;
};

/** The entries; undefined for what is no archive. One that gzip made smaller will do. */
export function readArchive(packed: Buffer): ArchiveEntry[] | undefined {
  const entries: ArchiveEntry[] = [];
  const data = packed[0] === 0x1f && packed[1] === 0x8b ? gunzipSync(packed) : packed;
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= data.length;) {
    const header = data.subarray(at, at + BLOCK);
    if (header.every(byte => byte === 0)) return entries;
    if (!isIntact(header)) return undefined;
    const size = Number.parseInt(textOf(header, 124, 12), 8);
    const prefix = textOf(header, 345, 155);
    const kind = String.fromCharCode(header[156]!);
    const content = data.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    // git puts the commit in front of all (g); what follows a name that is too long (x, L) is called by that.
    if ('gxL'.includes(kind)) {
      longName = kind === 'L' ? textOf(content, 0, size) : kind === 'x' ? pathOf(content) : longName;
      continue;
    }
    const name = prefix === '' ? textOf(header, 0, 100) : `${prefix}/${textOf(header, 0, 100)}`;
    entries.push({
      name: longName ?? name,
      type: kind === '5' ? 'directory' : kind === '2' ? 'link' : 'file',
      mode: Number.parseInt(textOf(header, 100, 8), 8) & 0o7777,
      target: textOf(header, 157, 100),
      data: Uint8Array.from(content),
    });
    longName = undefined;
  }
  return undefined;
}

/** The path that an extended header gives the next entry. */
const pathOf = (content: Buffer): string | undefined => /^\d+ path=(.*)$/m.exec(content.toString())?.[1];

/** The sum of the header's bytes, its own field taken as blanks. */
function isIntact(header: Buffer): boolean {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  return Number.parseInt(textOf(header, 148, 8), 8) === sum;
}

const textOf = (header: Buffer, at: number, length: number): string =>
  header
    .subarray(at, at + length)
    .toString()
    .replace(/\0.*$/s, '')
    .trim();

function extract({ files }: Process, folder: string, { name, type, mode, target, data }: ArchiveEntry): void {
  const path = `${folder}/${name}`.replace(/\/+$/, '');
  const parents = path.split('/').slice(1, type === 'directory' ? undefined : -1);
  parents.reduce((parent, part) => {
    const next = `${parent}/${part}`;
    if (files.find(next) === undefined) files.makeDirectory(next);
    return next;
  }, '');
  if (type === 'link') files.link(target, path);
  if (type === 'file') files.write(path, data);
  if (type !== 'link') files.changeMode(path, mode);
}

/** What unpacks files. */
export const ARCHIVES: Readonly<Record<string, Program>> = { tar };
