import type { Inode } from '../files/inode.ts';
import type { Process, Program } from '../model.ts';
import { absolutePath, fail, print } from '../shell/process.ts';
import { findGroup, findUser, groupName, userName } from '../users.ts';
import { modeText, parseMode } from './mode.ts';
import { readOptions } from './options.ts';
import { attempt, attemptEach } from './reading.ts';

/** Does something to each file, and with `-R` to everything below it. */
async function each(
  process: Process,
  names: readonly string[],
  recursive: boolean,
  work: (path: string) => void,
): Promise<number> {
  const visit = (path: string): void => {
    work(path);
    if (!recursive || process.files.stat(path, false).type !== 'directory') return;
    for (const name of process.files.list(path)) visit(`${path}/${name}`);
  };
  const naming = (name: string): string => `cannot access '${name}'`;
  return attemptEach(process, names, naming, name => visit(absolutePath(process, name)));
}

const chmod: Program = process => {
  // A mode may begin with a minus.
  const args = process.args.slice(1).filter(argument => argument !== '--');
  const flags = args.filter(argument => /^-[RfvcH]+$/.test(argument));
  const [mode = '', ...names] = args.filter(argument => !flags.includes(argument));
  if (Number.isNaN(parseMode(mode, 0))) return fail(process, `invalid mode: '${mode}'`);
  return each(process, names, flags.join('').includes('R'), path =>
    process.files.changeMode(path, parseMode(mode, process.files.stat(path).mode)),
  );
};

const chown: Program = process => {
  const options = readOptions(process.args.slice(1), [
    'R|recursive',
    'h|no-dereference',
    'f',
    'v',
    'reference=',
  ]);
  const [owner = '', ...names] = options.operands;
  const [user = '', group] = owner.split(/[:.]/);
  const ids = ownerIds(process, user, group);
  if (ids === undefined) return fail(process, `invalid user: '${owner}'`);
  return each(process, names, options.has('R'), path =>
    process.files.changeOwner(path, ids.uid, ids.gid, !options.has('h')),
  );
};

/** Undefined when there is no such user or group. */
export function ownerIds(
  { files }: Process,
  user: string,
  group: string | undefined,
): { uid: number | undefined; gid: number | undefined } | undefined {
  const found = user === '' ? undefined : findUser(files, user);
  if (user !== '' && found === undefined) return undefined;
  // `user:` means the user's own group.
  const gid = group === '' ? found?.gid : group && findGroup(files, group);
  if (group !== undefined && gid === undefined) return undefined;
  return { uid: found?.uid, gid: gid === '' ? undefined : gid };
}

const install: Program = async process => {
  const options = readOptions(process.args.slice(1), [
    'd|directory', 'D', 'm=|mode=', 'o=|owner=', 'g=|group=', 'T', 't=', 'p', 'C', 'v',
  ]); // prettier-ignore
  const mode = parseMode(options.value('m') ?? '755', 0);
  const ids = ownerIds(process, options.value('o') ?? '', options.value('g'));
  if (ids === undefined) return fail(process, 'invalid user or group');
  for (const { from, to } of installations(process, options.has('d'), options.value('t'), options.operands)) {
    if (from !== undefined) process.files.write(to, process.files.read(from));
    else if (process.files.find(to) === undefined) makeWithParents(process, to);
    process.files.changeMode(to, mode);
    if (ids.uid !== undefined || ids.gid !== undefined) process.files.changeOwner(to, ids.uid, ids.gid);
  }
  return 0;
};

function makeWithParents(process: Process, path: string): void {
  const parent = path.replace(/\/[^/]*$/, '');
  if (parent !== '' && process.files.find(parent) === undefined) makeWithParents(process, parent);
  process.files.makeDirectory(path, 0o755);
}

function installations(
  process: Process,
  areFolders: boolean,
  folder: string | undefined,
  operands: readonly string[],
): { from: string | undefined; to: string }[] {
  if (areFolders) return operands.map(name => ({ from: undefined, to: absolutePath(process, name) }));
  const sources = folder === undefined ? operands.slice(0, -1) : operands;
  const target = absolutePath(process, folder ?? operands.at(-1) ?? '');
  const isInto = process.files.find(target)?.type === 'directory';
  return sources.map(name => ({
    from: absolutePath(process, name),
    to: isInto ? `${target}/${name.split('/').at(-1)}` : target,
  }));
}

