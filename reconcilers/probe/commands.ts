import { asRoot } from '../host/commands.ts';
import { PROBE } from './scripts.ts';
import type { ProbedHost, ProbeSection } from './section.ts';

/** What one section may take beyond the wait for the first boot: `docker version` alone may take 5 s. */
const SECTION_SECONDS = 45;

/** The sections that have something to ask of a host. */
export const sectionsFor = (
  sections: readonly ProbeSection<unknown>[],
  host: ProbedHost,
): ProbeSection<unknown>[] => sections.filter(section => section.argumentsFor(host) !== undefined);

/**
 * Runs the sections on a host, one after the other.
 *
 * @param mark what ends each section's output; letters and digits that no section would print by chance.
 */
export const runSections = (
  sections: readonly ProbeSection<unknown>[],
  host: ProbedHost,
  mark: string,
): string[] =>
  asRoot(
    PROBE,
    mark,
    `${host.firstBootWaitSeconds + SECTION_SECONDS}`,
    ...sections.flatMap(section => [
      section.name,
      section.script,
      (section.argumentsFor(host) ?? []).join('\n'),
    ]),
  );
