import { gauge } from '../metrics.ts';

/** The waits of the gate, in milliseconds. */
export interface GateTimings {
  /** How long a deletion is waited with for what comes with it: kubectl deletes one object after the other. */
  readonly settleMs: number;
}

const timings: GateTimings = { settleMs: 2_000 };

/** What this concern waits for and counts. */
export const GATE = {
  timings,
  metrics: {
    held: gauge({
      name: 'dropfleet_held',
      help: 'What is held until a person confirms it, by the reason; dropfleet confirm shows it.',
      labels: ['reason'],
    }),
  },
};
