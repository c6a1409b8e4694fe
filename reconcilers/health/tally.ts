import type { Clock } from '../../clients/clock.ts';
import type { ObjectKey } from '../../crds/meta.ts';
import { VOTE_SECONDS, type Vote } from './vote.ts';

/** How long after its renewal was seen a vote counts, in ms. */
export const VOTE_MS = VOTE_SECONDS * 1_000;

/** How long a suspicion that is over is remembered, in ms: longer than anybody asks for. */
const REMEMBERED_MS = 600_000;

/** A vote that counts now. */
export interface CountedVote {
  readonly observer: string;
  /** When the observer's first probe failed; ms since the epoch, by the observer's clock: for a person to read. */
  readonly failingSince: number;
  /** Since when it counts, without a moment in between; by this process's monotonic clock, ms. */
  readonly since: number;
}

/** A server against which a vote counts, or counted a moment ago. */
export interface Suspect {
  /** `namespace/name` of the Droplet. */
  readonly target: ObjectKey;
  readonly project: string;
  readonly dropletID: number;
}

/**
 * The votes that count. Only one that this process saw cast or renewed does, for 30 s by its own monotonic clock: what
 * lay there when it began, and what nobody renews, is no proof of anything.
 */
export interface Tally {
  /**
   * Takes note of a vote as it is now.
   *
   * @param wasThere it was found by looking, not seen to come: it counts once it is renewed.
   */
  saw(vote: Vote, wasThere: boolean): void;
  /** The vote was taken back. */
  gone(vote: Pick<Vote, 'dropletID' | 'observer'>): void;
  /** The votes against that server, by observer. */
  against(dropletID: number): readonly CountedVote[];
  /** Whether that observer's word about any other server was seen within 30 s: then it works. */
  isVoting(observer: string, project: string, namespace: string): boolean;
  /** For how many ms the votes against that server go on counting as they do; Infinity when none does. */
  unchangedMs(dropletID: number): number;
  /** The servers against which a vote counted within that time. */
  suspects(withinMs: number): readonly Suspect[];
}

interface Seen {
  vote: Vote;
  /** Since when it counts, and when a renewal was last seen; undefined before the first. */
  since: number | undefined;
  renewedAt: number | undefined;
}

/** Nobody has voted. */
export function createTally(clock: Pick<Clock, 'monotonic'>): Tally {
  const votes = new Map<number, Map<string, Seen>>();
  const suspected = new Map<number, Suspect & { until: number }>();
  const leftMs = ({ renewedAt = -Infinity }: Seen): number => renewedAt + VOTE_MS - clock.monotonic();
  const counted = (dropletID: number): Seen[] =>
    [...(votes.get(dropletID)?.values() ?? [])].filter(seen => leftMs(seen) > 0);

  return {
    saw(vote, wasThere) {
      const { dropletID, observer, target, project } = vote;
      const ofServer = votes.get(dropletID) ?? new Map<string, Seen>();
      votes.set(dropletID, ofServer);
      const before = ofServer.get(observer);
      const isRenewed = before === undefined ? !wasThere : before.vote.renewedAt !== vote.renewedAt;
      if (!isRenewed)
        return void ofServer.set(observer, { since: undefined, renewedAt: undefined, ...before, vote });
      const now = clock.monotonic();
      // One that was taken back meanwhile, and cast again, is another: what it said before was over.
      const isSame = before?.vote.failingSince === vote.failingSince && leftMs(before) > 0;
      ofServer.set(observer, { vote, since: isSame ? before.since : now, renewedAt: now });
      suspected.set(dropletID, { target, project, dropletID, until: now + VOTE_MS });
    },
    gone({ dropletID, observer }) {
      const ofServer = votes.get(dropletID);
      ofServer?.delete(observer);
      if (ofServer?.size === 0) votes.delete(dropletID);
      const suspect = suspected.get(dropletID);
      const leftMostMs = Math.max(0, ...counted(dropletID).map(leftMs));
      if (suspect !== undefined)
        suspected.set(dropletID, {
          ...suspect,
          until: Math.min(suspect.until, clock.monotonic() + leftMostMs),
        });
    },
    against: dropletID =>
      counted(dropletID).map(({ vote: { observer, failingSince }, since }) => ({
        observer,
        failingSince,
        since: since!,
      })),
    isVoting: (observer, project, namespace) =>
      [...votes.values()].some(ofServer => {
        const seen = ofServer.get(observer);
        const isOfProject = seen?.vote.project === project && seen.vote.target.startsWith(`${namespace}/`);
        return isOfProject && leftMs(seen) > 0;
      }),
    unchangedMs: dropletID => Math.min(Infinity, ...counted(dropletID).map(leftMs)),
    suspects(withinMs) {
      const now = clock.monotonic();
      for (const [id, { until }] of suspected) if (now - until > REMEMBERED_MS) suspected.delete(id);
      return [...suspected.values()].filter(({ until }) => now - until <= withinMs);
    },
  };
}
