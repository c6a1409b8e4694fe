import { findCondition } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';

/** What a person should know before a server is given up. */
export interface GivenUp {
  droplet: Droplet;
  /** All of its project. */
  services: readonly ServiceDeployment[];
  /** Its snapshot is not used. */
  clean: boolean;
  /** Milliseconds since 1970. */
  now: number;
}

/** What is known of the server, what becomes of it, and what would be lost. */
export function recoveryLines(input: GivenUp): string[] {
  const { metadata, spec, status } = input.droplet;
  const ready = findCondition(status?.conditions, 'Ready');
  const healthy = findCondition(status?.conditions, 'Healthy');
  const observers = status?.monitoredBy ?? [];
  return [
    `${metadata.name} is droplet ${status?.server?.id} (${spec.role}, ${status?.server?.size ?? spec.size} in ${spec.region}): ${ready?.message ?? 'nothing is known of it yet'}`,
    healthy === undefined
      ? 'Its observers have not said yet how it is.'
      : `Healthy is ${healthy.status}: ${healthy.message}`,
    ...(observers.length > 0 ? [`It is observed by ${observers.join(', ')}.`] : []),
    'It is powered off and kept for 24 hours; a new server gets its name, its role, and what runs there now.',
    lossLine(input),
    ...volumeLines(input),
  ];
}

function lossLine({ droplet: { status }, clean, now }: GivenUp): string {
  const { snapshot } = status ?? {};
  if (clean || snapshot === undefined)
    return `Lost is everything on its disk${clean ? '' : ': it has no snapshot'}.`;
  return `Lost is what came to its disk since its newest snapshot, ${snapshot.id}, which is ${ageOf(snapshot.createdAt, now)} old.`;
}

/** What visitors' data may be on. */
function volumeLines({ droplet: { metadata, spec }, services }: GivenUp): string[] {
  return services
    .filter(service => isThere(service, metadata.name, spec.role))
    .filter(({ spec }) => spec.type === 'infra' || (spec.volumes ?? []).length > 0)
    .map(({ spec: { environment, service, volumes = [] }, status }) => {
      const names = volumes.map(({ name }) => name);
      const where = names.length === 0 ? '' : `, with ${names.join(', ')}`;
      if (status?.dataVolume !== undefined)
        return `The data of ${service} in ${environment} are on the volume ${status.dataVolume}, and are kept.`;
      return `That disk holds the data of ${service} in ${environment}${where}.`;
    });
}

const isThere = ({ spec, status }: ServiceDeployment, name: string, role: Droplet['spec']['role']): boolean =>
  status?.endpoints?.some(({ droplet }) => droplet === name) ||
  (spec.type === 'infra' && role === 'master' && !spec.stopped);

/** Such as `5 h 12 min`. */
export function ageOf(time: string, now: number): string {
  const minutes = Math.max(0, Math.floor((now - Date.parse(time)) / 60_000));
  const [days, hours] = [Math.floor(minutes / 1_440), Math.floor((minutes % 1_440) / 60)];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}
