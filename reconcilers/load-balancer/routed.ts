import { findCondition, type ConditionValue } from '../../crds/conditions.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Context } from '../context.ts';
import type { BalancedServer, Balancing } from '../read-model/balancing.ts';
import type { Run } from '../run.ts';
import { writeServiceStatus } from '../status/write.ts';
import { takenDomainsMessage, type ServiceVerdict } from './lb-status.ts';
import { routeOf } from './render-service.ts';

/**
 * Says of each service where its requests may go from now on, before they do: otherwise whoever ends a container could
 * read that none goes to it, when nginx has been told and the service has not.
 *
 * @returns the services as they are then.
 */
export async function announceRoutes(
  context: Context,
  services: readonly ServiceDeployment[],
  balancing: Balancing,
  run: Run,
): Promise<ServiceDeployment[]> {
  const byName = new Map(balancing.services.map(service => [service.name, service]));
  const announced: ServiceDeployment[] = [];
  for (const service of services) {
    const before = service.status?.routed?.addresses ?? [];
    const next = inRotation(byName.get(service.metadata.name)?.servers ?? []);
    const addresses = [...new Set([...before, ...next])];
    const change = { fields: { routed: { addresses } } };
    const isNew = addresses.length > before.length;
    announced.push(isNew ? await writeServiceStatus(context, 'loadBalancer', service, change, run) : service);
  }
  return announced;
}

/**
 * Says of each service that the load balancer runs a configuration for whether requests reach it: its Routed
 * condition, and an event when it is left out, or does not get a host name that it asks for.
 *
 * @param services those of the master's project.
 */
export async function reportServices(
  context: Context,
  services: readonly ServiceDeployment[],
  verdicts: readonly ServiceVerdict[],
  run: Run,
): Promise<void> {
  const byName = new Map(services.map(service => [service.metadata.name, service]));
  for (const verdict of verdicts) {
    const service = byName.get(verdict.service.name);
    if (service !== undefined) await reportRouted(context, service, verdict, run);
  }
}

/** A service goes on without the host names that are another's, and is told what to do about them. */
function routedCondition(verdict: ServiceVerdict): ConditionValue {
  const condition = stateCondition(verdict);
  const taken = takenDomainsMessage(verdict.service);
  if (taken === undefined) return condition;
  const message = `${condition.message}; ${taken}; remove it from one of them`;
  return { ...condition, ...(condition.status === 'True' && { reason: DOMAIN_TAKEN }), message };
}

const DOMAIN_TAKEN = 'DomainTaken';

function stateCondition({ service, state, message = '' }: ServiceVerdict): ConditionValue {
  const { servers } = service;
  const live = servers.filter(server => server.state === 'in').length;
  switch (state) {
    case 'routed': {
      const at = `${live} of ${servers.length} servers in rotation at ${routeOf(service)}/`;
      return { status: 'True', reason: 'Routed', message: at };
    }
    case 'unavailable':
      return { status: 'False', reason: 'NoServer', message };
    case 'quarantined':
      return {
        status: 'False',
        reason: 'Quarantined',
        message: `excluded from the load balancer: ${message}`,
      };
  }
}

/** Where its requests go: what is not among them may end as soon as those in flight have. */
const addressesOf = ({ service, state }: ServiceVerdict): string[] =>
  state === 'routed' ? inRotation(service.servers) : [];

const inRotation = (servers: readonly BalancedServer[]): string[] =>
  servers.filter(server => server.state === 'in').map(({ address }) => address);

const WARNINGS = new Set(['Quarantined', DOMAIN_TAKEN]);

async function reportRouted(
  context: Context,
  service: ServiceDeployment,
  verdict: ServiceVerdict,
  run: Run,
): Promise<void> {
  const condition = routedCondition(verdict);
  const before = findCondition(service.status?.conditions, 'Routed')?.reason;
  const change = {
    fields: { routed: { addresses: addressesOf(verdict) } },
    conditions: { Routed: condition },
  };
  await writeServiceStatus(context, 'loadBalancer', service, change, run);
  if (WARNINGS.has(condition.reason) && before !== condition.reason)
    context.events.record(service, 'Warning', condition.reason, condition.message);
}
