import { expect } from 'chai';
import { sleep, systemClock } from '../../../clients/clock.ts';
import type { Informer } from '../../../clients/kubernetes/client.ts';
import { createKubernetesClient } from '../../../clients/kubernetes/http-client.ts';
import { createInformer } from '../../../clients/kubernetes/informer.ts';
import { loadConnection } from '../../../clients/kubernetes/kubeconfig.ts';
import { DROPLETS, SERVICE_DEPLOYMENTS } from '../../../clients/kubernetes/kinds.ts';
import { fleetTag, uidTag, VERIFIED_TAG } from '../../../crds/cloud-tags.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import type { ServiceDeployment } from '../../../crds/service-deployment.ts';
import { snapshotName } from '../../../crds/snapshot-name.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import {
  openWorkplace,
  runDropfleet,
  startDropfleet,
  type Ending,
  type RunningCommand,
  type Workplace,
} from '../../environment/dropfleet.ts';
import { fakeLogger } from '../../fakes/logger.ts';

const SERVICE = 'shop-prod-site';

interface ListedDroplet {
  id: number;
  name: string;
  tags: string[];
}

// A fleet on emulated hosts that a daemon keeps, and a web of it that serves and has a snapshot.
describe('dropfleet drill', function () {
  this.timeout(600_000);
  let place: Workplace;
  let daemon: RunningCommand;
  let client: ReturnType<typeof createKubernetesClient>;
  let droplets: Informer<Droplet>;
  let services: Informer<ServiceDeployment>;
  let stop = new AbortController();
  const run = (...args: string[]): Promise<Ending> => runDropfleet(place, ...args);
  const web = (): Droplet => droplets.get('default/shop-web1')!;

  /** Resolves as soon as it is so; whatever changes is looked at. */
  function until(condition: () => boolean): Promise<void> {
    return new Promise(resolve => {
      const check = (): void => void (condition() && resolve());
      droplets.onChange(check);
      services.onChange(check);
      check();
    });
  }

  async function cloud<T>(path: string, init?: RequestInit): Promise<T> {
    const { sandboxUrl } = (await place.json('.dropfleet', 'sandbox', 'daemon.json')) as {
      sandboxUrl: string;
    };
    const headers = { authorization: 'Bearer owner', 'content-type': 'application/json' };
    return (await (await fetch(`${sandboxUrl}/v2/${path}`, { ...init, headers })).json()) as T;
  }
  const servers = async (): Promise<ListedDroplet[]> =>
    (await cloud<{ droplets: ListedDroplet[] }>('droplets')).droplets;
  const firewalls = async (): Promise<string[]> =>
    (await cloud<{ firewalls: { name: string }[] }>('firewalls')).firewalls.map(({ name }) => name);

  async function startDaemon(): Promise<void> {
    daemon = startDropfleet(place, 'up', '--boot-delay', '1s');
    await daemon.says(/2 of 2 droplets Ready/, 300_000);
    const kubeconfig = place.path('.dropfleet', 'sandbox', 'kubernetes', 'kubeconfig');
    const connection = await loadConnection({ env: { KUBECONFIG: kubeconfig } });
    client = createKubernetesClient(connection, { clock: systemClock });
    stop = new AbortController();
    const options = { clock: systemClock, random: Math.random, log: fakeLogger() };
    droplets = createInformer(client, DROPLETS, options);
    services = createInformer(client, SERVICE_DEPLOYMENTS, options);
    for (const informer of [droplets, services]) informer.start(stop.signal);
    await Promise.all([droplets.synced(), services.synced()]);
  }

  async function endDaemon(): Promise<void> {
    stop.abort();
    await daemon.stop('SIGKILL');
    await client?.close();
  }

  async function deploy(): Promise<void> {
    const { metadata, spec, status: _status, ...type } = aServiceDeployment(SERVICE);
    const made = { name: SERVICE, namespace: 'default', labels: metadata.labels! };
    const image = 'registry.example.com/site:v1';
    const healthCheck = { path: '/health' };
    const service = { ...type, metadata: made, spec: { ...spec, image, port: 8080, healthCheck } };
    await client.create(SERVICE_DEPLOYMENTS, service, {});
    await until(() => services.get(`default/${SERVICE}`)?.status?.endpoints?.length === 1);
  }

  /** As the operator takes them. */
  async function takeSnapshot(): Promise<string> {
    const { id } = web().status!.server!;
    const fleet = (await servers())[0]!.tags.find(tag => /^dropfleet:[^:]+$/.test(tag))!.split(':')[1]!;
    const name = snapshotName(fleet, 'shop-web1', 'nonce', Date.now());
    await cloud(`droplets/${id}/actions`, {
      method: 'POST',
      body: JSON.stringify({ type: 'snapshot', name }),
    });
    for (;;) {
      const { snapshots } = await cloud<{ snapshots: { id: number }[] }>(`droplets/${id}/snapshots`);
      if (snapshots[0] !== undefined) return String(snapshots[0].id);
      // It takes 250 calls a minute, as DigitalOcean does.
      await sleep(systemClock, 500);
    }
  }

  before(async () => {
    place = await openWorkplace(['shop,2,,']);
    await startDaemon();
    await deploy();
  });
  after(async () => {
    await endDaemon();
    await place.remove();
  });

  it('buys nothing for a server that has no snapshot', async () => {
    const { code, stderr } = await run('drill', 'web1', '--yes');
    expect(stderr).to.match(/^dropfleet: no changes made: shop-web1 has no snapshot yet\./);
    expect(code).to.equal(1);
    expect(await servers()).to.have.length(2);
  });

  it('says what it costs, and does nothing before somebody says yes', async () => {
    const snapshot = await takeSnapshot();
    const { code, stdout, stderr } = await run('drill', 'web1');
    expect(stdout).to.contain(`The newest snapshot of shop-web1 is ${snapshot}, which is 0 min old.\n`);
    expect(stdout).to.match(
      /^A server is made from it beside the fleet \(\S+ in \S+, for \$0\.0\d\d an hour\)/m,
    );
    expect(stdout).to.contain('No drill of it has passed yet.\n');
    expect(stderr).to.equal('dropfleet: no changes made: no terminal to ask on; pass --yes to confirm\n');
    expect(code).to.equal(1);
    expect(await servers()).to.have.length(2);
  });

  it('restores the snapshot beside the fleet, has its service answer, and leaves all as it was', async () => {
    const [before, around] = [await servers(), await firewalls()];
    const { server } = web().status!;
    const { code, stdout, stderr } = await run('drill', 'web1', '--yes', '--timeout', '5m');
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/^shop-web1: droplet \d+ is booting$/m);
    expect(stdout).to.contain(
      'The drill passed: booted, SSH and docker answered, 1 of 1 services answered.\n',
    );
    expect(stdout).to.match(
      /^Snapshot \d+ of shop-web1 restores in \d+ s: active after \d+ s, SSH after \d+ s\.$/m,
    );
    expect(await servers()).to.deep.equal(before);
    expect(await firewalls()).to.deep.equal(around);
    expect(web().status!.server).to.deep.equal(server);
    const { snapshots } = await cloud<{ snapshots: { tags: string[] }[] }>('snapshots');
    expect(snapshots[0]!.tags).to.include(VERIFIED_TAG);
    const { stdout: told } = await run('status');
    expect(told).to.match(/^shop-web1: snapshot \d+ verified 0 min ago: restored in \d+ s$/m);
  });

  it('keeps its server apart, and is gone on with and cleared away by the operator that comes after one that died', async () => {
    const command = startDropfleet(place, 'drill', 'web1', '--yes');
    await command.says(/droplet \d+ is booting/);
    const copy = (await servers()).find(({ name }) => name === 'shop-web1-drill')!;
    const fleet = copy.tags.find(tag => /^dropfleet:[^:]+$/.test(tag))!;
    expect(copy.tags).to.include.members([
      fleetTag(fleet.split(':')[1]!),
      `dropfleet-drill:${web().metadata.uid}`,
    ]);
    expect(copy.tags).to.not.include(uidTag(web().metadata.uid!));
    expect(copy.tags.filter(tag => /:(master|web)$/.test(tag))).to.deep.equal([]);
    await endDaemon();
    await command.stop();
    await startDaemon();
    await until(() => web().status?.drill?.step === 'Done');
    expect((await servers()).map(({ name }) => name)).to.not.include('shop-web1-drill');
    expect((await firewalls()).filter(name => name.includes('.drill.'))).to.deep.equal([]);
    expect(web().status!.drill).to.include({ result: 'Passed' });
  });

  it('is left to the operator by Ctrl-C', async () => {
    const command = startDropfleet(place, 'drill', 'web1', '--yes', '--output', 'json');
    await command.says(/droplet \d+ is booting/);
    const { code, stderr } = await command.stop('SIGINT');
    expect(code).to.equal(130);
    expect(stderr).to.contain('stopped; the operator goes on with the drill, and destroys its server\n');
    const { stdout } = await run('drill', 'web1', '--output', 'json');
    expect(JSON.parse(stdout)).to.include({ droplet: 'shop-web1', result: 'Passed' });
    expect(await servers()).to.have.length(2);
  });
});
