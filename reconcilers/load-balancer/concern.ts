import type { ContextOf } from '../context.ts';

/** The waits of what works on load balancers besides those of hosts, in milliseconds. */
export interface LoadBalancerTimings {
  /** How soon to requeue for the address of a master that is being made. */
  readonly pollMs: number;
}

const timings: LoadBalancerTimings = { pollMs: 5_000 };

/** What this concern waits for and counts. */
export const LOAD_BALANCER = { timings, metrics: {} };

/** What these reconcilers may use of the world. */
export type Context = ContextOf<typeof LOAD_BALANCER>;
