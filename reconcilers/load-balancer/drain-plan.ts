import type { Droplet } from '../../crds/droplet.ts';
import { LOAD_BALANCER_FINALIZER } from '../../crds/names.ts';
import type { Balancing } from '../read-model/balancing.ts';
import type { DrainFacts } from './drain-facts.ts';
import { LAST_REQUEST_MS } from './limits.ts';

/** How long after a reload, in ms, every old worker surely knows that it is to end: nginx tells it after 100 ms. */
export const SETTLED_MS = 1_000;

/** A web that the configuration which runs sends nothing to, and how long it has been out. */
export interface Leaver {
  droplet: Droplet;
  outForMs: number;
}

const isHeld = ({ metadata }: Droplet): boolean =>
  metadata.finalizers?.includes(LOAD_BALANCER_FINALIZER) ?? false;

const isGoing = ({ status }: Droplet): boolean => status?.phase !== 'Active';

/** The webs that are about to get requests and must be held first. */
export function websToHold(droplets: readonly Droplet[], { services }: Balancing): Droplet[] {
  const takers = namesOf(services, ({ state }) => state === 'in');
  return droplets.filter(droplet => isWeb(droplet) && takers.has(droplet.metadata.name) && !isHeld(droplet));
}

/**
 * The webs that are held, and go or have no service any more. One that is out because it is not well stays held: it
 * may be back in a moment.
 */
export function leavingWebs(droplets: readonly Droplet[], { services }: Balancing): Droplet[] {
  const takers = namesOf(services, ({ state }) => state === 'in');
  const named = namesOf(services, () => true);
  return droplets.filter(
    droplet =>
      isWeb(droplet) &&
      isHeld(droplet) &&
      !takers.has(droplet.metadata.name) &&
      (isGoing(droplet) || !named.has(droplet.metadata.name)),
  );
}

type Servers = Balancing['services'][number]['servers'];

const namesOf = (services: Balancing['services'], matters: (server: Servers[number]) => boolean) =>
  new Set(services.flatMap(({ servers }) => servers.filter(matters).map(({ droplet }) => droplet)));

/** A master goes with its nginx: there is nobody to take it out. */
const isWeb = ({ spec }: Droplet): boolean => spec.role === 'web';

/**
 * Whether no request is under way to a web that is out, nor can come.
 *
 *     out for        | old workers | connections to it | requests
 *     ---------------+-------------+-------------------+------------------------------------------------
 *     less than 1 s  | any         | any               | may come: a worker may not know that it is old
 *     1 s or more    | none        | any               | have ended
 *     less than 45 s | some        | any               | may come, on a connection that an old worker kept
 *     45 s or more   | some        | some              | are under way
 *     45 s or more   | some        | none              | have ended: what keeps the worker is others'
 */
export function isDrained({ droplet, outForMs }: Leaver, { oldWorkers, connections }: DrainFacts): boolean {
  if (outForMs < SETTLED_MS) return false;
  if (oldWorkers === 0) return true;
  const open = connections.get(droplet.status?.server?.privateAddress ?? '');
  return outForMs >= LAST_REQUEST_MS && open === 0;
}
