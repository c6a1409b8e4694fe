import type { ContextOf } from '../context.ts';
import { counter, gauge, histogram } from '../metrics.ts';

/** The waits of the health controller, in milliseconds. What decides about servers is in verdict.ts and guards.ts. */
export interface HealthTimings {
  /** How soon to look again at a server that is suspected, dead or under recovery. */
  readonly pollMs: number;
  /** How often the witness tries to reach a server that somebody else cannot reach. */
  readonly witnessMs: number;
  /** How long the witness waits for an answer. */
  readonly answerMs: number;
  /** How often votes are looked for that nobody renews or takes back any more. */
  readonly sweepMs: number;
  /** How long such a vote is left for a person to see. */
  readonly staleMs: number;
}

const timings: HealthTimings = {
  pollMs: 5_000,
  witnessMs: 5_000,
  answerMs: 2_000,
  sweepMs: 300_000,
  staleMs: 600_000,
};

/** What this concern waits for and counts. */
export const HEALTH = {
  timings,
  metrics: {
    votes: gauge({
      name: 'dropfleet_votes',
      help: 'Votes that count now: observers that cannot reach a server, by the project of both.',
      labels: ['project'],
    }),
    health: gauge({
      name: 'dropfleet_droplets_health',
      help: 'Droplets by the reason of their condition Healthy, such as Healthy, Suspected, Dead, ApprovalNeeded, Recovering, RecoveryFailed.',
      labels: ['namespace', 'project', 'reason'],
    }),
    monitored: gauge({
      name: 'dropfleet_monitored',
      help: 'Whether any monitor was heard of in the last five minutes: 1, or 0 when nobody watches the fleet.',
    }),
    verdicts: counter({
      name: 'dropfleet_verdicts_total',
      help: 'How often a server was found to be in another state than before, by the state.',
      labels: ['verdict'],
    }),
    detection: histogram({
      name: 'dropfleet_detection_seconds',
      help: 'From the first probe that a server did not answer until a quorum of its observers said so.',
      buckets: [5, 10, 12, 14, 16, 18, 20, 25, 30, 60, 120],
    }),
    recovery: histogram({
      name: 'dropfleet_recovery_seconds',
      help: 'From the decision until its observers found the server well, or until it had failed.',
      buckets: [15, 30, 60, 90, 120, 180, 300, 600, 1_200],
    }),
    recoveries: counter({
      name: 'dropfleet_recoveries_total',
      help: 'Recoveries that ended, by what was done and how it ended.',
      labels: ['result', 'step'],
    }),
  },
};

/** What these reconcilers may use of the world. */
export type Context = ContextOf<typeof HEALTH>;
