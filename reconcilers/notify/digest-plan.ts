import { isGoodNews, topicOf, type Channel, type Notice, type NoticeKind } from './notice.ts';

/** A notice that waits to be sent. */
export interface Queued extends Notice {
  /** Since when it waits, ms since the epoch. */
  queuedAt: number;
}

/** What is known of one way to one or more people. Times are ms since the epoch, as they outlive the process. */
export interface RouteState {
  /** Oldest first. */
  waiting: readonly Queued[];
  /** How many were left out because too many waited. */
  dropped: number;
  /** What was said of a topic lately. */
  said: Readonly<Record<string, { kind: NoticeKind; at: number }>>;
  /** How many digests were sent since it was quiet. */
  burst: number;
  sentAt?: number;
  /** How often in a row it failed; then when it is tried again, and why it failed. */
  failures: number;
  nextTryAt?: number;
  error?: string;
}

/** Nothing was ever sent on it. */
export const NEW_ROUTE: RouteState = { waiting: [], dropped: 0, said: {}, burst: 0, failures: 0 };

/** One thing in a digest. */
export interface Row extends Notice {
  /** How often that side of the object changed since it was last told. */
  times: number;
}

/** What goes out as one message. */
export interface Digest {
  rows: readonly Row[];
  dropped: number;
  /** Nothing of it is so: somebody tries whether it arrives. */
  isTest?: true;
}

const MINUTE_MS = 60_000;
/** How long after the last message the next may go, the more the longer it goes on. */
const INTERVALS_MS = [0, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS];
/** Somebody dead waits for a person: a burst does not hold that up for longer. */
const URGENT_MS = MINUTE_MS;
/** After so long without a message the intervals begin anew. */
const QUIET_MS = 30 * MINUTE_MS;
/** The same is not said again of the same topic within this time, whatever it did meanwhile. */
const WINDOW_MS = 30 * MINUTE_MS;
/** So many wait on one route; with more the oldest are left out, and their number is told. */
const MOST_WAITING = 100;
/** As much of a sentence as is kept. */
const LONGEST_SENTENCE = 400;

/** What to do on a route now. */
export type DigestPlan =
  { type: 'wait'; untilMs: number | undefined } | { type: 'send'; digest: Digest; queued: readonly Queued[] };

/** What each channel carries. A text message wakes somebody, so it is for what needs somebody. */
const CARRIES: Record<Channel, (notice: Notice) => boolean> = {
  mail: () => true,
  webhook: () => true,
  sms: ({ needsPerson }) => needsPerson,
};

/** The route with those notices waiting. */
export function enqueue(route: RouteState, notices: readonly Notice[], now: number): RouteState {
  const added = notices.map(notice => ({ ...notice, sentence: clip(notice.sentence), queuedAt: now }));
  const all = [...route.waiting, ...added];
  const waiting = all.slice(-MOST_WAITING);
  return { ...route, waiting, dropped: route.dropped + all.length - waiting.length };
}

const clip = (text: string): string =>
  text.length > LONGEST_SENTENCE ? `${text.slice(0, LONGEST_SENTENCE - 1)}…` : text;

/**
 * The route without what need not be said on it any more. Of each topic the newest notice counts:
 *
 * | newest                                    | said last, within the window | then                    |
 * | ----------------------------------------- | ---------------------------- | ----------------------- |
 * | is not for this channel                   | whatever                     | none of the topic waits |
 * | is good                                   | the same                     | none of the topic waits |
 * | is bad                                    | the same                     | it waits for its end    |
 * | is another, or the window is over         |                              | it is due               |
 */
export function settle(route: RouteState, channel: Channel, now: number): RouteState {
  const said = Object.fromEntries(
    Object.entries(route.said).filter(([, { at }]) => now - Math.min(at, now) < WINDOW_MS),
  );
  const isOver = new Set(
    rowsOf(route.waiting)
      .filter(
        row => !CARRIES[channel](row) || (isGoodNews(row.kind) && said[topicOf(row)]?.kind === row.kind),
      )
      .map(topicOf),
  );
  return { ...route, said, waiting: route.waiting.filter(notice => !isOver.has(topicOf(notice))) };
}

/**
 * @param route as `settle` left it.
 * @param gatherMs what happens together is one message: so long is waited for more.
 */
