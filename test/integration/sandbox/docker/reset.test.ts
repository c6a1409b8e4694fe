import { expect } from 'chai';
import { labelled, openDockerDroplets, type DockerDroplets } from '../../../environment/docker-droplets.ts';

const FOREVER = new AbortController().signal;
const VOLUME = { id: 'f7f9b3a0-0000-4000-8000-000000000001', name: 'data', size: 1 };

describe('reset of docker hosts', () => {
  let [one, other]: DockerDroplets[] = [];
  before(async function () {
    this.timeout(600_000); // the image may have to be built
    one = await openDockerDroplets();
    other = await openDockerDroplets();
  });
  after(async () => {
    await one?.end();
    await other?.end();
  });

  it('removes all that the sandbox made, and nothing of its neighbor', async () => {
    const theirs = other!.spec(1);
    await other!.hosts.converge(theirs, FOREVER);
    await one!.hosts.converge(one!.spec(1, { volumes: [VOLUME] }), FOREVER);
    await one!.hosts.takeSnapshot(1, 7);
    const before = await labelled(other!.sandbox);

    await one!.hosts.reset();

    expect(await labelled(one!.sandbox)).to.deep.equal([]);
    expect(await labelled(other!.sandbox)).to.deep.equal(before);
    expect(await other!.ssh(theirs, 'hostname')).to.equal('web1');
  });

  it('may be repeated, and leaves hosts that can be made again at the same addresses', async () => {
    await one!.hosts.reset();
    const spec = one!.spec(1);
    await one!.hosts.converge(spec, FOREVER);
    expect(await one!.ssh(spec, 'hostname')).to.equal('web1');
    expect(await one!.hosts.inventory()).to.deep.equal({ hosts: [1], snapshots: [], volumes: [] });
  });
});
