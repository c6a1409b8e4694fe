import { keyOf } from '../../crds/meta.ts';
import type { Outcome } from '../outcome.ts';
import type { Run } from '../run.ts';
import { createHeart } from './beat.ts';
import type { Context } from './concern.ts';
import type { ConfigSource, CurrentConfig } from './config-source.ts';
import { deliver } from './deliver.ts';
import {
  afterFailure,
  afterSent,
  enqueue,
  giveUp,
  planDigest,
  settle,
  tryAgainNow,
  type DigestPlan,
} from './digest-plan.ts';
import { factsOf, untoldTopics, type Fact } from './facts-plan.ts';
import { planNews } from './news-plan.ts';
import { aboutObject, topicOf } from './notice.ts';
import { NEW_OUTBOX_ROUTE, type Outbox, type OutboxRoute, type OutboxRoutes } from './outbox.ts';
import { routesOf, type Route, type Transports } from './routes.ts';
import type { SecretVariables } from '../secrets/values.ts';

/** What telling people takes besides the fleet. */
export interface NotifyParts {
  source: ConfigSource;
  outbox: Outbox;
  transports: Transports;
  variables: Pick<SecretVariables, 'valueOf'>;
}

/**
 * Tells people what is news: observes what is so now, compares it with what each way to people was told, and sends what
 * is due. Where nobody is to be told, nothing is done and nothing is written.
 */
export function createNotifyReconciler(context: Context, parts: NotifyParts): (run: Run) => Promise<Outcome> {
  const { clock, timings, namespace, fleetId } = context;
  const { source, outbox, transports, variables } = parts;
  const beat = createHeart(context);
  const isMended = createCredentialMemory(variables);
  const sender = { fleet: fleetId, namespace };
  let observedAt = Number.NEGATIVE_INFINITY;
  return async run => {
    const restMs = observedAt + timings.observeMs - clock.monotonic();
    if (restMs > 0) return { requeueAfterMs: restMs };
    observedAt = clock.monotonic();
    const config = await source.read(run);
    const routes = routesOf(config, { sender, transports, variables, now: () => clock.now() });
    if (routes.length === 0) return undefined;
    await outbox.load(run.signal);
    const standing = await standingOf(context, run);
    const seen = observe(context, standing);
    const mended = isMended(config);
    await outbox.save(note(context, { routes, outbox, seen, config, mended }, run), run.signal);
    const untilMs = await sendDigests(context, routes, outbox, run);
    const beatMs = await beat(
      {
        routes,
        outbox: outbox.routes(),
        standing: standing.problem,
        minutes: config.email?.heartbeatMinutes ?? 0,
      },
      run,
    );
    const waits = [timings.recheckMs, seen.nextMs, untilMs, beatMs].filter(ms => ms !== undefined);
    return { requeueAfterMs: Math.max(1, Math.min(...waits)) };
  };
}

/** Why nothing is done in the fleet; when that cannot be known, nothing is said of it. */
async function standingOf(
  { standing }: Context,
  run: Run,
): Promise<{ isKnown: boolean; problem: string | undefined }> {
  try {
    return { isKnown: true, problem: (await standing.problem(run.signal))?.message };
  } catch {
    run.signal.throwIfAborted();
    return { isKnown: false, problem: undefined };
  }
}

interface Seen {
  facts: readonly Fact[];
  nextMs: number | undefined;
  existing: ReadonlySet<string>;
  isKnown: (topic: string) => boolean;
}

function observe(
  { projects, droplets, services, clock, timings }: Context,
  { isKnown, problem }: { isKnown: boolean; problem: string | undefined },
): Seen {
  const objects = { projects: projects.list(), droplets: droplets.list(), services: services.list() };
  const { facts, nextMs } = factsOf({ ...objects, standing: problem }, clock.now(), timings);
  const all = [...objects.projects, ...objects.droplets, ...objects.services];
  const existing = new Set(['Fleet', ...all.map(object => aboutObject(object.kind, keyOf(object)))]);
  const untold = untoldTopics(objects);
  return {
    facts,
    nextMs,
    existing,
    isKnown: topic => !untold.has(topic) && (isKnown || !topic.startsWith('Fleet ')),
  };
}