export function planDigest(route: RouteState, now: number, gatherMs: number): DigestPlan {
  const { said, waiting, dropped, burst, sentAt, nextTryAt } = route;
  const saidAgainAt = (topic: string, kind: NoticeKind): number =>
    said[topic]?.kind === kind ? Math.min(said[topic].at, now) + WINDOW_MS : 0;
  const rows = rowsOf(waiting);
  const free = rows.filter(row => saidAgainAt(topicOf(row), row.kind) <= now);
  const held = rows.filter(row => saidAgainAt(topicOf(row), row.kind) > now);
  if (free.length === 0)
    return { type: 'wait', untilMs: least(held.map(row => saidAgainAt(topicOf(row), row.kind))) };
  const topics = new Set(free.map(topicOf));
  const queued = waiting.filter(notice => topics.has(topicOf(notice)));
  const untilMs = Math.max(
    Math.min(queued[0]!.queuedAt, now) + gatherMs,
    sentAt === undefined ? 0 : Math.min(sentAt, now) + intervalAfter(burst, free),
    nextTryAt === undefined ? 0 : Math.min(nextTryAt, now + SLOWEST_MS),
  );
  if (untilMs > now) return { type: 'wait', untilMs };
  return { type: 'send', digest: { rows: free, dropped }, queued };
}

const least = (times: readonly number[]): number | undefined =>
  times.length === 0 ? undefined : Math.min(...times);

function intervalAfter(burst: number, rows: readonly Row[]): number {
  const interval = INTERVALS_MS[Math.min(burst, INTERVALS_MS.length - 1)]!;
  return rows.some(({ kind }) => kind === 'approval-needed') ? Math.min(interval, URGENT_MS) : interval;
}

/** The newest notice of each topic, the worst first; of a recovery that began, the failure before it too. */
function rowsOf(waiting: readonly Queued[]): Row[] {
  return [...Map.groupBy(waiting, topicOf).values()]
    .flatMap(all => {
      const newest = all.at(-1)!;
      const before = all.slice(0, -1);
      const cause =
        newest.kind === 'recovery-started' ? before.findLast(({ kind }) => kind === 'failure') : undefined;
      if (cause === undefined) return [rowOf(newest, all.length)];
      return [rowOf(cause, 1), rowOf(newest, all.length - 1)];
    })
    .toSorted((a, b) => rank(a) - rank(b));
}

const rowOf = ({ queuedAt: _queuedAt, ...notice }: Queued, times: number): Row => ({ ...notice, times });

const rank = ({ kind, needsPerson }: Notice): number => (isGoodNews(kind) ? 2 : needsPerson ? 0 : 1);

/** The route after that digest went out. */
export function afterSent(
  route: RouteState,
  { digest, queued }: { digest: Digest; queued: readonly Queued[] },
  now: number,
): RouteState {
  const { nextTryAt: _nextTryAt, error: _error, ...rest } = route;
  const isQuiet = route.sentAt === undefined || now - Math.min(route.sentAt, now) >= QUIET_MS;
  const gone = new Set(queued.map(idOf));
  return {
    ...rest,
    waiting: route.waiting.filter(notice => !gone.has(idOf(notice))),
    dropped: route.dropped - digest.dropped,
    said: {
      ...route.said,
      ...Object.fromEntries(digest.rows.map(row => [topicOf(row), { kind: row.kind, at: now }])),
    },
    burst: isQuiet ? 1 : route.burst + 1,
    sentAt: now,
    failures: 0,
  };
}

const idOf = (notice: Queued): string => `${topicOf(notice)} ${notice.kind} ${notice.queuedAt}`;

const FIRST_RETRY_MS = 30_000;
/** What a person must mend first is not tried as often: some servers lock accounts after wrong logins. */
const FIRST_PERMANENT_RETRY_MS = 15 * MINUTE_MS;
const SLOWEST_MS = 60 * MINUTE_MS;
/** What could not be sent for so long is news no more. */
const GIVE_UP_MS = 3 * 24 * 60 * MINUTE_MS;

/** For how long nothing is tried after so many failures in a row, ms. */
export function retryAfter(failures: number, isTransient: boolean): number {
  const first = isTransient ? FIRST_RETRY_MS : FIRST_PERMANENT_RETRY_MS;
  return Math.min(first * 2 ** (failures - 1), SLOWEST_MS);
}

/** The route after a message could not be sent. */
export function afterFailure(
  route: RouteState,
  { message, isTransient }: { message: string; isTransient: boolean },
  now: number,
): RouteState {
  const failures = route.failures + 1;
  return { ...route, failures, error: message, nextTryAt: now + retryAfter(failures, isTransient) };
}

/** The route as if it had not failed yet: what it needs may have been mended. */
export function tryAgainNow(route: RouteState): RouteState {
  const { nextTryAt: _nextTryAt, ...rest } = route;
  return { ...rest, failures: 0 };
}

/** The route without what waited for too long, and that. */
export function giveUp(route: RouteState, now: number): { route: RouteState; lost: readonly Queued[] } {
  const isLost = ({ queuedAt }: Queued): boolean => now - queuedAt >= GIVE_UP_MS;
  const lost = route.waiting.filter(isLost);
  return { route: { ...route, waiting: route.waiting.filter(notice => !isLost(notice)) }, lost };
}
