import { expect } from 'chai';
import {
  MAKE_TINY_IMAGE,
  openDockerDroplets,
  type DockerDroplets,
} from '../../../environment/docker-droplets.ts';

const FOREVER = new AbortController().signal;

describe('snapshots of docker hosts', () => {
  let droplets: DockerDroplets;
  before(async function () {
    this.timeout(600_000); // the image may have to be built
    droplets = await openDockerDroplets();
    await droplets.hosts.converge(droplets.spec(1), FOREVER);
  });
  after(() => droplets.end());

  it('bring back a file, an image and a volume of the nested engine in a rebuild', async () => {
    const spec = droplets.spec(1);
    const write = "docker run --rm -v data:/data tiny /bin/sh -c 'echo written >/data/file'";
    await droplets.ssh(spec, `echo precious >/root/file && (${MAKE_TINY_IMAGE}) 2>&1 && ${write}`);
    const size = await droplets.hosts.takeSnapshot(1, 501);
    await droplets.ssh(spec, 'rm /root/file; docker volume rm data; docker rmi tiny');

    const rebuilt = { ...spec, installation: 2, image: { type: 'snapshot', id: 501 } } as const;
    await droplets.hosts.converge(rebuilt, FOREVER);

    const read = "docker run --rm -v data:/data tiny /bin/sh -c 'read line </data/file; echo $line'";
    expect(await droplets.ssh(rebuilt, `cat /root/file; ${read}`)).to.equal('precious\nwritten');
    expect(size).to.be.within(0.5, 5);
  });

  it('make another, larger machine, with a name and host keys of its own', async () => {
    const spec = droplets.spec(2, { image: { type: 'snapshot', id: 501 }, disk: 50 });
    await droplets.hosts.converge(spec, FOREVER);
    expect(
      await droplets.ssh(spec, 'cat /root/file; hostname; df --output=size --block-size=G / | tail -n 1'),
    ).to.match(/^precious\nweb2\n\s*(49|50)G$/);
    const keys = [droplets.spec(1), spec].map(each =>
      droplets.ssh(each, 'cat /etc/ssh/ssh_host_ed25519_key.pub'),
    );
    expect(new Set(await Promise.all(keys)).size).to.equal(2);
  });

  it('are whole though the machine writes while one is taken', async () => {
    const spec = droplets.spec(1);
    await droplets.ssh(spec, "systemd-run --unit=writer sh -c 'while :; do date >>/root/log; sync; done'");
    await droplets.hosts.takeSnapshot(1, 502);
    await droplets.ssh(spec, 'systemctl stop writer');
    const rebuilt = { ...spec, installation: 3, image: { type: 'snapshot', id: 502 } } as const;
    await droplets.hosts.converge(rebuilt, FOREVER);
    expect(
      await droplets.succeeds(rebuilt, 'test -s /root/log && ! dmesg | grep -q "EXT4-fs error"'),
    ).to.equal(true);
  });

  it('can be taken of a machine that is off, and are gone when they are destroyed', async () => {
    const spec = droplets.spec(2, { image: { type: 'snapshot', id: 501 }, disk: 50, power: 'off' });
    await droplets.hosts.converge(spec, FOREVER);
    await droplets.hosts.takeSnapshot(2, 503);
    expect((await droplets.hosts.inventory()).snapshots).to.have.members([501, 502, 503]);
    for (const snapshot of [501, 502, 503, 503]) await droplets.hosts.destroySnapshot(snapshot);
    expect((await droplets.hosts.inventory()).snapshots).to.deep.equal([]);
  });

  it('that are not there are told in a sentence', async () => {
    const spec = droplets.spec(3, { image: { type: 'snapshot', id: 999 } });
    const failure = await droplets.hosts.converge(spec, FOREVER).catch((error: unknown) => error);
    expect(failure).to.have.property('name', 'HostError');
    expect(failure).to.have.property('message').that.includes('There is no snapshot 999');
  });
});
