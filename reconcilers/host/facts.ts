import type { Engine, Service, Tool } from './desired.ts';
import type { Reload } from './files.ts';

/** A file as it is on a host. */
export interface FoundFile {
  /** SHA-256, hexadecimal. */
  digest: string;
  /** Permission bits as chmod takes them, without a leading zero: `644`. */
  mode: string;
  /** `user:group`. */
  owner: string;
}

/** What a host reports of itself; scripts/facts.sh prints it. */
export interface HostFacts {
  /** cloud-init's: done, error, running, not run, disabled, ...; `absent` when there is no cloud-init. */
  boot: string;
  /** The end of cloud-init's output; when the boot failed. */
  bootLog: string;
  /** KiB of the file system of `/`. */
  disk: { size: number; free: number };
  hasSwap: boolean;
  /** It is a container, which has its machine's swap. */
  isContainer: boolean;
  tools: ReadonlySet<Tool>;
  /** Those that run. */
  services: ReadonlySet<Service>;
  /** The engines that answer, with their versions. */
  engines: ReadonlyMap<Engine, string>;
  /** The metadata service is closed to containers. */
  isMetadataClosed: boolean;
  /** By path; only those that are there. */
  files: ReadonlyMap<string, FoundFile>;
  /** What has not been told yet of a file that changed. */
  stale: ReadonlySet<Reload>;
}

/**
 * Reads what scripts/facts.sh printed.
 *
 * @returns undefined when it is not whole: the last line is missing, as after a crash in the middle.
 */
export function parseFacts(output: string): HostFacts | undefined {
  const lines = output
    .trimEnd()
    .split('\n')
    .map(line => line.split('\t'));
  if (lines.at(-1)?.[0] !== 'end') return undefined;
  const all = (word: string): string[][] => lines.filter(line => line[0] === word).map(line => line.slice(1));
  const first = (word: string): string[] => all(word)[0] ?? [];
  const disk = first('disk');
  if (disk.length !== 2 || !disk.every(number => /^\d+$/.test(number))) return undefined;
  return {
    boot: first('boot')[0] ?? '',
    bootLog: Buffer.from(first('boot-log')[0] ?? '', 'base64')
      .toString('utf8')
      .trim(),
    disk: { size: Number(disk[0]), free: Number(disk[1]) },
    hasSwap: all('swap').length > 0,
    isContainer: all('container').length > 0,
    tools: new Set(all('tool').map(([tool]) => tool as Tool)),
    services: new Set(all('service').map(([service]) => service as Service)),
    engines: new Map(all('engine').map(([engine, version]) => [engine as Engine, version ?? ''])),
    isMetadataClosed: all('metadata').length > 0,
    files: new Map(
      all('file').map(([digest, mode, owner, path]) => [
        path!,
        { digest: digest!, mode: mode!, owner: owner! },
      ]),
    ),
    stale: new Set(all('stale').map(([reload]) => reload as Reload)),
  };
}
