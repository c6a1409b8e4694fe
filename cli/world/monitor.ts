import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Registry } from 'prom-client';
import { systemClock } from '../../clients/clock.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import type { Logger } from '../../clients/log.ts';
import { registerIn } from '../../controllers/metrics.ts';
import { createMonitor, type Monitor, type MonitorOptions } from '../../controllers/monitor/monitor.ts';
import { MONITOR_METRICS } from '../../reconcilers/monitor/concern.ts';
import { createCurrentKey } from './current-key.ts';
import { presentSshKeyOf } from './world-keys.ts';
import type { World } from './world.ts';

/** What is chosen about a monitor; the rest follows from the world. */
export type MonitorChoices = Pick<MonitorOptions, 'pinned' | 'onTransition' | 'onShare'>;

/** A monitor for that world, with SSH connections of its own, which end with it. It takes up a key that is replaced. */
export async function createWorldMonitor(
  world: Pick<World, 'kubernetes' | 'namespace' | 'hasCluster' | 'folder' | 'sshPort'>,
  registry: Registry,
  log: Logger,
  choices: MonitorChoices,
): Promise<Monitor> {
  const key = await createCurrentKey(() => presentSshKeyOf(world), { clock: systemClock, log });
  const ssh = createSshPool({ clock: systemClock, random: Math.random });
  const monitor = createMonitor({
    kubernetes: world.kubernetes,
    namespace: world.namespace,
    name: newMonitorName(),
    hosts: {
      ssh,
      port: world.sshPort,
      get privateKey() {
        return key.privateKey;
      },
    },
    clock: systemClock,
    random: Math.random,
    log,
    metrics: registerIn(registry)(MONITOR_METRICS),
    ...choices,
  });
  return {
    ...monitor,
    async run(signal) {
      const ended = new AbortController();
      const following = key.follow(AbortSignal.any([signal, ended.signal]));
      try {
        await monitor.run(signal);
      } finally {
        ended.abort(new Error('the monitor has ended'));
        await following;
        ssh.close();
      }
    },
  };
}

/** A pod's name says which it is; what follows tells processes of one machine apart. At most 63 characters. */
function newMonitorName(): string {
  const host = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+/g, '')
    .slice(0, 40);
  return `${host === '' ? 'host' : host}-${process.pid}-${randomBytes(3).toString('hex')}`.slice(0, 63);
}
