import type { ProbeSection } from '../probe/section.ts';
import { FACTS } from './scripts.ts';

/** The name of the volume that is mounted for the project's data on a master; empty for none. */
export const DATA_VOLUME_SECTION: ProbeSection<string> = {
  name: 'data-volume',
  script: FACTS.text,
  argumentsFor: ({ role }) => (role === 'master' ? [] : undefined),
  parse: output => output.trim(),
};
