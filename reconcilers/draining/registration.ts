import { addFinalizer, removeFinalizers } from '../../clients/kubernetes/finalizer.ts';
import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { LOAD_BALANCER_FINALIZER } from '../../crds/names.ts';
import type { Context, Hosts } from '../context.ts';
import type { Run } from '../run.ts';
import type { Balancing } from '../read-model/balancing.ts';
import { observeDrain } from './commands.ts';
import type { NamedMaster } from '../load-balancer/converge.ts';
import { parseDrainFacts, type DrainFacts } from './facts.ts';
import { SETTLED_MS, isDrained, leavingWebs, websToRegister, type LeavingWeb } from './protocol.ts';
import type { DrainTracker } from './tracker.ts';

/**
 * Puts the load balancer's finalizer on every web that the next configuration may send requests to: from then on
 * whoever would stop the server waits.
 */
export async function registerWebs(
  { kubernetes }: Context,
  droplets: readonly Droplet[],
  balancing: Balancing,
  run: Run,
): Promise<void> {
  for (const droplet of websToRegister(droplets, balancing))
    await addFinalizer(kubernetes, DROPLETS, droplet, LOAD_BALANCER_FINALIZER, run);
}

/** What a master has to drain. */
export interface Draining {
  /** The project's. */
  droplets: readonly Droplet[];
  /** What the master's configuration is made from. */
  balancing: Balancing;
  tracker: DrainTracker;
}

/**
 * Deregisters the webs that have no request in flight any more.
 *
 * @param master runs its configuration, and none of before but in workers that end.
 * @returns how many ms until the others are worth another probe; Infinity when there are none.
 */
export async function deregisterWebs(
  context: Context,
  hosts: Hosts,
  master: NamedMaster,
  { droplets, balancing, tracker }: Draining,
  run: Run,
): Promise<number> {
  const leaving = leavingWebs(droplets, balancing);
  const uids = leaving.map(({ metadata }) => metadata.uid!);
  const times = tracker.areOut(master.key, uids);
  const webs = leaving.map((droplet, i): LeavingWeb => ({ droplet, outForMs: times[i]! }));
  const settled = webs.filter(({ outForMs }) => outForMs >= SETTLED_MS);
  const facts = settled.length === 0 ? undefined : await probeDrain(master, settled, run);
  const drained = facts === undefined ? [] : settled.filter(web => isDrained(web, facts));
  for (const { droplet } of drained) await deregister(context, droplet, run);
  return Math.min(
    settled.length > drained.length ? hosts.timings.retryMs : Infinity,
    ...webs.filter(web => !settled.includes(web)).map(({ outForMs }) => SETTLED_MS - outForMs),
  );
}

async function probeDrain(
  { host, layout, signal }: NamedMaster,
  webs: readonly LeavingWeb[],
  { log }: Run,
): Promise<DrainFacts | undefined> {
  const addresses = webs.flatMap(({ droplet }) => droplet.status?.server?.privateAddress ?? []);
  const { stdout, stderr } = await host.run(observeDrain(layout, addresses), { signal });
  const facts = parseDrainFacts(stdout);
  if (facts === undefined) log.warn('cannot see whether requests are in flight', { stderr });
  return facts;
}

async function deregister({ events, kubernetes }: Context, droplet: Droplet, run: Run): Promise<void> {
  await removeFinalizers(kubernetes, DROPLETS, droplet, [LOAD_BALANCER_FINALIZER], run);
  run.log.info(`drained ${droplet.metadata.name}`);
  events.record(droplet, 'Normal', 'Drained', 'no request is in flight to it any more');
}
