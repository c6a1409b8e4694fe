import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { systemClock } from '../../../clients/clock.ts';
import { createKubernetesClient } from '../../../clients/kubernetes/http-client.ts';
import { createInformer } from '../../../clients/kubernetes/informer.ts';
import type { Informer } from '../../../clients/kubernetes/client.ts';
import { DROPLETS, SERVICE_DEPLOYMENTS } from '../../../clients/kubernetes/kinds.ts';
import { loadConnection } from '../../../clients/kubernetes/kubeconfig.ts';
import { retiredUidOf, uidOf } from '../../../crds/cloud-tags.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import { RECOVER_ANNOTATION } from '../../../crds/names.ts';
import type { ServiceDeployment } from '../../../crds/service-deployment.ts';
import { aRecovery, aServiceDeployment } from '../../builders/objects.ts';
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
  status: string;
  tags: string[];
  image: { id: number };
}

// A person gives up a web that serves, on emulated hosts that a daemon keeps.
describe('dropfleet recover', function () {
  this.timeout(600_000);
  let place: Workplace;
  let daemon: RunningCommand;
  let client: ReturnType<typeof createKubernetesClient>;
  let droplets: Informer<Droplet>;
  let services: Informer<ServiceDeployment>;
  let sandbox: string;
  const stop = new AbortController();
  const run = (...args: string[]): Promise<Ending> => runDropfleet(place, ...args);
  const droplet = (name: string): Droplet => droplets.get(`default/${name}`)!;

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
    const headers = { authorization: 'Bearer owner', 'content-type': 'application/json' };
    return (await (await fetch(`${sandbox}/v2/${path}`, { ...init, headers })).json()) as T;
  }
  const server = async (id: number): Promise<ListedDroplet> =>
    (await cloud<{ droplet: ListedDroplet }>(`droplets/${id}`)).droplet;

  async function release(version: string): Promise<void> {
    const image = `registry.example.com/site:${version}`;
    const { metadata, spec, status: _status, ...type } = aServiceDeployment(SERVICE);
    const made = { name: SERVICE, namespace: 'default', labels: metadata.labels! };
    if (services.get(`default/${SERVICE}`) === undefined)
      await client.create(
        SERVICE_DEPLOYMENTS,
        { ...type, metadata: made, spec: { ...spec, image, port: 8080 } },
        {},
      );
    else await client.patch(SERVICE_DEPLOYMENTS, `default/${SERVICE}`, { spec: { image } });
    await until(() => {
      const { status } = services.get(`default/${SERVICE}`) ?? {};
      const wanted = status?.endpoints?.map(({ address }) => address).toSorted() ?? [];
      const isRouted = status?.routed?.addresses?.toSorted().join() === wanted.join();
      return status?.version === version && wanted.length === 2 && isRouted;
    });
  }

  async function snapshotOf(id: number): Promise<string> {
    const body = JSON.stringify({ type: 'snapshot', name: 'nightly' });
    await cloud(`droplets/${id}/actions`, { method: 'POST', body });
    for (;;) {
      const { snapshots } = await cloud<{ snapshots: { id: number }[] }>(`droplets/${id}/snapshots`);
      if (snapshots[0] !== undefined) return String(snapshots[0].id);
    }
  }

  /** Does what a person's wish has the health controller decide. */
  async function decide(name: string, image: string): Promise<void> {
    await until(() => droplet(name).metadata.annotations?.[RECOVER_ANNOTATION] !== undefined);
    const serverID = Number(droplet(name).metadata.annotations![RECOVER_ANNOTATION]);
    const status = { recovery: aRecovery(serverID, 'Replace', { image }) };
    await client.patch(DROPLETS, `default/${name}`, { status }, { subresource: 'status' });
    const metadata = { annotations: { [RECOVER_ANNOTATION]: null } };
    await client.patch(DROPLETS, `default/${name}`, { metadata });
  }

  /** Asks without a pause until it is told to end; what is not answered with 200 is lost. */
  function visit() {
    const report = { answered: 0, lost: [] as string[], versions: new Set<string>() };
    const over = new AbortController();
    const url = `http://${droplet('shop-master').status!.server!.publicAddress}/shop/prod/site/`;
    const visitor = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const reply = await fetch(url).catch((error: unknown) => String(error));
        const text = typeof reply === 'string' ? reply : await reply.text();
        if (typeof reply === 'string' || reply.status !== 200) report.lost.push(text);
        report.versions.add(/v\d/.exec(text)?.[0] ?? text);
        report.answered++;
      }
    };
    const visits = visitor();
    return async () => {
      over.abort();
      await visits;
      return report;
    };
  }

  before(async () => {
    place = await openWorkplace(['shop,3,,']);
    daemon = startDropfleet(place, 'up', '--boot-delay', '200ms');
    await daemon.says(/3 of 3 droplets Ready/, 300_000);
    const kubeconfig = place.path('.dropfleet', 'sandbox', 'kubernetes', 'kubeconfig');
    const connection = await loadConnection({ env: { KUBECONFIG: kubeconfig } });
    client = createKubernetesClient(connection, { clock: systemClock });
    const options = {
      clock: systemClock,
      random: Math.random,
      log: fakeLogger(),
      selection: { namespace: 'default' },
    };
    droplets = createInformer(client, DROPLETS, options);
    services = createInformer(client, SERVICE_DEPLOYMENTS, options);
    for (const informer of [droplets, services]) informer.start(stop.signal);
    await Promise.all([droplets.synced(), services.synced()]);
    const file = JSON.parse(await readFile(place.path('.dropfleet', 'sandbox', 'daemon.json'), 'utf8')) as {
      sandboxUrl: string;
    };
    sandbox = file.sandboxUrl;
    await release('v1');
  });
  after(async () => {
    stop.abort();
    await daemon.stop('SIGKILL');
    await client?.close();
    await place.remove();
  });

  it('says what would be lost, and changes nothing when the server is well and nobody said --yes', async () => {
    const { code, stdout, stderr } = await run('--recover', 'web1');
    expect(stdout).to.match(/^shop-web1 is droplet \d+ \(web, \S+ in \S+\): droplet \d+ is active$/m);
    expect(stdout).to.match(/^Lost is everything on its disk: it has no snapshot\.$/m);
    expect(stderr).to.equal(
      'dropfleet: no changes made: shop-web1 is Ready. To replace it all the same: npx dropfleet recover shop-web1 --yes\n',
    );
    expect(code).to.equal(1);
    expect(droplet('shop-web1').metadata.annotations ?? {}).to.not.have.property(RECOVER_ANNOTATION);
  });

  it('has it replaced without a lost request, by one that serves the current release though its snapshot is older', async () => {
    const former = droplet('shop-web1').status!.server!;
    const image = await snapshotOf(former.id!);
    await release('v2');
    const endVisit = visit();
    const [{ code, stdout, stderr }] = await Promise.all([
      run('recover', 'web1', '--yes', '--timeout', '5m'),
      decide('shop-web1', image),
    ]);
    expect(code, stderr).to.equal(0);
    const { id, privateAddress } = droplet('shop-web1').status!.server!;
    expect(stdout).to.contain(
      `shop-web1 runs on droplet ${id}. Droplet ${former.id} is off, and kept for 24 hours.`,
    );
    await until(() => {
      const { addresses = [] } = services.get(`default/${SERVICE}`)?.status?.routed ?? {};
      return addresses.length === 2 && addresses.some(each => each.startsWith(`${privateAddress}:`));
    });
    const { answered, lost, versions } = await endVisit();
    expect(lost).to.deep.equal([]);
    expect(answered).to.be.greaterThan(100);
    expect([...versions]).to.deep.equal(['v2']);
    const [old, now] = [await server(former.id!), await server(id!)];
    expect(old).to.include({ name: 'shop-web1', status: 'off' });
    expect([uidOf(old.tags), retiredUidOf(old.tags)]).to.deep.equal([
      undefined,
      droplet('shop-web1').metadata.uid,
    ]);
    expect(now).to.include({ name: 'shop-web1', status: 'active' });
    expect(String(now.image.id)).to.equal(image);
  });

  it('leaves the old one on the bill, which status and plan say', async () => {
    for (const command of ['status', 'plan']) {
      const { stdout } = await run(command);
      expect(stdout, command).to.match(/^replaced: droplet \d+ of shop-web1 is kept until \S+Z/m);
    }
    expect((await run('cleanup', '--dry-run')).stdout).to.equal('No orphans, and no old snapshots.\n');
  });
});
