import type { ServiceDeploymentSpec } from '../../crds/service-deployment.ts';

type Environment = ServiceDeploymentSpec['environment'];

/** One service of deployment_config.json. */
interface ConfiguredService extends Omit<
  ServiceDeploymentSpec,
  'environment' | 'source' | 'version' | 'stopped' | 'domains'
> {
  domains?: Partial<Record<Environment, string[]>>;
}

/** What is deployed: the same for all services of a deploy. */
export interface Deployed {
  environment: Environment;
  /** What runs containers where a service does not say it. */
  platform: NonNullable<ServiceDeploymentSpec['platform']>;
  version: string;
  source?: ServiceDeploymentSpec['source'];
}

/** The service as that deploy wants it. Infra has no part in releases: its version is that of its image. */
export function wantedSpec(
  { domains, ...service }: ConfiguredService,
  { environment, platform, version, source }: Deployed,
): ServiceDeploymentSpec {
  const { image, type } = service;
  const own = domains?.[environment];
  const isInfra = type === 'infra' && image !== undefined;
  return {
    platform,
    ...service,
    environment,
    version: isInfra ? versionOfImage(image) : version,
    ...(own && { domains: own }),
    ...(image === undefined && source && { source }),
  };
}

/** A shared service is prod's alone. */
export const isOf = ({ shared }: Pick<ServiceDeploymentSpec, 'shared'>, environment: Environment): boolean =>
  environment === 'prod' || shared !== true;

/** Its tag, else the beginning of its digest, else `latest`. */
function versionOfImage(image: string): string {
  const [reference = '', digest] = image.split('@');
  const tag = /:([\w][\w.-]{0,127})$/.exec(reference)?.[1];
  return tag ?? digest?.replace(':', '-').slice(0, 19) ?? 'latest';
}
