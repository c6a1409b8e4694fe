import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment, ServiceDeploymentSpec } from '../../crds/service-deployment.ts';
import type { Doubt, Effect } from '../gate/effect.ts';
import {
  changesByFile,
  isFromFile,
  isOf,
  renderService,
  versionOfImage,
  type ConfiguredService,
  type Place,
  type SpecPatch,
} from './render.ts';

/** What deployment_config.json says. */
export interface ServicesFile {
  platform: Place['platform'];
  services: readonly ConfiguredService[];
  /** The address of a project's repository; undefined where the file does not say it. */
  repositoryOf: (project: string) => string | undefined;
}

export type ServiceStep =
  | { type: 'create-service'; wanted: ServiceDeployment }
  | { type: 'update-service'; service: ServiceDeployment; patch: SpecPatch }
  | { type: 'delete-service'; service: ServiceDeployment };

export interface ServicesPlan {
  /** What takes nothing away. */
  changes: ServiceStep[];
  /** What stops a service. */
  removals: Extract<ServiceStep, { type: 'delete-service' }>[];
  /** The removals, as the gate must be asked for them. */
  losses: Effect[];
  /** The names of ServiceDeployments that a person applied, and which are therefore left alone. */
  conflicts: string[];
}

const ENVIRONMENTS: readonly ServiceDeploymentSpec['environment'][] = ['prod', 'uat', 'test'];

/**
 * What makes the ServiceDeployments of one namespace equal to the file, in each environment that exists.
 *
 *     service in the file | ServiceDeployment   | step
 *     --------------------+---------------------+---------------------------
 *     yes                 | from the file       | update where it differs
 *     yes                 | by hand             | - and a conflict
 *     infra, see below    | none                | create
 *     another             | none                | - (a release creates it)
 *     no                  | from the file       | delete
 *     no                  | by hand             | -
 *     any                 | being deleted       | - (the next plan sees it gone)
 *
 * An infra service is in prod as soon as its Project is, and in another environment as soon as anything else is, unless
 * it is shared: then prod's is the one. Projects that are not there, or are on their way out, are nobody's business here.
 */
export function planServices(
  file: ServicesFile,
  projects: readonly Project[],
  services: readonly ServiceDeployment[],
): ServicesPlan {
  const plans = projects
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(project => planProject(file, project, services));
  const removals = plans.flatMap(plan => plan.removals);
  return {
    // A host name that moves is taken from the one before the other gets it.
    changes: plans.flatMap(({ changes }) => changes).toSorted((a, b) => orderOf(a) - orderOf(b)),
    removals,
    losses: lossesOf(removals, file),
    conflicts: plans.flatMap(({ conflicts }) => conflicts),
  };
}

type ProjectPlan = Omit<ServicesPlan, 'losses'>;

function planProject(
  file: ServicesFile,
  { metadata: { name: project, namespace = '' } }: Project,
  all: readonly ServiceDeployment[],
): ProjectPlan {
  const existing = new Map(
    all
      .filter(({ metadata, spec }) => spec.project === project && metadata.namespace === namespace)
      .map(service => [service.metadata.name, service]),
  );
  const configured = file.services.filter(service => service.project === project);
  const plan: ProjectPlan = { changes: [], removals: [], conflicts: [] };
  const kept = new Set<string>();
  for (const environment of ENVIRONMENTS) {
    const isUsed = [...existing.values()].some(
      service => service.spec.environment === environment && !isDeleting(service),
    );
    for (const service of configured.filter(each => isOf(each, environment))) {
      const wanted = renderService(service, { namespace, environment, platform: file.platform });
      const found = existing.get(wanted.metadata.name);
      kept.add(wanted.metadata.name);
      if (found !== undefined) follow(plan, found, wanted, file.repositoryOf(project));
      else if (service.type === 'infra' && (environment === 'prod' || isUsed))
        plan.changes.push({ type: 'create-service', wanted: deployed(wanted) });
    }
  }
  for (const service of existing.values())
    if (isFromFile(service) && !isDeleting(service) && !kept.has(service.metadata.name))
      plan.removals.push({ type: 'delete-service', service });
  return plan;
}

function follow(
  plan: ProjectPlan,
  found: ServiceDeployment,
  wanted: ServiceDeployment,
  repository: string | undefined,
): void {
  if (isDeleting(found)) return;
  if (!isFromFile(found)) return void plan.conflicts.push(found.metadata.name);
  const patch = changesByFile(found, wanted, repository);
  if (patch !== undefined) plan.changes.push({ type: 'update-service', service: found, patch });
}

/** Infra services wait for no release: their image says the version. */
const deployed = (wanted: ServiceDeployment): ServiceDeployment => ({
  ...wanted,
  spec: { ...wanted.spec, version: versionOfImage(wanted.spec.image!) },
});

const isDeleting = ({ metadata }: ServiceDeployment): boolean => metadata.deletionTimestamp !== undefined;

function orderOf(step: ServiceStep): number {
  if (step.type !== 'update-service') return 2;
  const { domains = step.service.spec.domains } = step.patch as { domains?: readonly string[] | null };
  return (step.service.spec.domains ?? []).every(domain => domains?.includes(domain)) ? 1 : 0;
}

function lossesOf(removals: ServicesPlan['removals'], { services }: ServicesFile): Effect[] {
  const gone = new Set(removals.map(({ service: { spec } }) => `${spec.project} ${spec.service}`));
  const doubt = services.length === 0 ? EMPTY : gone.size > 1 ? SEVERAL : undefined;
  return removals.map(({ service: { metadata, spec } }) => ({
    verb: 'remove' as const,
    cause: 'left the file' as const,
    project: `${metadata.namespace}/${spec.project}`,
    name: metadata.name,
    uid: metadata.uid!,
    ...(doubt && { doubt }),
  }));
}

/** A file that lost a part is more likely than the wish to stop everything. */
const EMPTY: Doubt = {
  reason: 'EmptyDeploymentConfig',
  message: 'deployment_config.json has no services, which would stop every one that came from it',
};

const SEVERAL: Doubt = {
  reason: 'SeveralServicesRemoved',
  message: 'several services left deployment_config.json at once; one is removed without a confirmation',
};
