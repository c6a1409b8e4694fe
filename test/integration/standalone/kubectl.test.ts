import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describeOnApiServers } from '../../environment/api-server.ts';

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

const SHOP = `
apiVersion: dropfleet.io/v1alpha1
kind: Project
metadata: {name: shop, labels: {team: a}}
spec: {servers: 3, masterSpec: s-1vcpu-1gb, webSpec: s-1vcpu-1gb}
`;

// What one person does in a row: each step finds what the ones before it left.
describeOnApiServers('kubectl', server => {
  let folder: string | undefined;
  let namespace: string;

  before(async function () {
    const isInstalled = spawnSync('kubectl', ['version', '--client']).status === 0;
    if (!isInstalled && process.env['CI'] !== 'true') this.skip();
    folder = await mkdtemp(join(tmpdir(), 'dropfleet-kubectl-'));
    namespace = await server().namespace();
  });
  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const start = (args: string[], env: NodeJS.ProcessEnv = {}): ReturnType<typeof spawn> =>
    spawn('kubectl', ['--cache-dir', join(folder!, 'cache'), '--namespace', namespace, ...args], {
      env: { ...process.env, KUBECONFIG: server().kubeconfig, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });

  const kubectl = async (args: string[], input = '', env: NodeJS.ProcessEnv = {}): Promise<Result> => {
    const child = start(args, env);
    const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
      let text = '';
      for await (const chunk of stream) text += chunk.toString();
      return text;
    };
    child.stdin!.end(input);
    const closed = once(child, 'close') as Promise<[number]>;
    const [stdout, stderr] = await Promise.all([read(child.stdout!), read(child.stderr!)]);
    const [code] = await closed;
    return { code, stdout, stderr };
  };

  const succeed = async (args: string[], input = '', env: NodeJS.ProcessEnv = {}): Promise<string> => {
    const { code, stdout, stderr } = await kubectl(args, input, env);
    expect(code, stderr).to.equal(0);
    return stdout;
  };
  const apply = (text: string, ...args: string[]): Promise<string> =>
    succeed(['apply', '-f', '-', ...args], text);

  it('apply creates, leaves alone what is the same, and updates', async () => {
    expect(await apply(SHOP)).to.equal('project.dropfleet.io/shop created\n');
    expect(await apply(SHOP)).to.equal('project.dropfleet.io/shop unchanged\n');
    const larger = SHOP.replace('servers: 3', 'servers: 4');
    expect(await apply(larger)).to.equal('project.dropfleet.io/shop configured\n');
    expect(await succeed(['get', 'proj', 'shop', '-o', 'jsonpath={.spec.servers}'])).to.equal('4');
  });

  it('apply updates a ConfigMap and a Secret', async () => {
    const text = (value: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: "${value}", b: "2"}
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {token: "${value}"}
`;
    expect(await apply(text('1'))).to.equal('configmap/settings created\nsecret/keys created\n');
    expect(await apply(text('1'))).to.contain('configmap/settings unchanged');
    expect(await apply(text('3'))).to.contain('configmap/settings configured\nsecret/keys configured');
    expect(await succeed(['get', 'cm', 'settings', '-o', 'jsonpath={.data}'])).to.equal('{"a":"3","b":"2"}');
  });

  it('apply says what is wrong with an object', async () => {
    const { code, stderr } = await kubectl(
      ['apply', '-f', '-'],
      SHOP.replace('shop', 'bad').replace('servers: 3', 'servers: 200'),
    );
    expect(code).to.equal(1);
    expect(stderr).to.contain(
      'The Project "bad" is invalid: spec.servers: Invalid value: 200: spec.servers in body should be less than or equal to 100',
    );
  });

  it('apply stores nothing when it runs dry', async () => {
    const dry = SHOP.replace('shop', 'dry');
    expect(await apply(dry, '--dry-run=server')).to.contain(
      'project.dropfleet.io/dry created (server dry run)',
    );
    expect((await kubectl(['get', 'proj', 'dry'])).stderr).to.contain('"dry" not found');
  });

  it('apply refuses a misspelt field', async () => {
    const { code, stderr } = await kubectl(['apply', '-f', '-'], SHOP.replace('servers', 'severs'));
    expect(code).to.equal(1);
    expect(stderr).to.contain('severs');
  });

  it('create -f refuses what exists', async () => {
    const { code, stderr } = await kubectl(['create', '-f', '-'], SHOP);
    expect(code).to.equal(1);
    expect(stderr).to.contain('projects.dropfleet.io "shop" already exists');
  });

  it('get prints the columns of the CRD, more of them with -o wide', async () => {
    const [header, row] = (await succeed(['get', 'projects'])).split('\n');
    expect(header!.split(/\s{2,}/).map(name => name.trim())).to.deep.equal([
      'NAME',
      'SERVERS',
      'READY',
      'STATUS',
      'MASTER',
      'MONTHLY',
      'AGE',
    ]);
    expect(row).to.match(/^shop +4 .* \d+s$/);
    expect(await succeed(['get', 'projects', '-o', 'wide'])).to.contain('MASTER-SPEC');
  });

  it('get selects by label and by field, and pages', async () => {
    await apply(SHOP.replace('shop', 'blog').replace('team: a', 'team: b'));
    const names = ['-o', 'name'];
    expect(await succeed(['get', 'proj', '-l', 'team=a', ...names])).to.equal('project.dropfleet.io/shop\n');
    const field = ['--field-selector', 'metadata.name=blog'];
    expect(await succeed(['get', 'proj', ...field, ...names])).to.equal('project.dropfleet.io/blog\n');
    expect(await succeed(['get', 'proj', '--chunk-size=1', ...names])).to.equal(
      'project.dropfleet.io/blog\nproject.dropfleet.io/shop\n',
    );
  });

  it('get finds our kinds under `all`', async () => {
    expect(await succeed(['get', 'all'])).to.contain('project.dropfleet.io/shop');
  });

  it('get says when there is nothing', async () => {
    expect((await kubectl(['get', 'droplets'])).stderr).to.contain(
      `No resources found in ${namespace} namespace.`,
    );
  });

  it('get -w follows changes', async () => {
    const child = start([
      'get',
      'proj',
      'shop',
      '-w',
      '-o',
      'custom-columns=N:.spec.servers',
      '--no-headers',
    ]);
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    try {
      expect((await lines.next()).value).to.equal('4');
      await succeed(['patch', 'proj', 'shop', '--type=merge', '-p', '{"spec":{"servers":5}}']);
      expect((await lines.next()).value).to.equal('5');
    } finally {
      child.kill();
      await once(child, 'close');
    }
  });

  it('get -w follows changes in a table', async () => {
    const child = start(['get', 'proj', '-w']);
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    try {
      for (let i = 0; i < 3; i++) await lines.next();
      await succeed(['scale', 'proj', 'shop', '--replicas', '6']);
      expect((await lines.next()).value).to.match(/^shop +6 /);
    } finally {
      child.kill();
      await once(child, 'close');
    }
  });

  it('describe shows the events of the object', async () => {
    const uid = await succeed(['get', 'proj', 'shop', '-o', 'jsonpath={.metadata.uid}']);
    await apply(`
apiVersion: v1
kind: Event
metadata: {name: shop.1}
involvedObject: {apiVersion: dropfleet.io/v1alpha1, kind: Project, name: shop, namespace: ${namespace}, uid: ${uid}}
type: Normal
reason: Scaled
message: It has six servers now.
source: {component: dropfleet}
firstTimestamp: "2026-01-01T00:00:00Z"
lastTimestamp: "2026-01-01T00:00:00Z"
count: 1
`);
    const text = await succeed(['describe', 'proj', 'shop']);
    expect(text).to.match(/Servers:\s+6/);
    expect(text).to.match(/Normal\s+Scaled\s+\S+\s+dropfleet\s+It has six servers now\./);
  });

  it('explain shows the description of a field', async () => {
    const text = await succeed(['explain', 'project.spec.servers']);
    expect(text).to.contain('How many droplets the project has in all');
  });

  it('scale sets the number of servers', async () => {
    expect(await succeed(['scale', 'project', 'shop', '--replicas', '3'])).to.contain('scaled');
    expect(await succeed(['get', 'proj', 'shop', '-o', 'jsonpath={.spec.servers}'])).to.equal('3');
  });

  it('edit writes what the editor leaves', async () => {
    const editor = join(folder!, 'editor.sh');
    await writeFile(editor, '#!/bin/sh\nexec sed -i "s/servers: 3/servers: 8/" "$1"\n', { mode: 0o755 });
    const output = await succeed(['edit', 'project', 'shop'], '', { KUBE_EDITOR: editor });
    expect(output).to.equal('project.dropfleet.io/shop edited\n');
    expect(await succeed(['get', 'proj', 'shop', '-o', 'jsonpath={.spec.servers}'])).to.equal('8');
  });

  it('label, annotate and patch change an object', async () => {
    await succeed(['label', 'proj', 'shop', 'tier=gold']);
    await succeed(['annotate', 'proj', 'shop', 'note=hello']);
    await succeed([
      'patch',
      'proj',
      'shop',
      '--type=json',
      '-p',
      '[{"op":"replace","path":"/spec/servers","value":9}]',
    ]);
    const path = 'jsonpath={.metadata.labels.tier} {.metadata.annotations.note} {.spec.servers}';
    expect(await succeed(['get', 'proj', 'shop', '-o', path])).to.equal('gold hello 9');
  });

  it('patch of the status leaves the spec alone', async () => {
    const patch = '{"spec":{"servers":50},"status":{"droplets":9}}';
    await succeed(['patch', 'proj', 'shop', '--subresource=status', '--type=merge', '-p', patch]);
    const path = 'jsonpath={.spec.servers} {.status.droplets}';
    expect(await succeed(['get', 'proj', 'shop', '-o', path])).to.equal('9 9');
  });

  it('diff shows what apply would change', async () => {
    const { code, stdout } = await kubectl(['diff', '-f', '-'], SHOP.replace('servers: 3', 'servers: 12'));
    expect(code).to.equal(1);
    expect(stdout).to.contain('+  servers: 12');
  });

  it('wait ends when the condition comes true', async () => {
    const waiting = kubectl(['wait', 'proj/shop', '--for=condition=Ready', '--timeout=20s']);
    const condition = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };
    const status = { conditions: [{ ...condition, reason: 'AllReady', message: '' }] };
    const patch = JSON.stringify({ status });
    await succeed(['patch', 'proj', 'shop', '--subresource=status', '--type=merge', '-p', patch]);
    expect((await waiting).stdout).to.equal('project.dropfleet.io/shop condition met\n');
  });

  it('replace --force makes the object anew', async () => {
    const uid = ['get', 'proj', 'blog', '-o', 'jsonpath={.metadata.uid}'];
    const before = await succeed(uid);
    await succeed(['replace', '--force', '-f', '-'], SHOP.replace('shop', 'blog'));
    expect(await succeed(uid)).not.to.equal(before);
  });

  it('delete waits until the object is gone', async () => {
    expect(await succeed(['delete', 'proj', 'shop'])).to.contain('"shop" deleted');
    expect((await kubectl(['get', 'proj', 'shop'])).stderr).to.contain('not found');
  });

  it('delete --all empties a collection', async () => {
    await succeed(['delete', 'proj', '--all']);
    expect(await succeed(['get', 'proj', '-o', 'name'])).to.equal('');
  });
});
