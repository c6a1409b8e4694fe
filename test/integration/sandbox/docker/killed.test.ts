import { expect } from 'chai';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { labelled, openDockerDroplets, type DockerDroplets } from '../../../environment/docker-droplets.ts';
import { isHostError, type HostSpec } from '../../../../sandbox/hosts/driver.ts';

const LIFE = fileURLToPath(import.meta.resolve('../../../environment/docker-life.ts'));
const LIVES = 6;
/** A whole round of a life takes some seconds. */
const LONGEST_LIFE_MS = 9000;

describe('docker hosts whose sandbox is killed', () => {
  let droplets: DockerDroplets;
  before(async function () {
    this.timeout(600_000); // the image may have to be built
    droplets = await openDockerDroplets();
  });
  after(() => droplets.end());

  it('are what they should be in the next life, wherever the last one was cut off', async function () {
    this.timeout(900_000); // that many boots, on a busy machine
    const data = { id: '506f78a4-0000-4000-8000-000000000009', name: 'data', size: 1 };
    for (let life = 1; life <= LIVES; life += 1) {
      const spec = droplets.spec(412_000_001, { ...placeOf(droplets), installation: life, volumes: [data] });
      const ms = Math.floor(Math.random() * LONGEST_LIFE_MS);
      console.log(`      life ${life} ends after ${ms} ms`);
      await endLifeAfter(ms, spec);
      await droplets.reopen();
      await convergeAtLast(spec);
      expect(await droplets.ssh(spec, 'cloud-init status --wait >/dev/null; cat /root/first-boot')).to.equal(
        spec.name,
      );
      await droplets.ssh(spec, 'timeout 10 sh -c "echo writable >/root/file && sync"');
    }
    const name = `dropfleet-${droplets.sandbox}`;
    const made = await labelled(droplets.sandbox);
    expect(made.filter(line => !line.startsWith(`image ${name}:`))).to.have.members([
      `container ${name}`,
      `container ${name}-412000001`,
      `network ${name}`,
      `volume ${name}`,
    ]);
  });

  async function endLifeAfter(ms: number, spec: HostSpec): Promise<void> {
    const life = fork(LIFE, [droplets.sandbox, JSON.stringify(spec)]);
    const exit = once(life, 'exit');
    await sleep(ms);
    life.kill('SIGKILL');
    const [, signal] = (await exit) as [number | null, string | null];
    expect(signal, 'the life ended by itself').to.equal('SIGKILL');
  }

  /** What the last life told Docker may still be under way, and stand in the way: then it is tried again. */
  async function convergeAtLast(spec: HostSpec): Promise<void> {
    for (let tries = 5; ; tries -= 1)
      try {
        return await droplets.hosts.converge(spec, new AbortController().signal);
      } catch (error) {
        if (!isHostError(error) || tries === 1) throw error;
        console.log(`      ${error.message}`);
        await sleep(1000);
      }
  }
});

const placeOf = ({ hosts }: DockerDroplets): Pick<HostSpec, 'name' | 'addresses'> => ({
  name: 'shop-web1',
  addresses: {
    public: hosts.publicRange.replace(/\d+\/\d+$/, '77'),
    private: '10.100.0.77',
    privateRange: '10.100.0.0/20',
    reserved: undefined,
  },
});
