import type { ContextOf } from '../context.ts';
import { gauge } from '../metrics.ts';

/** How long deployment_config.json is left alone, in milliseconds. */
export interface ServicesFileTimings {
  /** How long a mistake must have stood in it before it is reported: an editor may be in the middle of it. */
  readonly settleMs: number;
  /** How long it must have stayed as it is before the absence of a service is believed. */
  readonly lossSettleMs: number;
}

const timings: ServicesFileTimings = { settleMs: 1_000, lossSettleMs: 10_000 };

/** What this concern waits for and counts. */
export const SERVICES_FILE = {
  timings,
  metrics: {
    valid: gauge({
      name: 'dropfleet_deployment_config_valid',
      help: 'Whether deployment_config.json can be followed: 1, or 0 while it is missing or has mistakes.',
    }),
  },
};

/** What this reconciler may use of the world. */
export type Context = ContextOf<typeof SERVICES_FILE>;
