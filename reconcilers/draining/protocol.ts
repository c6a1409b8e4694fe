// How a web's server is stopped or destroyed without a dropped request. Two controllers must agree on that: the
// droplet's, which stops servers, and the load balancer's, which sends them requests. They speak through the Droplet
// alone, by the load balancer's finalizer and by the Provisioned condition:
//
//     stage     | finalizer | Provisioned          | nginx on the master       | ended by
//     ----------+-----------+----------------------+---------------------------+------------------------------------
//     free      | no        | any                  | sends it nothing          | load balancer: adds the finalizer,
//               |           |                      |                           |   then routes requests to it
//     serving   | yes       | True                 | sends it requests         | droplet: is to stop it, so Provisioned
//               |           |                      |                           |   becomes False, phase Draining
//     leaving   | yes       | False                | may still send it some    | load balancer: reloads without it
//     out       | yes       | False                | finishes those in flight  | load balancer: `isDrained`, so it
//               |           |                      |                           |   removes the finalizer
//     drained   | no        | False                | has none in flight        | droplet: stops or destroys the server
//     timed out | yes       | False for `drainMs`  | may have some in flight   | droplet: the same, and says so
//
// A server that is off, and one whose load balancer is gone, suspended or going too, has nothing to wait for.

import { findCondition } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { LOAD_BALANCER_FINALIZER } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import { isBalancer, type Balancing } from '../read-model/balancing.ts';
import { LAST_REQUEST_MS, SILENCE_S } from '../load-balancer/limits.ts';
import type { DrainFacts } from './facts.ts';

/**
 * How long a server is left running at most, in ms, while requests to it are in flight: 15 s to take it out, and then
 * as long as the last request may wait for its answer. Downloads, uploads and WebSockets that last longer are dropped:
 * an old worker would keep them, and so a server that is paid for, for an hour (worker_shutdown_timeout).
 */
export const DRAIN_MS = 15_000 + LAST_REQUEST_MS + SILENCE_S * 1_000;

/** How long after a reload, in ms, every old worker surely knows that it is to end: nginx tells it after 100 ms. */
export const SETTLED_MS = 1_000;

/** Whether a load balancer may have requests in flight to the Droplet's server. */
export const isRegistered = ({ metadata }: Droplet): boolean =>
  metadata.finalizers?.includes(LOAD_BALANCER_FINALIZER) ?? false;

// The droplet controller's side.

/** The master that may have requests in flight to a server. */
export interface Balancer {
  name: string;
  /** What may keep it from draining the server, as its conditions say. */
  problem?: string;
}

/**
 * The load balancer that a Droplet's end has to wait for; undefined where there is nothing to wait for.
 *
 * @param master the Droplet of the project's master, if it is there.
 */
export function balancerOf(
  droplet: Droplet,
  master: Droplet | undefined,
  project: Project | undefined,
): Balancer | undefined {
  if (!isRegistered(droplet) || master === undefined || !isBalancer(master, project)) return undefined;
  const problem = ['Reachable', 'LoadBalancerReady']
    .map(type => findCondition(master.status?.conditions, type))
    .find(condition => condition !== undefined && condition.status !== 'True');
  return { name: master.metadata.name, ...(problem && { problem: problem.message }) };
}

/** How far a server that is to be stopped or destroyed has got. */
export type Drain = 'drained' | 'draining' | 'timed out';

/** What the droplet controller knows of a server that it is to stop. */
export interface DrainInput {
  droplet: Droplet;
  balancer?: Balancer | undefined;
  /** By the wall clock, ms: it is compared with the time of a condition. */
  now: number;
  drainMs: number;
}

/** How far the server is: see the table above. */
export function drainOf(input: DrainInput, isOn: boolean): Drain {
  if (input.balancer === undefined || !isOn) return 'drained';
  return drainMsLeft(input) > 0 ? 'draining' : 'timed out';
}

