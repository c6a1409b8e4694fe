import { expect } from 'chai';
import {
  TEST_BOOT_MS,
  startTestSandbox,
  type TestReply,
  type TestSandbox,
} from '../../../../builders/sandbox.ts';

describe('a droplet of the sandbox that is destroyed with what belongs to it', () => {
  let test: TestSandbox;
  let id: number;
  let volume: string;
  let ip: string;

  const status = async (path: string): Promise<number> => (await test.send('GET', path)).status;
  const under = (path = ''): string => `/v2/droplets/${id}/destroy_with_associated_resources${path}`;
  const destroyAll = (headers: Record<string, string> = { 'x-dangerous': 'true' }): Promise<TestReply> =>
    test.send('DELETE', under('/dangerous'), undefined, headers);

  beforeEach(async () => {
    test = await startTestSandbox();
    const made = await test.post('/v2/volumes', { name: 'data', region: 'nyc3', size_gigabytes: 100 });
    volume = made.body.volume.id;
    id = await test.droplet({ volumes: [volume] });
    await test.post(`/v2/volumes/${volume}/snapshots`, { name: 'copy' });
    ip = (await test.post('/v2/reserved_ips', { droplet_id: id })).body.reserved_ip.ip;
    test.pass(TEST_BOOT_MS);
    await test.post(`/v2/droplets/${id}/actions`, { type: 'snapshot', name: 'before' });
    test.pass(TEST_BOOT_MS);
  });
  afterEach(() => test.sandbox.close());

  it('says before what would go, and what each costs a month', async () => {
    const listed = await test.read(under());
    expect(listed.reserved_ips).to.deep.equal([{ id: ip, name: ip, cost: '5.00' }]);
    expect(listed.volumes).to.deep.equal([{ id: volume, name: 'data', cost: '10.00' }]);
    expect(listed.volume_snapshots[0]).to.include({ name: 'copy', cost: '6.00' });
    expect(listed.snapshots[0]).to.include({ name: 'before', cost: '0.04' });
  });

  it('takes all of it along, only when told that this is dangerous', async () => {
    expect((await destroyAll({})).status).to.equal(400);
    expect((await destroyAll()).status).to.equal(202);
    expect((await test.read(`/v2/droplets/${id}`)).droplet.locked).to.equal(true);
    expect(await test.read(under('/status'))).not.to.have.property('completed_at');
    test.pass(TEST_BOOT_MS);
    expect(await test.read(under('/status')))
      .to.include.keys('completed_at')
      .and.include({ failures: 0 });
    for (const path of [`droplets/${id}`, `volumes/${volume}`, `reserved_ips/${ip}`])
      expect(await status(`/v2/${path}`), path).to.equal(404);
    expect((await test.read('/v2/snapshots')).snapshots).to.deep.equal([]);
  });

  it('takes only what was selected, and nothing that is not its own', async () => {
    const select = (body: object): Promise<TestReply> => test.send('DELETE', under('/selective'), body);
    expect((await select({ volumes: ['cafe'] })).status).to.equal(422);
    await select({ volumes: [volume] });
    test.pass(TEST_BOOT_MS);
    expect(await status(`/v2/volumes/${volume}`)).to.equal(404);
    expect(await status(`/v2/reserved_ips/${ip}`)).to.equal(200);
    expect((await test.read('/v2/snapshots')).snapshots).to.have.length(2);
  });

  it('stays whole when it fails, and may be tried again', async () => {
    expect(await status(under('/status'))).to.equal(404);
    test.sandbox.faults.set({ actionErrored: { next: 1 } });
    await destroyAll();
    expect((await test.post(under('/retry'))).status).to.equal(409);
    test.pass(TEST_BOOT_MS);
    expect((await test.read(under('/status'))).failures).to.be.greaterThan(0);
    expect(await status(`/v2/volumes/${volume}`)).to.equal(200);
    expect((await test.post(under('/retry'))).status).to.equal(202);
    test.pass(TEST_BOOT_MS);
    expect(await status(`/v2/droplets/${id}`)).to.equal(404);
  });
});
