import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { ReleaseEnding } from '../world/await-release.ts';

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

/** Why a release failed, what goes on instead, and what to do. */
export function failureLines(
  { failures, released, waitingFor }: Extract<ReleaseEnding, { state: 'failed' }>,
  rollback: string,
): string {
  const old = failures.filter(
    ({ service: { spec, status } }) => status?.version !== undefined && status.version !== spec.version,
  );
  const back = old.length > 0 ? `, or keep what ran before: ${rollback}` : '';
  return [
    ...failures.map(({ service, message }) => `${service.metadata.name}: ${message}`),
    ...old.map(({ service: { metadata, status } }) => `${metadata.name} goes on with ${status?.version}.`),
    ...(released.length > 0 ? [`Released: ${released.join(', ')}.`] : []),
    ...(waitingFor.length > 0 ? [`Still on its way: ${waitingFor.join(', ')}.`] : []),
    `Mend it and deploy again${back}`,
  ].join('\n');
}