const FIELDS: Record<string, (inode: Inode, process: Process, name: string) => string> = {
  a: ({ mode }) => mode.toString(8),
  A: ({ mode, type }) => modeText(mode, type),
  F: ({ type, ...rest }) =>
    ({
      file: 'data' in rest && rest.data.length === 0 ? 'regular empty file' : 'regular file',
      directory: 'directory',
      link: 'symbolic link',
      device: 'character special file',
    })[type],
  g: ({ gid }) => String(gid),
  G: ({ gid }, { files }) => groupName(files, gid),
  n: (_inode, _process, name) => name,
  s: inode => String(inodeSize(inode)),
  u: ({ uid }) => String(uid),
  U: ({ uid }, { files }) => userName(files, uid),
  y: ({ modified }) => new Date(modified).toISOString(),
  Y: ({ modified }) => String(Math.floor(modified / 1000)),
};

function inodeSize(inode: Inode): number {
  if (inode.type === 'file') return inode.data.length;
  return inode.type === 'link' ? inode.target.length : 4096;
}

const stat: Program = async process => {
  const options = readOptions(process.args.slice(1), ['c=|format=', 'printf=', 'L|dereference', 't']);
  const format = options.value('c') ?? options.value('printf');
  if (format === undefined) return fail(process, 'only -c FORMAT is known to an emulated host', 127);
  let status = 0;
  for (const name of options.operands) {
    const inode = await attempt(process, `cannot statx '${name}'`, () =>
      process.files.stat(absolutePath(process, name), options.has('L')),
    );
    if (inode === undefined) {
      status = 1;
      continue;
    }
    const text = format.replace(
      /%([A-Za-z%])/g,
      (_, letter: string) => FIELDS[letter]?.(inode, process, name) ?? '?',
    );
    await print(
      process,
      options.has('printf') ? text.replaceAll('\\n', '\n').replaceAll('\\t', '\t') : `${text}\n`,
    );
  }
  return status;
};

const ls: Program = async process => {
  const options = readOptions(process.args.slice(1), ['1', 'a', 'A', 'd', 'l', 't', 'r', 'h', 'p', 'F', 'L']);
  const names = options.operands.length === 0 ? ['.'] : options.operands;
  const isLong = options.has('l');
  const entries: { name: string; inode: Inode }[] = [];
  let status = 0;
  for (const name of names) {
    const found = await attempt(process, `cannot access '${name}'`, () =>
      listed(process, name, options.has('d'), options.has('a') || options.has('A')),
    );
    if (found === undefined) status = 2;
    else entries.push(...found);
  }
  if (options.has('t')) entries.sort((a, b) => b.inode.modified - a.inode.modified);
  if (options.has('r')) entries.reverse();
  for (const { name, inode } of entries)
    await print(process, `${isLong ? longEntry(process, name, inode) : name}\n`);
  return status;
};

function listed(
  process: Process,
  name: string,
  asItself: boolean,
  all: boolean,
): { name: string; inode: Inode }[] {
  const path = absolutePath(process, name);
  const inode = process.files.stat(path);
  if (asItself || inode.type !== 'directory') return [{ name, inode: process.files.stat(path, false) }];
  return process.files
    .list(path)
    .filter(entry => all || !entry.startsWith('.'))
    .map(entry => ({ name: entry, inode: process.files.stat(`${path}/${entry}`, false) }));
}

function longEntry({ files }: Process, name: string, inode: Inode): string {
  const owner = `${userName(files, inode.uid)} ${groupName(files, inode.gid)}`;
  const target = inode.type === 'link' ? ` -> ${inode.target}` : '';
  const date = new Date(inode.modified).toISOString().slice(0, 16).replace('T', ' ');
  return `${modeText(inode.mode, inode.type)} 1 ${owner} ${String(inodeSize(inode)).padStart(8)} ${date} ${name}${target}`;
}

/** What shows and changes whose files are and who may do what with them. */
export const FILE_ATTRIBUTES: Readonly<Record<string, Program>> = {
  chmod,
  chown,
  install,
  stat,
  ls,
};
