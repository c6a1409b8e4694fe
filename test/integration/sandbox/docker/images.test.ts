import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { createDocker } from '../../../../sandbox/hosts/docker/docker.ts';
import { openDockerHosts } from '../../../../sandbox/hosts/docker/hosts.ts';
import { removeOlderImages } from '../../../../sandbox/hosts/docker/image.ts';
import { openDockerDroplets, type DockerDroplets } from '../../../environment/docker-droplets.ts';

const FOREVER = new AbortController().signal;
const docker = createDocker();

async function images(repository: string): Promise<string[]> {
  const text = await docker.run(['images', '--format', '{{.Repository}}:{{.Tag}}', repository]);
  return text.split('\n').filter(line => line !== '');
}

describe("the droplets' images of earlier versions", () => {
  describe('when another one is built', () => {
    const id = `test-${randomBytes(4).toString('hex')}`;
    const variant = `dropfleet.droplet.variant=${id}`;
    const nameOf = (tag: string): string => `dropfleet-droplet:${id}-${tag}`;
    const ours = async (): Promise<string[]> =>
      (await images('dropfleet-droplet')).filter(name => name.includes(id));

    /** An image that holds nothing but its labels. */
    const make = (tag: string, label = variant): Promise<string> =>
      docker.run(['build', '--tag', nameOf(tag), '--label', label, '--label', `tag=${tag}`, '-'], {
        stdin: 'FROM scratch\nLABEL empty=yes\n',
      });

    after(async () => {
      await docker.find(['rm', '--force', id]);
      for (const name of [...(await ours()), `${id}:claimed`]) await docker.find(['rmi', name]);
    });

    it('go, but for those that a container or a sandbox has, and those with other arguments', async () => {
      for (const tag of ['current', 'older', 'in-container', 'claimed']) await make(tag);
      await make('other', `${variant}-other`);
      await docker.run(['create', '--name', id, nameOf('in-container'), 'none']);
      await docker.run(['tag', nameOf('claimed'), `${id}:claimed`]);

      await removeOlderImages(docker, nameOf('current'), variant);

      expect(await ours()).to.have.members(['current', 'in-container', 'other'].map(nameOf));
      expect(await images(id)).to.deep.equal([`${id}:claimed`]);
    });
  });

  describe('of one sandbox', () => {
    let droplets: DockerDroplets;
    const built = new Set<string>();
    before(async function () {
      this.timeout(600_000); // the image may have to be built
      droplets = await openDockerDroplets();
    });
    after(async () => {
      await droplets?.end();
      for (const name of built) await docker.find(['rmi', name]);
    });

    /** Goes on with another version: the image of the same files under another name, as an argument is new. */
    async function upgrade(version: string): Promise<void> {
      await droplets.hosts.close();
      const before = await images('dropfleet-droplet');
      droplets.hosts = await openDockerHosts({
        sandbox: droplets.sandbox,
        onProgress: () => undefined,
        buildArguments: { VERSION: version },
      });
      for (const name of await images('dropfleet-droplet')) if (!before.includes(name)) built.add(name);
      await droplets.hosts.inventory();
    }

    it('stay as long as a machine or a snapshot is made of them, even if nobody else has them', async () => {
      const spec = droplets.spec(1);
      await droplets.hosts.converge(spec, FOREVER);
      await droplets.ssh(spec, 'echo precious >/root/file; sync');
      await droplets.hosts.takeSnapshot(1, 7);
      await upgrade('2');
      await droplets.hosts.destroy(1);
      await upgrade('3');
      // 2 was never used.
      expect(await images(`dropfleet-${droplets.sandbox}`)).to.have.length(2);

      const restored = { ...spec, image: { type: 'snapshot', id: 7 } } as const;
      await droplets.hosts.converge(restored, FOREVER);
      expect(await droplets.ssh(restored, 'cat /root/file')).to.equal('precious');

      await droplets.hosts.destroySnapshot(7);
      await upgrade('4');
      expect(await images(`dropfleet-${droplets.sandbox}`), 'of the machine, and the newest').to.have.length(
        2,
      );
      await droplets.hosts.destroy(1);
      await upgrade('5');
      expect(await images(`dropfleet-${droplets.sandbox}`)).to.have.length(1);
    });
  });
});
