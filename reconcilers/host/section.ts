import type { ProbeSection } from '../probe/section.ts';
import { parseFacts, type HostFacts } from './facts.ts';
import { filesOf } from './files.ts';
import { FACTS } from './scripts.ts';

/** The host itself: its first boot, disk, packages, services and files. */
export const HOST_SECTION: ProbeSection<HostFacts> = {
  name: 'host',
  script: FACTS.text,
  argumentsFor: host => [
    `${host.firstBootWaitSeconds}`,
    ...filesOf(host).map(({ reload, path }) => `${reload}:${path}`),
  ],
  parse: parseFacts,
};
