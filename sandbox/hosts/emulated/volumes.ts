import type { HostVolume } from '../driver.ts';
import { FileError } from './files/file-error.ts';
import { emptyDirectory } from './files/inode.ts';
import type { Machine, Volume } from './model.ts';
import type { Kept } from './storage/record.ts';
import type { Store } from './storage/store.ts';

interface VolumeFacts {
  readonly isFormatted: boolean;
}

/** All volumes: those of machines in memory, the others where they are kept. */
export interface Volumes {
  /** @param filesystem what one that was never seen before was made with, if anything. */
  open(id: string, filesystem?: string): Promise<Volume>;
  /** Writes down what changed. */
  keep(volume: Volume): Promise<void>;
  copy(from: string, to: string): Promise<void>;
  destroy(id: string): Promise<void>;
}

export function createVolumes(store: Store): Volumes {
  const opened = new Map<string, { volume: Volume; written: Kept<VolumeFacts> }>();

  async function load(id: string, filesystem?: string): Promise<Kept<VolumeFacts>> {
    const kept = await store.load<VolumeFacts>('volume', id);
    if (kept !== undefined) return kept;
    const fresh = { root: emptyDirectory(), facts: { isFormatted: filesystem !== undefined } };
    await store.save('volume', id, fresh);
    return fresh;
  }

  const keep = async (volume: Volume): Promise<void> => {
    const entry = opened.get(volume.id);
    if (entry === undefined) return;
    const { root, isFormatted } = volume;
    const facts = entry.written.facts.isFormatted === isFormatted ? entry.written.facts : { isFormatted };
    const next = { root, facts };
    await store.add('volume', volume.id, entry.written, next);
    entry.written = next;
  };

  return {
    keep,
    async open(id, filesystem) {
      const known = opened.get(id);
      if (known !== undefined) return known.volume;
      const written = await load(id, filesystem);
      const volume = { id, root: written.root, isFormatted: written.facts.isFormatted };
      opened.set(id, { volume, written });
      return volume;
    },
    async copy(from, to) {
      const running = opened.get(from)?.volume;
      const { root, facts } =
        running === undefined ? await load(from) : { root: running.root, facts: running };
      await store.save<VolumeFacts>('volume', to, { root, facts: { isFormatted: facts.isFormatted } });
      opened.delete(to);
    },
    async destroy(id) {
      opened.delete(id);
      await store.remove('volume', id);
    },
  };
}

const BY_ID = '/dev/disk/by-id';

/** Makes the machine have exactly these volumes: what is taken away is unmounted, as when a cable is pulled. */
export function attachVolumes(
  machine: Machine,
  wanted: readonly { readonly host: HostVolume; readonly volume: Volume }[],
): void {
  const { files } = machine;
  for (const [path, id] of Object.entries(machine.system.mounts))
    if (!wanted.some(({ volume }) => volume.id === id)) unmountVolume(machine, path);
  for (const name of files.list(BY_ID)) files.remove(`${BY_ID}/${name}`, 'file');
  for (const name of files.list('/dev')) if (/^sd[a-z]$/.test(name)) files.remove(`/dev/${name}`, 'file');
  machine.volumes.clear();
  for (const [index, { host, volume }] of wanted.entries()) {
    const device = `sd${String.fromCharCode('a'.charCodeAt(0) + index)}`;
    const node = { type: 'device', device, mode: 0o660, uid: 0, gid: 6, modified: machine.now() } as const;
    machine.disk.put(['dev', device], node);
    files.link(`../../${device}`, `${BY_ID}/scsi-0DO_Volume_${host.name}`);
    machine.volumes.set(`/dev/${device}`, volume);
  }
  for (const [path, id] of Object.entries(machine.system.mounts)) remount(machine, path, id);
}

function remount(machine: Machine, path: string, id: string): void {
  const volume = [...machine.volumes.values()].find(other => other.id === id);
  if (volume !== undefined) machine.disk.mount(path, volume);
}

/** Puts a volume's files under a folder. Throws FileError EINVAL when it has no file system. */
export function mountVolume(machine: Machine, path: string, volume: Volume): void {
  if (!volume.isFormatted) throw new FileError('EINVAL');
  machine.disk.mount(path, volume);
  machine.system = { ...machine.system, mounts: { ...machine.system.mounts, [path]: volume.id } };
}

export function unmountVolume(machine: Machine, path: string): void {
  machine.disk.unmount(path);
  const { [path]: _gone, ...mounts } = machine.system.mounts;
  machine.system = { ...machine.system, mounts };
}

/** Mounts what /etc/fstab names, as far as it is there. */
export function mountAll(machine: Machine): void {
  const table = Buffer.from(machine.files.read('/etc/fstab')).toString();
  for (const line of table.split('\n')) {
    const [source = '', path = ''] = line.trim().split(/\s+/);
    if (!source.startsWith('/dev/') || machine.files.find(source) === undefined) continue;
    const volume = machine.volumes.get(machine.files.realPath(source));
    const isWanted = volume?.isFormatted && machine.system.mounts[path] === undefined;
    if (isWanted && machine.files.find(path)?.type === 'directory') mountVolume(machine, path, volume);
  }
}
