import { randomBytes } from 'node:crypto';
import { parse, stringify } from 'yaml';
import type { HostDriver, HostSpec } from '../../../sandbox/hosts/driver.ts';
import { openTestHosts } from '../../environment/docker-droplets.ts';
import { itHasBadDays } from '../hosts/bad-days.ts';
import { describeHostLife } from '../hosts/host-life.ts';
import { BROKEN_FIRST_BOOT, itHasWorseDays } from './bad-days.ts';

const HOSTS = { kind: 'docker', patienceMs: 250_000, open };

describeHostLife({
  ...HOSTS,
  engine: 'docker',
  badDays(life) {
    itHasBadDays(life);
    itHasWorseDays(life);
  },
});
describeHostLife({ ...HOSTS, engine: 'podman' });

/** Hosts that leave nothing behind when they are closed; the first boot of web3 goes wrong. */
async function open(): Promise<HostDriver> {
  const driver = await openTestHosts(`life-${randomBytes(4).toString('hex')}`);
  return {
    ...driver,
    converge: (spec, signal) =>
      driver.converge(spec.name.endsWith('-web3') ? withBrokenBoot(spec) : spec, signal),
    async close() {
      await driver.reset();
      await driver.close();
    },
  };
}

function withBrokenBoot(spec: HostSpec): HostSpec {
  const document = { bootcmd: [BROKEN_FIRST_BOOT], ...(parse(spec.userData!) as object) };
  return { ...spec, userData: `#cloud-config\n${stringify(document)}` };
}
