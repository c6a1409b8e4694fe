import { usedBytes } from '../containers/room.ts';
import { sizeOf, type Inode } from '../files/inode.ts';
import type { Program } from '../model.ts';
import { absolutePath, print } from '../shell/process.ts';
import { readOptions } from './options.ts';
import { humanSize } from './sizes.ts';

const GIGABYTE = 2 ** 30;
/** As ext4 makes them: one for so many bytes. */
const BYTES_PER_INODE = 16_384;

/** Of the disk; volumes are not shown. */
const df: Program = async process => {
  const options = readOptions(process.args.slice(1), ['P', 'k', 'm', 'h', 'i']);
  const { disk, spec } = process.machine;
  const size = spec.disk * GIGABYTE;
  const [total, used] = options.has('i')
    ? [size / BYTES_PER_INODE, countOf(disk.root())]
    : [size, usedBytes(process.machine)];
  const unit = options.has('i') ? 1 : options.has('m') ? 2 ** 20 : 1024;
  const shown = (value: number): string =>
    (options.has('h') ? humanSize(value) : String(Math.floor(value / unit))).padStart(10);
  const percent = `${Math.ceil((used / total) * 100)}%`.padStart(4);
  await print(
    process,
    `${header(options.has('i'), options.has('h'), unit)}\n` +
      `/dev/vda1      ${shown(total)}${shown(used)}${shown(total - used)} ${percent} /\n`,
  );
  return 0;
};

function header(ofInodes: boolean, isHuman: boolean, unit: number): string {
  if (ofInodes) return 'Filesystem         Inodes     IUsed     IFree IUse% Mounted on';
  if (isHuman) return 'Filesystem           Size      Used     Avail Use% Mounted on';
  return `Filesystem     ${unit}-blocks      Used Available Capacity Mounted on`;
}

function countOf(inode: Inode): number {
  if (inode.type !== 'directory') return 1;
  return [...inode.entries.values()].reduce((sum, child) => sum + countOf(child), 1);
}

/** Never goes into volumes, as with `-x`. */
const du: Program = async process => {
  const options = readOptions(process.args.slice(1), ['s', 'h', 'k', 'x']);
  for (const name of options.operands.length === 0 ? ['.'] : options.operands) {
    const inode = process.files.stat(absolutePath(process, name));
    for (const [path, size] of options.has('s') ? [[name, sizeOf(inode)] as const] : foldersIn(name, inode))
      await print(process, `${options.has('h') ? humanSize(size) : Math.ceil(size / 1024)}\t${path}\n`);
  }
  return 0;
};

/** Every folder with its size in bytes, after those in it. */
function foldersIn(path: string, inode: Inode): (readonly [path: string, size: number])[] {
  const own = [path, sizeOf(inode)] as const;
  if (inode.type !== 'directory') return [own];
  const below = [...inode.entries]
    .filter(([, child]) => child.type === 'directory')
    .flatMap(([name, child]) => foldersIn(`${path === '/' ? '' : path}/${name}`, child));
  return [...below, own];
}

/** What tells how full the disk is. */
export const DISK_USAGE: Readonly<Record<string, Program>> = { df, du };
