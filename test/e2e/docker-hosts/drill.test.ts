import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keysInFolder } from '../../../cli/world/ssh-key.ts';
import { systemClock } from '../../../clients/clock.ts';
import { fingerprintOfLine } from '../../../clients/ssh/fingerprint.ts';
import { createSshPool } from '../../../clients/ssh/pool.ts';
import type { Droplet, DropletStatus } from '../../../crds/droplet.ts';
import { snapshotName } from '../../../crds/snapshot-name.ts';
import { HOST_USER } from '../../../reconcilers/host/desired.ts';
import { firstHostKey } from '../../../reconcilers/host/first-host-key.ts';
import { startDropfleet } from '../../environment/dropfleet.ts';
import { openReleaseFleet, type ReleaseFleet } from '../../environment/release-fleet.ts';
import { createSampleApp } from '../../environment/sample-app.ts';

const PATIENCE_MS = 600_000;

type Drill = NonNullable<DropletStatus['drill']>;

interface ListedDroplet {
  id: number;
  name: string;
  tags: string[];
}

// A master that is alone runs a program, and has a snapshot.
describe('Restore drills, on docker hosts', function () {
  this.timeout(PATIENCE_MS);
  let folder: string;
  let fleet: ReleaseFleet;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dropfleet-app-'));
    const app = await createSampleApp(folder);
    await app.release('v1', 'one');
    fleet = await openReleaseFleet(1);
    const spec = { source: { git: { url: app.url, ref: 'main' } }, healthCheck: { path: '/health' } };
    await fleet.apply('shop-prod-api', { ...spec, version: 'v1' });
    await fleet.serves('shop-prod-api', 'v1');
    await takeSnapshot();
  });
  after(async () => {
    await fleet?.close();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(fleet?.said().slice(-3_000));
  });

  async function cloud<T>(path: string, init?: RequestInit): Promise<T> {
    const file = (await fleet.place.json('.dropfleet', 'sandbox', 'daemon.json')) as { sandboxUrl: string };
    const headers = { authorization: 'Bearer owner', 'content-type': 'application/json' };
    return (await (await fetch(`${file.sandboxUrl}/v2/${path}`, { ...init, headers })).json()) as T;
  }
  const servers = async (): Promise<ListedDroplet[]> =>
    (await cloud<{ droplets: ListedDroplet[] }>('droplets')).droplets;
  const master = async (): Promise<Droplet> =>
    JSON.parse(await fleet.kubectl.succeed('get', 'droplet', 'shop-master', '-o', 'json')) as Droplet;
  const containers = (): Promise<string> =>
    fleet.shell('shop-master', "docker inspect --format '{{.Name}} {{.State.StartedAt}}' $(docker ps -q)");

  /** As the operator takes them. */
  async function takeSnapshot(): Promise<void> {
    const [{ id, tags }] = (await servers()) as [ListedDroplet];
    const fleetId = tags.find(tag => /^dropfleet:[^:]+$/.test(tag))!.split(':')[1]!;
    const name = snapshotName(fleetId, 'shop-master', 'nonce', Date.now());
    await cloud(`droplets/${id}/actions`, {
      method: 'POST',
      body: JSON.stringify({ type: 'snapshot', name }),
    });
    const { snapshots } = await cloud<{ snapshots: unknown[] }>(`droplets/${id}/snapshots`);
    if (snapshots.length > 0) return;
    for (let taken = false; !taken; await new Promise(resolve => setTimeout(resolve, 200))) {
      const { snapshots: listed } = await cloud<{ snapshots: unknown[] }>(`droplets/${id}/snapshots`);
      taken = listed.length > 0;
    }
  }

  /** What a shell command prints as root on the server of the drill. */
  async function shellOfDrill({ address, nonce }: Drill, script: string): Promise<string> {
    const { current } = (await keysInFolder(fleet.place.path('.dropfleet', 'sandbox', 'ssh')).find())!;
    const hostKeys = [fingerprintOfLine(firstHostKey(current, nonce!).publicKey)];
    const ssh = createSshPool({ clock: systemClock, random: Math.random });
    try {
      const { privateKey } = current;
      const host = ssh.host({ address: address!, port: 22, user: HOST_USER, privateKey, hostKeys });
      return (await host.succeed(['sudo', '-n', 'sh', '-c', script], { timeoutMs: 60_000 })).stdout.trim();
    } finally {
      ssh.close();
    }
  }

  it('boot the snapshot, have its program answer at the address that it had, say how long it took, and leave nothing', async () => {
    const [all, running] = [await servers(), await containers()];
    const said = await fleet.command('drill', 'shop-master', '--yes', '--timeout', '9m');
    expect(said).to.contain('The drill passed: booted, SSH and docker answered, 1 of 1 services answered.\n');
    expect(said).to.match(/restores in \d+ s: active after \d+ s, SSH after \d+ s\.$/m);
    console.log(`      ${/restores in .*/.exec(said)![0]}`);
    expect(await servers()).to.deep.equal(all);
    expect(await containers()).to.equal(running);
    expect(await fleet.ask('prod/api/answer')).to.contain('shop prod api v1');
  });

  it('keep their server apart: it reaches nobody, and nobody its program; what a dead operator left is removed by the next', async () => {
    const command = startDropfleet(fleet.place, 'drill', 'shop-master', '--yes');
    await command.says(/droplet \d+ is active/, PATIENCE_MS);
    const drill = (await master()).status!.drill!;
    await fleet.kill();
    await command.stop();
    const way = `timeout 3 bash -c 'exec 3<>/dev/tcp/HOST/PORT' 2>/dev/null && echo open || echo closed`;
    const to = (host: string, port: number) => way.replace('HOST', host).replace('PORT', `${port}`);
    const [outside, inside] = [fleet.address('shop-master'), fleet.address('shop-master', 'privateAddress')];
    const tries = [to(outside, 80), to(outside, 22), to(inside, 22), to('127.0.0.1', 22)].join('; ');
    expect((await shellOfDrill(drill, tries)).split('\n')).to.deep.equal([
      'closed',
      'closed',
      'closed',
      'open',
    ]);
    expect(await fleet.shell('shop-master', `${to(drill.address!, 22)}; ${to(drill.address!, 80)}`)).to.equal(
      'closed\nclosed',
    );

    await fleet.restart();
    const isOver = '--for=jsonpath={.status.drill.step}=Done';
    await fleet.kubectl.succeed('wait', 'droplet/shop-master', isOver, '--timeout=5m');
    expect((await master()).status!.drill).to.include({ result: 'Passed' });
    expect((await servers()).map(({ name }) => name)).to.deep.equal(['shop-master']);
    const { firewalls } = await cloud<{ firewalls: { name: string }[] }>('firewalls');
    expect(firewalls.filter(({ name }) => name.includes('.drill.'))).to.deep.equal([]);
  });
});
