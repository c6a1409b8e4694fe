// How a service gets from what runs to what should, without a dropped request. Everything follows from what the hosts
// have, the status, and what this process has seen: whoever begins in the middle goes on in the middle.
//
//     what there is                                        | next step
//     -----------------------------------------------------+---------------------------------------------------
//     one that has served unharmed for its first minute    | prove: nothing goes back further than to it
//     containers of none of the releases that are kept     | drain and remove them
//     a release command that has not run yet               | run it
//     a server without a healthy container of the release  | start it, beside the old one
//     endpoints that are not those of the release          | switch: they become so
//     a load balancer that still sends requests elsewhere  | wait for it
//     a worker of a former release that runs               | stop it, and keep it
//     containers of a former release, for a minute         | watch the new ones; one that fails takes it all back
//     containers of a former release                       | drain and remove them
//
// Kept are the release, the one that serves meanwhile, and as long as that has not proven itself, the last that had: a
// failure goes back to it, whoever replaced whom within a minute.
// A container's name has its release, so that the same name is the same in every respect.

import type { ServiceDeploymentSpec, ServiceDeploymentStatus } from '../../crds/service-deployment.ts';
import type { Container } from './facts.ts';
import { goodRelease } from './history-plan.ts';

/** A server of the project, as far as the service is concerned. */
export interface ServerView {
  droplet: string;
  /** Private. */
  address: string;
  /** Whether the service is to run there. */
  isAssigned: boolean;
  /** Whether its host can be worked on; never where its containers are not known. */
  isAvailable: boolean;
  /** Whether it was made and is to stay: if it is not available now, it will be. */
  isThere: boolean;
  /** The service's; undefined when they are not known. */
  containers?: readonly Container[] | undefined;
}

/** What should run. */
export interface Target {
  release: string;
  /** The service's own; undefined for a worker. */
  port?: number | undefined;
  /** Where a container may be published. */
  hostPorts: readonly number[];
  /** Whether a release command has to succeed first. */
  hasTask: boolean;
  /** Whether it is known how to start it: not of a former release, of which only containers are left. */
  canStart: boolean;
}

/** All that a step depends on. */
export interface RolloutInput {
  type: ServiceDeploymentSpec['type'];
  isStopFirst: boolean;
  /** Whether a container that ended with 0 is as it should be. */
  mayEnd: boolean;
  /** Undefined when nothing is to run. */
  target?: Target | undefined;
  /** Whether the target stands in for the release that is wanted, which was rejected. */
  isFallback: boolean;
  status: ServiceDeploymentStatus;
  servers: readonly ServerView[];
  /** The containers that this process found healthy, as `<droplet>/<name>`. */
  proven: ReadonlySet<string>;
  /** Whether requests reach it through a load balancer. */
  isBalanced: boolean;
  /** Whether no request is in flight to an address that the load balancer sends nothing to any more. */
  isDrained: (address: string) => boolean;
  /** How long the one that serves has done so under this process's eyes, and how long it is to be watched; ms. */
  servedMs: number;
  watchMs: number;
}

export type Endpoint = NonNullable<ServiceDeploymentStatus['endpoints']>[number];

/** Containers of one server. */
export interface Placed {
  droplet: string;
  names: string[];
}

/** What to do next. */
export type RolloutStep =
  | { type: 'wait'; reason: string; message: string }
  | { type: 'remove'; at: Placed[] }
  | { type: 'drain'; addresses: string[] }
  | { type: 'run-task'; droplet: string }
  /** `replaced` are stopped first, and started again when the new one fails. */
  | {
      type: 'start';
      at: { droplet: string; hostPort?: number | undefined; replaced: string[] }[];
      /** Whether a failure is the release's: it has not served yet, or not long enough for the one before it to go. */
      isTrial: boolean;
    }
  | { type: 'switch'; endpoints: Endpoint[] }
  | { type: 'await-route' }
  | { type: 'stop'; at: Placed[] }
  | { type: 'watch'; at: Placed[] }
  /** What serves is what a failure goes back to, from now on. */
  | { type: 'prove' }
  | { type: 'settled' };

