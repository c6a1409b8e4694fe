import { expect } from 'chai';
import {
  TEST_BOOT_MS,
  dropletBody,
  startTestSandbox,
  type TestReply,
  type TestSandbox,
} from '../../../../builders/sandbox.ts';

describe("the sandbox's droplet actions", () => {
  let test: TestSandbox;
  let id: number;
  beforeEach(async () => {
    test = await startTestSandbox();
    const { body } = await test.send('POST', '/v2/droplets', dropletBody({ tags: ['fleet'] }));
    id = body.droplet.id;
    test.pass(TEST_BOOT_MS);
  });
  afterEach(() => test.sandbox.close());

  const act = (type: string, fields: object = {}): Promise<TestReply> =>
    test.send('POST', `/v2/droplets/${id}/actions`, { type, ...fields });
  const droplet = async (): Promise<TestReply['body']> =>
    (await test.send('GET', `/v2/droplets/${id}`)).body.droplet;

  /** An action that must be accepted, to its end. */
  async function done(type: string, fields?: object): Promise<TestReply['body']> {
    const reply = await act(type, fields);
    expect(reply.status, reply.text).to.equal(201);
    test.pass(TEST_BOOT_MS);
    return (await test.send('GET', `/v2/actions/${reply.body.action.id}`)).body.action;
  }

  async function refused(type: string, fields?: object): Promise<string> {
    const reply = await act(type, fields);
    expect(reply.status, reply.text).to.equal(422);
    expect(reply.body.id).to.equal('unprocessable_entity');
    return reply.body.message;
  }

  it('lock the droplet until they are over, and others are refused meanwhile', async () => {
    const { body } = await act('power_off');
    expect(body.action).to.include({ status: 'in-progress', completed_at: null, resource_id: id });
    expect(await droplet()).to.include({ status: 'active', locked: true });
    expect(await refused('reboot')).to.equal('Droplet already has a pending event.');
    test.pass(TEST_BOOT_MS);
    expect(await droplet()).to.include({ status: 'off', locked: false });
  });

  it('say when they were completed: when they were over, not when somebody looked', async () => {
    const { body } = await act('power_off');
    test.pass(1_000_000);
    const { action } = (await test.send('GET', `/v2/actions/${body.action.id}`)).body;
    expect(Date.parse(action.completed_at) - Date.parse(action.started_at)).to.equal(TEST_BOOT_MS * 0.2);
  });

  it('refuse to turn off what is off, in the words that Terraform waits for', async () => {
    await done('power_off');
    expect(await refused('power_off')).to.equal('Droplet is already powered off');
    expect(await refused('shutdown')).to.equal('Droplet is already powered off');
    await refused('reboot');
    await done('power_on');
    expect(await droplet()).to.include({ status: 'active' });
    await refused('power_on');
  });

  it('resize only what is off, and leave it off', async () => {
    expect(await refused('resize', { size: 's-2vcpu-4gb' })).to.equal(
      'Droplet is currently on. Please power it off to run this event.',
    );
    await done('power_off');
    await done('resize', { size: 's-2vcpu-4gb' });
    expect(await droplet()).to.include({ size_slug: 's-2vcpu-4gb', vcpus: 2, disk: 25, status: 'off' });
  });

  it('undo a resize that left the disk alone, but never one that grew it', async () => {
    await done('power_off');
    await done('resize', { size: 's-2vcpu-4gb' });
    await done('resize', { size: 's-1vcpu-1gb' });
    await done('resize', { size: 's-2vcpu-4gb', disk: true });
    expect((await droplet()).disk).to.equal(80);
    expect(await refused('resize', { size: 's-1vcpu-1gb' })).to.include('smaller disk');
  });

  it('show a snapshot when it is done, stamped with the time its action began', async () => {
    const { body } = await act('snapshot', { name: 'nightly' });
    expect((await test.send('GET', '/v2/snapshots')).body.snapshots).to.deep.equal([]);
    test.pass(TEST_BOOT_MS);
    const [snapshot] = (await test.send('GET', '/v2/snapshots?resource_type=droplet')).body.snapshots;
    expect(snapshot).to.include({
      name: 'nightly',
      resource_id: String(id),
      created_at: body.action.started_at,
      min_disk_size: 25,
    });
    const images = (await test.send('GET', '/v2/images?private=true')).body.images;
    expect(images.map((image: { id: number }) => String(image.id))).to.deep.equal([snapshot.id]);
    expect((await droplet()).snapshot_ids).to.deep.equal([Number(snapshot.id)]);
  });

  it('keep a snapshot after its droplet is gone, and boot another one from it', async () => {
    await done('snapshot');
    await test.send('DELETE', `/v2/droplets/${id}`);
    const [image] = (await test.send('GET', '/v2/images?private=true')).body.images;
    const boot = (changes: object): Promise<TestReply> =>
      test.send('POST', '/v2/droplets', dropletBody({ image: image.id, ...changes }));
    expect((await boot({})).status).to.equal(202);
    expect((await boot({ size: 's-1vcpu-512mb-10gb' })).status).to.equal(422);
    expect((await boot({ region: 'ams3' })).status).to.equal(422);
  });

  it('rebuild from any image, keeping the addresses', async () => {
    const before = await droplet();
    await done('rebuild', { image: 'ubuntu-24-04-x64' });
    const after = await droplet();
    expect(after.image.slug).to.equal('ubuntu-24-04-x64');
    expect(after.networks).to.deep.equal(before.networks);
    await refused('rebuild', { image: 'none' });
  });

  it('restore only from a backup, which a snapshot is not', async () => {
    await done('snapshot');
    const [image] = (await test.send('GET', '/v2/images?private=true')).body.images;
    await refused('restore', { image: image.id });
  });

  it('rename, enable IPv6 and backups once, and disable backups', async () => {
    await done('rename', { name: 'shop-web9' });
    await done('enable_ipv6');
    await done('enable_backups');
    const after = await droplet();
    expect(after.name).to.equal('shop-web9');
    expect(after.features).to.include.members(['ipv6', 'backups']);
    expect(after.networks.v6).to.have.length(1);
    await refused('enable_ipv6');
    await refused('enable_backups');
    await done('change_backup_policy', { backup_policy: { plan: 'daily', hour: 20 } });
    await done('disable_backups');
    expect((await droplet()).features).not.to.include('backups');
  });

  it('accept a password reset and refuse a kernel, a private network and what does not exist', async () => {
    expect(await done('password_reset')).to.include({ status: 'completed' });
    for (const type of ['change_kernel', 'enable_private_networking', 'levitate', 'constructor'])
      await refused(type);
  });

  it('end in the order of their ends, however late somebody looks', async () => {
    const second = await test.send('POST', '/v2/droplets', dropletBody({ name: 'second' }));
    test.pass(TEST_BOOT_MS);
    test.sandbox.faults.set({ slowSnapshot: { ms: 1, next: 1 } });
    await act('snapshot', { name: 'slow' });
    const path = `/v2/droplets/${second.body.droplet.id}/actions`;
    await test.send('POST', path, { type: 'snapshot', name: 'quick' });
    test.pass(10 * TEST_BOOT_MS);
    const { snapshots } = (await test.send('GET', '/v2/snapshots')).body;
    expect(snapshots.map((snapshot: { name: string }) => snapshot.name)).to.deep.equal(['quick', 'slow']);
  });

  it('list newest first', async () => {
    await done('power_off');
    await done('power_on');
    const { body } = await test.send('GET', `/v2/droplets/${id}/actions`);
    expect(body.actions.map((action: { type: string }) => action.type)).to.deep.equal([
      'power_on',
      'power_off',
      'create',
    ]);
  });

  it('work by tag on all droplets or on none', async () => {
    await test.send('POST', '/v2/droplets', dropletBody({ name: 'second', tags: ['fleet'] }));
    const byTag = (type: string): Promise<TestReply> =>
      test.send('POST', '/v2/droplets/actions?tag_name=fleet', { type });
    const busy = await byTag('power_off');
    expect(busy.status).to.equal(422);
    expect(busy.body.message).to.include('blocking events');
    expect((await droplet()).locked).to.equal(false);
    test.pass(TEST_BOOT_MS);
    expect((await byTag('power_off')).body.actions).to.have.length(2);
    test.pass(TEST_BOOT_MS);
    expect((await droplet()).status).to.equal('off');
    expect((await byTag('resize')).status).to.equal(422);
  });
});
