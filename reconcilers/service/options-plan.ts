import type { ServiceDeploymentSpec } from '../../crds/service-deployment.ts';

type RunOptions = NonNullable<ServiceDeploymentSpec['runOptions']>;

/**
 * What `docker run` or `podman run` is told by these options; the same for the same options, in whatever order they are
 * written. Each is one word, as start.sh looks for the image behind them.
 */
export function optionArguments({ logging, ...options }: RunOptions = {}): string[] {
  return [
    ...(logging === undefined ? [] : [`--log-driver=${logging.driver}`]),
    ...pairs(logging?.options).map(([name, value]) => `--log-opt=${name}=${value}`),
    ...pairs(options.ulimits).map(([name, value]) => `--ulimit=${name}=${value}`),
    ...(options.readOnly === true ? ['--read-only'] : []),
    ...each('tmpfs', options.tmpfs),
    ...each('cap-drop', options.capDrop),
    ...each('cap-add', options.capAdd),
    ...each('security-opt', options.securityOpt),
    ...(options.shmSize === undefined ? [] : [`--shm-size=${options.shmSize}`]),
    ...(options.pidsLimit === undefined ? [] : [`--pids-limit=${options.pidsLimit}`]),
    ...pairs(options.extraHosts).map(([name, address]) => `--add-host=${name}:${address}`),
    ...(options.dns ?? []).map(address => `--dns=${address}`),
    ...pairs(options.labels).map(([name, value]) => `--label=${name}=${value}`),
    ...(options.init === true ? ['--init'] : []),
  ];
}

/** The order of a set says nothing. */
const each = (option: string, values: readonly string[] = []): string[] =>
  values.toSorted().map(value => `--${option}=${value}`);

const pairs = (map: Readonly<Record<string, string>> = {}): [string, string][] =>
  Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1));
