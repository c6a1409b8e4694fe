import { SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { patchStatus } from '../../clients/kubernetes/status.ts';
import { findCondition, setCondition } from '../../crds/conditions.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Context, Run } from '../context.ts';
import { sayTaken, type ServiceVerdict } from './lb-status.ts';
import { routeOf } from './render-service.ts';
import type { Saying } from './status.ts';

/**
 * Says of each service that the load balancer runs a configuration for whether requests reach it: its Routed
 * condition, and an event when it is left out, or does not get a host name that it asks for.
 *
 * @param services those of the master's project.
 */
export async function tellServices(
  context: Context,
  services: readonly ServiceDeployment[],
  verdicts: readonly ServiceVerdict[],
  run: Run,
): Promise<void> {
  const byName = new Map(services.map(service => [service.metadata.name, service]));
  for (const verdict of verdicts) {
    const service = byName.get(verdict.service.name);
    if (service !== undefined) await tellRouted(context, service, sayRouted(verdict), run);
  }
}

/** A service goes on without the host names that are another's, and is told what to do about them. */
function sayRouted(verdict: ServiceVerdict): Saying {
  const saying = sayState(verdict);
  const taken = sayTaken(verdict.service);
  if (taken === undefined) return saying;
  const message = `${saying.message}; ${taken}: take it off the domains of one of them`;
  return { ...saying, ...(saying.status === 'True' && { reason: DOMAIN_TAKEN }), message };
}

const DOMAIN_TAKEN = 'DomainTaken';

function sayState({ service, state, message = '' }: ServiceVerdict): Saying {
  const { servers } = service;
  const live = servers.filter(server => server.state === 'in').length;
  switch (state) {
    case 'routed': {
      const at = `${live} of ${servers.length} servers take requests at ${routeOf(service)}/`;
      return { status: 'True', reason: 'Routed', message: at };
    }
    case 'unavailable':
      return { status: 'False', reason: 'NoServer', message };
    case 'quarantined':
      return {
        status: 'False',
        reason: 'Quarantined',
        message: `the load balancer leaves it out: ${message}`,
      };
  }
}

const WARNINGS = new Set(['Quarantined', DOMAIN_TAKEN]);

/** By version: others write the same list of conditions. */
async function tellRouted(
  { clock, events, kubernetes }: Context,
  service: ServiceDeployment,
  saying: Saying,
  run: Run,
): Promise<void> {
  const { metadata, status = {} } = service;
  const observed = metadata.generation === undefined ? {} : { observedGeneration: metadata.generation };
  const state = { type: 'Routed', ...saying, ...observed };
  const conditions = setCondition(status.conditions, state, new Date(clock.now()));
  const wasSaid = findCondition(status.conditions, 'Routed')?.reason;
  await patchStatus(kubernetes, SERVICE_DEPLOYMENTS, service, { ...status, conditions }, run, 'version');
  if (WARNINGS.has(saying.reason) && wasSaid !== saying.reason)
    events.record(service, 'Warning', saying.reason, saying.message);
}
