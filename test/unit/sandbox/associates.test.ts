import { expect } from 'chai';
import {
  TEST_BOOT_MS,
  dropletBody,
  startTestSandbox,
  type TestReply,
  type TestSandbox,
} from '../../builders/sandbox.ts';

describe('a droplet of the sandbox that is destroyed with what belongs to it', () => {
  let test: TestSandbox;
  let id: number;
  let volume: string;
  let ip: string;

  const post = (path: string, body?: unknown): Promise<TestReply> => test.send('POST', path, body);
  const get = async (path: string): Promise<TestReply['body']> => (await test.send('GET', path)).body;
  const status = async (path: string): Promise<number> => (await test.send('GET', path)).status;
  const under = (path = ''): string => `/v2/droplets/${id}/destroy_with_associated_resources${path}`;
  const destroyAll = (headers: Record<string, string> = { 'x-dangerous': 'true' }): Promise<TestReply> =>
    test.send('DELETE', under('/dangerous'), undefined, headers);

  beforeEach(async () => {
    test = await startTestSandbox();
    const made = await post('/v2/volumes', { name: 'data', region: 'nyc3', size_gigabytes: 100 });
    volume = made.body.volume.id;
    await post(`/v2/volumes/${volume}/snapshots`, { name: 'copy' });
    id = (await post('/v2/droplets', dropletBody({ volumes: [volume] }))).body.droplet.id;
    test.pass(TEST_BOOT_MS);
    ip = (await post('/v2/reserved_ips', { droplet_id: id })).body.reserved_ip.ip;
    test.pass(TEST_BOOT_MS);
    await post(`/v2/droplets/${id}/actions`, { type: 'snapshot', name: 'before' });
    test.pass(TEST_BOOT_MS);
  });
  afterEach(() => test.sandbox.close());

  it('says before what would go, and what each costs a month', async () => {
    const listed = await get(under());
    expect(listed.reserved_ips).to.deep.equal([{ id: ip, name: ip, cost: '5.00' }]);
    expect(listed.volumes).to.deep.equal([{ id: volume, name: 'data', cost: '10.00' }]);
    expect(listed.volume_snapshots[0]).to.include({ name: 'copy', cost: '6.00' });
    expect(listed.snapshots[0]).to.include({ name: 'before', cost: '0.04' });
  });

  it('takes all of it along, only when told that this is dangerous', async () => {
    expect((await destroyAll({})).status).to.equal(400);
    expect((await destroyAll()).status).to.equal(202);
    expect((await get(`/v2/droplets/${id}`)).droplet.locked).to.equal(true);
    expect(await get(under('/status'))).not.to.have.property('completed_at');
    test.pass(TEST_BOOT_MS);
    expect(await get(under('/status')))
      .to.include.keys('completed_at')
      .and.include({ failures: 0 });
    for (const path of [`droplets/${id}`, `volumes/${volume}`, `reserved_ips/${ip}`])
      expect(await status(`/v2/${path}`), path).to.equal(404);
    expect((await get('/v2/snapshots')).snapshots).to.deep.equal([]);
  });

  it('takes only what was selected, and nothing that is not its own', async () => {
    const select = (body: object): Promise<TestReply> => test.send('DELETE', under('/selective'), body);
    expect((await select({ volumes: ['cafe'] })).status).to.equal(422);
    await select({ volumes: [volume] });
    test.pass(TEST_BOOT_MS);
    expect(await status(`/v2/volumes/${volume}`)).to.equal(404);
    expect(await status(`/v2/reserved_ips/${ip}`)).to.equal(200);
    expect((await get('/v2/snapshots')).snapshots).to.have.length(2);
  });

  it('stays whole when it fails, and may be tried again', async () => {
    expect(await status(under('/status'))).to.equal(404);
    test.sandbox.faults.set({ actionErrored: { next: 1 } });
    await destroyAll();
    expect((await post(under('/retry'))).status).to.equal(409);
    test.pass(TEST_BOOT_MS);
    expect((await get(under('/status'))).failures).to.be.greaterThan(0);
    expect(await status(`/v2/volumes/${volume}`)).to.equal(200);
    expect((await post(under('/retry'))).status).to.equal(202);
    test.pass(TEST_BOOT_MS);
    expect(await status(`/v2/droplets/${id}`)).to.equal(404);
  });
});

describe("the sandbox's own images", () => {
  let test: TestSandbox;
  beforeEach(async () => {
    test = await startTestSandbox();
  });
  afterEach(() => test.sandbox.close());

  const upload = (changes: object = {}): Promise<TestReply> =>
    test.send('POST', '/v2/images', { name: 'i', url: 'https://example.com/i', region: 'nyc3', ...changes });
  const create = async (image: number, region = 'nyc3'): Promise<number> =>
    (await test.send('POST', '/v2/droplets', dropletBody({ image, region }))).status;

  it('can be used when they have been fetched, and where they are', async () => {
    const { image } = (await upload()).body;
    expect(image.status).to.equal('NEW');
    expect(await create(image.id)).to.equal(422);
    test.pass(TEST_BOOT_MS);
    expect(await create(image.id)).to.equal(202);
    expect(await create(image.id, 'ams3')).to.equal(422);
    const path = `/v2/images/${image.id}/actions`;
    const transfer = { type: 'transfer', region: 'ams3' };
    expect((await test.send('POST', path, transfer)).status).to.equal(201);
    expect((await test.send('POST', path, transfer)).status).to.equal(422);
    test.pass(TEST_BOOT_MS);
    expect(await create(image.id, 'ams3')).to.equal(202);
  });

  it("are refused without an address or a region, and DigitalOcean's cannot be renamed", async () => {
    for (const wrong of [
      { url: undefined },
      { url: 'here' },
      { region: 'xyz1' },
      { distribution: 'Windows' },
    ])
      expect((await upload(wrong)).status, JSON.stringify(wrong)).to.equal(422);
    const rename = await test.send('PUT', '/v2/images/155133621', { name: 'mine' });
    expect(rename.status).to.equal(403);
  });
});
