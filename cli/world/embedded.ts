import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep, systemClock } from '../../clients/clock.ts';
import type { HostsChoice } from '../../sandbox/hosts/choose.ts';

export type { HostsChoice };

/** Where embedded servers listen; 0 is any free one. A port that is taken is stepped over unless it was asked for. */
export interface Ports {
  standalone: number;
  sandbox: number;
  /** They were given by name, which is a promise to whoever is to find them there. */
  fixed?: boolean;
}

/** Where in that folder the standalone Kubernetes API keeps its data. */
export const standaloneStateDir = (folder: string): string => join(folder, 'kubernetes');

/** The standalone Kubernetes API, with its data in that folder; on loopback unless an IPv4 address is given. */
export async function startStandaloneApi(folder: string, ports?: Ports, address?: string) {
  const { startStandalone } = await import('../../standalone/server.ts');
  const stateDir = standaloneStateDir(folder);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  return await startStandalone({
    stateDir,
    port: ports?.standalone ?? 0,
    allowNextPort: ports?.fixed !== true,
    ...(address === undefined ? {} : { address }),
  });
}

/** Shows what the standalone API of that folder has stored; nothing is locked, written or made. */
export async function viewStandaloneApi(folder: string) {
  const { viewStandalone } = await import('../../standalone/server.ts');
  return await viewStandalone(standaloneStateDir(folder));
}

const RETRY_MS = 250;

/** How another process is waited for that holds the state directory. */
export interface Patience {
  /** In milliseconds; not at all by default. */
  patienceMs?: number;
  /** Hears of it; standard error by default. */
  remarks?: { write(text: string): unknown };
  /** Ends the wait. */
  signal?: AbortSignal;
}

/**
 * Does it as soon as no other process holds what it needs; rejects when that takes longer than `patienceMs`, and with the
 * signal's reason.
 */
export async function whenFree<T>(
  { patienceMs = 0, remarks = process.stderr, signal }: Patience,
  start: () => Promise<T>,
): Promise<T> {
  const deadline = systemClock.monotonic() + patienceMs;
  for (let isReported = false; ; isReported = true) {
    try {
      return await start();
    } catch (error) {
      if (!(await isInUse(error)) || systemClock.monotonic() >= deadline) throw error;
      if (!isReported) remarks.write('Waiting for another dropfleet command to finish.\n');
      await sleep(systemClock, RETRY_MS, signal);
    }
  }
}

async function isInUse(error: unknown): Promise<boolean> {
  const { DatabaseInUse } = await import('../../standalone/database.ts');
  const { StateFileInUse } = await import('../../sandbox/account/records/lock.ts');
  return error instanceof DatabaseInUse || error instanceof StateFileInUse;
}

export interface SandboxCloudOptions {
  ports?: Ports;
  /** Only shows what is there: nothing is locked, written or made. */
  readOnly?: boolean;
  /** Milliseconds; 3 s by default. */
  bootDelay?: number;
  /** None by default: droplets are records then. */
  hosts?: HostsChoice;
  /** Where DNS is answered for its domains; nowhere when absent. */
  dnsPort?: number;
  /** Hears what its machines lack, and how far their image is; standard error by default. */
  remarks?: { write(text: string): unknown };
}

/** A sandbox cloud that runs. */
export interface SandboxCloud {
  url: string;
  /** Where DNS is answered for its domains, if so. */
  dnsPort?: number;
  /** Its machines, if it has any. */
  hosts?: SandboxHosts;
  close(): Promise<void>;
}

/** The machines of a sandbox, as those see them who work with them. */
export interface SandboxHosts {
  kind: 'emulated' | 'docker';
  /** Why they are of this kind, in a few words or a sentence. */
  why: string;
  sshPort: number;
  /** The address that they see the operator at. */
  operatorAddress: string;
}

/** The sandbox cloud, with its droplets in that folder. */
export async function startSandboxCloud(
  folder: string,
  {
    ports,
    dnsPort,
    bootDelay = 3_000,
    hosts,
    remarks = process.stderr,
    readOnly = false,
  }: SandboxCloudOptions,
): Promise<SandboxCloud> {
  const { startSandbox } = await import('../../sandbox/server.ts');
  if (!readOnly) await mkdir(folder, { recursive: true, mode: 0o700 });
  const remark = (line: string): void => void remarks.write(`${line}\n`);
  const chosen = hosts === undefined ? undefined : await chooseHosts(folder, hosts, remark);
  const sandbox = await startSandbox({
    port: ports?.sandbox ?? 0,
    allowNextPort: ports?.fixed !== true,
    stateFile: stateFileIn(folder),
    forgets: readOnly,
    bootDelayMs: bootDelay,
    onProblem: remark,
    ...(dnsPort !== undefined && { dnsPort }),
    ...(chosen && { hosts: chosen.driver }),
  });
  const { url, dnsPort: answersDns } = sandbox;
  const close = (): Promise<void> => sandbox.close();
  const cloud = { url, ...(answersDns !== undefined && { dnsPort: answersDns }), close };
  if (chosen === undefined) return cloud;
  const { kind, sshPort, operatorAddress } = chosen.driver;
  return { ...cloud, hosts: { kind, why: chosen.why, sshPort, operatorAddress } };
}

/** Removes the sandbox's machines and its state. It must not be running. */
export async function resetSandboxCloud(folder: string): Promise<void> {
  const { lockStateFile } = await import('../../sandbox/account/records/lock.ts');
  const { resetHosts } = await import('../../sandbox/hosts/choose.ts');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const release = await lockStateFile(stateFileIn(folder));
  try {
    await resetHosts({ folder: hostsFolder(folder), random: Math.random, onProgress: complain });
    await rm(stateFileIn(folder), { force: true });
  } finally {
    await release();
  }
}

async function chooseHosts(folder: string, choice: HostsChoice, onProgress: (line: string) => void) {
  const { chooseHosts: choose } = await import('../../sandbox/hosts/choose.ts');
  return await choose({ choice, folder: hostsFolder(folder), random: Math.random, onProgress });
}

const stateFileIn = (folder: string): string => join(folder, 'cloud.json');
const hostsFolder = (folder: string): string => join(folder, 'hosts');
const complain = (line: string): void => void process.stderr.write(`${line}\n`);
