import { readDeploymentConfig } from '../../config/deployment-config.ts';
import { configurationFiles } from '../../config/load.ts';
import { ConfigurationError, formatProblems } from '../../config/problems.ts';
import type { Engine } from '../../reconcilers/host/desired.ts';
import type { GlobalOptions } from '../options.ts';

/**
 * What runs the containers on hosts, by deployment_config.json: docker when there is none. A mistake in it stops the
 * command, as another engine than the wanted one would be installed on every host.
 */
export async function engineOf({ configDir }: GlobalOptions): Promise<Engine> {
  const { config, problems } = await readDeploymentConfig(configurationFiles(configDir).deployment);
  if (problems.length > 0) throw new ConfigurationError(formatProblems(problems));
  return config?.platform === 'podman' ? 'podman' : 'docker';
}
