import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostError, isHostError, type HostDriver } from './driver.ts';
import { systemClock } from './system-clock.ts';

/** What machines are made of; `auto` takes what the sandbox had before, else docker where it works. */
export type HostsChoice = 'auto' | HostDriver['kind'];

export interface HostsRequest {
  readonly choice: HostsChoice;
  /** The sandbox's own; made when missing. */
  readonly folder: string;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Hears a sentence on what takes long or is missing, for a person. */
  readonly onProgress: (line: string) => void;
}

/** A driver, and why it is this one. */
export interface ChosenHosts {
  readonly driver: HostDriver;
  /** Goes on after the driver's kind, in brackets. */
  readonly why: string;
}

/** What a sandbox remembers of its machines, so that nobody else's are ever taken for them. */
interface Memory {
  readonly kind: HostDriver['kind'];
  /** Names its containers, networks and volumes. */
  readonly id: string;
}

/**
 * Opens the driver that was asked for. A sandbox keeps the kind that its first machines had. Rejects with
 * HostError when that cannot be had.
 */
export async function chooseHosts(request: HostsRequest): Promise<ChosenHosts> {
  const { choice, folder } = request;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const known = await recall(folder);
  if (known !== undefined && choice !== 'auto' && choice !== known.kind)
    throw new HostError(
      `The droplets of this sandbox are ${known.kind} hosts: start it without --hosts, or remove them all with "dropfleet sandbox reset".`,
    );
  const id = known?.id ?? randomBytes(4).toString('hex');
  const chosen = await open(request, known?.kind ?? choice, id);
  if (known !== undefined) return { ...chosen, why: 'as before' };
  await remember(folder, { kind: chosen.driver.kind, id });
  return chosen;
}

/** Removes every machine that the sandbox of that folder ever had, and nothing else. */
export async function resetHosts(request: Omit<HostsRequest, 'choice'>): Promise<void> {
  const known = await recall(request.folder);
  if (known === undefined) return;
  const { driver } = await open({ ...request, choice: known.kind }, known.kind, known.id);
  await driver.reset();
  await driver.close();
  await rm(memoryFile(request.folder), { force: true });
}

async function open(request: HostsRequest, choice: HostsChoice, id: string): Promise<ChosenHosts> {
  if (choice === 'emulated') return { driver: await openEmulated(request, id), why: 'as asked' };
  try {
    const driver = await openDocker(request, id);
    return { driver, why: choice === 'docker' ? 'as asked' : 'Docker answers' };
  } catch (error) {
    if (choice === 'docker' || !isHostError(error)) throw error;
    return { driver: await openEmulated(request, id), why: error.message };
  }
}

async function openDocker({ onProgress }: HostsRequest, sandbox: string): Promise<HostDriver> {
  const { openDockerHosts } = await import('./docker/hosts.ts');
  return await openDockerHosts({ sandbox, onProgress });
}

async function openEmulated({ folder, random }: HostsRequest, id: string): Promise<HostDriver> {
  const { createEmulatedDriver } = await import('./emulated/driver.ts');
  const publicRange = loopbackRange(id);
  return await createEmulatedDriver({
    folder: join(folder, 'machines'),
    clock: systemClock,
    random,
    publicRange,
  });
}

/** Two sandboxes of one machine are unlikely to have the same; 127.0.0.0/12 is left to others. */
const loopbackRange = (id: string): string => `127.${16 + (Number.parseInt(id, 16) % 239)}.0.0/16`;

const memoryFile = (folder: string): string => join(folder, 'hosts.json');

async function recall(folder: string): Promise<Memory | undefined> {
  try {
    return JSON.parse(await readFile(memoryFile(folder), 'utf8')) as Memory;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new HostError(
      `${memoryFile(folder)} cannot be read (${(error as Error).message}): it names this sandbox's machines, so put it right or remove them by hand.`,
    );
  }
}

async function remember(folder: string, memory: Memory): Promise<void> {
  const file = memoryFile(folder);
  try {
    await writeFile(`${file}.new`, `${JSON.stringify(memory)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
  } catch (error) {
    await rm(`${file}.new`, { force: true });
    throw new HostError(
      `${file} cannot be written (${(error as Error).message}): it is to name this sandbox's machines, so make room for it and start again.`,
    );
  }
}
