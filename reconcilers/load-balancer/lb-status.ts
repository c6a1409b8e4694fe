import type { BalancedServer, BalancedService } from '../read-model/balancing.ts';
import { routeOf } from './render-service.ts';

/** The shape of /lb-status. */
export interface LbStatus {
  /** The configuration that these workers run. */
  generation: string;
  projects: {
    name: string;
    services: {
      environment: string;
      service: string;
      path: string;
      domains: string[];
      version: string | null;
      state: ServiceState;
      /** Why it is not routed, or not at all that it asks for. */
      message?: string;
      servers: BalancedServer[];
    }[];
  }[];
}

/** What becomes of a request for a service: a server gets it, there is none, or its settings were refused. */
export type ServiceState = 'routed' | 'unavailable' | 'quarantined';

/** A service and what became of it. */
export interface ServiceVerdict {
  service: BalancedService;
  state: ServiceState;
  message?: string;
}

/** What is said of the host names that a service asks for and does not get; undefined when it gets all. */
export const takenDomainsMessage = ({ takenDomains }: BalancedService): string | undefined =>
  takenDomains.length === 0
    ? undefined
    : takenDomains.map(({ domain, by }) => `domain ${domain} is already used by service ${by}`).join('; ');

/** What /lb-status says. */
export function lbStatusOf(
  generation: string,
  project: string,
  verdicts: readonly ServiceVerdict[],
): LbStatus {
  const services = verdicts.map(verdict => {
    const { service, state } = verdict;
    const message = [verdict.message, takenDomainsMessage(service)]
      .filter(part => part !== undefined)
      .join('; ');
    return {
      environment: service.environment,
      service: service.service,
      path: `${routeOf(service)}/`,
      domains: service.domains,
      version: service.version ?? null,
      state,
      ...(message !== '' && { message }),
      servers: service.servers.map(({ droplet, address, state: place, reason }) => ({
        droplet,
        address,
        state: place,
        ...(reason !== undefined && { reason }),
      })),
    };
  });
  return { generation, projects: [{ name: project, services }] };
}
