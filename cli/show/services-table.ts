import type { ServiceSummary } from '../../reconcilers/read-model/services.ts';
import type { SecretsReading } from '../world/project-secrets.ts';
import { alignColumns } from './columns.ts';
import { describeSource, type SecretsReport } from './secrets-table.ts';

/** A project's services, and where their secrets come from. */
export interface ServicesReport {
  project: string;
  services: (ServiceSummary & { secrets: Omit<SecretsReport['secrets'][number], 'service'>[] })[];
  kubernetes: SecretsReading;
}

/** The services for a person: a line for each, and the servers that run it below; then what is wrong, and secrets. */
export function servicesTable({ services, kubernetes }: ServicesReport): string[] {
  const rows = services.flatMap(service => [
    [nameOf(service), service.type, versionOf(service), stateOf(service), addressesOf(service)],
    ...service.servers.map(({ droplet, address, state = '' }) => [`  ${droplet}`, '', '', state, address]),
  ]);
  const secrets = services.flatMap(service =>
    service.secrets.map(({ name, from, empty }) => [nameOf(service), name, describeSource(from, empty)]),
  );
  return [
    ...alignColumns([['SERVICE', 'TYPE', 'VERSION', 'STATE', 'ADDRESS'], ...rows]),
    ...services.flatMap(notesOn),
    ...(secrets.length > 0 ? ['', ...alignColumns([['SERVICE', 'SECRET', 'FROM'], ...secrets])] : []),
    ...(secrets.length > 0 && !kubernetes.isRead
      ? [`Kubernetes Secrets were not looked at: ${kubernetes.why}.`]
      : []),
  ];
}

/** The services of the whole fleet, a line for each; nothing when there are none. */
export function serviceLines(services: readonly ServiceSummary[]): string[] {
  if (services.length === 0) return [];
  const rows = services.map(service => [
    `${service.project} ${service.environment} ${service.service}`,
    versionOf(service),
    stateOf(service),
    service.message,
  ]);
  return ['', ...alignColumns([['SERVICE', 'VERSION', 'STATE', 'MESSAGE'], ...rows])];
}

const nameOf = ({ environment, service }: ServiceSummary): string => `${environment}/${service}`;

const versionOf = ({ version, wanted }: ServiceSummary): string =>
  wanted === undefined ? (version ?? '') : `${version ?? ''} -> ${wanted}`.trim();

const stateOf = ({ ready, reason }: ServiceSummary): string => (ready ? 'Ready' : reason);

const addressesOf = ({ urls, privateAddress }: ServiceSummary): string =>
  [...urls, ...(privateAddress === undefined ? [] : [privateAddress])].join(', ');

/** What a person should read of it. */
function notesOn(service: ServiceSummary): string[] {
  const { ready, isDeployed, message, rejected, servers } = service;
  const name = nameOf(service);
  return [
    ...(isDeployed && !ready ? [`${name}: ${message}`] : []),
    ...(rejected && !message.includes(rejected.message)
      ? [`${name}: ${rejected.version ?? rejected.release} was not taken: ${rejected.message}`]
      : []),
    ...servers.flatMap(({ droplet, reason }) =>
      reason === undefined ? [] : [`${name} on ${droplet}: ${reason}`],
    ),
  ];
}
