import { findCondition } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { isReachable, type Balancing } from '../read-model/balancing.ts';

/** What became of the connections that nginx had to a place where nobody answers any more. */
export interface CutResult {
  /** Private address and port. */
  readonly endpoint: string;
  /** `answers`: a new connection is taken, so that those are left. `kept`: the master's kernel cannot close them. */
  readonly outcome: 'cut' | 'answers' | 'kept';
  readonly connections: number;
}

/**
 * Where requests wait in vain: the endpoints of servers that are out of rotation, that a quorum calls unreachable, and
 * their own master too. One observer's word is not enough to end what may merely be slow.
 */
export function silentEndpoints(droplets: readonly Droplet[], { services }: Balancing): string[] {
  const silent = new Set(droplets.filter(isSilent).map(({ metadata }) => metadata.name));
  const out = services.flatMap(({ servers }) =>
    servers.filter(({ state, droplet }) => state === 'out' && silent.has(droplet)),
  );
  return [...new Set(out.map(({ address }) => address))].toSorted();
}

const isSilent = (droplet: Droplet): boolean =>
  findCondition(droplet.status?.conditions, 'Healthy')?.status === 'False' && !isReachable(droplet);

/**
 * Reads what scripts/cut.sh printed.
 *
 * @returns undefined when it is not there, or not whole.
 */
export function parseCutResults(output: string): CutResult[] | undefined {
  const lines = output.trimEnd().split('\n');
  if (lines.pop() !== 'end') return undefined;
  return lines.flatMap(line => {
    const [outcome, endpoint, count] = line.split('\t');
    const isKnown = outcome === 'cut' || outcome === 'answers' || outcome === 'kept';
    return isKnown && endpoint !== undefined ? [{ outcome, endpoint, connections: Number(count) }] : [];
  });
}
