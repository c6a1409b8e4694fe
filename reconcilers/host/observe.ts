import type { SshHost } from '../../clients/ssh/ssh.ts';
import type { Hosts } from '../context.ts';
import { observeHost } from './commands.ts';
import { parseFacts, type HostFacts } from './facts.ts';
import type { DesiredFile } from './plan.ts';

/** Beyond the wait for the first boot; a small droplet under load is slow. */
const LOOK_TIMEOUT_MS = 60_000;

/** Looks at a host, with one command. */
export async function lookAt(
  ssh: SshHost,
  files: readonly DesiredFile[],
  { timings }: Pick<Hosts, 'timings'>,
  signal: AbortSignal,
): Promise<HostFacts> {
  const waitMs = timings.firstBootWaitMs;
  const command = observeHost(Math.ceil(waitMs / 1_000), files);
  const { stdout, stderr, code } = await ssh.run(command, { timeoutMs: waitMs + LOOK_TIMEOUT_MS, signal });
  const facts = parseFacts(stdout);
  if (facts === undefined)
    throw new UnclearFacts(
      `the host does not say how it is (exit code ${code}): ${stderr.trim().slice(-300)}`,
    );
  return facts;
}

/** The host was reached, and did not tell all that was asked: it may be going down. */
export class UnclearFacts extends Error {
  override readonly name = 'UnclearFacts';
}

export const isUnclearFacts = (error: unknown): error is UnclearFacts => error instanceof UnclearFacts;
