import type { ServiceDeployment } from '../../crds/service-deployment.ts';

/** One line for everything that happened to services between two sights of them, by their names. */
export function releaseTransitions(
  before: ReadonlyMap<string, ServiceDeployment>,
  after: readonly ServiceDeployment[],
): string[] {
  return after.flatMap(service => {
    const old = new Set(linesOf(before.get(service.metadata.name)));
    return linesOf(service).filter(line => !old.has(line));
  });
}

/** What a status says, a line for each thing. */
function linesOf(service: ServiceDeployment | undefined): string[] {
  if (service?.status === undefined) return [];
  const { metadata, status } = service;
  const { rejected, conditions = [] } = status;
  const about = `service ${metadata.name}`;
  return [
    ...conditions.map(({ type, status, reason, message }) =>
      status === 'True' ? `${about}: ${type}, ${message}` : `${about}: not ${type} (${reason}), ${message}`,
    ),
    ...(rejected ? [`${about}: ${rejected.version ?? 'the release'} failed, ${rejected.message}`] : []),
  ];
}
