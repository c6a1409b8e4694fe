import { expect } from 'chai';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { startSandbox, type Sandbox } from '../../../sandbox/server.ts';
import type { HostDriver } from '../../../sandbox/hosts/driver.ts';
import { openWorkplace, runDropfleet, startDropfleet, type Workplace } from '../../environment/dropfleet.ts';
import { openEmulatedHosts } from '../../environment/emulated-hosts.ts';

const ROWS = ['shop,1,s-1vcpu-1gb,s-1vcpu-1gb'];
/** Nothing listens there. */
const NOWHERE = '127.0.0.1:1';

describe('dropfleet says in one sentence what is wrong, and changes nothing, when', function () {
  this.timeout(300_000);
  let places: Workplace[] = [];
  let hosts: HostDriver;
  let sandbox: Sandbox;
  before(async () => {
    hosts = await openEmulatedHosts();
    sandbox = await startSandbox({ port: 0, token: 'right', bootDelayMs: 200, hosts });
  });
  after(() => sandbox.close());
  afterEach(async () => {
    for (const place of places.splice(0)) await place.remove();
  });

  async function open(env: Record<string, string> = {}, rows = ROWS): Promise<Workplace> {
    const place = await openWorkplace(rows, env);
    places = [...places, place];
    return place;
  }

  /** Runs it and expects it to fail with that sentence alone. */
  async function expectRefusal(place: Workplace, args: string[], sentence: RegExp): Promise<void> {
    const { code, stderr } = await runDropfleet(place, ...args);
    expect(stderr.trim().split('\n'), stderr).to.have.length(1);
    expect(stderr)
      .to.match(/^dropfleet: /)
      .and.to.match(sentence);
    expect(code).to.equal(1);
    expect(sandbox.ledger.countBy()).to.not.have.any.keys('droplets.create', 'keys.create');
  }

  for (const command of ['up', 'orchestrate', 'plan', 'status']) {
    it(`the token is wrong: ${command}`, async () => {
      const place = await open({ DO_TOKEN: 'wrong', DIGITALOCEAN_API_URL: sandbox.url });
      await expectRefusal(place, [command], /DigitalOcean refused the token \(401\): set DO_TOKEN/);
    });

    it(`the cloud cannot be reached: ${command}`, async () => {
      const place = await open({ DO_TOKEN: 'any', DIGITALOCEAN_API_URL: `http://${NOWHERE}` });
      await expectRefusal(place, [command], /cannot reach DigitalOcean .*ECONNREFUSED/);
    });

    it(`the cluster cannot be reached: ${command}`, async () => {
      const place = await open({ DO_TOKEN: 'right', DIGITALOCEAN_API_URL: sandbox.url });
      const kubeconfig = place.path('kubeconfig');
      await writeFile(kubeconfig, JSON.stringify(kubeconfigTo(`https://${NOWHERE}`)));
      await expectRefusal(place, ['--kubeconfig', kubeconfig, command], /cannot reach the Kubernetes API/);
    });
  }

  it('the port that was asked for is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const place = await open();
    await expectRefusal(place, ['up', '--http-port', `${port}`], /another program listens there; stop it/);
    other.close();
  });

  it("the sandbox's state is damaged", async () => {
    const place = await open();
    await mkdir(place.path('.dropfleet', 'sandbox'), { recursive: true });
    await writeFile(place.path('.dropfleet', 'sandbox', 'cloud.json'), '{garbage');
    await expectRefusal(place, ['up'], /cloud\.json is damaged at line 1; to start afresh, move it away/);
  });

  it("the standalone API's database is damaged", async () => {
    const place = await open();
    const folder = place.path('.dropfleet', 'sandbox', 'kubernetes');
    await mkdir(folder, { recursive: true });
    await writeFile(
      `${folder}/standalone.db`,
      'no database, but long enough to be taken for one '.repeat(50),
    );
    await expectRefusal(place, ['up'], /standalone\.db is damaged: restore a backup with/);
  });

  it('there is no projects.csv, or nothing in it: orchestrate', async () => {
    const place = await open({}, []);
    await mkdir(place.path('config'));
    for (const text of [undefined, '', 'shop,2\n', 'Project,Servers\nshop,"2']) {
      if (text !== undefined) await writeFile(place.path('config', 'projects.csv'), text);
      const { code, stderr } = await runDropfleet(place, 'orchestrate');
      expect(stderr).to.match(/^dropfleet: no changes made:\nconfig\/projects\.csv/);
      expect(code).to.equal(1);
    }
  });

  it('projects.csv goes bad, or the cloud goes away, while the daemon runs; and it goes on afterwards', async () => {
    const place = await open({
      DO_TOKEN: 'right',
      DIGITALOCEAN_API_URL: sandbox.url,
      DROPFLEET_SSH_PORT: String(hosts.sshPort),
    });
    const daemon = startDropfleet(place, 'up');
    await daemon.says(/after the start\./);
    for (const text of ['', 'Project,Servers\nshop,"1']) {
      await writeFile(place.path('config', 'projects.csv'), text);
      await daemon.says(/no changes made/);
    }
    sandbox.faults.set({ serverError: { operation: 'droplets.list' } });
    await place.writeCsv('shop,2,s-1vcpu-1gb,s-1vcpu-1gb');
    await daemon.says(/the droplets cannot be listed/);
    sandbox.faults.clear();
    await daemon.says(/2 of 2 droplets Ready/);
    expect((await daemon.stop()).code).to.equal(0);
    expect(sandbox.ledger.countBy()).to.not.have.any.keys('droplets.delete');
  });
});

const kubeconfigTo = (server: string): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'a',
  contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
  clusters: [{ name: 'a', cluster: { server } }],
  users: [{ name: 'a', user: { token: 'any' } }],
});
