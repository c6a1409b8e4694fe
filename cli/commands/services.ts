import { DROPLETS, PROJECTS, SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import type { Environment } from '../../config/deployment-file.ts';
import { didYouMean } from '../../config/near-match.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { hasItsName, namesOf } from '../../reconcilers/read-model/project-names.ts';
import { summarizeServices, type ServiceSummary } from '../../reconcilers/read-model/services.ts';
import { lookupIn, resolveSecret } from '../../reconcilers/secrets/lookup-plan.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { servicesTable, type ServicesReport } from '../show/services-table.ts';
import { openParts } from '../world/open.ts';
import { readSecrets, type SecretsReading } from '../world/project-secrets.ts';
import type { WorldParts } from '../world/world.ts';

export interface ServicesOptions extends GlobalOptions {
  project: string;
  /** One of its environments; all when absent. */
  environment?: Environment;
}

/** Shows where a project's services answer, in which version, how they are, and where their secrets come from. */
export async function services(options: ServicesOptions): Promise<void> {
  const { project, environment } = options;
  const parts = await openParts({ ...options, readOnly: true, withoutCloud: true });
  try {
    const { kubernetes } = await parts.openKubernetes();
    const [projects, droplets, all] = await Promise.all([
      kubernetes.list(PROJECTS),
      kubernetes.list(DROPLETS),
      kubernetes.list(SERVICE_DEPLOYMENTS),
    ]);
    const own = ofProject(project, all.items, projects.items);
    const wanted = own.filter(({ spec }) => environment === undefined || spec.environment === environment);
    if (wanted.length === 0) throw nothingOf(options, projects.items, all.items);
    // A host name goes to one service of all environments.
    const names = new Set(wanted.map(({ metadata }) => metadata.name));
    const summaries = summarizeServices(own, droplets.items, projects.items).filter(({ name }) =>
      names.has(name),
    );
    const report = await withSecrets(parts, project, summaries, wanted);
    printResult(options, report, () => servicesTable(report));
  } finally {
    await parts.close();
  }
}

/** Those of the Project that has the name; in any namespace when there is none. */
function ofProject(
  project: string,
  services: readonly ServiceDeployment[],
  projects: readonly Project[],
): ServiceDeployment[] {
  const names = namesOf(projects);
  return services.filter(
    ({ metadata, spec }) =>
      spec.project === project &&
      (!names.has(project) || hasItsName(`${metadata.namespace}/${project}`, project, names)),
  );
}

function nothingOf(
  { project, environment }: ServicesOptions,
  projects: readonly Project[],
  services: readonly ServiceDeployment[],
): CommandFailure {
  const known = [
    ...new Set([
      ...projects.map(({ metadata }) => metadata.name),
      ...services.map(({ spec }) => spec.project),
    ]),
  ].toSorted();
  if (!known.includes(project))
    return new CommandFailure(
      `there is no project ${project}${didYouMean(project, known) || (known.length > 0 ? `; known are ${known.join(', ')}` : ': "dropfleet status" lists them all')}`,
    );
  return new CommandFailure(
    `project ${project} has no services${environment === undefined ? '' : ` in ${environment}`} yet: they come with its first deploy`,
  );
}

async function withSecrets(
  parts: WorldParts,
  project: string,
  summaries: readonly ServiceSummary[],
  services: readonly ServiceDeployment[],
): Promise<ServicesReport> {
  const specs = new Map(services.map(({ metadata, spec }) => [metadata.name, spec]));
  const environments = [...new Set(summaries.map(({ environment }) => environment))];
  const readings = new Map(
    await Promise.all(
      environments.map(async environment => {
        return [environment, await readSecrets(parts, project, environment)] as const;
      }),
    ),
  );
  return {
    project,
    services: summaries.map(summary => {
      const { environment } = summary;
      const lookup = lookupIn(project, parts.settings.sourceOf, readings.get(environment)!.secrets);
      const names = (specs.get(summary.name)?.secrets ?? []).map(name => name.toUpperCase());
      const secrets = names.map(name => {
        const { from, empty } = resolveSecret({ project, environment, name }, lookup);
        return { name, from: from ?? null, empty };
      });
      return { ...summary, secrets };
    }),
    kubernetes: merged([...readings.values()].map(({ kubernetes }) => kubernetes)),
  };
}

/** Either all environments' Secrets can be read or none. */
function merged(readings: readonly SecretsReading[]): SecretsReading {
  const read = readings.filter(reading => reading.isRead);
  const [first] = read;
  if (first === undefined || read.length < readings.length) return readings.find(({ isRead }) => !isRead)!;
  return { ...first, unused: read.flatMap(({ unused }) => unused) };
}
