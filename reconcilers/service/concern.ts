import type { ContextOf } from '../context.ts';
import { counter, gauge } from '../metrics.ts';

/** The waits of what rolls releases out besides those of hosts, in milliseconds. */
export interface ServiceTimings {
  /** How soon to look again at what goes on by itself: a build, requests that come to their end. */
  readonly pollMs: number;
  /** How long a new release is watched before the one before it goes. */
  readonly watchMs: number;
  /** How long a release command may take. */
  readonly taskMs: number;
}

const timings: ServiceTimings = { pollMs: 1_000, watchMs: 60_000, taskMs: 600_000 };

/** What this concern waits for and counts. */
export const SERVICE = {
  timings,
  metrics: {
    services: gauge({
      name: 'dropfleet_services',
      help: 'Services that should run, and whether they are Ready: 1 for each.',
      labels: ['namespace', 'project', 'environment', 'service', 'ready'],
    }),
    rollouts: counter({
      name: 'dropfleet_rollouts_total',
      help: 'Releases that began to serve, and those that were rejected, by environment.',
      labels: ['environment', 'result'],
    }),
  },
};

/** What these reconcilers may use of the world. */
export type Context = ContextOf<typeof SERVICE>;
