import { sleep, systemClock } from '../../clients/clock.ts';
import type { Snapshot } from '../../clients/git/snapshot.ts';
import { isUnreachable } from '../../clients/ssh/errors.ts';
import type { SshHost } from '../../clients/ssh/ssh.ts';
import { writeFileCommand } from '../../clients/ssh/write-file.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { makeFolders } from '../../reconcilers/host/commands.ts';
import { withMasterHost } from './master-host.ts';
import type { KubernetesWorld } from './world.ts';

/** Where the operator looks for files that were sent. */
const FOLDER = '/var/lib/dropfleet/sources';
const PATIENCE_MS = 60_000;
const RETRY_MS = 2_000;
const SEND_MS = 600_000;

/** Puts a folder's files where the project's master builds from; false when it had them already. */
export async function sendSource(
  world: KubernetesWorld,
  sshPort: number,
  master: Droplet,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<boolean> {
  return await withMasterHost(world, sshPort, master, host => sendTo(host, snapshot, signal));
}

async function sendTo(host: SshHost, snapshot: Snapshot, signal: AbortSignal): Promise<boolean> {
  const path = `${FOLDER}/${snapshot.tree}.tar`;
  const isThere = await whenReachable(() => host.run(['sudo', '-n', 'test', '-s', path], { signal }), signal);
  if (isThere.code === 0) return false;
  await host.succeed(makeFolders([FOLDER]), { signal });
  // A tar of the same files has the same size: with it the host can tell that all of it came.
  let size = 0;
  for await (const chunk of snapshot.archive()) size += chunk.length;
  const command = writeFileCommand(path, { mode: 0o600 }, size, false);
  await host.succeed(command, { stdin: snapshot.archive(), timeoutMs: SEND_MS, signal });
  return true;
}

/** A rehearsal's machines begin to boot with the command itself. */
async function whenReachable<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const until = systemClock.monotonic() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isUnreachable(error) || systemClock.monotonic() > until) throw error;
    }
    await sleep(systemClock, RETRY_MS, signal);
  }
}
