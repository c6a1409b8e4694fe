import { API_VERSION, PROJECT_LABEL, SOURCE_LABEL } from '../../crds/names.ts';
import type { ServiceDeployment, ServiceDeploymentSpec } from '../../crds/service-deployment.ts';
import { mergePatch } from './merge-patch.ts';

/** What a deploy does to one service. */
export type DeployStep = { name: string; wanted: ServiceDeploymentSpec } & (
  | { do: 'create'; object: ServiceDeployment }
  | { do: 'patch'; spec: Record<string, unknown> }
  /** It is as it should be. */
  | { do: 'nothing' }
);

/** What a deploy writes of a spec: all that the file or the command says, and nothing that a person adds to it. */
const OWNED: readonly (keyof ServiceDeploymentSpec)[] = [
  'type',
  'source',
  'build',
  'domains',
  'command',
  'releaseCommand',
  'variables',
  'port',
  'memory',
  'cpus',
  'volumes',
  'stopSeconds',
  'restart',
  'update',
  'shared',
  'secrets',
  'healthCheck',
  'platform',
  'version',
  'image',
];

/** What the API server fills in, so that its absence in a file is no change. */
const DEFAULTS: Partial<ServiceDeploymentSpec> = {
  stopSeconds: 30,
  restart: 'always',
  update: 'start-first',
  platform: 'docker',
};

/** The steps that make those services as wanted. */
export function planDeploy(
  namespace: string,
  wanted: readonly ServiceDeploymentSpec[],
  existing: readonly ServiceDeployment[],
): DeployStep[] {
  const byName = new Map(existing.map(service => [service.metadata.name, service]));
  return wanted.map(spec => {
    const name = serviceName(spec);
    const before = byName.get(name);
    if (before === undefined)
      return { do: 'create', name, wanted: spec, object: newService(namespace, name, spec) };
    const change = mergePatch(before.spec, filled(before.spec, spec), OWNED);
    return change === undefined
      ? { do: 'nothing', name, wanted: spec }
      : { do: 'patch', name, wanted: spec, spec: change };
  });
}

/** The name of a service's ServiceDeployment. */
export const serviceName = ({
  project,
  environment,
  service,
}: Pick<ServiceDeploymentSpec, 'project' | 'environment' | 'service'>): string =>
  `${project}-${environment}-${service}`;

/** The value of SOURCE_LABEL on what follows deployment_config.json. */
const FROM_FILE = 'file';

const newService = (namespace: string, name: string, spec: ServiceDeploymentSpec): ServiceDeployment => ({
  apiVersion: API_VERSION,
  kind: 'ServiceDeployment',
  metadata: { name, namespace, labels: { [PROJECT_LABEL]: spec.project, [SOURCE_LABEL]: FROM_FILE } },
  spec,
});

/** What is wanted, with the defaults that the object has got already, where nothing else is. */
function filled(before: ServiceDeploymentSpec, wanted: ServiceDeploymentSpec): ServiceDeploymentSpec {
  const { build, healthCheck } = wanted;
  return {
    ...pick(DEFAULTS, before),
    ...wanted,
    ...(build && { build: { ...pick(BUILD, before.build ?? {}), ...build } }),
    ...(healthCheck && { healthCheck: { ...pick(HEALTH_CHECK, before.healthCheck ?? {}), ...healthCheck } }),
  };
}

const BUILD: NonNullable<ServiceDeploymentSpec['build']> = { containerfile: 'Dockerfile', context: '.' };
const HEALTH_CHECK: NonNullable<ServiceDeploymentSpec['healthCheck']> = {
  path: '/health',
  intervalSeconds: 1,
  timeoutSeconds: 5,
  startSeconds: 30,
};

/** Those of the defaults that are there. */
const pick = <T extends object>(defaults: T, there: object): Partial<T> =>
  Object.fromEntries(Object.entries(defaults).filter(([name]) => name in there)) as Partial<T>;
