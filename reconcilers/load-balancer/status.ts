import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import { patchStatus } from '../../clients/kubernetes/status.ts';
import { setCondition, type ConditionState } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Context, Run } from '../context.ts';
import { requiredGates, withReady } from '../droplet/readiness.ts';
import type { LoadBalancerError } from './errors.ts';
import type { Generation } from './generation.ts';
import type { ServiceVerdict } from './lb-status.ts';

/** What a master's status says of its load balancer. */
export type Saying = Pick<ConditionState, 'status' | 'reason' | 'message'>;

/**
 * What is said of a master that runs its configuration. A service that was left out does not make the master
 * unready: the others are served, and what waits for the master must not wait for it.
 */
export function sayRunning({ id, verdicts }: Generation): Saying {
  const refused = verdicts.filter(({ state }) => state === 'quarantined');
  if (refused.length === 0)
    return { status: 'True', reason: 'Ok', message: `nginx runs configuration ${id}: ${countOf(verdicts)}` };
  const which = refused.map(({ service, message }) => `${service.name} (${message})`).join(', ');
  const message = `nginx runs configuration ${id}; left out, and to be mended: ${which}`;
  return { status: 'True', reason: 'ServiceQuarantined', message };
}

function countOf(verdicts: readonly ServiceVerdict[]): string {
  const routed = verdicts.filter(({ state }) => state === 'routed').length;
  return verdicts.length === 0
    ? 'no web services yet'
    : `${routed} of ${verdicts.length} web services routed`;
}

/** What is said of a master that could not be given its configuration. */
export const sayTrouble = (error: LoadBalancerError, { metadata }: Droplet): Saying => ({
  status: 'False',
  reason: error.reason,
  message: `${error.message}. ${adviceOn(error.reason, metadata.name)}`,
});

function adviceOn(reason: string, droplet: string): string {
  switch (reason) {
    case 'NotInstalled':
      return 'Nothing is to be done';
    case 'NotWritten':
      return `Make room on ${droplet}: "dropfleet ssh ${droplet}" and "df -h"`;
    case 'ConfigurationRefused':
      return 'The last good configuration serves on. Please report this, with the droplet\'s "nginx -V"';
    default:
      return `"dropfleet ssh ${droplet}" and "journalctl -u nginx" show more; it is tried again by itself`;
  }
}

/** Writes what is said, by version: others write the same list of conditions. */
export function tell(context: Context, droplet: Droplet, saying: Saying, run: Run): Promise<Droplet> {
  const { metadata, spec, status = {} } = droplet;
  const { generation } = metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const now = new Date(context.clock.now());
  const state = { type: 'LoadBalancerReady', ...saying, ...observed };
  const said = { ...status, conditions: setCondition(status.conditions, state, now) };
  const ready = withReady(said, requiredGates(context, spec.role), now);
  return patchStatus(context.kubernetes, DROPLETS, droplet, ready, run, 'version');
}
