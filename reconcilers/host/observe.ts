import type { SshHost } from '../../clients/ssh/ssh.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Context, Hosts } from '../context.ts';
import { probe } from '../probe/probe.ts';
import type { DesiredHost } from './desired.ts';
import type { HostFacts } from './facts.ts';
import { HOST_SECTION } from './section.ts';

/** Probes a host, files what it reported of each section under its Droplet, and answers what it reported of itself. */
export async function probeHost(
  ssh: SshHost,
  droplet: Droplet,
  host: DesiredHost,
  { clock, newNonce }: Pick<Context, 'clock' | 'newNonce'>,
  { probes, sections, timings }: Pick<Hosts, 'probes' | 'sections' | 'timings'>,
  signal: AbortSignal,
): Promise<HostFacts> {
  const seenAt = clock.monotonic();
  const probed = { ...host, firstBootWaitSeconds: Math.ceil(timings.firstBootWaitMs / 1_000) };
  const { facts, code, stderr } = await probe(ssh, sections, probed, newNonce(), signal);
  for (const [section, value] of facts) probes.of(section).record(droplet, value, seenAt);
  const own = probes.of(HOST_SECTION).get(droplet)?.facts;
  if (own !== undefined) return own;
  throw new UnclearFacts(`the probe returned no facts (exit code ${code}): ${stderr.trim().slice(-300)}`);
}

/** The host was reached, and did not report all that was asked: it may be going down. */
export class UnclearFacts extends Error {
  override readonly name = 'UnclearFacts';
}

export const isUnclearFacts = (error: unknown): error is UnclearFacts => error instanceof UnclearFacts;
