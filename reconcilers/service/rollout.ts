import { isSshError } from '../../clients/ssh/errors.ts';
import { keyOf } from '../../crds/meta.ts';
import { isBuildError } from '../build/host.ts';
import { isWaiting, Waiting, type Outcome } from '../outcome.ts';
import { isBalancer } from '../read-model/balancing.ts';
import { runReleaseCommand, start, stop, watch, type Site } from './apply.ts';
import { drain } from './drain.ts';
import type { Goal } from './goal.ts';
import { lookAgain, observeService, sshOf, type Server, type Surroundings } from './observe.ts';
import { isOvertaken, untilOvertaken } from './overtaken.ts';
import { reject, report, saying, settle, switchTo, type Rollout } from './progress.ts';
import { isRejection } from './rejection.ts';
import { isLive, planRollout, type Placed, type RolloutStep } from './rollout-plan.ts';
import { notYet } from './status.ts';
import { imageWantedOn } from './wanted.ts';

/** Goes on until there is nothing to do, or something has to be waited for; `again`: what is wanted is another now. */
export async function rollOut(rollout: Rollout): Promise<Outcome | 'again'> {
  const { context, hosts, run } = rollout;
  for (let isFresh = false; ;) {
    if (isOvertaken(rollout)) return { requeueAfterMs: 0 };
    const surroundings = observeService(context, hosts, rollout.service);
    const step = planRollout(inputOf(rollout, surroundings));
    if (isIdle(step) || isFresh) {
      const outcome = await take(rollout, step, surroundings);
      if (outcome !== 'on') return outcome;
    } else await lookAgain(context, hosts, surroundings, doubtedBy(rollout), run);
    isFresh = true;
  }
}

/** What is no act needs no fresh look: the next probe tells. */
const isIdle = ({ type }: RolloutStep): boolean =>
  type === 'settled' || type === 'wait' || type === 'await-route';

function inputOf(
  { context, service, goal, isFallback, memory }: Rollout,
  { project, master, servers }: Surroundings,
): Parameters<typeof planRollout>[0] {
  const { spec, status = {} } = service;
  const key = keyOf(service);
  const drained = memory.drained(key);
  const serving = goal === undefined || !status.endpoints?.length ? undefined : status.release;
  if (serving === undefined) context.since.forget(`service ${key}`);
  return {
    type: spec.type,
    isStopFirst: spec.type === 'infra' || (spec.type === 'worker' && spec.update === 'stop-first'),
    mayEnd: spec.restart === 'never' || spec.restart === 'on-failure',
    target: goal?.target,
    isFallback,
    status,
    servers,
    proven: memory.proven(key),
    isBalanced: spec.type === 'web' && master !== undefined && isBalancer(master, project),
    isDrained: address => drained.has(address),
    servedMs: serving === undefined ? 0 : context.since.ageMs(`service ${key}`, serving),
    watchMs: context.timings.watchMs,
  };
}

type Next = Outcome | 'again' | 'on';

/** Does one step. */
async function take(rollout: Rollout, step: RolloutStep, surroundings: Surroundings): Promise<Next> {
  const { service, memory, run, hosts } = rollout;
  switch (step.type) {
    case 'settled':
      await settle(rollout);
      return undefined;
    case 'wait':
      await report(rollout, { conditions: { Rolled: notYet(step.reason, step.message) } });
      return undefined;
    case 'await-route':
      await report(rollout, saying('Switching', 'waiting for the load balancer to switch', rollout));
      return undefined;
    case 'switch':
      await switchTo(rollout, step.endpoints);
      return 'on';
    case 'prove':
      await report(rollout, { fields: { unproven: undefined } });
      // What a failure goes back to is another.
      return 'again';
    case 'drain': {
      const ms = await drain(hosts, service, step.addresses, surroundings, memory, run);
      return ms === 0 ? 'on' : { requeueAfterMs: ms };
    }
    case 'stop':
    case 'remove':
      await atEach(rollout, surroundings, step.at, (site, placed) => end(site, rollout, step.type, placed));
      return 'on';
    case 'run-task':
    case 'start':
    case 'watch':
      return await tryRelease(rollout, step, surroundings);
  }
}

type Attempt = Extract<RolloutStep, { type: 'run-task' | 'start' | 'watch' }>;

/** What may show that the release is no good. */
async function tryRelease(rollout: Rollout, step: Attempt, surroundings: Surroundings): Promise<Next> {
  const { goal, isFallback } = rollout;
  const isTrial = step.type !== 'start' || step.isTrial;
  try {
    await attempt(rollout, goal!, step, surroundings);
    // Something else may be wanted by now.
    return step.type === 'watch' ? { requeueAfterMs: 1 } : 'on';
  } catch (error) {
    // What it was about is over, whatever came of it.
    if (isOvertaken(rollout) && !isRejection(error)) return { requeueAfterMs: 0 };
    if (isRejection(error) && !isFallback && isTrial) return await reject(rollout, goal!, error);
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    const { message } = error as Error;
    await report(rollout, { conditions: { Rolled: notYet(reason, message) } });
    throw new Waiting(message, rollout.hosts.timings.slowestRetryMs / 10);
  }
}

