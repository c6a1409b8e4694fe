import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEST_BOOT_MS, dropletBody, startTestSandbox, type TestSandbox } from '../../../builders/sandbox.ts';
import { fakeHostDriver, type FakeHostDriver } from '../../../fakes/host-driver.ts';

describe('the machines behind droplets', () => {
  let driver: FakeHostDriver;
  let test: TestSandbox;
  let problems: string[];
  beforeEach(async () => {
    driver = fakeHostDriver();
    problems = [];
    test = await startTestSandbox({ hosts: driver, onProblem: message => void problems.push(message) });
  });
  afterEach(() => test.sandbox.close());

  /** Lets the machines and then the clock get to the end of whatever is under way. */
  async function settle(): Promise<void> {
    await test.sandbox.hosts!.settled();
    test.pass(TEST_BOOT_MS);
    await test.send('GET', '/v2/droplets');
    await test.sandbox.hosts!.settled();
  }
  async function running(): Promise<number> {
    const { body } = await test.send('POST', '/v2/droplets', dropletBody());
    await settle();
    return body.droplet.id;
  }
  const act = (id: number, action: Record<string, unknown>) =>
    test.send('POST', `/v2/droplets/${id}/actions`, action);
  const get = async (id: number) => (await test.send('GET', `/v2/droplets/${id}`)).body.droplet;

  it('are there before their droplets are active, however long that takes', async () => {
    const release = driver.hold();
    const { body } = await test.send('POST', '/v2/droplets', dropletBody());
    test.pass(TEST_BOOT_MS * 100);
    expect(await get(body.droplet.id)).to.include({ status: 'new', locked: true });
    release();
    await test.sandbox.hosts!.settled();
    expect(await get(body.droplet.id)).to.include({ status: 'active', locked: false });
  });

  it('do not make a droplet active before its time', async () => {
    const { body } = await test.send('POST', '/v2/droplets', dropletBody());
    await test.sandbox.hosts!.settled();
    test.pass(TEST_BOOT_MS - 1);
    expect(await get(body.droplet.id)).to.include({ status: 'new' });
  });

  it('have the addresses that the API tells', async () => {
    const id = await running();
    const listed = (await get(id)).networks.v4.map((network: { ip_address: string }) => network.ip_address);
    const { addresses } = driver.machines.get(id)!;
    expect(listed).to.have.members([addresses.public, addresses.private]);
  });

  it('follow power, size and image', async () => {
    const id = await running();
    for (const action of [
      { type: 'power_off' },
      { type: 'resize', size: 's-1vcpu-2gb' },
      { type: 'rebuild', image: 'debian-12-x64' },
    ]) {
      await act(id, action);
      await settle();
    }
    expect(driver.machines.get(id)).to.deep.include({
      power: 'on',
      memory: 2048,
      installation: 2,
      image: { type: 'distribution', slug: 'debian-12-x64' },
    });
  });

  it('are restarted by a reboot and a power cycle', async () => {
    const id = await running();
    for (const type of ['reboot', 'power_cycle']) {
      await act(id, { type });
      await settle();
    }
    const restarts = driver.calls.filter(line => line.startsWith('restart'));
    expect(restarts).to.deep.equal([`restart ${id} graceful`, `restart ${id} hard`]);
  });

  it('give a snapshot its size, and lose it with its record', async () => {
    const id = await running();
    await act(id, { type: 'snapshot', name: 'before' });
    await settle();
    const [snapshot] = (await test.send('GET', '/v2/snapshots')).body.snapshots;
    expect(snapshot).to.include({ name: 'before', size_gigabytes: 1.5 });
    await test.send('DELETE', `/v2/snapshots/${snapshot.id}`);
    await test.sandbox.hosts!.settled();
    expect(driver.calls).to.include(`takeSnapshot ${id} ${snapshot.id}`);
    expect(driver.calls).to.include(`destroySnapshot ${snapshot.id}`);
  });

  it('are destroyed with their droplets', async () => {
    const id = await running();
    await test.send('DELETE', `/v2/droplets/${id}`);
    await test.sandbox.hosts!.settled();
    expect(driver.machines.has(id)).to.equal(false);
  });

  it('are left alone when nothing that concerns them changes', async () => {
    await running();
    const before = driver.calls.length;
    await test.send('POST', '/v2/tags', { name: 'unrelated' });
    await settle();
    expect(driver.calls.slice(before)).to.deep.equal([]);
  });

  it('make an action end as errored when they cannot do it, and say why once', async () => {
    const id = await running();
    driver.failNext('takeSnapshot', 'The disk is full.');
    const { body } = await act(id, { type: 'snapshot', name: 'x' });
    await settle();
    const { action } = (await test.send('GET', `/v2/actions/${body.action.id}`)).body;
    expect(action.status).to.equal('errored');
    expect(problems).to.deep.equal([
      `The machine of droplet ${id} is not as it should be: The disk is full.`,
    ]);
  });

  it('that cannot be booted are waited for and shown as failing', async () => {
    driver.failNext('converge', 'Docker does not answer.');
    const { body } = await test.send('POST', '/v2/droplets', dropletBody());
    await test.sandbox.hosts!.settled();
    test.pass(TEST_BOOT_MS);
    expect(await get(body.droplet.id)).to.include({ status: 'new', locked: true });
    const { hosts } = (await test.send('GET', '/sandbox/hosts')).body;
    expect(hosts).to.deep.equal([
      {
        droplet_id: body.droplet.id,
        name: 'shop-web1',
        state: 'failing',
        message: 'Docker does not answer.',
      },
    ]);
  });

  it('are made from a snapshot that is deleted meanwhile', async () => {
    const id = await running();
    await act(id, { type: 'snapshot', name: 'before' });
    await settle();
    const [snapshot] = (await test.send('GET', '/v2/snapshots')).body.snapshots;
    const release = driver.hold();
    await act(id, { type: 'rebuild', image: Number(snapshot.id) });
    await test.send('DELETE', `/v2/snapshots/${snapshot.id}`);
    await new Promise(resolve => setImmediate(resolve)); // the fleet looks
    expect(driver.calls.at(-1)).to.equal(`converge ${id} on`);
    release();
    await settle();
    expect(driver.calls.at(-1)).to.equal(`destroySnapshot ${snapshot.id}`);
  });

  describe('have backups', () => {
    const DAY = 86_400_000;
    /** A machine whose first backup is due at the next request. */
    async function dueForBackup(): Promise<number> {
      const id = await running();
      await act(id, { type: 'enable_backups', backup_policy: { plan: 'daily', hour: 4 } });
      await settle();
      test.pass(DAY);
      return id;
    }
    const taken = () => driver.calls.filter(line => line.startsWith('takeSnapshot'));

    it('that are taken when they are due, each once', async () => {
      const id = await dueForBackup();
      await settle();
      await settle();
      const { backups } = (await test.send('GET', `/v2/droplets/${id}/backups`)).body;
      expect(taken()).to.deep.equal([`takeSnapshot ${id} ${backups[0].id}`]);
    });

    it('without which they are not rebuilt', async () => {
      const id = await dueForBackup();
      driver.failNext('takeSnapshot', 'The disk is full.');
      const { body } = await act(id, { type: 'rebuild', image: 'debian-12-x64' });
      await settle();
      const { action } = (await test.send('GET', `/v2/actions/${body.action.id}`)).body;
      expect(action.status).to.equal('errored');
      expect(driver.machines.get(id)).to.include({ installation: 1 });
    });

    it('whose failure stops no other action', async () => {
      const id = await dueForBackup();
      driver.failNext('takeSnapshot', 'The disk is full.');
      await act(id, { type: 'power_off' });
      await settle();
      expect(await get(id)).to.include({ status: 'off' });
      expect(problems).to.deep.equal([
        `The machine of droplet ${id} is not as it should be: The disk is full.`,
      ]);
    });
  });

  describe('have firewalls', () => {
    const rule = (sources: Record<string, unknown>) => ({ protocol: 'tcp', ports: '22', sources });
    const protect = async (id: number, ...rules: unknown[]) => {
      const { status } = await test.send('POST', '/v2/firewalls', {
        name: `fw-${rules.length}`,
        droplet_ids: [id],
        inbound_rules: rules,
      });
      expect(status).to.equal(202);
      await test.sandbox.hosts!.settled();
    };

    it('only when one protects their droplet', async () => {
      const id = await running();
      expect(driver.machines.get(id)!.firewall).to.equal(undefined);
    });

    it('with all ports, a range, and one', async () => {
      const id = await running();
      const any = { addresses: ['0.0.0.0/0'] };
      await protect(id, { ...rule(any), ports: '0' }, { ...rule(any), ports: '8000-8999' }, rule(any));
      const { inbound } = driver.machines.get(id)!.firewall!;
      expect(inbound.map(({ ports }) => ports)).to.deep.equal([
        [1, 65_535],
        [8000, 8999],
        [22, 22],
      ]);
    });

    it('in which a tag stands for the addresses of those that carry it, now and later', async () => {
      const id = await running();
      await test.send('POST', '/v2/tags', { name: 'peer' });
      await protect(id, rule({ tags: ['peer'] }));
      expect(driver.machines.get(id)!.firewall!.inbound[0]!.peers).to.deep.equal([]);
      await test.send('POST', '/v2/droplets', dropletBody({ name: 'other', tags: ['peer'] }));
      await settle();
      const peers = driver.machines.get(id)!.firewall!.inbound[0]!.peers;
      const other = [...driver.machines.values()].find(({ name }) => name === 'other')!;
      expect(peers).to.deep.equal([other.addresses.public, other.addresses.private]);
      const resource = { resource_id: String(other.id), resource_type: 'droplet' };
      await test.send('DELETE', '/v2/tags/peer/resources', { resources: [resource] });
      await test.sandbox.hosts!.settled();
      expect(driver.machines.get(id)!.firewall!.inbound[0]!.peers).to.deep.equal([]);
    });

    it('that let a droplet in by its id as long as there is one', async () => {
      const [id, other] = [await running(), await running()];
      await protect(id, rule({ droplet_ids: [other] }));
      const { addresses } = driver.machines.get(other)!;
      const peers = () => driver.machines.get(id)!.firewall!.inbound[0]!.peers;
      expect(peers()).to.deep.equal([addresses.public, addresses.private]);
      await test.send('DELETE', `/v2/droplets/${other}`);
      await test.sandbox.hosts!.settled();
      expect(peers()).to.deep.equal([]);
    });
  });

  describe('have volumes', () => {
    async function volume(body: Record<string, unknown> = {}): Promise<string> {
      const reply = await test.send('POST', '/v2/volumes', {
        name: 'data',
        region: 'nyc3',
        size_gigabytes: 10,
        ...body,
      });
      expect(reply.status).to.equal(201);
      return reply.body.volume.id;
    }
    const attachment = (type: string, id: string, droplet: number) =>
      test.send('POST', `/v2/volumes/${id}/actions`, { type, droplet_id: droplet, region: 'nyc3' });

    it('from when they are attached until they are detached', async () => {
      const [id, data] = [await running(), await volume()];
      await attachment('attach', data, id);
      await settle();
      expect(driver.machines.get(id)!.volumes).to.deep.equal([{ id: data, name: 'data', size: 10 }]);
      await attachment('detach', data, id);
      await settle();
      expect(driver.machines.get(id)!.volumes).to.deep.equal([]);
    });

    it('whose snapshot is taken before they are destroyed, and is there before it is attached', async () => {
      const [id, data] = [await running(), await volume()];
      await attachment('attach', data, id);
      await settle();
      await attachment('detach', data, id);
      await settle();
      const kept = (await test.send('POST', `/v2/volumes/${data}/snapshots`, { name: 'kept' })).body.snapshot;
      await test.send('DELETE', `/v2/volumes/${data}`);
      const restored = await volume({ name: 'restored', snapshot_id: kept.id });
      await attachment('attach', restored, id);
      await settle();
      const calls = driver.calls.filter(line => line.includes('Volume'));
      expect(calls).to.deep.equal([
        `copyVolume ${data} ${kept.id}`,
        `destroyVolume ${data}`,
        `copyVolume ${kept.id} ${restored}`,
      ]);
      expect(driver.calls.at(-1)).to.equal(`converge ${id} on`);
    });
  });

  it('have the reserved IP that leads to their droplet, as long as it does', async () => {
    const id = await running();
    const { ip } = (await test.send('POST', '/v2/reserved_ips', { droplet_id: id })).body.reserved_ip;
    await settle();
    const led = () => driver.machines.get(id)!.addresses.reserved;
    expect(led()).to.equal(ip);
    await test.send('POST', `/v2/reserved_ips/${ip}/actions`, { type: 'unassign' });
    await settle();
    expect(led()).to.equal(undefined);
    await test.send('POST', `/v2/reserved_ips/${ip}/actions`, { type: 'assign', droplet_id: id });
    await settle();
    expect(led()).to.equal(ip);
    await test.send('DELETE', `/v2/reserved_ips/${ip}`);
    await test.sandbox.hosts!.settled();
    expect(led()).to.equal(undefined);
  });

  it('take faults, one call at a time', async () => {
    const id = await running();
    const release = driver.hold();
    await act(id, { type: 'power_off' });
    const fault = test.send('PUT', `/sandbox/hosts/${id}/faults`, { type: 'loss', percent: 20 });
    release();
    expect((await fault).status).to.equal(200);
    expect(driver.calls.slice(-2)).to.deep.equal([`converge ${id} off`, `setFault ${id} loss`]);
    await test.send('DELETE', `/sandbox/hosts/${id}/faults`);
    expect(driver.calls.at(-1)).to.equal(`clearFaults ${id}`);
  });

  it('show their faults, which end one by one or all at once', async () => {
    const id = await running();
    const path = `/sandbox/hosts/${id}`;
    const [loss, delay] = [
      { type: 'loss', percent: 20 },
      { type: 'delay', ms: 5 },
    ];
    await test.send('PUT', `${path}/faults`, loss);
    const { body } = await test.send('PUT', `${path}/faults`, delay);
    expect(body).to.deep.equal({ droplet_id: id, name: 'shop-web1', state: 'ready', faults: [loss, delay] });
    expect(await test.read(path)).to.deep.equal(body);
    expect((await test.send('DELETE', `${path}/faults/loss`)).body.faults).to.deep.equal([delay]);
    expect((await test.send('DELETE', `${path}/faults/fire`)).status).to.equal(400);
    expect((await test.send('DELETE', `${path}/faults`)).body.faults).to.deep.equal([]);
  });

  for (const [fault, complaint] of [
    [{ type: 'fire' }, 'There is no fault "fire" of a machine. There are: crash, freeze,'],
    [{}, 'The fault has no type. There are: crash, freeze,'],
    [{ type: 'loss' }, 'percent is missing: it is a number from 0 to 100.'],
    [{ type: 'loss', percent: 101 }, 'percent cannot be 101: it is a number from 0 to 100.'],
    [{ type: 'crash', next: 1 }, 'The fault crash takes no next.'],
    [{ type: 'cut', peer: 'web1' }, 'peer must be the id of a droplet, or "operator", and not "web1".'],
  ] as const)
    it(`refuse the fault ${JSON.stringify(fault)}`, async () => {
      const id = await running();
      const { status, body } = await test.send('PUT', `/sandbox/hosts/${id}/faults`, fault);
      expect(status).to.equal(400);
      expect(body.message).to.include(complaint);
    });
});

