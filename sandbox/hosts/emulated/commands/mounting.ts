import { emptyDirectory, pathOf, segmentsOf } from '../files/inode.ts';
import type { Process, Program, Volume } from '../model.ts';
import { absolutePath, fail, print } from '../shell/process.ts';
import { mountAll, mountVolume, unmountVolume } from '../volumes.ts';
import { readOptions } from './options.ts';

/** The volume whose device that is. */
function volumeAt({ files, machine }: Process, path: string): Volume | undefined {
  return files.find(path) === undefined ? undefined : machine.volumes.get(files.realPath(path));
}

const mount: Program = async process => {
  const options = readOptions(process.args.slice(1), ['a|all', 't=|types=', 'o=|options=']);
  const { machine } = process;
  const [source = '', folder = ''] = options.operands;
  if (options.operands.length === 0 && !options.has('a')) return listMounts(process);
  if (process.credentials.uid !== 0) return fail(process, 'must be superuser to use mount.');
  if (options.has('a')) {
    mountAll(machine);
    return 0;
  }
  const volume = volumeAt(process, absolutePath(process, source));
  const path = pathOf(segmentsOf(absolutePath(process, folder)));
  if (process.files.find(path)?.type !== 'directory')
    return fail(process, `${folder}: mount point does not exist.`, 32);
  if (volume === undefined) return fail(process, `${folder}: special device ${source} does not exist.`, 32);
  if (!volume.isFormatted)
    return fail(process, `${folder}: wrong fs type, bad option, bad superblock on ${source}.`, 32);
  mountVolume(machine, path, volume);
  return 0;
};

async function listMounts(process: Process): Promise<number> {
  const { machine } = process;
  await print(process, '/dev/vda1 on / type ext4 (rw,relatime)\n');
  for (const [path, id] of Object.entries(machine.system.mounts)) {
    const device = [...machine.volumes].find(([, volume]) => volume.id === id)?.[0];
    await print(process, `${device} on ${path} type ext4 (rw,relatime)\n`);
  }
  return 0;
}

const umount: Program = async process => {
  if (process.credentials.uid !== 0) return fail(process, 'must be superuser to unmount.');
  let status = 0;
  for (const name of readOptions(process.args.slice(1), ['l', 'f']).operands) {
    const path = pathOf(segmentsOf(absolutePath(process, name)));
    const id = volumeAt(process, path)?.id;
    const mounts = Object.entries(process.machine.system.mounts);
    const found = mounts.find(([folder, volume]) => folder === path || volume === id);
    if (found === undefined) status = await fail(process, `${name}: not mounted.`, 32);
    else unmountVolume(process.machine, found[0]);
  }
  return status;
};

const mkfs: Program = process => {
  const options = readOptions(process.args.slice(1), ['F', 'q', 'L=', 'm=']);
  const [name = ''] = options.operands;
  const volume = volumeAt(process, absolutePath(process, name));
  if (volume === undefined)
    return fail(process, `The file ${name} does not exist and no size was specified.`);
  if (process.credentials.uid !== 0)
    return fail(process, `Permission denied while trying to determine filesystem size`);
  volume.root = emptyDirectory(0o755, process.machine.now());
  volume.isFormatted = true;
  return 0;
};

/** A file system here has all the room there is. */
const resize2fs: Program = process => {
  const [name = ''] = readOptions(process.args.slice(1), ['f', 'p']).operands;
  const volume = volumeAt(process, absolutePath(process, name));
  return volume?.isFormatted
    ? 0
    : fail(process, `Bad magic number in super-block while trying to open ${name}`);
};

/** What gives volumes a file system and a place. */
export const MOUNTING: Readonly<Record<string, Program>> = {
  mount,
  umount,
  'mkfs.ext4': mkfs,
  resize2fs,
};
