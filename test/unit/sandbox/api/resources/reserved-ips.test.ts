import { expect } from 'chai';
import {
  TEST_BOOT_MS,
  startTestSandbox,
  type TestReply,
  type TestSandbox,
} from '../../../../builders/sandbox.ts';

describe("the sandbox's reserved IPs", () => {
  let test: TestSandbox;
  beforeEach(async () => {
    test = await startTestSandbox();
  });
  afterEach(() => test.sandbox.close());

  const reserve = async (body: object = { region: 'nyc3' }): Promise<string> =>
    (await test.post('/v2/reserved_ips', body)).body.reserved_ip.ip;
  const act = (ip: string, body: object): Promise<TestReply> =>
    test.post(`/v2/reserved_ips/${ip}/actions`, body);
  const holder = async (ip: string): Promise<number | undefined> =>
    (await test.read(`/v2/reserved_ips/${ip}`)).reserved_ip.droplet?.id;

  it('are reserved for a droplet, and lead to it after a moment', async () => {
    const id = await test.droplet();
    const { status, body } = await test.post('/v2/reserved_ips', { droplet_id: id });
    expect(status).to.equal(202);
    expect(body.reserved_ip).to.include({ droplet: null, locked: true });
    expect(body.links.droplets[0].id).to.equal(id);
    expect((await test.read(`/v2/droplets/${id}`)).droplet.locked).to.equal(true);
    const { pathname } = new URL(body.links.actions[0].href);
    expect((await test.read(pathname)).action).to.include({ type: 'assign_ip', status: 'in-progress' });
    test.pass(TEST_BOOT_MS);
    expect((await test.read(pathname)).action.status).to.equal('completed');
    expect(await holder(body.reserved_ip.ip)).to.equal(id);
  });

  it('move from droplet to droplet, and are released', async () => {
    const [ip, first, second] = [await reserve(), await test.droplet(), await test.droplet()];
    for (const id of [first, second]) {
      expect((await act(ip, { type: 'assign', droplet_id: id })).status).to.equal(201);
      test.pass(TEST_BOOT_MS);
      expect(await holder(ip)).to.equal(id);
    }
    await act(ip, { type: 'unassign' });
    test.pass(TEST_BOOT_MS);
    expect(await holder(ip)).to.equal(undefined);
    expect((await act(ip, { type: 'unassign' })).status).to.equal(422);
    const { actions } = await test.read(`/v2/reserved_ips/${ip}/actions`);
    const types = actions.map((action: { type: string }) => action.type);
    expect(types).to.deep.equal(['unassign_ip', 'assign_ip', 'assign_ip']);
  });

  it('are one a droplet, of its region, and not while it is busy', async () => {
    const id = await test.droplet();
    await reserve({ droplet_id: id });
    test.pass(TEST_BOOT_MS);
    const second = await reserve();
    expect((await act(second, { type: 'assign', droplet_id: id })).status).to.equal(422);
    const far = await reserve({ region: 'ams3' });
    const other = await test.droplet();
    expect((await act(far, { type: 'assign', droplet_id: other })).status).to.equal(422);
    await test.post(`/v2/droplets/${other}/actions`, { type: 'reboot' });
    expect((await act(second, { type: 'assign', droplet_id: other })).body.message).to.equal(
      'Droplet already has a pending event.',
    );
  });

  it('outlive their droplet, and are gone when they are deleted', async () => {
    const id = await test.droplet();
    const ip = await reserve({ droplet_id: id });
    test.pass(TEST_BOOT_MS);
    await test.send('DELETE', `/v2/droplets/${id}`);
    expect(await holder(ip)).to.equal(undefined);
    expect((await test.send('DELETE', `/v2/reserved_ips/${ip}`)).status).to.equal(204);
    expect((await test.send('GET', `/v2/reserved_ips/${ip}`)).status).to.equal(404);
  });

  it('are the same as floating IPs', async () => {
    const { body } = await test.post('/v2/floating_ips', { region: 'nyc3' });
    const { ip } = body.floating_ip;
    expect((await test.read('/v2/reserved_ips')).reserved_ips[0].ip).to.equal(ip);
    const id = await test.droplet();
    await test.post(`/v2/floating_ips/${ip}/actions`, { type: 'assign', droplet_id: id });
    test.pass(TEST_BOOT_MS);
    expect((await test.read(`/v2/floating_ips/${ip}`)).floating_ip.droplet.id).to.equal(id);
  });

  it('are never the address of a droplet, however often addresses are given back', async () => {
    const ip = await reserve();
    const id = await test.droplet();
    const { v4 } = (await test.read(`/v2/droplets/${id}`)).droplet.networks;
    expect(v4.map((network: { ip_address: string }) => network.ip_address)).not.to.include(ip);
    test.sandbox.faults.set({ reuseAddress: {} });
    await test.send('DELETE', `/v2/reserved_ips/${ip}`);
    expect(await reserve()).not.to.equal(v4[1].ip_address);
  });

  for (const [what, body] of [
    ['neither droplet nor region', {}],
    ['both', { droplet_id: 1, region: 'nyc3' }],
    ['a droplet that is not there', { droplet_id: 1 }],
    ['an unknown region', { region: 'xyz1' }],
    ['a project that is not there', { region: 'nyc3', project_id: 'cafe' }],
  ] as const)
    it(`are refused with ${what}`, async () => {
      expect((await test.post('/v2/reserved_ips', body)).status).to.equal(422);
      expect((await test.read('/v2/reserved_ips')).meta.total).to.equal(0);
    });
});
