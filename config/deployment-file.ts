import type { ServiceDeploymentSpec } from '../crds/service-deployment.ts';

/** What runs the containers. */
export type Platform = NonNullable<ServiceDeploymentSpec['platform']>;
export type Environment = ServiceDeploymentSpec['environment'];
/** What a project's services may be deployed to. */
export const ENVIRONMENTS: readonly Environment[] = ['prod', 'uat', 'test'];

/** deployment_config.json, as its schema has it. */
export interface DeploymentFile {
  deployment_platform?: Platform;
  git_config?: { base_url: string; url_pattern?: string };
  projects: Record<string, ProjectFile>;
}

interface ProjectFile {
  domains?: DomainsFile;
  services: Record<string, ServiceFile>;
}

/** By environment, then by host name; the value is the service's name. */
export type DomainsFile = Partial<Record<Environment, Record<string, string>>>;

export interface ServiceFile {
  type?: ServiceDeploymentSpec['type'];
  containerfile_path?: string;
  build_context?: string;
  image?: string;
  image_login?: { username: string; secret: string };
  command?: Words;
  release_command?: Words;
  environment?: Record<string, string | number | boolean>;
  secrets?: string[];
  port?: number;
  health_check?: HealthCheckFile | boolean;
  max_body_size?: string;
  read_timeout_seconds?: number;
  memory?: string;
  cpus?: string | number;
  volumes?: Record<string, string> | string[];
  stop_seconds?: number;
  restart?: ServiceDeploymentSpec['restart'];
  update?: ServiceDeploymentSpec['update'];
  shared?: boolean;
  deployment_platform?: Platform;
}

/** A command: its arguments, or plain words in one text. */
export type Words = string | string[];

interface HealthCheckFile {
  path?: string;
  interval_seconds?: number;
  timeout_seconds?: number;
  start_seconds?: number;
}

/** A service is a web unless it says otherwise. */
export const typeOf = ({ type = 'web' }: ServiceFile): ServiceDeploymentSpec['type'] => type;

/** A service's name as Kubernetes and DNS allow it, which have no underscores. */
export const serviceNameOf = (written: string): string => written.replaceAll('_', '-');
