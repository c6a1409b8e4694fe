import type { ConditionValue } from '../../crds/conditions.ts';
import type { ServiceDeployment, ServiceDeploymentStatus } from '../../crds/service-deployment.ts';
import type { SERVICE_OWNERS } from '../../crds/status-owners.ts';
import type { StatusChange } from '../status/write.ts';
import { remembered } from './history-plan.ts';
import type { Endpoint } from './rollout-plan.ts';

export type ServiceChange = StatusChange<ServiceDeploymentStatus, (typeof SERVICE_OWNERS)['service']>;

/** What serves, or is about to. */
export interface Serving {
  release: string;
  version: string;
  image: string;
}

/**
 * The status of a service whose requests go to those endpoints from now on. What served before becomes history; what
 * is gone back to is taken out of it.
 *
 * @param isReturn whether it serves again because another was rejected: what it has proven before holds.
 */
export function switchedTo(
  { status = {} }: ServiceDeployment,
  next: Serving | undefined,
  endpoints: Endpoint[],
  now: string,
  isReturn: boolean,
): NonNullable<ServiceChange['fields']> {
  if (next === undefined || status.release === next.release) return { endpoints };
  const { version, image, release, deployedAt, unproven, rejected, history = [] } = status;
  const isPast = version !== undefined && image !== undefined && release !== rejected?.release;
  const entry = {
    version: version!,
    image: image!,
    ...(release && { release }),
    deployedAt: deployedAt ?? now,
    ...(unproven && { unproven }),
  };
  const isUnproven = !isReturn || history.some(one => one.release === next.release && one.unproven);
  const rest = history.filter(one => one.release !== next.release);
  return {
    endpoints,
    ...next,
    deployedAt: now,
    unproven: isUnproven || undefined,
    history: remembered([...(isPast ? [entry] : []), ...rest]),
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
