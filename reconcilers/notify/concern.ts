import type { ContextOf } from '../context.ts';
import { counter, gauge } from '../metrics.ts';
import type { Patience } from './facts-plan.ts';

/** The waits of what tells people, in milliseconds. */
export interface NotifyTimings extends Patience {
  /** How long after the first notice a message goes out, so that what happens together is one message. */
  readonly gatherMs: number;
  /** How often it is looked, at most, while everything changes. */
  readonly observeMs: number;
  /** How often it is looked, at least: not everything that may be wrong wakes it. */
  readonly recheckMs: number;
}

const timings: NotifyTimings = {
  failedMs: 300_000,
  slowMs: 900_000,
  lastingMs: 1_800_000,
  gatherMs: 15_000,
  observeMs: 1_000,
  recheckMs: 60_000,
};

/** What this concern waits for and counts. */
export const NOTIFY = {
  timings,
  metrics: {
    notices: counter({
      name: 'dropfleet_notices_total',
      help: 'What people had to be told of, by kind.',
      labels: ['kind'],
    }),
    sent: counter({
      name: 'dropfleet_notifications_sent_total',
      help: 'Messages to people, by channel (mail, sms, webhook) and result: sent, failed (tried again), or lost (notices that were given up).',
      labels: ['channel', 'result'],
    }),
    waiting: gauge({
      name: 'dropfleet_outbox_waiting',
      help: 'Notices that are still to be sent, counted once for each way to people.',
    }),
  },
};

/** What this reconciler may use of the world. */
export type Context = ContextOf<typeof NOTIFY>;
