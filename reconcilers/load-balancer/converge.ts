import type { Balancing } from '../read-model/balancing.ts';
import { apply, observe, tryMain, type Master } from './apply.ts';
import { isConfigurationRefused, LoadBalancerError, type ConfigurationRefused } from './errors.ts';
import type { LoadBalancerFacts } from './facts.ts';
import { wantedGeneration, type Generation, type GenerationInput } from './generation.ts';
import { featuresOf } from './nginx-version.ts';
import type { Pacing } from './pacing.ts';
import { isServing, planLoadBalancer } from './plan.ts';
import { findRefused, type Quarantine } from './quarantine.ts';
import { renderMain } from './render.ts';
import { unitOf } from './render-service.ts';

/** What is remembered of a master from one time to the next; to forget it costs a reload at most. */
export interface LoadBalancerMemory {
  readonly pacing: Pacing;
  readonly quarantine: Quarantine;
}

/** A master, and what it is called in what is remembered. */
export interface NamedMaster extends Master {
  readonly key: string;
}

/** How far a master is. */
export type ConvergeResult =
  /** It runs this; `isNew` when that was just brought about. */
  | { state: 'running'; generation: Generation; isNew: boolean }
  /** It serves something older, and the change waits for others. */
  | { state: 'waiting'; ms: number };

/**
 * Makes the master's nginx balance as the read model says: observes, plans, applies. A service that nginx refuses is
 * found and left out, and the others go on.
 *
 * @param seen what a probe has just reported; without it the master is asked.
 */
export async function convergeLoadBalancer(
  master: NamedMaster,
  balancing: Balancing,
  memory: LoadBalancerMemory,
  seen?: LoadBalancerFacts,
): Promise<ConvergeResult> {
  const facts = seen ?? (await observe(master));
  if (facts.version === undefined)
    throw new LoadBalancerError(
      'NotInstalled',
      'nginx not installed yet; waiting for the host to be configured',
    );
  const input = inputFor(master, balancing, facts.version, memory);
  try {
    return await bringAbout(master, input, facts, memory);
  } catch (error) {
    if (!isConfigurationRefused(error)) throw error;
    await quarantineRefused(master, input, facts, memory, error);
    const rest = inputFor(master, balancing, facts.version, memory);
    return await bringAbout(master, rest, facts, memory);
  }
}

const inputFor = (
  { key, layout }: NamedMaster,
  balancing: Balancing,
  version: string,
  { quarantine }: LoadBalancerMemory,
): GenerationInput => ({
  balancing,
  layout,
  features: featuresOf(version),
  quarantined: quarantine.of(key, balancing.services),
});

/** A master on which nothing of ours serves has nobody to spare a reload. */
async function bringAbout(
  master: NamedMaster,
  input: GenerationInput,
  facts: LoadBalancerFacts,
  { pacing }: LoadBalancerMemory,
): Promise<ConvergeResult> {
  const generation = wantedGeneration(input, facts);
  const steps = planLoadBalancer(facts, generation, master.layout);
  const ms = steps.length > 0 && isServing(facts) ? pacing.remaining(master.key) : 0;
  if (ms > 0) return { state: 'waiting', ms };
  await apply(steps, generation.files, facts, master);
  pacing.settled(master.key);
  return { state: 'running', generation, isNew: steps.length > 0 };
}

/** Finds the services that nginx refuses, in the folder that was staged; rethrows when it is none of them. */
async function quarantineRefused(
  master: NamedMaster,
  input: GenerationInput,
  facts: LoadBalancerFacts,
  { quarantine }: LoadBalancerMemory,
  error: ConfigurationRefused,
): Promise<void> {
  const { id, directory, verdicts } = wantedGeneration(input, facts);
  const render = { ...input, generation: id, directory };
  const routed = verdicts.filter(({ state }) => state === 'routed').map(({ service }) => service);
  const refused = await findRefused(routed.map(unitOf), units =>
    tryMain(directory, renderMain(render, units), master),
  );
  if (refused === undefined || refused.size === 0) throw error;
  for (const service of routed) {
    const complaint = refused.get(unitOf(service));
    if (complaint !== undefined) quarantine.add(master.key, service, complaint);
  }
}