/** For how many ms more the server is left running at most. */
export const drainMsLeft = (input: DrainInput): number => drainingSince(input) + input.drainMs - input.now;

/** When its draining began, by the wall clock, ms: now, if it has not yet. */
export function drainingSince({ droplet, now }: Pick<DrainInput, 'droplet' | 'now'>): number {
  const provisioned = findCondition(droplet.status?.conditions, 'Provisioned');
  return provisioned?.status === 'False' ? Date.parse(provisioned.lastTransitionTime) : now;
}

/** @param next what happens to the server afterwards, such as `destroyed`. */
export function drainingMessage(
  { balancer, drainMs }: Omit<DrainInput, 'droplet' | 'now'>,
  next: string,
): string {
  const problem = balancer?.problem === undefined ? '' : ` (${balancer.problem})`;
  return `draining: ${next} once in-flight requests finish, at most ${duration(drainMs)}; waiting for ${balancer?.name}${problem}`;
}

export const drainTimeoutMessage = (master: string, drainMs: number): string =>
  `drain timed out after ${duration(drainMs)}: ${master} still has the server; in-flight requests will be dropped`;

const duration = (ms: number): string =>
  ms < 60_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;

// The load balancer's side.

/** The webs that are about to get requests and must be registered first. */
export function websToRegister(droplets: readonly Droplet[], { services }: Balancing): Droplet[] {
  const takers = namesOf(services, ({ state }) => state === 'in');
  return droplets.filter(
    droplet => isWeb(droplet) && takers.has(droplet.metadata.name) && !isRegistered(droplet),
  );
}

/**
 * The webs that are registered, and go or have no service any more. One that is out for its health stays so: it
 * may be back in a moment.
 */
export function leavingWebs(droplets: readonly Droplet[], { services }: Balancing): Droplet[] {
  const takers = namesOf(services, ({ state }) => state === 'in');
  const named = namesOf(services, () => true);
  return droplets.filter(
    droplet =>
      isWeb(droplet) &&
      isRegistered(droplet) &&
      !takers.has(droplet.metadata.name) &&
      (isGoing(droplet) || !named.has(droplet.metadata.name)),
  );
}

type Servers = Balancing['services'][number]['servers'];

const namesOf = (services: Balancing['services'], matters: (server: Servers[number]) => boolean) =>
  new Set(services.flatMap(({ servers }) => servers.filter(matters).map(({ droplet }) => droplet)));

/** A master goes with its nginx: there is nobody to take it out. */
const isWeb = ({ spec }: Droplet): boolean => spec.role === 'web';

const isGoing = ({ status }: Droplet): boolean => status?.phase !== 'Active';

/** A web that the configuration which runs sends nothing to, and how long it has been out. */
export interface LeavingWeb {
  droplet: Droplet;
  outForMs: number;
}

/**
 * Whether no request is in flight to an address that is out, nor can come.
 *
 *     out for        | old workers | connections to it | requests
 *     ---------------+-------------+-------------------+------------------------------------------------
 *     less than 1 s  | any         | any               | may come: a worker may not know that it is old
 *     1 s or more    | none        | any               | have ended
 *     less than 45 s | some        | any               | may come, on a connection that an old worker kept
 *     45 s or more   | some        | some              | are in flight
 *     45 s or more   | some        | none              | have ended: what keeps the worker is others'
 */
export function isAddressDrained(
  address: string,
  outForMs: number,
  { oldWorkers, connections }: DrainFacts,
): boolean {
  if (outForMs < SETTLED_MS) return false;
  if (oldWorkers === 0) return true;
  return outForMs >= LAST_REQUEST_MS && connections.get(address) === 0;
}

/** The same of a web's server. */
export const isDrained = ({ droplet, outForMs }: LeavingWeb, facts: DrainFacts): boolean =>
  isAddressDrained(droplet.status?.server?.privateAddress ?? '', outForMs, facts);
