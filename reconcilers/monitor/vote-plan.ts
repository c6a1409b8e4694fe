import type { Stance } from './observation.ts';

/** How often a vote is renewed at most, in milliseconds: at every second probe, the soonest of which are 9 s apart. */
export const RENEW_MS = 9_000;

/** What is to be done about the Lease of one observer and target. */
export type VoteStep = 'none' | 'write' | 'withdraw';

/** What a vote is planned by. */
export interface VoteState {
  readonly stance: Stance;
  /** Whether the API has one of this observer and target, whoever wrote it. */
  readonly isStored: boolean;
  /** How long ago this process last wrote it, in milliseconds; undefined when it did not. */
  readonly writtenAgoMs: number | undefined;
}

/**
 * What follows from what the observer says:
 *
 *     stance    | vote
 *     ----------+--------------------------------------------------------
 *     fails     | written, and again when the last time is long ago
 *     lapsing   | left to run out
 *     undecided | left as it is
 *     well      | withdrawn, if there is one
 *     abstains  | withdrawn, if there is one
 *
 * A target that is well has no vote, so that nothing is written for it.
 */
export function planVote({ stance, isStored, writtenAgoMs = Infinity }: VoteState): VoteStep {
  switch (stance) {
    case 'fails':
      return writtenAgoMs >= RENEW_MS ? 'write' : 'none';
    case 'well':
    case 'abstains':
      return isStored ? 'withdraw' : 'none';
    case 'lapsing':
    case 'undecided':
      return 'none';
  }
}
