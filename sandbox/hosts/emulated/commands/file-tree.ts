import { isFileError } from '../files/file-error.ts';
import type { Inode } from '../files/inode.ts';
import type { Process, Program } from '../model.ts';
import { absolutePath, fail, print } from '../shell/process.ts';
import { parseMode } from './mode.ts';
import { readOptions } from './options.ts';
import { attemptEach } from './reading.ts';

const mkdir: Program = async process => {
  const options = readOptions(process.args.slice(1), ['p|parents', 'm=|mode=', 'v|verbose']);
  const mode = options.value('m');
  const naming = (name: string): string => `cannot create directory '${name}'`;
  return attemptEach(process, options.operands, naming, name => {
    makeDirectory(process, absolutePath(process, name), options.has('p'));
    if (mode !== undefined) process.files.changeMode(absolutePath(process, name), parseMode(mode, 0o777));
  });
};

function makeDirectory(process: Process, path: string, withParents: boolean): void {
  if (withParents) {
    if (process.files.find(path)?.type === 'directory') return;
    const parent = path.replace(/\/+[^/]*\/*$/, '');
    if (parent !== '') makeDirectory(process, parent, true);
  }
  process.files.makeDirectory(path);
}

const rm: Program = async process => {
  const options = readOptions(process.args.slice(1), ['r|R|recursive', 'f|force', 'v', 'd']);
  const naming = (name: string): string => `cannot remove '${name}'`;
  return attemptEach(process, options.operands, naming, name => {
    const path = absolutePath(process, name);
    if (options.has('f') && process.files.find(path, false) === undefined) return;
    remove(process, path, options.has('r'));
  });
};

function remove(process: Process, path: string, recursive: boolean): void {
  const inode = process.files.stat(path, false);
  if (inode.type === 'directory' && recursive) {
    for (const name of process.files.list(path)) remove(process, `${path}/${name}`, true);
    process.files.remove(path, 'directory');
  } else process.files.remove(path, 'file');
}

/** Where each source goes: into the target when that is a folder, else in its place. */
function destinations(
  process: Process,
  operands: readonly string[],
  folder: string | undefined,
  intoFolder: boolean,
): { from: string; to: string }[] {
  const sources = folder === undefined ? operands.slice(0, -1) : operands;
  const target = folder ?? operands.at(-1) ?? '';
  const isInto = intoFolder && process.files.find(absolutePath(process, target))?.type === 'directory';
  const base = absolutePath(process, target);
  return sources.map(from => ({ from, to: isInto ? `${base}/${baseName(from)}` : base }));
}

const baseName = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) || '/';

const mv: Program = async process => {
  const options = readOptions(process.args.slice(1), [
    'f|force',
    'n',
    'T|no-target-directory',
    't=',
    'v',
    'b',
  ]);
  const moves = destinations(process, options.operands, options.value('t'), !options.has('T'));
  const naming = ({ from }: (typeof moves)[number]): string => `cannot move '${from}'`;
  return attemptEach(process, moves, naming, ({ from, to }) =>
    process.files.rename(absolutePath(process, from), to),
  );
};

const cp: Program = async process => {
  const options = readOptions(process.args.slice(1), [
    'a|archive', 'r|R|recursive', 'p|preserve', 'f|force', 'T|no-target-directory', 't=', 'd', 'P', 'v',
  ]); // prettier-ignore
  const keep = options.has('a') || options.has('p');
  const recursive = options.has('a') || options.has('r');
  const copies = destinations(process, options.operands, options.value('t'), !options.has('T'));
  const naming = ({ from }: (typeof copies)[number]): string => `cannot copy '${from}'`;
  return attemptEach(process, copies, naming, ({ from, to }) =>
    copy(process, absolutePath(process, from), to, { keep, recursive }),
  );
};

interface CopyOptions {
  readonly keep: boolean;
  readonly recursive: boolean;
}

function copy(process: Process, from: string, to: string, options: CopyOptions): void {
  const { files } = process;
  const inode = files.stat(from, !options.recursive);
  if (inode.type === 'directory') {
    if (files.find(to) === undefined) files.makeDirectory(to);
    for (const name of files.list(from)) copy(process, `${from}/${name}`, `${to}/${name}`, options);
  } else if (inode.type === 'link') {
    if (files.find(to, false) !== undefined) files.remove(to, 'file');
    files.link(inode.target, to);
    return;
  } else files.write(to, files.read(from), { mode: inode.mode & ~process.credentials.umask });
  if (options.keep) keepAttributes(process, inode, to);
}

function keepAttributes({ files, credentials }: Process, inode: Inode, to: string): void {
  if (credentials.uid === 0) files.changeOwner(to, inode.uid, inode.gid);
  files.changeMode(to, inode.mode);
  files.touch(to, inode.modified);
}

/** `diff -r A B`: says of whole files whether they differ, not where. */
const diff: Program = async process => {
  const known = ['r|recursive', 'q|brief', 'no-dereference'];
  const [one = '', other = ''] = readOptions(process.args.slice(1), known).operands;
  const found = differences(process, absolutePath(process, one), absolutePath(process, other));
  await print(process, found.map(line => `${line}\n`).join(''));
  return found.length === 0 ? 0 : 1;
};

function differences(process: Process, one: string, other: string): string[] {
  const { files } = process;
  const [a, b] = [files.find(one, false), files.find(other, false)];
  if (a === undefined || b === undefined) return [`Only one of ${one} and ${other} is there`];
  if (a.type !== b.type) return [`File ${one} is a ${a.type} while file ${other} is a ${b.type}`];
  if (a.type === 'directory')
    return [...new Set([...files.list(one), ...files.list(other)])].flatMap(name =>
      differences(process, `${one}/${name}`, `${other}/${name}`),
    );
  const isSame =
    a.type === 'link'
      ? b.type === 'link' && a.target === b.target
      : Buffer.from(files.read(one)).equals(files.read(other));
  return isSame ? [] : [`Files ${one} and ${other} differ`];
}

const ln: Program = async process => {
  const options = readOptions(process.args.slice(1), [
    's|symbolic',
    'f|force',
    'n|no-dereference',
    'T',
    'v',
    'r',
  ]);
  if (!options.has('s')) return fail(process, 'hard links are not known to an emulated host', 127);
  const [target = '', name = baseName(target)] = options.operands;
  const path = absolutePath(process, name);
  const replaces = options.has('n') || options.has('T');
  const isInto = process.files.find(path, !replaces)?.type === 'directory';
  const place = isInto ? `${path}/${baseName(target)}` : path;
  if (options.has('f') && process.files.find(place, false) !== undefined) process.files.remove(place, 'file');
  const naming = (): string => `failed to create symbolic link '${name}'`;
  return attemptEach(process, [place], naming, to => process.files.link(target, to));
};

const readlink: Program = async process => {
  const options = readOptions(process.args.slice(1), ['f|canonicalize', 'e', 'm', 'n', 'q', 's']);
  let status = 0;
  for (const name of options.operands) {
    const target = linkTarget(process, absolutePath(process, name), options.has('f') || options.has('e'));
    if (target === undefined) status = 1;
    else await print(process, options.has('n') ? target : `${target}\n`);
  }
  return status;
};

function linkTarget({ files }: Process, path: string, whole: boolean): string | undefined {
  try {
    if (whole) return files.realPath(path);
    const inode = files.stat(path, false);
    return inode.type === 'link' ? inode.target : undefined;
  } catch (error) {
    if (isFileError(error)) return undefined;
    throw error;
  }
}

const touch: Program = process => {
  const options = readOptions(process.args.slice(1), ['c', 'm', 'a', 'd=|date=', 'r=|reference=']);
  const reference = options.value('r');
  const date = options.value('d');
  const { files } = process;
  const when =
    reference === undefined ? date && dateOf(date) : files.stat(absolutePath(process, reference)).modified;
  for (const name of options.operands) {
    const path = absolutePath(process, name);
    if (options.has('c') && files.find(path) === undefined) continue;
    files.touch(path, when || undefined);
  }
  return 0;
};

const dateOf = (text: string): number =>
  text.startsWith('@') ? Number(text.slice(1)) * 1000 : Date.parse(text);

const mktemp: Program = async process => {
  const options = readOptions(process.args.slice(1), ['d|directory', 'p=|tmpdir=', 't', 'u', 'q']);
  const [template] = options.operands;
  const folder = options.value('p') ?? process.env['TMPDIR'] ?? '/tmp';
  const path = template === undefined ? `${folder}/tmp.XXXXXXXXXX` : template;
  const name = path.replace(/X{3,}(?=[^X]*$)/, marks => randomLetters(process, marks.length));
  if (options.has('d')) process.files.makeDirectory(absolutePath(process, name), 0o700);
  else process.files.write(absolutePath(process, name), new Uint8Array(), { mode: 0o600 });
  await print(process, `${name}\n`);
  return 0;
};

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const randomLetters = ({ machine }: Process, count: number): string =>
  Array.from({ length: count }, () => LETTERS[Math.floor(machine.random() * LETTERS.length)]).join('');

const basename: Program = async process => {
  const [name = '', suffix = ''] = readOptions(process.args.slice(1), []).operands;
  const base = baseName(name);
  await print(
    process,
    `${base !== suffix && base.endsWith(suffix) ? base.slice(0, base.length - suffix.length) : base}\n`,
  );
  return 0;
};

const dirname: Program = async process => {
  for (const name of readOptions(process.args.slice(1), []).operands) {
    const folder = name.replace(/\/+$/, '').replace(/\/*[^/]*$/, '');
    await print(process, `${folder || (name.startsWith('/') ? '/' : '.')}\n`);
  }
  return 0;
};

const pwd: Program = async process => {
  await print(process, `${process.cwd}\n`);
  return 0;
};

/** What moves files, and names them. */
export const FILE_TREE: Readonly<Record<string, Program>> = {
  mkdir,
  rm,
  mv,
  cp,
  diff,
  ln,
  readlink,
  touch,
  mktemp,
  basename,
  dirname,
  pwd,
};
