import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../clients/clock.ts';
import type { HostDriver } from '../../sandbox/hosts/driver.ts';
import { createEmulatedDriver } from '../../sandbox/hosts/emulated/driver.ts';

/** Emulated hosts that leave nothing behind when they are closed. */
export async function openEmulatedHosts(): Promise<HostDriver> {
  const folder = await mkdtemp(join(tmpdir(), 'dropfleet-hosts-'));
  // While a machine is down, another test's must not answer on its address; nor that of a `dropfleet up`, from 16 on.
  const publicRange = `127.${randomInt(1, 16)}.0.0/16`;
  const driver = await createEmulatedDriver({
    folder,
    clock: systemClock,
    random: Math.random,
    publicRange,
  });
  return {
    ...driver,
    async close() {
      await driver.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
