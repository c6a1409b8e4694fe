import { findCondition } from '../../crds/conditions.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';

/** The reasons of a service that is not Ready and goes on by itself; with any other one a person must act. */
const MOVING: ReadonlySet<string> = new Set([
  'Pending',
  'NoMaster',
  'MasterUnreachable',
  'Building',
  'ImageMissing',
  'RunningReleaseCommand',
  'Starting',
  'Switching',
  'Watching',
  'NoServer',
  'ServerUnavailable',
  'ServerUnreachable',
]);

/**
 * Why a service does not get Ready before a person acts; undefined when it is, or is on its way, and when its status is
 * about another spec than the present one.
 */
export function whyStuck({ metadata, status }: ServiceDeployment): string | undefined {
  if (status?.observedGeneration !== metadata.generation) return undefined;
  const ready = findCondition(status?.conditions, 'Ready');
  if (ready === undefined || ready.status === 'True' || MOVING.has(ready.reason)) return undefined;
  return ready.message;
}