describe('the machine of a droplet with the fault sshLag', () => {
  it('comes later than the droplet is active', async () => {
    const driver = fakeHostDriver();
    const test = await startTestSandbox({ hosts: driver, bootDelayMs: 0 });
    const { sandbox } = test;
    sandbox.faults.set({ sshLag: { ms: 100 } });
    const { id } = (await test.send('POST', '/v2/droplets', dropletBody())).body.droplet;
    await sandbox.hosts!.settled();
    expect((await test.read(`/v2/droplets/${id}`)).droplet).to.include({ status: 'active', locked: false });
    await sandbox.hosts!.settled();
    expect(driver.calls).to.deep.equal([]);
    while (driver.calls.length === 0) await new Promise(resolve => setImmediate(resolve));
    expect(driver.calls).to.deep.equal([`converge ${id} on`]);
    await sandbox.close();
  });
});

describe('the machines of an earlier life', () => {
  it('are destroyed when they belong to no droplet, their snapshots and volumes too', async () => {
    const driver = fakeHostDriver();
    driver.left = { hosts: [7], snapshots: [9], volumes: ['v'] };
    const { sandbox } = await startTestSandbox({ hosts: driver });
    await sandbox.hosts!.settled();
    await sandbox.close();
    expect(driver.calls).to.deep.equal(['destroy 7', 'destroySnapshot 9', 'destroyVolume v', 'close']);
  });

  it('are backed up when they were not in that life', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
    const stateFile = join(folder, 'state.jsonl');
    const first = fakeHostDriver();
    const test = await startTestSandbox({ hosts: first, stateFile });
    const policy = { backups: true, backup_policy: { plan: 'daily', hour: 4 } };
    await test.send('POST', '/v2/droplets', dropletBody(policy));
    await test.sandbox.hosts!.settled();
    first.failNext('takeSnapshot', 'The disk is full.');
    test.pass(86_400_000);
    await test.send('GET', '/v2/droplets');
    await test.sandbox.hosts!.settled();
    await test.sandbox.close();

    const second = fakeHostDriver();
    const { sandbox } = await startTestSandbox({ hosts: second, stateFile }, test.now());
    await sandbox.hosts!.settled();
    await sandbox.close();
    await rm(folder, { recursive: true });
    const ofBackups = (line: string): boolean => line.startsWith('takeSnapshot');
    expect(first.calls.filter(ofBackups)).to.have.length(1);
    expect(second.calls.filter(ofBackups)).to.deep.equal(first.calls.filter(ofBackups));
  });
});
