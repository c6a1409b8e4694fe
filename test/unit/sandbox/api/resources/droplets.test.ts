import { expect } from 'chai';
import {
  TEST_BOOT_MS,
  TEST_KEY,
  dropletBody,
  startTestSandbox,
  type TestReply,
  type TestSandbox,
} from '../../../../builders/sandbox.ts';

describe("the sandbox's droplets", () => {
  let test: TestSandbox;
  beforeEach(async () => {
    test = await startTestSandbox({ dropletLimit: 12 });
  });
  afterEach(() => test.sandbox.close());

  const create = (changes?: Record<string, unknown>): Promise<TestReply> =>
    test.send('POST', '/v2/droplets', dropletBody(changes));
  const get = async (id: number): Promise<TestReply['body']> =>
    (await test.send('GET', `/v2/droplets/${id}`)).body.droplet;
  const names = async (query: string): Promise<string[]> =>
    (await test.send('GET', `/v2/droplets${query}`)).body.droplets.map((d: { name: string }) => d.name);

  /** A droplet that has booted. */
  async function running(changes?: Record<string, unknown>): Promise<number> {
    const { body } = await create(changes);
    test.pass(TEST_BOOT_MS);
    return body.droplet.id;
  }

  it('are new, locked and without networks when they are accepted', async () => {
    const { status, body } = await create();
    expect(status).to.equal(202);
    expect(body.droplet).to.include({ status: 'new', locked: true, size_slug: 's-1vcpu-1gb' });
    expect(body.droplet.networks).to.deep.equal({ v4: [], v6: [] });
  });

  it('come with a link to their create action, at an address that answers', async () => {
    const { body } = await create();
    const [link] = body.links.actions;
    expect(link.rel).to.equal('create');
    const action = await test.send('GET', new URL(link.href).pathname);
    expect(action.body.action).to.include({ status: 'in-progress', type: 'create', completed_at: null });
  });

  it('are not active a moment before the boot delay is over, and are at its end', async () => {
    const { body } = await create();
    test.pass(TEST_BOOT_MS - 1);
    expect(await get(body.droplet.id)).to.include({ status: 'new', locked: true });
    test.pass(1);
    expect(await get(body.droplet.id)).to.include({ status: 'active', locked: false });
  });

  it('have a public and a private address of their own once they are active', async () => {
    await create({ name: undefined, names: ['a', 'b', 'c'] });
    test.pass(TEST_BOOT_MS);
    const { body } = await test.send('GET', '/v2/droplets');
    const v4 = body.droplets.flatMap((d: { networks: { v4: object[] } }) => d.networks.v4);
    const publicOnes = v4.filter((n: { type: string }) => n.type === 'public');
    expect([v4.length, publicOnes.length]).to.deep.equal([6, 3]);
    expect(new Set(v4.map((n: { ip_address: string }) => n.ip_address)).size).to.equal(6);
  });

  it('may be asked for ten at a time but not eleven', async () => {
    const named = (count: number): Promise<TestReply> =>
      create({ name: undefined, names: Array.from({ length: count }, (_, i) => `w${i}`) });
    expect((await named(11)).status).to.equal(422);
    const { status, body } = await named(10);
    expect(status).to.equal(202);
    expect(body.droplets).to.have.length(10);
    expect(body.links.actions).to.have.length(10);
  });

  it('may share a name', async () => {
    await create();
    await create();
    expect(await names('?name=SHOP-web1')).to.deep.equal(['shop-web1', 'shop-web1']);
  });

  it('are listed by tag whatever its case, but never by tag and name at once', async () => {
    await create({ name: 'a', tags: ['Env:Prod'] });
    await create({ name: 'b', tags: ['env:prod', 'other'] });
    await create({ name: 'c' });
    expect(await names('?tag_name=ENV:prod')).to.deep.equal(['a', 'b']);
    expect((await test.send('GET', '/v2/droplets?tag_name=other&name=b')).status).to.equal(400);
  });

  it('stop at the limit of the account, and none of the batch is made', async () => {
    await create({ name: undefined, names: ['a', 'b', 'c', 'd', 'e', 'f'] });
    const { status, body } = await create({ name: undefined, names: ['g', 'h', 'i', 'j', 'k', 'l', 'm'] });
    expect(status).to.equal(422);
    expect(body).to.include({
      id: 'unprocessable_entity',
      message: 'creating this/these droplet(s) will exceed your droplet limit',
    });
    expect(await names('')).to.have.length(6);
  });

  it('are refused with a key that is not in the account, and take one that is by id or fingerprint', async () => {
    const refused = await create({ ssh_keys: [7, 'ab:cd'] });
    expect(refused.status).to.equal(422);
    expect(refused.body.message).to.equal('7, ab:cd are invalid key identifiers for Droplet creation.');
    const key = await test.send('POST', '/v2/account/keys', { name: 'k', public_key: TEST_KEY });
    const { id, fingerprint } = key.body.ssh_key;
    expect((await create({ ssh_keys: [id, fingerprint] })).status).to.equal(202);
  });

  for (const [what, changes] of [
    ['no name', { name: undefined }],
    ['a name that is no host name', { name: 'my_web' }],
    ['an unknown size', { size: 's-99' }],
    ['an unknown region', { region: 'xyz1' }],
    ['an unknown image', { image: 'windows' }],
    ['a tag with a blank', { tags: ['a b'] }],
    ['user data above 64 KiB', { user_data: 'é'.repeat(32 * 1024 + 1) }],
    ['a VPC that is not there', { vpc_uuid: 'cafe' }],
    ['a volume, which the sandbox does not have, as the Go client sends it', { volumes: [{ id: 'v1' }] }],
  ] as const)
    it(`are refused with ${what}`, async () => {
      expect((await create(changes)).status).to.equal(422);
      expect(await names('')).to.deep.equal([]);
    });

  it('are where the region begins as they were asked for, and anywhere for an empty one', async () => {
    for (const [region, slug] of [
      ['nyc', 'nyc1'],
      ['sfo', 'sfo2'],
      ['', 'nyc1'],
    ] as const)
      expect((await create({ region })).body.droplet.region.slug, region).to.equal(slug);
    for (const region of ['ny', 'nyc4', 'n']) expect((await create({ region })).status).to.equal(422);
  });

  it('take an empty text for none, as the Go client sends it', async () => {
    const backup_policy = { plan: 'daily', weekday: '', hour: 4 };
    const empty = { vpc_uuid: '', user_data: '', backups: true, backup_policy };
    expect((await create(empty)).status).to.equal(202);
  });

  it('have a private address alone where no public networking is asked for', async () => {
    const id = await running({ public_networking: false });
    const { networks } = (await test.read(`/v2/droplets/${id}`)).droplet;
    expect(networks.v4.map((one: { type: string }) => one.type)).to.deep.equal(['private']);
    expect((await test.post('/v2/reserved_ips', { droplet_id: id })).status).to.equal(422);
    expect((await test.post(`/v2/droplets/${id}/actions`, { type: 'enable_ipv6' })).status).to.equal(422);
    expect((await create({ public_networking: false, ipv6: true })).status).to.equal(422);
  });

  it('take fields that only undocumented clients send, and empty volumes', async () => {
    const extras = { anti_affinity_key: 'k', gpu_partition_mode: '', volumes: [] };
    expect((await create(extras)).status).to.equal(202);
  });

  it('are gone at once when deleted, and deleting again finds nothing', async () => {
    const id = await running();
    expect((await test.send('DELETE', `/v2/droplets/${id}`)).status).to.equal(204);
    expect((await test.send('GET', `/v2/droplets/${id}`)).status).to.equal(404);
    expect((await test.send('DELETE', `/v2/droplets/${id}`)).status).to.equal(404);
    expect(await names('')).to.deep.equal([]);
  });

  it('cannot be deleted while an action is under way', async () => {
    const { body } = await create();
    const refused = await test.send('DELETE', `/v2/droplets/${body.droplet.id}`);
    expect(refused.status).to.equal(422);
    expect(refused.body.message).to.equal('Droplet already has a pending event.');
  });

  it('are deleted by tag only where they have it', async () => {
    await create({ name: 'a', tags: ['x'] });
    await create({ name: 'b', tags: ['xy'] });
    test.pass(TEST_BOOT_MS);
    expect((await test.send('DELETE', '/v2/droplets')).status).to.equal(400);
    expect((await test.send('DELETE', '/v2/droplets?tag_name=x')).status).to.equal(204);
    expect(await names('')).to.deep.equal(['b']);
  });
});
