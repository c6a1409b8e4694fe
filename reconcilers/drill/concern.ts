import type { ContextOf } from '../context.ts';
import { counter, gauge, histogram } from '../metrics.ts';

/** The waits of restore drills, in milliseconds. */
export interface DrillTimings {
  /** How soon to look again at what a drill waits for: it is timed by that. */
  readonly pollMs: number;
  /** How long each step of a drill may take. */
  readonly stepMs: number;
  /** How long a drill may take until its server is removed, whatever it waits for. */
  readonly deadlineMs: number;
  /** For how long a server whose request may be lost is looked for; see DropletTimings. */
  readonly launchGraceMs: number;
  /** How long the cloud must have said that a server is not there before that is believed; see DropletTimings. */
  readonly absenceMs: number;
  /** How soon to try again what failed while it is removed, and how often a hold is looked at. */
  readonly retryMs: number;
}

const MINUTE = 60_000;

const timings: DrillTimings = {
  pollMs: 2_000,
  stepMs: 8 * MINUTE,
  deadlineMs: 20 * MINUTE,
  launchGraceMs: MINUTE,
  absenceMs: 75_000,
  retryMs: 10_000,
};

/** What this concern waits for and counts. */
export const DRILL = {
  timings,
  metrics: {
    drills: counter({
      name: 'dropfleet_drills_total',
      help: 'Restore drills that ended, by how they went.',
      labels: ['result'],
    }),
    seconds: histogram({
      name: 'dropfleet_drill_seconds',
      help: 'How long it took in drills that passed from asking for a server until the services on it had answered.',
      buckets: [15, 30, 45, 60, 90, 120, 180, 300, 600],
    }),
    verified: gauge({
      name: 'dropfleet_verified_restore_age_seconds',
      help: "How long ago a restore drill of a server's snapshot passed; none of those that never had one.",
      labels: ['namespace', 'project', 'droplet'],
    }),
  },
};

/** What these reconcilers may use of the world. */
export type Context = ContextOf<typeof DRILL>;
