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
      /** Why it is not routed. */
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

/** What /lb-status says. */
export function lbStatusOf(
  generation: string,
  project: string,
  verdicts: readonly ServiceVerdict[],
): LbStatus {
  const services = verdicts.map(({ service, state, message }) => ({
    environment: service.environment,
    service: service.service,
    path: `${routeOf(service)}/`,
    domains: service.domains,
    version: service.version ?? null,
    state,
    ...(message !== undefined && { message }),
    servers: service.servers.map(({ droplet, address, state: place, reason }) => ({
      droplet,
      address,
      state: place,
      ...(reason !== undefined && { reason }),
    })),
  }));
  return { generation, projects: [{ name: project, services }] };
}
