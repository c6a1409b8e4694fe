// What one observer knows of one target, from one probe to the next. Pure: the probes come from the caller, with the
// time of each.
//
//     in a row         | meaning
//     -----------------+-----------------------------------------------------------------------------------
//     3 silent         | the target fails (6 while this process has reason to doubt itself): a vote
//     2 answered       | it is well, after a failure again: the vote goes
//     1 or 2 unknown   | a vote is not renewed, and runs out if this goes on; no failure is counted meanwhile
//     3 unknown        | the observer abstains: the vote goes, and what was counted with it

/**
 * What came of one probe. `answered`: one port of the target took or refused the connection. `silent`: none did, while
 * others answered the same observer. `unknown`: the observer itself could not look.
 */
export type Probe = 'answered' | 'silent' | 'unknown';

/** What an observer says of a target. `undecided`: nothing yet, so that what was said before stays. */
export type Stance = 'fails' | 'well' | 'undecided' | 'lapsing' | 'abstains';

/** What is remembered of the probes so far. */
export interface Observation {
  readonly stance: Stance;
  /** Whether the last word was that the target fails. */
  readonly isFailing: boolean;
  /** The last result, and how often it came in a row. */
  readonly last: Probe | undefined;
  readonly inARow: number;
  /** When the first probe of the failure began that is counted, or stated; ms since the epoch. */
  readonly failingSince: number | undefined;
  /** How often the target was found failing, and well again. */
  readonly flaps: number;
}

/** Silent probes in a row that make a failure. */
export const FAILURES = 3;
/** Answered probes in a row that end one. */
export const SUCCESSES = 2;
/** Unknown probes in a row after which nothing holds that was known before. */
export const UNKNOWNS = 3;

/** Nothing was probed yet. */
export const UNSEEN: Observation = {
  stance: 'undecided',
  isFailing: false,
  last: undefined,
  inARow: 0,
  failingSince: undefined,
  flaps: 0,
};

/** A probe that has ended. */
export interface Probed {
  readonly probe: Probe;
  /** When it began; ms since the epoch. */
  readonly at: number;
  /** What FAILURES is multiplied by: more than 1 while this process doubts itself. */
  readonly patience: number;
}

/** What is known after one more probe. */
export function observe(before: Observation, probed: Probed): Observation {
  const inARow = before.last === probed.probe ? before.inARow + 1 : 1;
  const counted = { ...before, last: probed.probe, inARow };
  return AFTER[probed.probe](counted, probed);
}

/** What each result makes of what was known; `counted` has the result in it. */
const AFTER: Readonly<Record<Probe, (counted: Observation, probed: Probed) => Observation>> = {
  answered(counted) {
    if (counted.inARow >= SUCCESSES) return well(counted);
    return counted.isFailing
      ? { ...counted, stance: 'fails' }
      : { ...counted, stance: 'undecided', failingSince: undefined };
  },
  silent(counted, { at, patience }) {
    const failingSince = counted.isFailing || counted.inARow > 1 ? (counted.failingSince ?? at) : at;
    const isFailing = counted.isFailing || counted.inARow >= FAILURES * patience;
    return { ...counted, failingSince, isFailing, stance: isFailing ? 'fails' : 'undecided' };
  },
  unknown(counted) {
    if (counted.inARow >= UNKNOWNS)
      return { ...counted, stance: 'abstains', isFailing: false, failingSince: undefined };
    if (counted.isFailing) return { ...counted, stance: 'lapsing' };
    return { ...counted, stance: 'undecided', failingSince: undefined };
  },
};

const well = (counted: Observation): Observation => ({
  ...counted,
  stance: 'well',
  isFailing: false,
  failingSince: undefined,
  flaps: counted.flaps + (counted.isFailing ? 1 : 0),
});
