import { sizeOf } from '../files/inode.ts';
import type { Machine } from '../model.ts';
import { outOfSpace } from './engine-error.ts';
import type { Engine } from './engine.ts';

/** What Debian itself takes, in bytes. */
const BASE_SIZE = 1.6 * 2 ** 30;
const GIGABYTE = 2 ** 30;

/** Bytes of the disk that are taken, images with them. */
export function usedBytes({ disk, spec, system }: Machine): number {
  const size = spec.disk * GIGABYTE;
  if (disk.isFull) return size;
  const images = Object.values(system.engines ?? {}).flatMap(({ images }) => images);
  return Math.min(size, BASE_SIZE + sizeOf(disk.root()) + images.reduce((sum, image) => sum + image.size, 0));
}

/** Throws the engine's complaint where an image of that size has no room. */
export function checkRoom({ kind, machine }: Engine, bytes: number): void {
  const path =
    kind === 'docker' ? '/var/lib/docker/tmp/GetImageBlob' : '/var/lib/containers/storage/overlay-images';
  if (usedBytes(machine) + bytes >= machine.spec.disk * GIGABYTE) throw outOfSpace(kind, path);
}
