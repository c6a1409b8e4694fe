import type { ProbeSection } from '../probe/section.ts';
import { parseContainers, type Container } from './facts.ts';
import { CONTAINERS } from './scripts.ts';

/** dropfleet's containers on a host. */
export const CONTAINERS_SECTION: ProbeSection<readonly Container[]> = {
  name: 'containers',
  script: CONTAINERS.text,
  argumentsFor: ({ engine }) => [engine],
  parse: parseContainers,
};
