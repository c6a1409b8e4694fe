import { expect } from 'chai';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeOnRealApiServer } from '../../environment/api-server.ts';
import { createKubectl, type Kubectl } from '../../environment/kubectl.ts';

const ROLES = new URL('../../../deploy/roles.yaml', import.meta.url);
const LEADER = 'dropfleet-leader';

// The standalone API has one user, who may do anything.
describeOnRealApiServer("The operator's ServiceAccount", server => {
  let folder: string;
  let own: string;
  let other: string;
  let admin: Kubectl;
  let manifests: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dropfleet-roles-'));
    [own, other] = [await server().namespace(), await server().namespace()];
    admin = createKubectl(server(), own, folder);
    const text = await readFile(ROLES, 'utf8');
    manifests = join(folder, 'roles.yaml');
    // Cluster-wide names of its own, so that what the cluster may have of dropfleet's stays as it is.
    await writeFile(manifests, text.replaceAll(/^( *name(?:space)?): dropfleet$/gm, `$1: ${own}`));
    await admin.succeed('apply', '-f', manifests);
  });
  after(async () => {
    await admin.succeed('delete', '-f', manifests);
    await rm(folder, { recursive: true });
  });

  /** What kubectl says to it: nothing when it may. */
  async function refusal(...args: string[]): Promise<string> {
    const { code, stderr } = await admin.run('--as', `system:serviceaccount:${own}:${own}`, ...args);
    return code === 0 ? '' : stderr;
  }
  async function file(kind: string, apiVersion: string, name: string, namespace: string): Promise<string> {
    const path = join(folder, `${kind}-${name}-${namespace}.json`);
    await writeFile(path, JSON.stringify({ apiVersion, kind, metadata: { name, namespace } }));
    return path;
  }
  const lease = (name: string, namespace: string) => file('Lease', 'coordination.k8s.io/v1', name, namespace);

  it('sees the Leases of operators in all namespaces, and no others', async () => {
    const list = ['get', 'leases', '--all-namespaces'];
    expect(await refusal(...list, '--field-selector', `metadata.name=${LEADER}`)).to.equal('');
    expect(await refusal(...list)).to.contain('forbidden');
    expect(await refusal(...list, '--field-selector', 'metadata.name=kube-scheduler')).to.contain(
      'forbidden',
    );
  });

  it('writes Leases in its own namespace only', async () => {
    const mine = await lease(LEADER, own);
    expect(await refusal('create', '-f', mine)).to.equal('');
    expect(await refusal('replace', '-f', mine)).to.equal('');
    expect(await refusal('delete', '-f', mine)).to.equal('');
    const theirs = await lease(LEADER, other);
    expect(await refusal('create', '-f', theirs, '-n', other)).to.contain('forbidden');
    await admin.succeed('create', '-f', theirs, '-n', other);
    expect(await refusal('replace', '-f', theirs, '-n', other)).to.contain('forbidden');
    expect(await refusal('delete', '-f', theirs, '-n', other)).to.contain('forbidden');
  });

  it('makes and patches ConfigMaps in its own namespace only', async () => {
    const mine = await file('ConfigMap', 'v1', 'dropfleet-fleet', own);
    expect(await refusal('create', '-f', mine)).to.equal('');
    expect(await refusal('patch', 'configmap', 'dropfleet-fleet', '-p', '{"data":{"a":"b"}}')).to.equal('');
    const theirs = await file('ConfigMap', 'v1', 'dropfleet-fleet', other);
    expect(await refusal('create', '-f', theirs, '-n', other)).to.contain('forbidden');
  });
});
