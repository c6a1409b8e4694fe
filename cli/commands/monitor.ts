import { Registry } from 'prom-client';
import { startHttp } from '../../controllers/runtime/http.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import { CommandFailure } from '../failure.ts';
import { createLogger } from '../logger.ts';
import type { GlobalOptions } from '../options.ts';
import { printLine } from '../output.ts';
import { shareLines, transitionLine } from '../show/monitor-lines.ts';
import { stopSignal } from '../stop.ts';
import { createWorldMonitor } from '../world/monitor.ts';
import { findOneDroplet } from '../world/one-droplet.ts';
import { openParts, sshPortOf } from '../world/open.ts';
import { metricsHost } from '../world/settings.ts';
import type { KubernetesPart } from '../world/world.ts';

const DEFAULT_HTTP_PORT = 8080;

export interface MonitorCommandOptions extends GlobalOptions {
  /** Whom it acts for; a share of the fleet when there are none. */
  droplets: readonly string[];
  httpPort?: number;
}

/**
 * Observes droplets from others until it is stopped. It locks nothing and asks nothing of the cloud: it works beside
 * the operator, whose API and SSH key it uses.
 */
export async function monitor(options: MonitorCommandOptions): Promise<void> {
  const log = createLogger(options, 'warn');
  const signal = stopSignal();
  const registry = new Registry();
  const parts = await openParts({ ...options, readOnly: true, withoutCloud: true });
  try {
    if (!parts.hasCluster && parts.daemon === undefined)
      throw new CommandFailure(
        'nothing runs here to report to: start "dropfleet up", which monitors as well, or name a cluster with --kubeconfig',
      );
    const world = { ...parts, ...(await parts.openKubernetes()), sshPort: sshPortOf(parts) };
    const pinned = await pinnedTo(options.droplets, world);
    const watcher = await createWorldMonitor(world, registry, log, {
      ...(pinned.length > 0 && { pinned }),
      onShare: pairs => shareLines(pairs).forEach(line => printLine(options, line)),
      onTransition: transition =>
        printLine(options, `${new Date().toISOString()} ${transitionLine(transition)}`),
    });
    const http = await startHttp({
      host: metricsHost(process.env),
      port: options.httpPort ?? DEFAULT_HTTP_PORT,
      allowNextPort: options.httpPort === undefined,
      registry,
      healthz: {},
      readyz: { caches: () => (watcher.isReady() ? undefined : 'waiting for the first lists') },
    });
    try {
      await watcher.run(signal);
    } finally {
      await http.close();
    }
  } finally {
    await parts.close();
  }
}

/** The Droplets of those names. `master` alone means that of the only project. */
async function pinnedTo(names: readonly string[], world: KubernetesPart): Promise<ObjectKey[]> {
  const droplets = await Promise.all(names.map(name => findOneDroplet(name, world)));
  return [...new Set(droplets.map(keyOf))];
}
