import { PROJECT_LABEL } from '../../crds/names.ts';
import type { HeldPlace, ResolvedSecret, SecretPlace } from '../../reconcilers/secrets/lookup-plan.ts';
import type { SecretsReading, UnusedSecret } from '../world/project-secrets.ts';
import { alignColumns } from './columns.ts';

/** Where the secrets of a project's services come from in an environment. */
export interface SecretsReport {
  project: string;
  environment: string;
  /** None is missing. */
  complete: boolean;
  kubernetes: SecretsReading;
  /** In the file's order; `from` is null where it is missing. */
  secrets: (Pick<ResolvedSecret, 'name' | 'empty'> & { service: string; from: HeldPlace | null })[];
  /** Each once, with the services that lack it. */
  missing: (Pick<ResolvedSecret, 'name' | 'places' | 'empty'> & { services: string[] })[];
}

/** The report for a person; `again` is the command that made it. */
export function secretsTable(report: SecretsReport, again: string): string[] {
  const rows = report.secrets.map(({ service, name, from, empty }) => [
    service,
    name,
    describeSource(from, empty),
  ]);
  return [
    ...(rows.length > 0 ? [...alignColumns([['SERVICE', 'SECRET', 'FROM'], ...rows]), ''] : []),
    ...kubernetesLines(report),
    ...(report.complete ? [describeComplete(report)] : missingLines(report, again)),
  ];
}

/** Where a secret comes from, in a cell. */
export function describeSource(from: HeldPlace | null, empty: readonly HeldPlace[]): string {
  const passedOver = empty.length > 0 ? ` (empty: ${empty.map(describeHeldPlace).join('; ')})` : '';
  return `${from === null ? 'missing' : describeHeldPlace(from)}${passedOver}`;
}

const describeHeldPlace = (place: HeldPlace): string =>
  `${describePlace(place)}${IN[place.source] ?? ` in ${place.source}`}`;

const describePlace = (place: SecretPlace): string =>
  'variable' in place ? place.variable : `Secret ${place.secret}, key ${place.key}`;

/** The sources whose names say too little, or nothing new. */
const IN: Record<string, string> = { environment: ' in the environment', kubernetes: '' };

function kubernetesLines({ kubernetes, project }: SecretsReport): string[] {
  if (!kubernetes.isRead)
    return [`Kubernetes Secrets were not looked at: ${kubernetes.why}. A more specific one would win.`];
  const { api, namespace, unused } = kubernetes;
  return [
    `Kubernetes: ${api}, namespace ${namespace}`,
    ...unused.map(secret => describeUnused(secret, project)),
  ];
}

function describeUnused({ name, project: other }: UnusedSecret, project: string): string {
  const why =
    other === null
      ? `it has no label ${PROJECT_LABEL}=${project}; give it that, if it is this project's`
      : `its label ${PROJECT_LABEL} says ${other}`;
  return `Secret ${name} is not used: ${why}.`;
}

const describeComplete = ({ secrets, project, environment }: SecretsReport): string =>
  secrets.length === 0
    ? `The services of ${project} have no secrets.`
    : `Every secret of ${project} in ${environment} has a value.`;

/** What is missing, where it was looked for, and what to do. */
export function missingLines(
  { missing, project }: Pick<SecretsReport, 'missing' | 'project'>,
  again: string,
): string[] {
  return [
    '',
    `Missing: ${missing.map(({ name }) => name).join(', ')}. Looked for, the first that is not empty wins:`,
    ...missing.flatMap(({ name, services, places, empty }) => [
      `  ${name} of ${services.join(', ')}`,
      ...places.map(place => `    ${describeTried(place, empty)}`),
    ]),
    `Set one of each, in .env or the environment, or in a Secret with the label ${PROJECT_LABEL}=${project}; then try again: ${again}`,
  ];
}

function describeTried(place: SecretPlace, empty: readonly HeldPlace[]): string {
  const held = empty.find(other => describePlace(other) === describePlace(place));
  return held === undefined ? describePlace(place) : `${describeHeldPlace(held)}, which is empty`;
}
