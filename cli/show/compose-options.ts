import type { ServiceDeploymentSpec } from '../../crds/service-deployment.ts';

/** The fields of a compose file's service that say the same as these options. */
export function composeOptions(options: ServiceDeploymentSpec['runOptions'] = {}): object {
  const fields = {
    logging: options.logging,
    ulimits: options.ulimits && toLimits(options.ulimits),
    read_only: options.readOnly,
    tmpfs: options.tmpfs,
    cap_drop: options.capDrop,
    cap_add: options.capAdd,
    security_opt: options.securityOpt,
    shm_size: options.shmSize,
    pids_limit: options.pidsLimit,
    extra_hosts: options.extraHosts,
    dns: options.dns,
    labels: options.labels,
    init: options.init,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const toLimits = (limits: Readonly<Record<string, string>>): object =>
  Object.fromEntries(
    Object.entries(limits).map(([name, limit]) => {
      const [soft, hard] = limit.split(':').map(Number);
      return [name, { soft, hard }];
    }),
  );
