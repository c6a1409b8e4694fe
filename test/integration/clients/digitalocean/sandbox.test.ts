import { expect } from 'chai';
import { fleetTag, nonceOf, nonceTag, uidTag } from '../../../../crds/cloud-tags.ts';
import type { CloudDroplet } from '../../../../clients/digitalocean/cloud.ts';
import {
  isCloudNotFound,
  isNameTaken,
  isDoubtful,
  isInvalidKey,
  isPendingEvent,
  isUnauthorized,
  isUnprocessable,
} from '../../../../clients/digitalocean/errors.ts';
import { createServerInformer, type ServerChange } from '../../../../clients/digitalocean/server-informer.ts';
import { createCloud, type HttpCloud } from '../../../../clients/digitalocean/http-client.ts';
import { startSandbox, type Sandbox } from '../../../../sandbox/server.ts';
import { fakeClock, type FakeClock } from '../../../fakes/clock.ts';
import { fakeLogger } from '../../../fakes/logger.ts';
import { rejection } from '../../../fakes/rejection.ts';

const BOOT_MS = 32_000;
const TAG = fleetTag('f1');
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8Tt9tRZzWyPvAnV0yNNkPWkp3oMJqFJ3VnXZ5xU1aB someone';

describe('The client against a simulated DigitalOcean', () => {
  let clock: FakeClock;
  let sandbox: Sandbox;
  let cloud: HttpCloud;
  let codes: string[];

  beforeEach(async () => {
    clock = fakeClock();
    codes = [];
    sandbox = await startSandbox({ port: 0, token: 'right', bootDelayMs: BOOT_MS, now: () => clock.now() });
    cloud = connect('right');
  });

  afterEach(async () => {
    cloud.close();
    await sandbox.close();
  });

  const connect = (token: string): HttpCloud =>
    createCloud({
      token,
      apiUrl: sandbox.url,
      clock,
      random: () => 0.5,
      onRequest: ({ code }) => codes.push(code),
    });

  const create = (name = 'shop-web1', nonce = 'n1', sshKeys: number[] = []): Promise<CloudDroplet> =>
    cloud.createDroplet({
      name,
      region: 'nyc3',
      size: 's-1vcpu-1gb',
      image: 'ubuntu-24-04-x64',
      tags: [TAG, uidTag('u1'), nonceTag(nonce)],
      sshKeys,
      userData: '#cloud-config\n',
    });

  /** Lets time pass until the call is over: its waits are on the clock that stands still. */
  async function passing<T>(call: Promise<T>): Promise<T> {
    const seen = { isOver: false };
    const over = (): void => void (seen.isOver = true);
    call.then(over, over);
    for (let turns = 1; !seen.isOver && turns < 10_000; turns++) {
      await new Promise(resolve => setImmediate(resolve));
      if (turns % 100 === 0) await clock.advance(1_000);
    }
    return call;
  }

  it('leads a droplet through its life', async () => {
    const key = await cloud.createKey('someone', KEY);
    expect(await cloud.listKeys()).to.deep.equal([key]);
    const { id, status, tags } = await create('shop-web1', 'n1', [key.id]);
    expect([status, nonceOf(tags)]).to.deep.equal(['new', 'n1']);
    await clock.advance(BOOT_MS);
    const booted = await cloud.getDroplet(id);
    expect(booted).to.include({ name: 'shop-web1', status: 'active', size: 's-1vcpu-1gb', region: 'nyc3' });
    expect(booted).to.include.keys('publicAddress', 'privateAddress');
    expect(await cloud.listDroplets(TAG)).to.deep.equal([booted]);

    const off = await cloud.powerOffDroplet(id);
    expect(isPendingEvent(await rejection(cloud.powerOnDroplet(id)))).to.equal(true);
    await clock.advance(BOOT_MS);
    expect(await cloud.getAction(off.id)).to.deep.equal({ ...off, status: 'completed' });
    await cloud.resizeDroplet(id, 's-2vcpu-2gb');
    await clock.advance(10 * BOOT_MS);
    await cloud.powerOnDroplet(id);
    await clock.advance(BOOT_MS);
    const resized = await cloud.getDroplet(id);
    expect(resized).to.include({ status: 'active', size: 's-2vcpu-2gb', disk: booted.disk });

    const cycle = await cloud.powerCycleDroplet(id);
    await clock.advance(BOOT_MS);
    expect(await cloud.getAction(cycle.id)).to.include({ type: 'power_cycle', status: 'completed' });
    expect(await cloud.getDroplet(id)).to.include({ status: 'active', locked: false });

    await cloud.deleteDroplet(id);
    await clock.advance(BOOT_MS);
    expect(isCloudNotFound(await rejection(cloud.getDroplet(id)))).to.equal(true);
    expect(isCloudNotFound(await rejection(cloud.deleteDroplet(id)))).to.equal(true);
    await cloud.deleteKey(key.id);
    expect(isCloudNotFound(await rejection(cloud.deleteKey(key.id)))).to.equal(true);
  });

  it('reads the account, its sizes, firewalls and snapshots', async () => {
    expect((await cloud.getAccount()).status).to.equal('active');
    const sizes = await cloud.listSizes();
    expect(sizes.find(size => size.slug === 's-1vcpu-1gb')).to.include({ memory: 1024, disk: 25 });
    expect(await cloud.listFirewalls()).to.deep.equal([]);
    expect(await cloud.listSnapshots()).to.deep.equal([]);
  });

  it('takes a snapshot that outlives its droplet, is known by its name and can be tagged', async () => {
    const { id } = await create();
    await clock.advance(BOOT_MS);
    const { id: action } = await cloud.snapshotDroplet(id, 'before the move');
    expect(isPendingEvent(await rejection(cloud.snapshotDroplet(id, 'another')))).to.equal(true);
    expect(await cloud.listSnapshots()).to.deep.equal([]);
    await clock.advance(10 * BOOT_MS);
    expect(await cloud.getAction(action)).to.include({ type: 'snapshot', status: 'completed' });

    const [snapshot] = await cloud.listSnapshots();
    expect(snapshot).to.include({ name: 'before the move', dropletId: id, minDisk: 25 });
    expect(snapshot!.sizeGB).to.be.above(0);
    expect(isCloudNotFound(await rejection(cloud.tagSnapshot(snapshot!.id, 'unheard-of')))).to.equal(true);
    await cloud.tagSnapshot(snapshot!.id, TAG);
    await cloud.deleteDroplet(id);
    await clock.advance(BOOT_MS);
    expect(await cloud.listSnapshots()).to.deep.equal([{ ...snapshot, tags: [TAG] }]);
    await cloud.deleteSnapshot(snapshot!.id);
    expect(await cloud.listSnapshots()).to.deep.equal([]);
  });

  it('makes a volume once under a name, and has it go from one droplet to another', async () => {
    const [one, two] = [await create('shop-master', 'a'), await create('shop-web1', 'b')];
    await clock.advance(BOOT_MS);
    const request = { name: 'shop-data', region: one.region, sizeGB: 10, tags: [TAG] };
    const volume = await cloud.createVolume(request);
    expect(volume).to.deep.include({ ...request, dropletIds: [] });
    expect(isNameTaken(await rejection(cloud.createVolume(request)))).to.equal(true);
    expect(await cloud.listVolumes('shop-data')).to.deep.equal([volume]);
    expect(await cloud.listVolumes('other')).to.deep.equal([]);

    await cloud.attachVolume(volume.id, one.id);
    expect(isPendingEvent(await rejection(cloud.attachVolume(volume.id, two.id)))).to.equal(true);
    await clock.advance(BOOT_MS);
    expect(await rejection(cloud.attachVolume(volume.id, two.id))).to.include({ status: 422 });
    expect(await rejection(cloud.deleteVolume(volume.id))).to.include({ status: 409 });
    await cloud.resizeVolume(volume.id, 20);
    await clock.advance(BOOT_MS);
    await cloud.detachVolume(volume.id, one.id);
    await clock.advance(BOOT_MS);
    await cloud.attachVolume(volume.id, two.id);
    await cloud.tagVolume(volume.id, TAG);
    await cloud.untagVolume(volume.id, TAG);
    await clock.advance(BOOT_MS);
    const [moved] = await cloud.listVolumes(undefined);
    expect(moved).to.deep.include({ sizeGB: 20, dropletIds: [two.id], tags: [] });
    await cloud.detachVolume(volume.id, two.id);
    await clock.advance(BOOT_MS);
    await cloud.deleteVolume(volume.id);
    expect(await cloud.listVolumes(undefined)).to.deep.equal([]);
  });

  it('reserves an address that leads to a droplet, and then to another', async () => {
    const [one, two] = [await create('shop-master', 'a'), await create('shop-web1', 'b')];
    await clock.advance(BOOT_MS);
    const { address } = await cloud.createReservedIP(one.id);
    await clock.advance(BOOT_MS);
    expect(await cloud.listReservedIPs()).to.deep.equal([
      { address, region: one.region, locked: false, dropletId: one.id },
    ]);
    expect(await rejection(cloud.createReservedIP(one.id))).to.include({ status: 422 });
    await cloud.assignReservedIP(address, two.id);
    await clock.advance(BOOT_MS);
    expect(await cloud.listReservedIPs()).to.deep.include.members([
      { address, region: one.region, locked: false, dropletId: two.id },
    ]);
    await cloud.deleteReservedIP(address);
    expect(await cloud.listReservedIPs()).to.deep.equal([]);
  });

  it('lists more than 200 droplets with one call for every 200', async () => {
    for (let i = 1; i <= 205; i++) await create(`shop-web${i}`, `n${i}`);
    const listed = await cloud.listDroplets(TAG);
    expect(new Set(listed.map(droplet => nonceOf(droplet.tags))).size).to.equal(205);
    expect(sandbox.ledger.countBy()['droplets.list']).to.equal(2);
  });

  it('does not create a second droplet when the reply was a gateway timeout, and finds the first', async () => {
    sandbox.faults.set({ gatewayTimeout: { next: 1 } });
    expect(isDoubtful(await rejection(passing(create('shop-web1', 'lost'))))).to.equal(true);
    const listed = await cloud.listDroplets(TAG);
    expect(listed.map(droplet => nonceOf(droplet.tags))).to.deep.equal(['lost']);
    expect(sandbox.ledger.countBy()['droplets.create']).to.equal(1);
  });

  it('learns that a droplet is gone when the reply to its deletion was lost', async () => {
    const { id } = await create();
    await clock.advance(BOOT_MS);
    sandbox.faults.set({ gatewayTimeout: { next: 1 } });
    expect(isCloudNotFound(await rejection(passing(cloud.deleteDroplet(id))))).to.equal(true);
  });

  it('reads on after server errors', async () => {
    sandbox.faults.set({ serverError: { next: 3 } });
    expect(await passing(cloud.listDroplets(TAG))).to.deep.equal([]);
    expect(codes).to.deep.equal(['500', '500', '500', '200']);
  });

  for (const limit of ['burstLimit', 'hourlyLimit'] as const)
    it(`creates one droplet after a 429 of the ${limit}`, async () => {
      sandbox.faults.set({ [limit]: { next: 1 } });
      await passing(create());
      expect(codes).to.deep.equal(['429', '202']);
      expect(await cloud.listDroplets(TAG)).to.have.length(1);
    });

  it('tells a wrong token, a full account and a key that is not ready from each other', async () => {
    const stranger = connect('wrong');
    expect(isUnauthorized(await rejection(stranger.getAccount()))).to.equal(true);
    stranger.close();
    sandbox.faults.set({ quota: { next: 1 }, keyNotReady: { ms: 60_000 } });
    const refused = await rejection(create());
    expect([isUnprocessable(refused), isInvalidKey(refused), isDoubtful(refused)]).to.deep.equal([
      true,
      false,
      false,
    ]);
    const key = await cloud.createKey('someone', KEY);
    const early = await rejection(create('shop-web1', 'n1', [key.id]));
    expect([isInvalidKey(early), isDoubtful(early)]).to.deep.equal([true, false]);
  });

  it('lets a fleet see a droplet come, boot and go', async () => {
    const informer = createServerInformer({ cloud, tag: TAG, clock, log: fakeLogger(), random: () => 0.5 });
    const stop = new AbortController();
    const changes: string[] = [];
    const describe = (droplet?: CloudDroplet): string => droplet?.status ?? 'none';
    informer.subscribe(({ before, after }: ServerChange) =>
      changes.push(`${describe(before)} to ${describe(after)}`),
    );
    informer.start(stop.signal);
    await clock.advance(0);
    await informer.synced();
    const { id } = await create();
    await informer.refresh();
    await clock.advance(BOOT_MS);
    await informer.refresh();
    expect(informer.byTag(uidTag('u1')).map(droplet => droplet.id)).to.deep.equal([id]);
    await cloud.deleteDroplet(id);
    await clock.advance(BOOT_MS);
    await informer.refresh();
    stop.abort();
    expect(changes).to.deep.equal(['none to new', 'new to active', 'active to none']);
    expect(informer.hasBeenSeen(id)).to.equal(true);
  });
});
