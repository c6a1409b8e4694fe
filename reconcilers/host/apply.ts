import { dirname } from 'node:path/posix';
import { fingerprintOfLine } from '../../clients/ssh/fingerprint.ts';
import type { SshHost } from '../../clients/ssh/ssh.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Context, Hosts } from '../context.ts';
import type { Run } from '../run.ts';
import { execute, type Executors } from '../executors.ts';
import { pinnedHostKeys } from '../read-model/host-keys.ts';
import { hostOf } from './access.ts';
import {
  makeFolders,
  makeSwap,
  provideTools,
  reload,
  stageHostKey,
  startService,
  switchHostKey,
} from './commands.ts';
import type { HostStep } from './plan.ts';
import { pin, withKeys } from './status.ts';

/** A host being worked on: the object as last written, and the connection that its pins lead to. */
export interface HostApply {
  droplet: Droplet;
  ssh: SshHost;
}

const MINUTE_MS = 60_000;
/** Downloading and unpacking a container engine. */
const PACKAGES_TIMEOUT_MS = 10 * MINUTE_MS;
/** dockerd may take its time to end what it does. */
const SERVICE_TIMEOUT_MS = 3 * MINUTE_MS;
/** Writing 2 GB. */
const SWAP_TIMEOUT_MS = 5 * MINUTE_MS;
/** Who is at work on the packages is waited for that often, 25 s each: then others get their turn. */
const TRIES = 2;

/** How each step of a plan is done. Every one may be cut off anywhere and done again. */
const executors: Executors<HostStep, [progress: HostApply, context: Context, hosts: Hosts, run: Run]> = {
  'write-files': async ({ files }, { ssh }, _context, _hosts, { signal }) => {
    const folders = [...new Set(files.map(({ path }) => dirname(path)))];
    await ssh.succeed(makeFolders(folders), { signal });
    for (const { path, content, mode } of files)
      await ssh.writeFile(path, content, { mode: Number.parseInt(mode, 8) }, { signal });
  },
  'provide-tools': async ({ tools }, { ssh }, _context, _hosts, { signal }) => {
    await ssh.succeed(provideTools(TRIES, tools), { signal, timeoutMs: PACKAGES_TIMEOUT_MS });
  },
  reload: async ({ what, paths }, { ssh }, _context, _hosts, { signal }) => {
    await ssh.succeed(reload(what, paths), { signal, timeoutMs: SERVICE_TIMEOUT_MS });
  },
  'start-service': async ({ service }, { ssh }, _context, _hosts, { signal }) => {
    await ssh.succeed(startService(service), { signal, timeoutMs: SERVICE_TIMEOUT_MS });
  },
  'make-swap': async (_step, { ssh }, _context, _hosts, { signal }) => {
    await ssh.succeed(makeSwap(), { signal, timeoutMs: SWAP_TIMEOUT_MS });
  },
  'rotate-host-key': rotateHostKey,
};

/** Does one step on a host; `progress` says afterwards which connection leads there. */
export const applyStep = (
  step: HostStep,
  progress: HostApply,
  context: Context,
  hosts: Hosts,
  run: Run,
): Promise<void> => execute(executors, step, progress, context, hosts, run);

/**
 * Has the host make itself another host key, whose private half never leaves it. Both keys are accepted from before
 * the switch until the host has proved, on a new connection, that it shows the new one.
 */
async function rotateHostKey(
  _step: HostStep,
  progress: HostApply,
  context: Context,
  hosts: Hosts,
  run: Run,
): Promise<void> {
  const { signal } = run;
  const { current } = pinnedHostKeys(progress.droplet);
  const next = (await progress.ssh.succeed(stageHostKey(), { signal })).stdout.trim();
  const both = { ...(current !== undefined && { keyFingerprint: current }), nextKeyFingerprint: next };
  progress.droplet = await pin(context, progress.droplet, both, run);
  await progress.ssh.succeed(switchHostKey(next), { signal });
  const host = withKeys(progress.droplet, { keyFingerprint: next });
  const renewed = { ...progress.droplet, status: { ...progress.droplet.status, host } };
  await hostOf(hosts, renewed)!.hostKey({ signal });
  progress.droplet = await pin(context, progress.droplet, { keyFingerprint: next }, run);
  progress.ssh = hostOf(hosts, progress.droplet)!;
  run.log.info('replaced the first host key', { fingerprint: next });
  context.events.record(progress.droplet, 'Normal', 'HostKeyReplaced', `host key is now ${next}`);
}

/** Pins what the host showed, where that is another of the keys that are accepted. */
export async function settlePins(
  progress: HostApply,
  context: Context,
  hosts: Hosts,
  run: Run,
): Promise<void> {
  const shown = fingerprintOfLine(await progress.ssh.hostKey({ signal: run.signal }));
  if (shown === pinnedHostKeys(progress.droplet).current) return;
  progress.droplet = await pin(context, progress.droplet, { keyFingerprint: shown }, run);
  progress.ssh = hostOf(hosts, progress.droplet)!;
  run.log.info('pinned the expected new host key', { fingerprint: shown });
}
