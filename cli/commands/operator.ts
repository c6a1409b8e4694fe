import { systemClock } from '../../clients/clock.ts';
import { isForbidden } from '../../clients/kubernetes/errors.ts';
import type { Logger } from '../../clients/log.ts';
import { configurationFiles } from '../../config/load.ts';
import { CommandFailure } from '../failure.ts';
import { createLogger } from '../logger.ts';
import type { GlobalOptions } from '../options.ts';
import { stopSignal } from '../stop.ts';
import { recordedSource } from '../world/cluster-csv.ts';
import { engineOf } from '../world/engine.ts';
import { standBy } from '../world/leader.ts';
import { createMetrics, createWorldOperator, notificationsOf } from '../world/operator.ts';
import { isOperatorRunning } from '../world/running-operator.ts';
import { metricsHost, readWorldSettings } from '../world/settings.ts';
import { recordSource } from '../world/source.ts';
import { openWorld } from '../world/open.ts';
import type { World } from '../world/world.ts';

const DEFAULT_HTTP_PORT = 8080;

/**
 * Runs the operator alone until it is stopped, waiting while another one of this API leads; exits with 1 when it
 * loses its leadership.
 */
export async function operator(
  options: GlobalOptions & { csv?: string; namespace?: string; infrastructure?: string; httpPort?: number },
): Promise<void> {
  const log = createLogger(options);
  const signal = stopSignal();
  const metrics = createMetrics();
  expectCluster(options);
  const found = await openWorld({ ...options, ...metrics });
  // Its own namespace whoever else leads: in a pod it may see the Secrets of no other.
  const world = { ...found, namespace: options.namespace ?? found.connection.namespace };
  try {
    log.info('operator starts', { kubernetes: world.connection.server, cloud: world.cloudUrl });
    await standBy(world.kubernetes, { namespace: world.namespace, clock: systemClock }, log, signal);
    if (options.csv !== undefined) await writeSource(world, options.csv, log);
    const worker = await createWorldOperator(world, metrics, log, {
      // Without a file of rows, services are applied by hand as well.
      ...(options.csv !== undefined && {
        csvPath: options.csv,
        deploymentPath: configurationFiles(options.configDir).deployment,
      }),
      ...(options.infrastructure !== undefined && { infrastructurePath: options.infrastructure }),
      notifications: notificationsOf(options),
      engine: await engineOf(options),
      http: {
        host: metricsHost(process.env),
        port: options.httpPort ?? DEFAULT_HTTP_PORT,
        allowNextPort: options.httpPort === undefined,
        registry: metrics.registry,
      },
    });
    await worker.run(signal);
  } catch (error) {
    // It was stopped while it stood by.
    if (!signal.aborted) throw error;
  } finally {
    await found.close();
  }
  log.info('operator stopped');
}

/** Commands on other machines ask where the rows come from; one that stands by does not speak for who leads. */
async function writeSource(world: World, path: string, log: Logger): Promise<void> {
  try {
    const isFirst = (await recordedSource(world)) === undefined;
    if (isFirst || !(await isOperatorRunning(world))) await recordSource(world, path);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    log.warn('where the rows come from could not be written down: apply deploy/roles.yaml again', {
      error: error.message,
    });
  }
}

function expectCluster(options: GlobalOptions): void {
  if (readWorldSettings(options).hasCluster) return;
  throw new CommandFailure(
    'operator needs a cluster: name one with --kubeconfig or KUBECONFIG. "dropfleet up" needs none',
    2,
  );
}