interface NoteInput {
  routes: readonly Route[];
  outbox: Outbox;
  seen: Seen;
  config: CurrentConfig;
  /** What failed may work now. */
  mended: boolean;
}

/** What the outbox is to say: the news of each route added, and what waited for too long taken off. */
function note(context: Context, input: NoteInput, run: Run): OutboxRoutes {
  const { routes, outbox, seen, config, mended } = input;
  const before = outbox.routes();
  const now = context.clock.now();
  const counted = new Set<string>();
  const noted = routes.map(({ name, channel, label }): [string, OutboxRoute] => {
    const route = before[name] ?? NEW_OUTBOX_ROUTE;
    const { news, told } = planNews(seen.facts, route.told, { now, ...seen });
    for (const notice of news) {
      const topic = topicOf(notice);
      if (!counted.has(topic)) context.metrics.notices.inc({ kind: notice.kind });
      counted.add(topic);
    }
    const again = mended && route.failures > 0 ? tryAgainNow(route) : route;
    const { route: kept, lost } = giveUp(settle(enqueue(again, news, now), channel, now), now);
    for (const { about, sentence } of lost) {
      context.metrics.sent.inc({ channel, result: 'lost' });
      run.log.error(`${label}: given up after three days: ${about}: ${sentence}`);
    }
    return [name, { ...kept, told }];
  });
  // A file with a mistake may yet name those again that it named before.
  return { ...(config.isBroken && before), ...Object.fromEntries(noted) };
}

/** Sends what is due, on all routes at once; answers in how many ms something else is. */
async function sendDigests(
  context: Context,
  routes: readonly Route[],
  outbox: Outbox,
  run: Run,
): Promise<number | undefined> {
  const { clock, timings } = context;
  const now = clock.now();
  const before = outbox.routes();
  const changed = await Promise.all(
    routes.map(async (route): Promise<[string, OutboxRoute][]> => {
      const plan = planDigest(before[route.name]!, now, timings.gatherMs);
      if (plan.type === 'wait') return [];
      return [[route.name, await sendDigest(context, route, before[route.name]!, plan, run)]];
    }),
  );
  const after = { ...before, ...Object.fromEntries(changed.flat()) };
  await outbox.save(after, run.signal);
  const waits = routes.flatMap(({ name }) => {
    const plan = planDigest(after[name]!, now, timings.gatherMs);
    return plan.type === 'wait' && plan.untilMs !== undefined ? [plan.untilMs - now] : [];
  });
  return waits.length === 0 ? undefined : Math.min(...waits);
}

async function sendDigest(
  context: Context,
  route: Route,
  state: OutboxRoute,
  plan: Extract<DigestPlan, { type: 'send' }>,
  run: Run,
): Promise<OutboxRoute> {
  const { fleetId, clock } = context;
  const id = JSON.stringify([fleetId, plan.queued.map(notice => [topicOf(notice), notice.queuedAt])]);
  const delivery = await deliver(route, signal => route.send(plan.digest, id, signal), context, run);
  if (delivery.type === 'failed') return { ...state, ...afterFailure(state, delivery, clock.now()) };
  const { told } = state;
  return { ...afterSent(state, plan, clock.now()), told };
}

/** Whether the files, or what they name, are others than the last time: also after a restart, which may be a mend. */
function createCredentialMemory({
  valueOf,
}: Pick<SecretVariables, 'valueOf'>): (config: CurrentConfig) => boolean {
  let last: string | undefined;
  return config => {
    const { email, sms, webhook } = config;
    const login = email?.smtp.login;
    const names = [
      ...(login !== undefined && 'passwordVariable' in login ? [login.passwordVariable] : []),
      ...(sms === undefined ? [] : [sms.accountVariable, sms.tokenVariable]),
      ...(webhook !== undefined && 'variable' in webhook.address ? [webhook.address.variable] : []),
    ];
    // It stays in this closure: it holds what the variables hold.
    const current = JSON.stringify([config, names.map(name => valueOf(name)?.reveal())]);
    const isOther = current !== last;
    last = current;
    return isOther;
  };
}