/** A container and where it is. */
interface Found {
  server: ServerView;
  container: Container;
}

/** The next step. */
export function planRollout(given: RolloutInput): RolloutStep {
  const servers = given.servers.map(server =>
    server.containers === undefined ? { ...server, isAvailable: false } : server,
  );
  const input = { ...given, servers };
  const { target } = input;
  const found = servers.flatMap(server =>
    (server.containers ?? []).map(container => ({ server, container })),
  );
  if (target === undefined) return planEnd(input, found);
  const parts = classify(input, target, found);
  return (
    prove(input, found) ??
    clear(input, parts.obsolete) ??
    begin(input, target, parts) ??
    planSwitch(input, target, parts) ??
    route(input) ??
    retire(input, parts) ?? { type: 'settled' }
  );
}

/** Nothing is to run: the load balancer first, then the containers. */
function planEnd(input: RolloutInput, found: readonly Found[]): RolloutStep {
  if ((input.status.endpoints ?? []).length > 0) return { type: 'switch', endpoints: [] };
  return route(input) ?? clear(input, found) ?? awaitReturn(input) ?? { type: 'settled' };
}

/** A server that is away for a while would bring its containers back. */
function awaitReturn({ servers }: RolloutInput): RolloutStep | undefined {
  const away = servers.find(mayBringBack);
  return away && wait('ServerUnavailable', `${away.droplet} is not available`);
}

/** Whether containers may come back with a server that cannot be worked on now. */
export const mayBringBack = ({ isAvailable, isThere, containers }: ServerView): boolean =>
  !isAvailable && isThere && containers?.length !== 0;

interface Parts {
  /** Those of the release on the servers where it is to run. */
  wanted: Found[];
  /** Those that serve meanwhile, and those that a failure would go back to. */
  last: Found[];
  /** None of these. */
  obsolete: Found[];
}

/** The release that serves while the target is made ready, and the last that was proven. */
function lastReleases({ status }: RolloutInput, { release }: Target): (string | undefined)[] {
  const good = goodRelease(status)?.release;
  if (status.release === release) return [good];
  return status.unproven ? [status.release, good] : [status.release];
}

function classify(input: RolloutInput, target: Target, found: readonly Found[]): Parts {
  const { release } = target;
  const last = lastReleases(input, target);
  const rejected = input.status.rejected?.release;
  const parts: Parts = { wanted: [], last: [], obsolete: [] };
  for (const one of found) {
    const { container, server } = one;
    const isOfTarget = container.release === release;
    // What failed stays for its logs until something else is wanted.
    const isKept = input.isFallback && container.release === rejected && !isOfTarget && !isLive(container);
    if (isOfTarget && (server.isAssigned || container.kind === 'task')) parts.wanted.push(one);
    else if (isOfTarget || (container.kind === 'service' && last.includes(container.release)))
      parts.last.push(one);
    else if (!isKept) parts.obsolete.push(one);
  }
  return parts;
}

/**
 * What has served for its first minute is good when none of its containers failed meanwhile. Something else may be wanted
 * by then, and is no reason to take it for worse.
 */
function prove(
  { status, servers, mayEnd, servedMs, watchMs }: RolloutInput,
  found: readonly Found[],
): RolloutStep | undefined {
  if (!status.unproven || status.release === status.rejected?.release || servedMs < watchMs) return undefined;
  const addresses = new Set((status.endpoints ?? []).map(({ address }) => address));
  const own = found.filter(
    one => one.container.release === status.release && addresses.has(addressOf(one)) && !isTask(one),
  );
  const available = servers.filter(
    server =>
      server.isAvailable && (status.endpoints ?? []).some(({ droplet }) => droplet === server.droplet),
  );
  const isEach = available.every(server => own.some(one => one.server === server));
  const isGood = ({ container: { state, restarts, exitCode } }: Found): boolean =>
    (state === 'running' && restarts === 0) || (mayEnd && state === 'exited' && exitCode === 0);
  return own.length > 0 && isEach && own.every(isGood) ? { type: 'prove' } : undefined;
}

