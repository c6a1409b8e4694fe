import type { ConditionValue } from '../../crds/conditions.ts';
import type { ServiceDeployment, ServiceDeploymentStatus } from '../../crds/service-deployment.ts';
import type { SERVICE_OWNERS } from '../../crds/status-owners.ts';
import type { StatusChange } from '../status/write.ts';
import type { Endpoint } from './rollout-plan.ts';

export type ServiceChange = StatusChange<ServiceDeploymentStatus, (typeof SERVICE_OWNERS)['service']>;

/** What serves, or is about to. */
export interface Serving {
  release: string;
  version: string;
  image: string;
}

/** How many former releases a status remembers: images are kept of fewer. */
const REMEMBERED = 10;

/**
 * The status of a service whose requests go to those endpoints from now on. What served before becomes history; what
 * is gone back to is taken out of it.
 */
export function switchedTo(
  { status = {} }: ServiceDeployment,
  next: Serving | undefined,
  endpoints: Endpoint[],
  now: string,
): NonNullable<ServiceChange['fields']> {
  if (next === undefined || status.release === next.release) return { endpoints };
  const { version, image, release, deployedAt, rejected, history = [] } = status;
  const isPast = version !== undefined && image !== undefined && release !== rejected?.release;
  const entry = {
    version: version!,
    image: image!,
    ...(release && { release }),
    deployedAt: deployedAt ?? now,
  };
  const rest = history.filter(one => one.release !== next.release);
  return {
    endpoints,
    ...next,
    deployedAt: now,
    history: [...(isPast ? [entry] : []), ...rest].slice(0, REMEMBERED),
  };
}

export const rolled = (reason: string, message: string): ConditionValue => ({
  status: 'True',
  reason,
  message,
});

export const notYet = (reason: string, message: string): ConditionValue => ({
  status: 'False',
  reason,
  message,
});
