import type { SshHost } from '../../clients/ssh/ssh.ts';
import type { Hosts } from '../context.ts';
import { alsoObservingLoadBalancer } from '../load-balancer/commands.ts';
import { parseFacts as parseLoadBalancerFacts, type LoadBalancerFacts } from '../load-balancer/facts.ts';
import { DEBIAN } from '../load-balancer/layout.ts';
import { observeHost } from './commands.ts';
import type { DesiredHost } from './desired.ts';
import { parseFacts, type HostFacts } from './facts.ts';
import type { DesiredFile } from './plan.ts';

/** Beyond the wait for the first boot; a small droplet under load is slow. */
const LOOK_TIMEOUT_MS = 60_000;

/** What one look at a host told. */
export interface HostSight {
  facts: HostFacts;
  /** Of a master. */
  loadBalancer?: LoadBalancerFacts | undefined;
}

/** Looks at a host, and at a master's load balancer too, with one command. */
export async function lookAt(
  ssh: SshHost,
  { role }: DesiredHost,
  files: readonly DesiredFile[],
  { timings }: Pick<Hosts, 'timings'>,
  signal: AbortSignal,
): Promise<HostSight> {
  const waitMs = timings.firstBootWaitMs;
  const own = observeHost(Math.ceil(waitMs / 1_000), files);
  const command = role === 'master' ? alsoObservingLoadBalancer(own, DEBIAN) : own;
  const { stdout, stderr, code } = await ssh.run(command, { timeoutMs: waitMs + LOOK_TIMEOUT_MS, signal });
  const facts = parseFacts(stdout);
  if (facts === undefined)
    throw new UnclearFacts(
      `the host does not say how it is (exit code ${code}): ${stderr.trim().slice(-300)}`,
    );
  return role === 'master' ? { facts, loadBalancer: parseLoadBalancerFacts(stdout) } : { facts };
}

/** The host was reached, and did not tell all that was asked: it may be going down. */
export class UnclearFacts extends Error {
  override readonly name = 'UnclearFacts';
}

export const isUnclearFacts = (error: unknown): error is UnclearFacts => error instanceof UnclearFacts;
