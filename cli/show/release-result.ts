import type { ServiceDeployment } from '../../crds/service-deployment.ts';

/** A service that serves, for people and programs. */
export interface ReleasedService {
  service: string;
  version: string | null;
  /** The id of its image. */
  image: string | null;
  /** Where people reach it; none of what takes no requests. */
  addresses: string[];
}

/** What runs after a release. */
export function releasedServices(
  services: readonly ServiceDeployment[],
  masterAddress: string,
): ReleasedService[] {
  return services.map(({ spec, status }) => {
    const { project, environment, service, type, domains = [] } = spec;
    const hosts = domains.map(domain => `http://${domain}/`);
    const path = `http://${masterAddress}/${project}/${environment}/${service}/`;
    return {
      service,
      version: status?.version ?? null,
      image: status?.image ?? null,
      addresses: type === 'web' ? [path, ...hosts] : [],
    };
  });
}
