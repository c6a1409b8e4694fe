import type { ContextOf } from '../context.ts';
import { counter, gauge } from '../metrics.ts';

/** The waits of what takes snapshots, in milliseconds. */
export interface SnapshotTimings {
  /** How old a master's last snapshot may become. */
  readonly dayMs: number;
  /** How long a production release has served before a snapshot is taken: as good as it is proven by then. */
  readonly settleMs: number;
  /** How long a daily snapshot waits for rollouts to end. */
  readonly patienceMs: number;
  /** How often a project is looked at in which nothing is due. */
  readonly lookMs: number;
  /** How soon to look again at a snapshot that is being taken. */
  readonly pollMs: number;
  /** How long databases stand still at most once DigitalOcean has begun; it does not say when it has what it needs. */
  readonly holdMs: number;
  /** After so long a host lets its databases go by itself, whatever became of the operator. */
  readonly deadMs: number;
  /** How long a snapshot whose request may be lost is looked for. */
  readonly graceMs: number;
  /** How soon to try again after a failure; each further one doubles it, up to a day. */
  readonly retryMs: number;
  /** How old a list of the account's snapshots may be. */
  readonly listMs: number;
}

const MINUTE = 60_000;

const timings: SnapshotTimings = {
  dayMs: 24 * 60 * MINUTE,
  settleMs: 5 * MINUTE,
  patienceMs: 60 * MINUTE,
  lookMs: 60 * MINUTE,
  pollMs: 15_000,
  holdMs: 10_000,
  deadMs: MINUTE,
  graceMs: 5 * MINUTE,
  retryMs: 30 * MINUTE,
  listMs: 10 * MINUTE,
};

/** What this concern waits for and counts. */
export const SNAPSHOT = {
  timings,
  metrics: {
    snapshots: counter({
      name: 'dropfleet_snapshots_total',
      help: 'Snapshots that were taken, that failed, and that were removed because newer ones stay.',
      labels: ['result'],
    }),
    age: gauge({
      name: 'dropfleet_snapshot_age_seconds',
      help: "How old a server's newest snapshot is: what would be lost with the server. Not of projects that have snapshots off or are suspended.",
      labels: ['namespace', 'project', 'droplet'],
    }),
    unsaved: gauge({
      name: 'dropfleet_without_snapshot_seconds',
      help: 'How old a server is that holds data and of which there is no snapshot at all. Not of projects that have snapshots off or are suspended.',
      labels: ['namespace', 'project', 'droplet'],
    }),
    pause: gauge({
      name: 'dropfleet_snapshot_pause_seconds',
      help: "How long databases stood still for a server's newest snapshot.",
      labels: ['namespace', 'project', 'droplet'],
    }),
    cost: gauge({
      name: 'dropfleet_snapshots_monthly_cost_dollars',
      help: "The list price of the fleet's snapshots for a month, as last listed.",
    }),
  },
};

/** What these reconcilers may use of the world. */
export type Context = ContextOf<typeof SNAPSHOT>;
