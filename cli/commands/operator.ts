import { createLogger } from '../logger.ts';
import type { GlobalOptions } from '../options.ts';
import { stopSignal } from '../stop.ts';
import { engineOf } from '../world/engine.ts';
import { createMetrics, createWorldOperator } from '../world/operator.ts';
import { openWorld } from '../world/world.ts';

const DEFAULT_HTTP_PORT = 8080;

/** Runs the operator alone until it is told to stop; exits with 1 when it loses its leadership. */
export async function operator(
  options: GlobalOptions & { csv?: string; namespace?: string; infrastructure?: string; httpPort?: number },
): Promise<void> {
  const log = createLogger(options);
  const signal = stopSignal();
  const metrics = createMetrics();
  const found = await openWorld({ ...options, ...metrics });
  const world = { ...found, namespace: options.namespace ?? found.namespace };
  try {
    log.info('operator starts', { kubernetes: world.connection.server, cloud: world.cloudUrl });
    const worker = await createWorldOperator(world, metrics, log, {
      ...(options.csv !== undefined && { csvPath: options.csv }),
      ...(options.infrastructure !== undefined && { infrastructurePath: options.infrastructure }),
      engine: await engineOf(options),
      http: {
        // A pod's probes come from its node, so not from loopback.
        host: '0.0.0.0',
        port: options.httpPort ?? DEFAULT_HTTP_PORT,
        allowNextPort: options.httpPort === undefined,
        registry: metrics.registry,
      },
    });
    await worker.run(signal);
    log.info('operator stopped');
  } finally {
    await found.close();
  }
}