/** Undefined for what is nobody's trouble but ours. */
function reasonOf(error: unknown): string | undefined {
  if (isRejection(error)) return error.reason;
  if (isBuildError(error)) return 'ImageMissing';
  if (isWaiting(error)) return 'ServerUnavailable';
  return isSshError(error) ? 'ServerUnreachable' : undefined;
}

async function attempt(
  rollout: Rollout,
  { launch, target }: Goal,
  step: Attempt,
  surroundings: Surroundings,
): Promise<void> {
  const { context, memory, service } = rollout;
  const key = keyOf(service);
  switch (step.type) {
    case 'run-task':
      await report(rollout, saying('RunningReleaseCommand', 'running the release command', rollout));
      await atEach(rollout, surroundings, [step], async site => {
        await bring(rollout, surroundings, site.server);
        // What is on the disk still is moved before: nothing may write there meanwhile.
        if (launch.dataVolume !== undefined) await stopAll(site, launch);
        await runReleaseCommand(site, launch);
      });
      return;
    case 'start': {
      const names = step.at.map(({ droplet }) => droplet).join(', ');
      await report(rollout, saying('Starting', `starting on ${names}`, rollout));
      await atEach(rollout, surroundings, step.at, async (site, { hostPort, replaced, droplet }) => {
        await bring(rollout, surroundings, site.server);
        if (replaced.length > 0) await stop(site, launch, 'stop', { droplet, names: replaced });
        await untilOvertaken(rollout, cut => start({ ...site, run: cut }, launch, hostPort));
        memory.proven(key).add(`${droplet}/${service.metadata.name}-${target.release}`);
      });
      return;
    }
    case 'watch': {
      const left = context.timings.watchMs - context.since.ageMs(`service ${key}`, target.release);
      const seconds = Math.min(WATCH_SLICE_S, Math.max(1, Math.ceil(left / 1_000)));
      await report(rollout, saying('Watching', WATCHED, rollout));
      await atEach(rollout, surroundings, step.at, async (site, { names }) => {
        for (const container of site.server.containers ?? [])
          if (names.includes(container.name))
            await untilOvertaken(rollout, cut => watch({ ...site, run: cut }, launch, container, seconds));
      });
    }
  }
}

/** Stops what runs of the service on a server. */
async function stopAll(site: Site, launch: Goal['launch']): Promise<void> {
  const { droplet, containers = [] } = site.server;
  const names = containers.filter(isLive).map(({ name }) => name);
  if (names.length > 0) await stop(site, launch, 'stop', { droplet, names });
}

const WATCHED = 'serves, and is watched for a minute before the release before it goes';

/** So long one look lasts; a change of what should run is seen after it. */
const WATCH_SLICE_S = 10;

/** The image, on that server. */
async function bring(
  { service, goal, hosts, supplies, run }: Rollout,
  surroundings: Surroundings,
  server: Server,
): Promise<void> {
  const { version, image } = goal!.serving;
  const wanted = imageWantedOn(service, version, surroundings, hosts);
  if (wanted === undefined) throw new Waiting('the master is not ready', hosts.timings.retryMs);
  const at = { ssh: sshOf(hosts, server), address: server.address };
  const { imageLogin: login } = supplies.secretsOf(service);
  await supplies.images.bring({ ...wanted, login }, image, at, run.signal);
}

/** Works on servers side by side; what failed is thrown when all have ended, a rejection first. */
async function atEach<Place extends { droplet: string }>(
  rollout: Rollout,
  { servers }: Surroundings,
  places: readonly Place[],
  act: (site: Site, place: Place) => Promise<void>,
): Promise<void> {
  const { context, hosts, run } = rollout;
  const results = await Promise.allSettled(
    places.map(place => {
      const server = servers.find(({ droplet }) => droplet === place.droplet)!;
      return act({ context, hosts, run, server }, place);
    }),
  );
  const failures = results.flatMap((result, i) => {
    if (result.status !== 'rejected') return [];
    if (!isRejection(result.reason)) doubtedBy(rollout).add(places[i]!.droplet);
    return [result.reason as Error];
  });
  const [failure] = failures.toSorted((a, b) => Number(isRejection(b)) - Number(isRejection(a)));
  if (failure !== undefined) throw failure;
}

const doubtedBy = ({ memory, service }: Rollout): Set<string> => memory.doubted(keyOf(service));

/** Takes what is stopped out of what was seen of it, too. */
async function end(site: Site, rollout: Rollout, verb: 'stop' | 'remove', placed: Placed): Promise<void> {
  const { service, memory } = rollout;
  const { servers, ...engine } = observeService(site.context, site.hosts, service);
  await stop(site, { service, engine: engine.engine }, verb, placed);
  const { address, containers = [] } =
    servers.find(({ droplet }) => droplet === placed.droplet) ?? site.server;
  for (const { name, port } of containers)
    if (placed.names.includes(name)) memory.drained(keyOf(service)).delete(`${address}:${port}`);
}
