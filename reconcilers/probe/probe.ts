import type { SshHost } from '../../clients/ssh/ssh.ts';
import { runSections, sectionsFor } from './commands.ts';
import { readFrames } from './frames.ts';
import type { ProbedHost, ProbeSection } from './section.ts';

/** Beyond the wait for the first boot; a small droplet under load is slow. */
const TIMEOUT_MS = 60_000;

/** What a probe reported. */
export interface ProbeAnswer {
  /** The facts of each section that the host has; undefined where they could not be had. */
  facts: ReadonlyMap<ProbeSection<unknown>, unknown>;
  /** Of the whole probe, for a message. */
  code: number;
  stderr: string;
}

/**
 * Asks a host for all sections, with one command. A section that fails is unknown, and the others count.
 *
 * @param mark a word that nobody on the host knows beforehand; letters and digits.
 */
export async function probe(
  ssh: SshHost,
  all: readonly ProbeSection<unknown>[],
  host: ProbedHost,
  mark: string,
  signal: AbortSignal,
): Promise<ProbeAnswer> {
  const sections = sectionsFor(all, host);
  const timeoutMs = host.firstBootWaitSeconds * 1_000 + TIMEOUT_MS;
  const { stdout, stderr, code } = await ssh.run(runSections(sections, host, mark), { timeoutMs, signal });
  const frames = readFrames(stdout, mark);
  const factsOf = (section: ProbeSection<unknown>): unknown => {
    const output = frames.get(section.name);
    return output === undefined ? undefined : section.parse(output);
  };
  return { facts: new Map(sections.map(section => [section, factsOf(section)])), code, stderr };
}
