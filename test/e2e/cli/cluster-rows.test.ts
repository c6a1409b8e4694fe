import { expect } from 'chai';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../clients/clock.ts';
import type { KubernetesClient } from '../../../clients/kubernetes/client.ts';
import { createKubernetesClient } from '../../../clients/kubernetes/http-client.ts';
import { createInformer } from '../../../clients/kubernetes/informer.ts';
import { loadConnection } from '../../../clients/kubernetes/kubeconfig.ts';
import { CONFIG_MAPS, DROPLETS, PROJECTS, type ConfigMap } from '../../../clients/kubernetes/kinds.ts';
import { API_VERSION, FLEET_CONFIG_MAP } from '../../../crds/names.ts';
import { createEmulatedDriver } from '../../../sandbox/hosts/emulated/driver.ts';
import { startSandbox, type Sandbox } from '../../../sandbox/server.ts';
import { startStandalone, type StandaloneServer } from '../../../standalone/server.ts';
import {
  openWorkplace,
  runDropfleet,
  startDropfleet,
  startDropfleetOnTerminal,
  type RunningCommand,
  type Workplace,
} from '../../environment/dropfleet.ts';
import { fakeLogger } from '../../fakes/logger.ts';

const HEADER = 'Project,Servers,MasterSpec,WebSpec';
const NAMESPACE = 'default';
const ROWS_KEY = `${NAMESPACE}/dropfleet-config`;

