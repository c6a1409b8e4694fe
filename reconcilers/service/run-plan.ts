import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Engine } from '../host/desired.ts';
import type { Check, ContainerSpec } from './commands.ts';
import { optionArguments } from './options-plan.ts';

/** A container that is about to be started. */
export interface RunInput {
  service: ServiceDeployment;
  release: string;
  version: string;
  /** What the engine finds the image by. */
  image: string;
  engine: Engine;
  /** The private address of its server. */
  address: string;
  /** The port there; undefined for one that takes no connections. */
  hostPort?: number | undefined;
  /** The name of the volume that its data are on; absent where they are on the server's own disk. */
  dataVolume?: string;
}

/** The container of a release. */
export function serviceContainer(input: RunInput): ContainerSpec {
  const { service, engine } = input;
  const { spec } = service;
  const options = [
    ...optionArguments(spec.runOptions),
    // Behind those of a person: of two labels of one name, the last one counts.
    ...labels(input, 'service'),
    `--restart=${restartPolicy(spec.restart, engine)}`,
    `--stop-timeout=${spec.stopSeconds ?? 30}`,
    ...limits(spec),
    ...mounts(input),
  ];
  return {
    name: containerName(service, input.release),
    ...published(input),
    arguments: [...options, input.image, ...(spec.command ?? [])],
  };
}

/** The container of a release's command, which runs once. It takes no connections. */
export function taskContainer(input: RunInput): ContainerSpec {
  const { service } = input;
  const { spec } = service;
  const options = [
    ...optionArguments(spec.runOptions),
    ...labels(input, 'task'),
    '--restart=no',
    ...limits(spec),
    ...mounts(input),
  ];
  return {
    name: taskName(service, input.release),
    ...published({ ...input, hostPort: undefined }),
    arguments: [...options, input.image, ...(spec.releaseCommand ?? [])],
  };
}

function labels({ service, release, version, hostPort }: RunInput, kind: 'service' | 'task'): string[] {
  const { metadata, spec } = service;
  const values = {
    service: metadata.name,
    uid: metadata.uid ?? '',
    kind,
    project: spec.project,
    environment: spec.environment,
    version,
    release,
    port: kind === 'task' ? '' : `${hostPort ?? ''}`,
  };
  return Object.entries(values).map(([name, value]) => `--label=dropfleet.${name}=${value}`);
}

/**
 * docker starts again at boot what was not stopped by hand (`unless-stopped`); podman, which has no daemon, has its
 * podman-restart.service start those of `always`.
 */
function restartPolicy(restart: ServiceDeployment['spec']['restart'] = 'always', engine: Engine): string {
  const always = engine === 'docker' ? 'unless-stopped' : 'always';
  return { never: 'no', 'on-failure': 'on-failure', always }[restart];
}

const limits = ({ memory, cpus }: ServiceDeployment['spec']): string[] => [
  ...(memory === undefined ? [] : [`--memory=${memory}`]),
  ...(cpus === undefined ? [] : [`--cpus=${cpus}`]),
];

/**
 * A volume is its service's: two services do not share one by chance. What is on the project's volume the engine knows by
 * a name of its own (data-volume/scripts/folders.sh), and refuses to start a container while that is not mounted.
 */
const mounts = ({ service: { metadata, spec }, dataVolume }: RunInput): string[] =>
  (spec.volumes ?? []).map(
    ({ name, path }) =>
      `--volume=${metadata.name}-${name}${dataVolume === undefined ? '' : '.volume'}:${path}`,
  );

/** Where it is published, and the port inside: `auto` is the one that the image exposes. */
function published({ service, address, hostPort }: RunInput): Pick<ContainerSpec, 'publish' | 'port'> {
  const { port, variables } = service.spec;
  return {
    publish: hostPort === undefined ? '-' : `${address}:${hostPort}`,
    port: `${port ?? variables?.['PORT'] ?? 'auto'}`,
  };
}

/** How the service says that it can take requests, at that address of its server. */
export function checkOf({ spec }: ServiceDeployment, address: string, hostPort: number | undefined): Check {
  const { healthCheck } = spec;
  const at = `${address}:${hostPort}`;
  const isHttp = healthCheck !== undefined && spec.type === 'web';
  return {
    target: hostPort === undefined ? 'running' : isHttp ? `http://${at}${healthCheck.path ?? '/health'}` : at,
    intervalSeconds: healthCheck?.intervalSeconds ?? 1,
    timeoutSeconds: healthCheck?.timeoutSeconds ?? 5,
  };
}

/** How long a new container has, and for how long it must at least have gone on; seconds. */
export const patienceOf = ({
  spec,
}: ServiceDeployment): { withinSeconds: number; settleSeconds: number } => ({
  withinSeconds: spec.healthCheck?.startSeconds ?? 30,
  // What tells nothing of itself is believed when it has not ended at once.
  settleSeconds: spec.healthCheck === undefined || spec.type !== 'web' ? 3 : 0,
});

/** The name of a release's container. */
export const containerName = (service: ServiceDeployment, release: string): string =>
  `${service.metadata.name}-${release}`;

/** The name of the container that runs a release's command. */
const taskName = (service: ServiceDeployment, release: string): string =>
  `${containerName(service, release)}-task`;
