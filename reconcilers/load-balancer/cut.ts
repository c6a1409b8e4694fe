import type { Droplet } from '../../crds/droplet.ts';
import type { ObjectKey } from '../../crds/meta.ts';
import type { Context } from '../context.ts';
import type { Run } from '../run.ts';
import { cutConnections } from './commands.ts';
import type { NamedMaster } from './converge.ts';
import { parseCutResults, type CutResult } from './cut-plan.ts';
import { SILENCE_S } from './limits.ts';

/** How soon to look again, ms, at a server whose kernel answers though nothing else does. */
const AGAIN_MS = 10_000;

/** Ends requests that wait for servers which are not there any more, once for each time that one falls silent. */
export interface Cutter {
  /**
   * Has nginx try them elsewhere: those that may be repeated, as its configuration says.
   *
   * @param endpoints all that are silent now, of that master.
   * @returns in how many ms some are worth another look; Infinity when none is.
   */
  cut(master: NamedMaster, droplet: Droplet, endpoints: readonly string[], run: Run): Promise<number>;
  /** The master is gone. */
  forget(master: ObjectKey): void;
}

/** Nothing was cut yet. */
export function createCutter({ events }: Pick<Context, 'events'>): Cutter {
  const done = new Map<ObjectKey, Set<string>>();

  function tell({ outcome, endpoint, connections }: CutResult, master: Droplet, run: Run): void {
    if (connections === 0) return;
    if (outcome === 'cut')
      run.log.info(`closed ${connections} connections to ${endpoint}: it does not answer any more`);
    if (outcome !== 'kept') return;
    const message = `${connections} requests to ${endpoint}, which does not answer, wait for up to ${SILENCE_S} s: the kernel cannot close connections (CONFIG_INET_DIAG_DESTROY); use an image of Debian or Ubuntu`;
    run.log.warn(message);
    events.record(master, 'Warning', 'ConnectionsKept', message);
  }

  return {
    forget: master => void done.delete(master),
    async cut(master, droplet, endpoints, run) {
      const known = done.get(master.key);
      const before = new Set(endpoints.filter(endpoint => known?.has(endpoint)));
      done.set(master.key, before);
      const left = endpoints.filter(endpoint => !before.has(endpoint));
      if (left.length === 0) return Infinity;
      const { stdout, stderr } = await master.host.run(cutConnections(left), { signal: master.signal });
      const results = parseCutResults(stdout);
      if (results === undefined) {
        run.log.warn('cannot close connections to servers that do not answer', { stderr });
        return AGAIN_MS;
      }
      for (const result of results) tell(result, droplet, run);
      const settled = results.filter(({ outcome }) => outcome !== 'answers');
      for (const { endpoint } of settled) before.add(endpoint);
      return settled.length === results.length ? Infinity : AGAIN_MS;
    },
  };
}
