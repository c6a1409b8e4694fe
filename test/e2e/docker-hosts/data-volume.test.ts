import { expect } from 'chai';
import { quoteCommand } from '../../../clients/ssh/quote.ts';
import { FACTS, MOUNT } from '../../../reconcilers/data-volume/scripts.ts';
import type { Script } from '../../../reconcilers/script.ts';
import type { HostSpec } from '../../../sandbox/hosts/driver.ts';
import { openDockerDroplets, type DockerDroplets } from '../../environment/docker-droplets.ts';

const FOREVER = new AbortController().signal;
const VOLUME = { id: '506f78a4-0000-4000-8000-00000000000a', name: 'fleet-shop-data', size: 1 };
const FILE = '/mnt/dropfleet-data/row';

describe('A data volume on droplets that are containers', () => {
  let droplets: DockerDroplets;
  let [one, two]: HostSpec[] = [];
  const attach = (spec: HostSpec, ...volumes: (typeof VOLUME)[]): Promise<void> =>
    droplets.hosts.converge({ ...spec, volumes }, FOREVER);
  const run = ({ name, text }: Script, ...args: string[]): string =>
    quoteCommand(['sh', '-c', text, name, ...args]);

  before(async function () {
    this.timeout(600_000); // the image may have to be built
    droplets = await openDockerDroplets();
    [one, two] = [droplets.spec(1), droplets.spec(2)];
    await Promise.all([one, two].map(spec => droplets.hosts.converge(spec, FOREVER)));
  });
  after(() => droplets.end());

  it('is waited for until it is attached, and mounted once, however often that is asked for', async () => {
    const mount = run(MOUNT, VOLUME.name);
    expect(await droplets.succeeds(one!, mount)).to.equal(false);
    expect(await droplets.ssh(one!, run(FACTS))).to.equal('');
    await attach(one!, VOLUME);
    await droplets.ssh(one!, `${mount} && ${mount} && echo precious >${FILE} && sync`);
    expect(await droplets.ssh(one!, run(FACTS))).to.equal(VOLUME.name);
    expect(await droplets.ssh(one!, 'grep -c dropfleet-data /proc/mounts /etc/fstab')).to.equal(
      '/proc/mounts:1\n/etc/fstab:1',
    );
  });

  it('goes to another machine with what is on it, and is missed where it was', async () => {
    await attach(one!);
    expect(await droplets.ssh(one!, run(FACTS))).to.equal('');
    await attach(two!, VOLUME);
    expect(await droplets.ssh(two!, `${run(MOUNT, VOLUME.name)} && cat ${FILE}`)).to.equal('precious');
  });
});
