import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../clients/clock.ts';
import { createKubernetesClient } from '../../clients/kubernetes/http-client.ts';
import { loadConnection } from '../../clients/kubernetes/kubeconfig.ts';
import { NAMESPACES } from '../../clients/kubernetes/kinds.ts';
import { writeAtomically } from '../../config/files.ts';

/** What a running daemon leaves in its folder, so that other commands find it. */
export interface DaemonFile {
  pid: number;
  /** The kubeconfig of its Kubernetes API. */
  kubeconfig: string;
  /** Where its sandbox cloud is; undefined with DigitalOcean itself. */
  sandboxUrl?: string;
  /** Where sshd answers on its droplets; 22 when absent. */
  sshPort?: number;
  /** Where /metrics and the probes are. */
  httpUrl: string;
  /** Where it was started, and so where its .env file is. */
  workingDirectory?: string;
}

const fileIn = (folder: string): string => join(folder, 'daemon.json');

/** The daemon that runs in that folder, if one does. */
export async function findDaemon(folder: string): Promise<DaemonFile | undefined> {
  try {
    const daemon = JSON.parse(await readFile(fileIn(folder), 'utf8')) as DaemonFile;
    process.kill(daemon.pid, 0);
    await askApi(daemon);
    return daemon;
  } catch {
    // No file, no such process, or no such API: then the lock on the data says who may have it.
    return undefined;
  }
}

/**
 * A killed daemon takes nothing back, and its pid and ports may be another program's by now. Only its own API
 * has the key to the certificate that its kubeconfig names.
 */
async function askApi({ kubeconfig }: DaemonFile): Promise<void> {
  const connection = await loadConnection({ kubeconfig, env: process.env });
  const client = createKubernetesClient(connection, { clock: systemClock, callTimeoutMs: 5_000 });
  try {
    await client.get(NAMESPACES, 'kube-system');
  } finally {
    await client.close();
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
