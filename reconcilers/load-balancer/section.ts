import type { ProbeSection } from '../probe/section.ts';
import { factsArguments } from './commands.ts';
import { parseFacts, type LoadBalancerFacts } from './facts.ts';
import { DEBIAN } from './layout.ts';
import { FACTS } from './scripts.ts';

/** The nginx of a master. */
export const LOAD_BALANCER_SECTION: ProbeSection<LoadBalancerFacts> = {
  name: 'load-balancer',
  script: FACTS.text,
  argumentsFor: ({ role }) => (role === 'master' ? factsArguments(DEBIAN) : undefined),
  parse: parseFacts,
};
