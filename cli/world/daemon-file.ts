import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../../config/files.ts';

/** What a running daemon leaves in its folder, so that other commands find it. */
export interface DaemonFile {
  pid: number;
  /** The kubeconfig of its Kubernetes API. */
  kubeconfig: string;
  /** Where its sandbox cloud is; undefined with DigitalOcean itself. */
  sandboxUrl?: string;
  /** Where /metrics and the probes are. */
  httpUrl: string;
}

const fileIn = (folder: string): string => join(folder, 'daemon.json');

/** The daemon that runs in that folder, if one does. */
export async function findDaemon(folder: string): Promise<DaemonFile | undefined> {
  const text = await readFile(fileIn(folder), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const daemon = JSON.parse(text) as DaemonFile;
  return (await isServing(daemon)) ? daemon : undefined;
}

/** A pid may have been given to another program since; only the daemon answers there with its own pid. */
async function isServing({ pid, httpUrl }: DaemonFile): Promise<boolean> {
  try {
    process.kill(pid, 0);
    const reply = await fetch(`${httpUrl}/healthz`, { signal: AbortSignal.timeout(2_000) });
    return reply.status < 600;
  } catch {
    return false;
  }
}

/** Says where this daemon is. */
export async function announceDaemon(folder: string, daemon: DaemonFile): Promise<void> {
  await writeAtomically(fileIn(folder), `${JSON.stringify(daemon, null, 2)}\n`, { mode: 0o600 });
}

/** Takes it back. */
export async function withdrawDaemon(folder: string): Promise<void> {
  await rm(fileIn(folder), { force: true });
}