/** What is not stopped for good. */
export const isLive = ({ state }: Container): boolean => state === 'running' || state === 'restarting';

/** Removes containers to which no request is under way; those of a server that is away when it is back. */
function clear(input: RolloutInput, all: readonly Found[]): RolloutStep | undefined {
  const found = all.filter(({ server }) => server.isAvailable);
  if (found.length === 0) return undefined;
  const busy = found.filter(one => mayHaveRequests(input, one));
  const free = found.filter(one => !busy.includes(one));
  if (free.length > 0) return { type: 'remove', at: placed(free) };
  const addresses = busy.map(addressOf);
  const routed = input.status.routed?.addresses ?? [];
  return addresses.some(address => routed.includes(address))
    ? { type: 'await-route' }
    : { type: 'drain', addresses };
}

const mayHaveRequests = ({ isBalanced, isDrained }: RolloutInput, one: Found): boolean =>
  isBalanced && isLive(one.container) && one.container.port !== undefined && !isDrained(addressOf(one));

const addressOf = ({ server, container }: Found): string => endpointAddress(server, container.port);

/** Where a server's containers answer at that port. */
export const endpointAddress = ({ address }: ServerView, port: number | undefined): string =>
  port === undefined ? address : `${address}:${port}`;

/** Brings the release up where it is missing. */
function begin(input: RolloutInput, target: Target, { wanted, last }: Parts): RolloutStep | undefined {
  const { status } = input;
  const assigned = input.servers.filter(({ isAssigned }) => isAssigned);
  const isNew = status.release !== target.release;
  const isPossible = (server: ServerView): boolean =>
    server.isAvailable && (target.canStart || containerOn(wanted, server) !== undefined);
  const missing = assigned.filter(server => isPossible(server) && !isUp(input, wanted, server));
  const serving = new Set((status.endpoints ?? []).map(({ droplet }) => droplet));
  const lost = assigned.find(({ droplet, isAvailable }) => !isAvailable && serving.has(droplet));
  // One that goes on with the old release would be forgotten.
  if (isNew && lost !== undefined) return wait('ServerUnavailable', `${lost.droplet} is not available`);
  if (assigned.every(({ isAvailable }) => !isAvailable))
    return wait('NoServer', 'none of its servers is ready yet');
  if (!target.canStart && wanted.every(isTask))
    return status.release === undefined
      ? { type: 'settled' }
      : wait('Rejected', 'no release is left to go back to');
  if (missing.length === 0) return undefined;
  const isTaskDue = isNew && target.hasTask && !isTaskDone(wanted);
  // It may have been run on a server that was not looked at yet: it runs once.
  const unknown = assigned.find(({ isThere, containers }) => isThere && containers === undefined);
  if (isTaskDue && unknown !== undefined)
    return wait('ServerUnavailable', `${unknown.droplet} may have run the release command already`);
  if (isTaskDue) return { type: 'run-task', droplet: taskServer(wanted) ?? missing[0]!.droplet };
  const hostPort = hostPortFor(target, [...wanted, ...last], isNew ? (status.endpoints ?? []) : []);
  const at = missing.map(server => ({
    droplet: server.droplet,
    hostPort: containerOn(wanted, server)?.port ?? hostPort,
    replaced: input.isStopFirst
      ? last.filter(isRunningOn(server)).map(({ container }) => container.name)
      : [],
  }));
  return { type: 'start', at, isTrial: isNew || (status.unproven === true && last.length > 0) };
}

const containerOn = (found: readonly Found[], server: ServerView): Container | undefined =>
  found.find(one => one.server === server && one.container.kind === 'service')?.container;

/** Whether the release is up on a server: it serves there already, or this process has found it healthy. */
function isUp(input: RolloutInput, wanted: readonly Found[], server: ServerView): boolean {
  const container = containerOn(wanted, server);
  if (container === undefined) return false;
  if (input.mayEnd && container.state === 'exited' && container.exitCode === 0) return true;
  const address = endpointAddress(server, container.port);
  const serves =
    input.status.release === container.release &&
    (input.status.endpoints ?? []).some(endpoint => endpoint.address === address);
  // The engine starts one again that failed, more and more slowly.
  if (serves) return isLive(container);
  return container.state === 'running' && input.proven.has(`${server.droplet}/${container.name}`);
}

