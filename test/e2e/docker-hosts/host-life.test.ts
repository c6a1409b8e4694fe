import { randomBytes } from 'node:crypto';
import type { HostDriver } from '../../../sandbox/hosts/driver.ts';
import { openTestHosts } from '../../environment/docker-droplets.ts';
import { describeHostLife } from '../hosts/host-life.ts';

for (const engine of ['docker', 'podman'] as const)
  describeHostLife({ kind: 'docker', engine, patienceMs: 60_000, open, hasBadDays: engine === 'docker' });

/** Hosts that leave nothing behind when they are closed. */
async function open(): Promise<HostDriver> {
  const driver = await openTestHosts(`life-${randomBytes(4).toString('hex')}`);
  return {
    ...driver,
    async close() {
      await driver.reset();
      await driver.close();
    },
  };
}