// A cluster whose operator follows its own rows, and a fresh clone on somebody's laptop, which has others.
describe('With a cluster, dropfleet', function () {
  this.timeout(180_000);
  let folder: string;
  let api: StandaloneServer;
  let kubernetes: KubernetesClient & { close(): Promise<void> };
  let sandbox: Sandbox;
  let pod: Workplace;
  let laptop: Workplace;
  let operator: RunningCommand | undefined;
  const following = new AbortController();

  const onLaptop = (...args: string[]) => runDropfleet(laptop, '--kubeconfig', api.kubeconfig, ...args);
  const startOperator = async (): Promise<void> => {
    operator = startDropfleet(
      pod,
      '--kubeconfig',
      api.kubeconfig,
      'operator',
      '--csv',
      'config/projects.csv',
    );
    await operator.says(/ leading /);
    await record('ConfigMap dropfleet-config');
  };
  const stopOperator = async (): Promise<void> => {
    await operator?.stop();
    operator = undefined;
  };
  /** A pod's file is the ConfigMap; here it is a copy, and so the operator wrote down another source. */
  const record = (source: string | null) =>
    kubernetes.patch(CONFIG_MAPS, `${NAMESPACE}/${FLEET_CONFIG_MAP}`, { data: { source } });
  const source = async () =>
    (await kubernetes.get(CONFIG_MAPS, `${NAMESPACE}/${FLEET_CONFIG_MAP}`)).data?.['source'];
  const writeRows = async (...rows: string[]): Promise<void> => {
    const data = { 'projects.csv': [HEADER, ...rows, ''].join('\n') };
    const metadata = { name: 'dropfleet-config', namespace: NAMESPACE };
    await kubernetes.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  };
  /** Everything that a command could have changed. */
  const everything = async () => {
    const [projects, droplets, configMaps] = await Promise.all([
      kubernetes.list(PROJECTS),
      kubernetes.list(DROPLETS),
      kubernetes.list(CONFIG_MAPS),
    ]);
    const versions = [...projects.items, ...droplets.items, ...configMaps.items].map(
      ({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion}`,
    );
    const writes = Object.entries(sandbox.ledger.countBy()).filter(([name]) => !/list|get/i.test(name));
    return { versions, writes };
  };
  const projectNames = async () =>
    (await kubernetes.list(PROJECTS)).items.map(({ metadata }) => metadata.name).toSorted();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dropfleet-cluster-'));
    api = await startStandalone({ stateDir: join(folder, 'api'), port: 0 });
    const connection = await loadConnection({ kubeconfig: api.kubeconfig, env: {} });
    kubernetes = createKubernetesClient(connection, { clock: systemClock, callTimeoutMs: 5_000 });
    const hosts = await createEmulatedDriver({
      folder: join(folder, 'hosts'),
      clock: systemClock,
      random: Math.random,
      bootMs: 50,
    });
    sandbox = await startSandbox({ port: 0, bootDelayMs: 200, hosts });
    const env = {
      DO_TOKEN: 'any',
      DIGITALOCEAN_API_URL: sandbox.url,
      DROPFLEET_SSH_PORT: String(hosts.sshPort),
    };
    pod = await openWorkplace(['shop,2,,'], env);
    laptop = await openWorkplace(['hostomatic,3,,', 'digitalpixo,1,,'], env);
    await writeRows('shop,2,,');
    const rows = createInformer(kubernetes, CONFIG_MAPS, {
      clock: systemClock,
      random: Math.random,
      log: fakeLogger(),
    });
    rows.onChange(({ object }) => void followRows(object));
    rows.start(following.signal);
    await startOperator();
  });
  after(async () => {
    following.abort();
    await stopOperator();
    await kubernetes.close();
    await sandbox.close();
    await api.close();
    await Promise.all([pod.remove(), laptop.remove(), rm(folder, { recursive: true, force: true })]);
  });
  /** As kubelet does. */
  const followRows = async ({ metadata, data }: ConfigMap): Promise<void> => {
    const text = data?.['projects.csv'];
    if (metadata.name === 'dropfleet-config' && text !== undefined)
      await writeFile(pod.path('config', 'projects.csv'), text);
  };

  it("orchestrate waits for the cluster's rows, whatever stands in the clone's own file", async () => {
    const { code, stderr } = await onLaptop('orchestrate', '--timeout', '90s');
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(await projectNames()).to.deep.equal(['shop']);
  });

  it("plan and status go by the cluster's rows, and say which cluster and which rows", async () => {
    const plan = await onLaptop('plan');
    expect(plan.stdout).to.equal(
      `Cloud: DigitalOcean's API at ${sandbox.url}; Kubernetes: ${api.url} (${api.kubeconfig}); rows: ConfigMap dropfleet-config/projects.csv\n` +
        'Nothing to do: the fleet is as projects.csv says.\n',
    );
    const { code, stdout } = await onLaptop('status');
    expect(stdout).to.match(/^2 of 2 droplets Ready/m);
    expect(code).to.equal(0);
  });

  it('plan --csv goes by the file that is named', async () => {
    const { stdout } = await onLaptop('plan', '--csv', 'config/projects.csv');
    expect(stdout).to.match(/; rows: config\/projects\.csv\n/);
    expect(stdout).to.match(/^\+ +project hostomatic +create, 3 servers$/m);
    expect(stdout).to.match(/^- +project shop +delete$/m);
  });

  it("scale edits the cluster's row, and nothing of the clone's", async () => {
    const own = await readFile(laptop.path('config', 'projects.csv'), 'utf8');
    const { code, stdout, stderr } = await onLaptop('scale', 'shop', '3', '--timeout', '90s');
    expect(stderr).to.equal('');
    expect(stdout.split('\n')[0]).to.equal(
      'ConfigMap dropfleet-config/projects.csv: shop has 3 servers, was 2',
    );
    expect(code).to.equal(0);
    const { data } = await kubernetes.get(CONFIG_MAPS, ROWS_KEY);
    expect(data!['projects.csv']).to.equal(`${HEADER}\nshop,3,,\n`);
    expect((await kubernetes.list(DROPLETS)).items).to.have.length(3);
    expect(await readFile(laptop.path('config', 'projects.csv'), 'utf8')).to.equal(own);
  });

  it('scale changes a Project that was applied by hand, and waits for its droplets', async () => {
    const spec = { servers: 1, masterSpec: 's-1vcpu-1gb', webSpec: 's-1vcpu-1gb' };
    const metadata = { name: 'blog', namespace: NAMESPACE };
    await kubernetes.create(PROJECTS, { apiVersion: API_VERSION, kind: 'Project', metadata, spec });
    const { code, stdout, stderr } = await onLaptop('scale', 'blog', '2', '--timeout', '90s');
    expect(stderr).to.equal('');
    expect(stdout.split('\n')[0]).to.equal('Project default/blog, applied by hand: it has 2 servers, was 1');
    expect(code).to.equal(0);
    const { items } = await kubernetes.list(DROPLETS);
    expect(items.filter(({ spec: { project } }) => project === 'blog')).to.have.length(2);
  });

  it('scale of an unknown project names those of the rows and those applied by hand', async () => {
    const { code, stderr } = await onLaptop('scale', 'shpo', '2');
    expect(stderr).to.equal(
      'dropfleet: ConfigMap dropfleet-config/projects.csv has no project shpo; it has shop, blog\n',
    );
    expect(code).to.equal(1);
  });

  it('orchestrate --csv is refused while an operator leads by other rows', async () => {
    const before = await everything();
    const { code, stderr } = await onLaptop(
      'orchestrate',
      '--csv',
      'config/projects.csv',
      '--yes',
      '--take-over',
    );
    expect(stderr).to.match(
      /^dropfleet: no changes made: an operator leads this cluster, and its rows come from ConfigMap dropfleet-config, /,
    );
    expect(code).to.equal(1);
    expect(await everything()).to.deep.equal(before);
  });

  describe('once its operator is down,', () => {
    before(stopOperator);

    for (const args of [
      ['orchestrate'],
      ['orchestrate', '--force', '--confirm'],
      ['scale', 'shop', '1'],
      ['update-ip', '198.51.100.9'],
    ])
      it(`${args.join(' ')} of a fresh clone changes nothing, and says what to do`, async () => {
        const before = await everything();
        const { code, stdout, stderr } = await onLaptop(...args);
        expect(stderr).to.match(
          /^dropfleet: no changes made\. No operator is running in this cluster: check its pod with "kubectl -n default get pods"/,
        );
        expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
        expect(await everything()).to.deep.equal(before);
      });

    it('orchestrate --csv names the rows that the cluster has, and how to take over', async () => {
      const before = await everything();
      const { code, stderr } = await onLaptop('orchestrate', '--csv', 'config/projects.csv', '--yes');
      expect(stderr).to.match(
        /^dropfleet: no changes made: the rows of this cluster come from ConfigMap dropfleet-config, not from .*\/config\/projects\.csv\. .*--take-over/,
      );
      expect(code).to.equal(1);
      expect(await everything()).to.deep.equal(before);
    });

    it('so it does where no operator has ever written down a source, but the cluster has rows', async () => {
      await record(null);
      const { code, stderr } = await onLaptop('orchestrate', '--csv', 'config/projects.csv', '--yes');
      await record('ConfigMap dropfleet-config');
      expect(stderr).to.match(/come from ConfigMap dropfleet-config, not from/);
      expect(code).to.equal(1);
    });

    it('up --csv is refused in the same way', async () => {
      const before = await everything();
      const { code, stderr } = await onLaptop('up', '--csv', 'config/projects.csv');
      expect(stderr).to.match(/^dropfleet: no changes made: the rows of this cluster come from ConfigMap/m);
      expect(code).to.equal(1);
      expect(await everything()).to.deep.equal(before);
    });

    it('orchestrate --csv --take-over shows the plan, and where nobody can be asked stops there', async () => {
      const before = await everything();
      const { code, stdout, stderr } = await onLaptop(
        'orchestrate',
        '--csv',
        'config/projects.csv',
        '--take-over',
      );
      expect(stdout).to.match(/^- +project shop +delete$/m);
      expect(stderr).to.match(/^dropfleet: no changes made: .*--yes/);
      expect(code).to.equal(1);
      expect(await everything()).to.deep.equal(before);
    });

    for (const answer of ['no', 'y', ''])
      it(`on a terminal the answer ${JSON.stringify(answer)} changes nothing`, async () => {
        const before = await everything();
        const args = ['--kubeconfig', api.kubeconfig, 'orchestrate', '--csv', 'config/projects.csv'];
        const command = startDropfleetOnTerminal(laptop, { rows: 50, columns: 200 }, ...args, '--take-over');
        await command.says(/Do this\? Only yes goes on: /);
        command.type(`${answer}\n`);
        const { code, stdout } = await command.ended;
        expect(stdout).to.match(/dropfleet: no changes made\s*$/);
        expect(code).to.equal(1);
        expect(await everything()).to.deep.equal(before);
      });

    it('on a terminal yes converges the cluster to the file, which it belongs to from then on', async () => {
      await laptop.writeCsv('shop,3,,', 'docs,1,,');
      const args = ['--kubeconfig', api.kubeconfig, 'orchestrate', '--csv', 'config/projects.csv'];
      const command = startDropfleetOnTerminal(laptop, { rows: 50, columns: 200 }, ...args, '--take-over');
      await command.says(/Do this\? Only yes goes on: /);
      command.type('yes\n');
      const { code } = await command.ended;
      expect(code).to.equal(0);
      expect(await projectNames()).to.deep.equal(['blog', 'docs', 'shop']);
      expect(await source()).to.equal(`${hostname()}:${laptop.path('config', 'projects.csv')}`);
    });

    it("status then goes by the Projects, for nobody follows the ConfigMap's rows", async () => {
      const { code, stdout } = await onLaptop('status');
      expect(stdout).to.match(/^6 of 6 droplets Ready.*\nNo operator is running in this cluster/m);
      expect(code).to.equal(0);
    });

    it('up without --csv follows no file, and says so at once', async () => {
      const up = startDropfleet(laptop, '--kubeconfig', api.kubeconfig, 'up');
      await up.says(/^Projects +those that are applied by hand; no file is followed without --csv FILE$/m);
      await laptop.writeCsv('shop,3,,', 'docs,1,,', 'more,1,,');
      await up.says(/^6 of 6 droplets Ready/m);
      await up.stop();
      expect(await projectNames()).to.deep.equal(['blog', 'docs', 'shop']);
    });

    it('up --csv of the recorded file follows it, without a question', async () => {
      const up = startDropfleet(laptop, '--kubeconfig', api.kubeconfig, 'up', '--csv', 'config/projects.csv');
      await up.says(/^Projects +config\/projects\.csv$/m);
      await up.says(/^7 of 7 droplets Ready/m);
      await up.stop();
      expect(await projectNames()).to.deep.equal(['blog', 'docs', 'more', 'shop']);
    });

    it('scale of a project whose row is on another machine says where', async () => {
      await record('other:/srv/projects.csv');
      await startOperatorAlone();
      const { code, stderr } = await onLaptop('scale', 'shop', '2');
      expect(stderr).to.match(/^dropfleet: the row of shop is in other:\/srv\/projects\.csv: change /);
      expect(code).to.equal(1);
    });
  });

  /** One that follows no rows. */
  async function startOperatorAlone(): Promise<void> {
    operator = startDropfleet(pod, '--kubeconfig', api.kubeconfig, 'operator');
    await operator.says(/ leading /);
  }
});
