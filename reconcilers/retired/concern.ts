import type { ContextOf } from '../context.ts';

/** What this concern waits for and counts: see KEPT_MS in plan.ts. */
export const RETIRED = { timings: {}, metrics: {} };

/** What this reconciler may use of the world. */
export type Context = ContextOf<typeof RETIRED>;
