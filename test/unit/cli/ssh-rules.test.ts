import { expect } from 'chai';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressSeenByHosts } from '../../../cli/world/prove-ssh.ts';
import { serversBehindRules } from '../../../cli/world/ssh-rules.ts';
import type { World } from '../../../cli/world/world.ts';
import { aDroplet, aProject } from '../../builders/objects.ts';
import { generateKeyPair } from '../../../clients/ssh/key-pair.ts';
import { fakeKubernetesClient } from '../../fakes/kubernetes-client.ts';

const project = (name: string, suspend: boolean, namespace = 'default') =>
  aProject(name, { metadata: { namespace, uid: `${namespace}-${name}` }, spec: { suspend } });
/** A droplet that runs, on an address where nothing listens. */
const server = (name: string) =>
  aDroplet(name, {
    status: {
      server: { id: 7, publicAddress: '127.0.0.1' },
      host: { serverID: 7, keyFingerprint: 'SHA256:known' },
    },
  });

describe('The servers whom an admin address may open', () => {
  const read = async (...objects: Parameters<typeof fakeKubernetesClient>[0] & object) => {
    const { suspended, ...rest } = await serversBehindRules({ kubernetes: fakeKubernetesClient(objects) });
    return { ...rest, suspended: [...suspended] };
  };

  it('are those of projects at work; the suspended ones that have servers are named', async () => {
    const projects = [project('blog', true), project('docs', true), project('shop', false)];
    const servers = [server('shop-master'), server('blog-master')];
    expect(await read(...projects, ...servers)).to.deep.equal({
      some: true,
      changeable: true,
      suspended: ['blog'],
    });
  });

  it('are none while all projects with servers are suspended', async () => {
    const objects = [project('blog', true), project('shop', false), server('blog-master')];
    expect(await read(...objects)).to.deep.equal({ some: true, changeable: false, suspended: ['blog'] });
  });

  it('may be of a project that is gone, or that shares its name with a suspended one', async () => {
    expect(await read(server('old-master'))).to.deep.include({ changeable: true, suspended: [] });
    const twins = [project('blog', true), project('blog', false, 'other'), server('blog-master')];
    expect(await read(...twins)).to.deep.include({ changeable: true, suspended: [] });
  });

  it('are nobody before the first server', async () => {
    expect(await read(project('shop', true))).to.deep.equal({
      some: false,
      changeable: false,
      suspended: [],
    });
  });
});

describe('A login that proves an address', () => {
  it('is not tried at a droplet whose firewall does not change', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dropfleet-prove-'));
    const kubernetes = fakeKubernetesClient([server('blog-master')]);
    const world = {
      kubernetes,
      hasCluster: false,
      folder,
      sshPort: 1,
      namespace: 'default',
    } as unknown as World;
    try {
      await mkdir(join(folder, 'ssh'));
      await writeFile(join(folder, 'ssh', 'id_ed25519'), (await generateKeyPair('fleet')).privateKey);
      const problemWhere = async (suspended: Set<string>): Promise<unknown> =>
        await addressSeenByHosts(world, suspended, 0);
      expect(await problemWhere(new Set(['blog'])))
        .to.have.property('problem')
        .that.match(/^no droplet has/);
      expect(await problemWhere(new Set()))
        .to.have.property('problem')
        .that.match(/127\.0\.0\.1/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
