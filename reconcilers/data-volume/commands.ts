import { asRoot } from '../host/commands.ts';
import type { Engine } from '../host/desired.ts';
import { FOLDERS, MOUNT } from './scripts.ts';

/** Mounts a volume where the project's data are, and lets its file system fill it. */
export const mountVolume = (volume: string): string[] => asRoot(MOUNT, volume);

/**
 * Gets the folders ready that a service has on the volume, by the names of its own volumes. One at a time: one that lost
 * its connection may still be copying.
 */
export const makeDataFolders = (
  engine: Engine,
  volume: string,
  service: string,
  names: readonly string[],
): string[] => {
  const [sudo = '', ...command] = asRoot(FOLDERS, engine, volume, service, ...names);
  return [sudo, '-n', 'flock', '/run/dropfleet-folders.lock', ...command.slice(1)];
};

/** The exit code of both when it is to be tried again in a moment. */
export const NOT_NOW = 75;
