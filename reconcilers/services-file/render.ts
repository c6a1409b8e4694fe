import { API_VERSION, PROJECT_LABEL, SOURCE_LABEL } from '../../crds/names.ts';
import type { ServiceDeployment, ServiceDeploymentSpec } from '../../crds/service-deployment.ts';

type Environment = ServiceDeploymentSpec['environment'];

/** What is not the file's to say: which environment it is, what was released there, and whether it is to run. */
type ReleaseField = 'environment' | 'source' | 'version' | 'stopped';

/** One service of deployment_config.json. */
export interface ConfiguredService extends Omit<ServiceDeploymentSpec, ReleaseField | 'domains'> {
  /** The host names that lead to it, by environment. */
  domains?: Partial<Record<Environment, string[]>>;
}

/** Where a service is rendered for. */
export interface Place {
  namespace: string;
  environment: Environment;
  /** What runs the containers of services that do not say it themselves. */
  platform: NonNullable<ServiceDeploymentSpec['platform']>;
}

/** The value of SOURCE_LABEL on a ServiceDeployment that follows deployment_config.json. */
const FROM_FILE = 'file';

/** Whether a ServiceDeployment came from deployment_config.json, which then wins over edits by hand. */
export const isFromFile = ({ metadata }: ServiceDeployment): boolean =>
  metadata.labels?.[SOURCE_LABEL] === FROM_FILE;

/** A shared service is prod's alone. */
export const isOf = (
  { shared = false }: Pick<ServiceDeploymentSpec, 'shared'>,
  environment: Environment,
): boolean => environment === 'prod' || !shared;

/** The name of a service's ServiceDeployment in an environment. */
const serviceDeploymentName = (project: string, environment: Environment, service: string): string =>
  `${project}-${environment}-${service}`;

/**
 * A service of the file as a ServiceDeployment, without a version and a source: nothing runs before a release has
 * written those. All of the CRD's defaults are said, so that it can be compared with what the API shows.
 */
export function renderService(
  service: ConfiguredService,
  { namespace, environment, platform }: Place,
): ServiceDeployment {
  const { project, service: name } = service;
  return {
    apiVersion: API_VERSION,
    kind: 'ServiceDeployment',
    metadata: {
      name: serviceDeploymentName(project, environment, name),
      namespace,
      labels: { [PROJECT_LABEL]: project, [SOURCE_LABEL]: FROM_FILE },
    },
    spec: specOf(service, environment, platform),
  };
}

const BUILD = { containerfile: 'Dockerfile', context: '.' };
const HEALTH_CHECK = { path: '/health', intervalSeconds: 1, timeoutSeconds: 5, startSeconds: 30 };
const DEFAULTS = { stopSeconds: 30, restart: 'always', update: 'start-first' } as const;

function specOf(
  { domains, build, healthCheck, ...service }: ConfiguredService,
  environment: Environment,
  platform: Place['platform'],
): ServiceDeploymentSpec {
  return withoutEmpty({
    ...DEFAULTS,
    platform,
    ...service,
    environment,
    ...(service.image === undefined && { build: { ...BUILD, ...build } }),
    ...(healthCheck && { healthCheck: { ...HEALTH_CHECK, ...healthCheck } }),
    ...(domains?.[environment] && { domains: domains[environment] }),
  });
}

/** An empty list or map says what its absence says. */
function withoutEmpty(spec: ServiceDeploymentSpec): ServiceDeploymentSpec {
  const kept = Object.entries(spec).filter(
    ([, value]) => value !== undefined && !(isContainer(value) && Object.keys(value).length === 0),
  );
  return Object.fromEntries(kept) as unknown as ServiceDeploymentSpec;
}

/** The version of a service that runs a published image: its tag, else the beginning of its digest, else `latest`. */
export function versionOfImage(image: string): string {
  const [reference = '', digest] = image.split('@');
  const tag = /:([\w][\w.-]{0,127})$/.exec(reference)?.[1];
  return tag ?? digest?.replace(':', '-').slice(0, 19) ?? 'latest';
}

/** The fields of a spec that the file decides. */
type OwnedField = Exclude<keyof ServiceDeploymentSpec, ReleaseField | 'project' | 'service'>;

const OWNED = Object.keys({
  type: true,
  platform: true,
  build: true,
  image: true,
  imageLogin: true,
  command: true,
  releaseCommand: true,
  variables: true,
  secrets: true,
  port: true,
  healthCheck: true,
  memory: true,
  cpus: true,
  volumes: true,
  runOptions: true,
  stopSeconds: true,
  restart: true,
  update: true,
  shared: true,
  domains: true,
  maxBodyMegabytes: true,
  readTimeoutSeconds: true,
} satisfies Record<OwnedField, true>) as OwnedField[];

/** A merge patch (RFC 7396) of a ServiceDeployment's spec. */
export type SpecPatch = Readonly<Record<string, unknown>>;

/**
 * What makes an existing ServiceDeployment as the file has it; undefined when it is. What was released stays: its
 * version, but for one that only repeats its image's tag, and its source, but for the repository's address.
 *
 * @param wanted the same service as renderService has it.
 * @param repository the address of the project's repository, where the file says it.
 */
export function changesByFile(
  { spec }: ServiceDeployment,
  wanted: ServiceDeployment,
  repository?: string,
): SpecPatch | undefined {
  const differing = OWNED.filter(field => !isSame(spec[field], wanted.spec[field]));
  const { version, source, image } = spec;
  const isOfImage = image !== undefined && version === versionOfImage(image);
  const newImage = differing.includes('image') ? wanted.spec.image : undefined;
  const isMoved = repository !== undefined && source?.git !== undefined && source.git.url !== repository;
  const patch = {
    ...Object.fromEntries(differing.map(field => [field, patchOf(spec[field], wanted.spec[field])])),
    ...(isOfImage && newImage !== undefined && { version: versionOfImage(newImage) }),
    ...(isMoved && { source: { git: { url: repository } } }),
  };
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** In a merge patch, what a map has too much must be named, at any depth; anything else is replaced. */
export function patchOf(before: unknown, after: unknown): unknown {
  if (after === undefined) return null;
  if (!isMap(before) || !isMap(after)) return after;
  const names = Object.keys({ ...before, ...after });
  return Object.fromEntries(names.map(name => [name, patchOf(before[name], after[name])]));
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isMap = (value: unknown): value is Record<string, unknown> =>
  isContainer(value) && !Array.isArray(value);

/** Whether two JSON values are the same, in whatever order a map's keys are. */
export function isSame(one: unknown, other: unknown): boolean {
  if (!isContainer(one) || !isContainer(other)) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  const [a, b] = [one, other] as Record<string, unknown>[];
  return [...keys].every(key => isSame(a![key], b![key]));
}
