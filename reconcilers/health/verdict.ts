// What the votes against one server amount to, as they come and go. Times are milliseconds by the judge's own monotonic
// clock: never another machine's, and never from before the judge began to look.
import { WITNESS, type Member, type Watch } from './topology.ts';

/** How long a quorum must hold before a server is dead, ms: to lose a web costs less than to lose a master. */
export const HOLD_MS: Readonly<Record<Member['role'], number>> = { web: 45_000, master: 120_000 };

/** What is older than this is no flapping any more. */
export const FLAP_WINDOW_MS = 600_000;

/** What was seen of the votes against one server. A replacement begins with a course of its own. */
export interface Course {
  readonly serverID: number;
  /** The configured observers whose votes count now. */
  readonly by: readonly string[];
  /** Since when at least one vote counts, without a moment in between. */
  readonly suspectedSince: number | undefined;
  /** Since when enough of them do, likewise. */
  readonly quorumSince: number | undefined;
  /** When a quorum came together or fell apart, in the last ten minutes. */
  readonly turns: readonly number[];
}

/**
 *     votes that count               | verdict
 *     -------------------------------+-------------
 *     none                           | Healthy
 *     fewer than a quorum            | Suspected
 *     a quorum, not yet for the hold | Unreachable
 *     a quorum, through the hold     | Dead
 *
 * Where no quorum is possible, as for a server that nobody but the witness looks at, it is never Dead.
 */
export type Verdict = 'Healthy' | 'Suspected' | 'Unreachable' | 'Dead';

/** A vote that counts now, and since when it does without a moment in between. */
export interface Voter {
  readonly observer: string;
  readonly since: number;
}

/**
 * The course of a server, one look further.
 *
 * @param before undefined at the first look; of another server it means nothing.
 * @param votes those against the server now; of observers that are not to watch it they do not count.
 */
export function followVotes(
  before: Course | undefined,
  serverID: number,
  votes: readonly Voter[],
  watch: Watch,
  now: number,
): Course {
  const known = before?.serverID === serverID ? before : undefined;
  if (votes.length === 0 && known?.by.length === 0 && known.turns.length === 0) return known;
  const counted = votes.filter(({ observer }) => watch.observers.includes(observer));
  const quorumSince = sinceQuorum(counted, watch);
  const isTurn = (quorumSince !== undefined) !== (known?.quorumSince !== undefined);
  const turns = (known?.turns ?? []).filter(at => now - at <= FLAP_WINDOW_MS);
  return {
    serverID,
    by: watch.observers.filter(name => counted.some(({ observer }) => observer === name)),
    suspectedSince: counted.length === 0 ? undefined : Math.min(...counted.map(({ since }) => since)),
    quorumSince,
    turns: isTurn ? [...turns, now] : turns,
  };
}

/**
 * When the last of those votes came that a quorum needs; undefined while they are too few. One of them must be a
 * server's: the witness alone is one voter, however often it votes.
 */
function sinceQuorum(votes: readonly Voter[], { quorum = Infinity }: Watch): number | undefined {
  if (votes.length < quorum || votes.every(({ observer }) => observer === WITNESS)) return undefined;
  return votes.map(({ since }) => since).toSorted((a, b) => a - b)[quorum - 1];
}

/** What that course amounts to now. */
export function verdictOf(
  course: Course | undefined,
  role: Member['role'],
  watch: Watch,
  now: number,
): Verdict {
  if (course === undefined || course.suspectedSince === undefined) return 'Healthy';
  const { quorumSince, suspectedSince } = course;
  if (quorumSince !== undefined) return now - quorumSince >= HOLD_MS[role] ? 'Dead' : 'Unreachable';
  const isAlone = watch.quorum === undefined && now - suspectedSince >= HOLD_MS[role];
  return isAlone ? 'Unreachable' : 'Suspected';
}