const isTask = ({ container }: Found): boolean => container.kind === 'task';

const isTaskDone = (wanted: readonly Found[]): boolean =>
  wanted.some(one => isTask(one) && one.container.state === 'exited' && one.container.exitCode === 0);

const taskServer = (wanted: readonly Found[]): string | undefined => wanted.find(isTask)?.server.droplet;

/**
 * The one that the release has elsewhere, else one that no other container has. Nor one to which requests go, though
 * what they go to may have vanished: the new container would get them before it is its turn.
 */
function hostPortFor(
  { release, hostPorts }: Target,
  found: readonly Found[],
  endpoints: readonly Endpoint[],
): number | undefined {
  const own = found.find(({ container }) => container.release === release && container.port !== undefined);
  if (own !== undefined) return own.container.port;
  const taken = new Set(found.map(({ container }) => container.port));
  const isFree = (port: number): boolean =>
    !taken.has(port) && !endpoints.some(({ address }) => address.endsWith(`:${port}`));
  return hostPorts.find(isFree) ?? hostPorts[0];
}

const isRunningOn =
  (server: ServerView) =>
  (one: Found): boolean =>
    one.server === server && isLive(one.container);

function planSwitch(input: RolloutInput, { release }: Target, { wanted }: Parts): RolloutStep | undefined {
  const { status, servers } = input;
  const before = new Map((status.endpoints ?? []).map(endpoint => [endpoint.droplet, endpoint]));
  const endpoints = servers
    .filter(({ isAssigned }) => isAssigned)
    .flatMap((server): Endpoint[] => {
      const container = containerOn(wanted, server);
      if (container !== undefined)
        return [{ droplet: server.droplet, address: endpointAddress(server, container.port) }];
      const kept = status.release === release ? before.get(server.droplet) : undefined;
      return kept !== undefined && !server.isAvailable ? [kept] : [];
    })
    .toSorted((a, b) => (a.droplet < b.droplet ? -1 : 1));
  const isSame =
    status.release === release &&
    endpoints.length === before.size &&
    endpoints.every(({ droplet, address }) => before.get(droplet)?.address === address);
  return isSame ? undefined : { type: 'switch', endpoints };
}

/** Until nginx verifiably sends requests nowhere else. */
function route({ isBalanced, status }: RolloutInput): RolloutStep | undefined {
  if (!isBalanced) return undefined;
  const wanted = new Set((status.endpoints ?? []).map(({ address }) => address));
  const routed = status.routed?.addresses;
  if (routed === undefined && wanted.size === 0) return undefined;
  const isSwitched = routed !== undefined && routed.every(address => wanted.has(address));
  return isSwitched ? undefined : { type: 'await-route' };
}

/** Keeps an eye on the new one for a while, then lets the old one go. */
function retire(input: RolloutInput, { wanted, last: all }: Parts): RolloutStep | undefined {
  const last = all.filter(({ server }) => server.isAvailable);
  if (last.length === 0) return undefined;
  const running = last.filter(({ container }) => isLive(container));
  if (!input.isBalanced && running.length > 0) return { type: 'stop', at: placed(running) };
  // What has failed in its first minute is looked at after it, too.
  if (input.status.unproven && (!input.isFallback || input.servedMs < input.watchMs)) {
    const watched = wanted.filter(one => !isTask(one) && one.server.isAvailable && isLive(one.container));
    if (watched.length > 0) return { type: 'watch', at: placed(watched) };
  }
  return clear(input, last);
}

function placed(found: readonly Found[]): Placed[] {
  const byDroplet = Map.groupBy(found, ({ server }) => server.droplet);
  return [...byDroplet].map(([droplet, list]) => ({
    droplet,
    names: list.map(({ container }) => container.name),
  }));
}

const wait = (reason: string, message: string): RolloutStep => ({ type: 'wait', reason, message });
