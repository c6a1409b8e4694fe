import type { ConditionValue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Context } from '../context.ts';
import type { Run } from '../run.ts';
import { writeDropletStatus } from '../status/write.ts';
import type { LoadBalancerError } from './errors.ts';
import type { Generation } from './generation.ts';
import type { ServiceVerdict } from './lb-status.ts';

/**
 * The condition of a master that runs its configuration. A service that was left out does not make the master
 * unready: the others are served, and what waits for the master must not wait for it.
 */
export function runningCondition({ id, verdicts }: Generation): ConditionValue {
  const refused = verdicts.filter(({ state }) => state === 'quarantined');
  if (refused.length === 0)
    return { status: 'True', reason: 'Ok', message: `nginx runs configuration ${id}: ${countOf(verdicts)}` };
  const which = refused.map(({ service, message }) => `${service.name} (${message})`).join(', ');
  const message = `nginx runs configuration ${id}; excluded: ${which}`;
  return { status: 'True', reason: 'ServiceQuarantined', message };
}

function countOf(verdicts: readonly ServiceVerdict[]): string {
  const routed = verdicts.filter(({ state }) => state === 'routed').length;
  return verdicts.length === 0
    ? 'no web services yet'
    : `${routed} of ${verdicts.length} web services routed`;
}

/** The condition of a master that could not be given its configuration. */
export const errorCondition = (error: LoadBalancerError, { metadata }: Droplet): ConditionValue => ({
  status: 'False',
  reason: error.reason,
  message: `${error.message}. ${adviceOn(error.reason, metadata.name)}`,
});

function adviceOn(reason: string, droplet: string): string {
  switch (reason) {
    case 'NotInstalled':
      return 'No action needed';
    case 'NotWritten':
      return `Make room on ${droplet}: "dropfleet ssh ${droplet}" and "df -h"`;
    case 'ConfigurationRefused':
      return 'Still serving the last good configuration. Please report this, with the droplet\'s "nginx -V"';
    default:
      return `"dropfleet ssh ${droplet}" and "journalctl -u nginx" show more; retrying`;
  }
}

/** Says how the load balancer on the Droplet's server is. */
export function reportLoadBalancer(
  context: Context,
  droplet: Droplet,
  condition: ConditionValue,
  run: Run,
): Promise<Droplet> {
  const id = droplet.status?.server?.id;
  const loadBalancer = id === undefined ? {} : { serverID: id };
  const change = { fields: { loadBalancer }, conditions: { LoadBalancerReady: condition } };
  return writeDropletStatus(context, 'loadBalancer', droplet, change, run);
}
