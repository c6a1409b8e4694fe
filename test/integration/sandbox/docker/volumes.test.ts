import { expect } from 'chai';
import { openDockerDroplets, type DockerDroplets } from '../../../environment/docker-droplets.ts';
import type { HostSpec } from '../../../../sandbox/hosts/driver.ts';

const FOREVER = new AbortController().signal;
const VOLUME = { id: '506f78a4-0000-4000-8000-000000000001', name: 'data', size: 5 };
const DEVICE = '/dev/disk/by-id/scsi-0DO_Volume_data';
const MOUNT = `mkdir -p /mnt/data && mount ${DEVICE} /mnt/data`;

describe('volumes of docker hosts', () => {
  let droplets: DockerDroplets;
  let [one, two]: HostSpec[] = [];
  const attach = (spec: HostSpec, ...volumes: (typeof VOLUME)[]): Promise<void> =>
    droplets.hosts.converge({ ...spec, volumes }, FOREVER);
  before(async function () {
    this.timeout(600_000); // the image may have to be built
    droplets = await openDockerDroplets();
    one = droplets.spec(1);
    two = droplets.spec(2);
    await Promise.all([one, two].map(spec => droplets.hosts.converge(spec, FOREVER)));
  });
  after(() => droplets.end());

  it('are block devices of their size, and go from one running machine to another with their files', async () => {
    await attach(one!, VOLUME);
    expect(await droplets.ssh(one!, `blockdev --getsize64 ${DEVICE}`)).to.equal(String(5 * 1024 ** 3));
    await droplets.ssh(one!, `${MOUNT} && echo moved >/mnt/data/file && sync && umount /mnt/data`);
    await attach(one!);
    expect(await droplets.succeeds(one!, `test -e ${DEVICE}`)).to.equal(false);
    await attach(two!, VOLUME);
    expect(await droplets.ssh(two!, `${MOUNT} && cat /mnt/data/file`)).to.equal('moved');
  });

  it('are taken from a machine that still has them mounted', async () => {
    await attach(two!);
    expect(await droplets.succeeds(two!, 'mountpoint -q /mnt/data')).to.equal(false);
    await attach(one!, VOLUME);
    expect(await droplets.ssh(one!, `${MOUNT} && cat /mnt/data/file`)).to.equal('moved');
  });

  it('outlive the restart and the end of their machine', async () => {
    await droplets.hosts.restart({ ...one!, volumes: [VOLUME] }, 'hard');
    expect(await droplets.ssh(one!, `${MOUNT} && cat /mnt/data/file`)).to.equal('moved');
    await droplets.hosts.destroy(1);
    await attach(two!, VOLUME);
    expect(await droplets.ssh(two!, `${MOUNT} && cat /mnt/data/file`)).to.equal('moved');
  });

  it('grow', async () => {
    await attach(two!, { ...VOLUME, size: 8 });
    expect(await droplets.ssh(two!, `blockdev --getsize64 ${DEVICE}`)).to.equal(String(8 * 1024 ** 3));
  });

  it('are kept as a snapshot, of which a new one is made', async () => {
    const copy = { ...VOLUME, id: '506f78a4-0000-4000-8000-000000000002', name: 'copy', size: 8 };
    await droplets.hosts.copyVolume(VOLUME.id, 'kept');
    await droplets.ssh(two!, 'rm /mnt/data/file && sync');
    await droplets.hosts.copyVolume('kept', copy.id);
    await attach(two!, copy);
    expect(
      await droplets.ssh(
        two!,
        `${MOUNT.replace(DEVICE, '/dev/disk/by-id/scsi-0DO_Volume_copy')} && cat /mnt/data/file`,
      ),
    ).to.equal('moved');
    expect((await droplets.hosts.inventory()).volumes).to.have.members([VOLUME.id, 'kept', copy.id]);
  });

  it('are gone when they are destroyed, and may be so twice', async () => {
    await attach(two!);
    for (const id of [VOLUME.id, 'kept', '506f78a4-0000-4000-8000-000000000002', VOLUME.id])
      await droplets.hosts.destroyVolume(id);
    expect((await droplets.hosts.inventory()).volumes).to.deep.equal([]);
  });
});
