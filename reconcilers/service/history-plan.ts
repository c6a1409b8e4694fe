import type { ServiceDeploymentStatus } from '../../crds/service-deployment.ts';

/** A release that served before. */
export type PastRelease = NonNullable<ServiceDeploymentStatus['history']>[number];

/** How many former releases a status remembers: images are kept of fewer. */
const REMEMBERED = 10;

/**
 * The past release that a failure goes back to: the last that served for a minute. Where none ever did, it is the last
 * one: nothing better is known.
 */
export const goodRelease = ({ history = [] }: ServiceDeploymentStatus): PastRelease | undefined =>
  history.find(isProven) ?? history[0];

/** What a status remembers of these, the newest first: the last of them that was proven too, however many came after it. */
export function remembered(history: readonly PastRelease[]): PastRelease[] {
  const kept = history.slice(0, REMEMBERED);
  const proven = history.find(isProven);
  return proven === undefined || kept.includes(proven) ? kept : [...kept.slice(0, -1), proven];
}

const isProven = ({ unproven }: PastRelease): boolean => !unproven;
