import { expect } from 'chai';
import {
  TEST_BOOT_MS,
  dropletBody,
  startTestSandbox,
  type TestReply,
  type TestSandbox,
} from '../../../../builders/sandbox.ts';

describe("the sandbox's volumes", () => {
  let test: TestSandbox;
  beforeEach(async () => {
    test = await startTestSandbox();
  });
  afterEach(() => test.sandbox.close());

  const create = (changes: object = {}): Promise<TestReply> =>
    test.post('/v2/volumes', { name: 'data', region: 'nyc3', size_gigabytes: 10, ...changes });
  const volume = async (changes?: object): Promise<string> => (await create(changes)).body.volume.id;
  const act = (id: string, body: object): Promise<TestReply> => test.post(`/v2/volumes/${id}/actions`, body);

  /** A volume and the droplet that has it. */
  async function attached(): Promise<[volume: string, droplet: number]> {
    const [id, host] = [await volume(), await test.droplet()];
    expect((await act(id, { type: 'attach', droplet_id: host })).status).to.equal(202);
    test.pass(TEST_BOOT_MS);
    return [id, host];
  }

  it('are attached after a moment, with the droplet locked until then', async () => {
    const [id, host] = [await volume(), await test.droplet()];
    const { body } = await act(id, { type: 'attach', droplet_id: host });
    expect(body.action).to.include({ type: 'attach_volume', status: 'in-progress', resource_type: 'volume' });
    expect((await test.read(`/v2/droplets/${host}`)).droplet).to.deep.include({
      locked: true,
      volume_ids: [],
    });
    expect((await act(id, { type: 'attach', droplet_id: host })).body.message).to.equal(
      'Droplet already has a pending event.',
    );
    test.pass(TEST_BOOT_MS);
    expect((await test.read(`/v2/droplets/${host}`)).droplet).to.deep.include({
      locked: false,
      volume_ids: [id],
    });
    expect((await test.read(`/v2/volumes/${id}`)).volume.droplet_ids).to.deep.equal([host]);
    const action = await test.read(`/v2/volumes/${id}/actions/${body.action.id}`);
    expect(action.action.status).to.equal('completed');
  });

  it('are detached, and then another droplet may have them', async () => {
    const [id, host] = await attached();
    const second = await test.droplet();
    expect((await act(id, { type: 'attach', droplet_id: second })).status).to.equal(422);
    expect((await act(id, { type: 'detach', droplet_id: second })).status).to.equal(404);
    await act(id, { type: 'detach', droplet_id: host });
    test.pass(TEST_BOOT_MS);
    expect((await act(id, { type: 'attach', droplet_id: second })).status).to.equal(202);
  });

  it('are of one region', async () => {
    const id = await volume({ region: 'ams3' });
    expect((await act(id, { type: 'attach', droplet_id: await test.droplet() })).status).to.equal(422);
    expect((await test.post('/v2/droplets', dropletBody({ volumes: [id] }))).status).to.equal(422);
  });

  it('come with a new droplet, named by text as in the specification or by object as the Go client does', async () => {
    const [first, second] = [await volume(), await volume({ name: 'more' })];
    const id = await test.droplet({ volumes: [first, { id: second }] });
    expect((await test.read(`/v2/droplets/${id}`)).droplet.volume_ids).to.deep.equal([first, second]);
    expect((await test.post('/v2/droplets', dropletBody({ volumes: [first] }))).status).to.equal(422);
  });

  it('cannot be deleted while they are attached, and stay when their droplet goes', async () => {
    const [id, host] = await attached();
    const refused = await test.send('DELETE', `/v2/volumes/${id}`);
    expect(refused.status).to.equal(409);
    expect(refused.body.message).to.include('Please detach it first');
    await test.send('DELETE', `/v2/droplets/${host}`);
    expect((await test.read(`/v2/volumes/${id}`)).volume.droplet_ids).to.deep.equal([]);
    expect((await test.send('DELETE', `/v2/volumes/${id}`)).status).to.equal(204);
    expect((await test.read('/v2/volumes')).volumes).to.deep.equal([]);
  });

  it('grow and never shrink', async () => {
    const id = await volume();
    expect((await act(id, { type: 'resize', size_gigabytes: 10 })).status).to.equal(422);
    expect((await act(id, { type: 'resize', size_gigabytes: 16_385 })).status).to.equal(422);
    await act(id, { type: 'resize', size_gigabytes: 20, region: 'nyc3' });
    test.pass(TEST_BOOT_MS);
    expect((await test.read(`/v2/volumes/${id}`)).volume.size_gigabytes).to.equal(20);
  });

  it('are named once in a region, and found and deleted by their name there', async () => {
    await create();
    expect((await create()).status).to.equal(409);
    const elsewhere = await volume({ region: 'ams3' });
    expect((await test.read('/v2/volumes?name=data')).volumes).to.have.length(2);
    expect((await test.read('/v2/volumes?name=data&region=ams3')).volumes[0].id).to.equal(elsewhere);
    expect((await test.send('DELETE', '/v2/volumes?name=data&region=ams3')).status).to.equal(204);
    expect((await test.send('DELETE', '/v2/volumes?name=data&region=ams3')).status).to.equal(404);
    expect((await test.read('/v2/volumes')).volumes).to.have.length(1);
    const host = await test.droplet();
    const byName = { type: 'attach', volume_name: 'data', region: 'nyc3', droplet_id: host };
    expect((await test.post('/v2/volumes/actions', byName)).status).to.equal(202);
  });

  it('are made again from a snapshot, which outlives them', async () => {
    const id = await volume({ filesystem_type: 'ext4', filesystem_label: 'files' });
    const { body } = await test.post(`/v2/volumes/${id}/snapshots`, { name: 'copy', tags: ['kept'] });
    await test.send('DELETE', `/v2/volumes/${id}`);
    expect((await test.read('/v2/snapshots?resource_type=volume')).snapshots[0]).to.include({
      resource_id: id,
    });
    const snapshot_id = body.snapshot.id;
    expect((await create({ snapshot_id, size_gigabytes: 5 })).status).to.equal(422);
    const again = (await create({ snapshot_id, size_gigabytes: 20 })).body.volume;
    expect(again).to.include({ filesystem_type: 'ext4', filesystem_label: 'files', size_gigabytes: 20 });
    expect((await test.read('/v2/tags/kept')).tag.resources.volume_snapshots.count).to.equal(1);
    expect((await test.send('DELETE', `/v2/snapshots/${snapshot_id}`)).status).to.equal(204);
    expect((await test.read('/v2/snapshots')).snapshots).to.deep.equal([]);
  });

  it('have snapshots of nothing while nothing was written, from which as big a one is made', async () => {
    const size = async (id: string): Promise<object> => {
      const { body } = await test.post(`/v2/volumes/${id}/snapshots`, { name: 'copy' });
      return [body.snapshot.size_gigabytes, body.snapshot.min_disk_size];
    };
    const fresh = await volume();
    const { size_gigabytes } = (await test.read(`/v2/volumes/${fresh}`)).volume;
    expect(await size(fresh)).to.deep.equal([0, size_gigabytes]);
    const used = await volume({ name: 'used' });
    await test.post('/v2/droplets', dropletBody({ volumes: [used] }));
    expect(await size(used)).to.deep.equal([size_gigabytes, size_gigabytes]);
  });

  for (const [what, changes] of [
    ['no name', { name: undefined }],
    ['a name that begins with a digit', { name: '1data' }],
    ['an unknown region', { region: 'xyz1' }],
    ['no size', { size_gigabytes: undefined }],
    ['a size of nothing', { size_gigabytes: 0 }],
    ['a size above 16 TiB', { size_gigabytes: 16_385 }],
    ['a snapshot that is not there', { snapshot_id: 'cafe' }],
    ['an unknown file system', { filesystem_type: 'ntfs' }],
    ['a label too long for XFS', { filesystem_type: 'xfs', filesystem_label: 'thirteen-long' }],
    ['a tag with a blank', { tags: ['a b'] }],
  ] as const)
    it(`are refused with ${what}`, async () => {
      expect((await create(changes)).status).to.equal(422);
      expect((await test.read('/v2/volumes')).meta.total).to.equal(0);
    });

  it('stay free when the droplet that they were to be attached to vanishes', async () => {
    test.sandbox.faults.set({ vanish: { ms: TEST_BOOT_MS + 500, next: 1 } });
    const [id, host] = [await volume(), await test.droplet()];
    await act(id, { type: 'attach', droplet_id: host });
    test.pass(TEST_BOOT_MS);
    expect((await test.read(`/v2/volumes/${id}/actions`)).actions[0].status).to.equal('errored');
    expect((await act(id, { type: 'attach', droplet_id: await test.droplet() })).status).to.equal(202);
  });

  it('cannot be attached more than fifteen to a droplet', async () => {
    const ids = [];
    for (let i = 0; i < 16; i += 1) ids.push(await volume({ name: `v${i}` }));
    expect((await test.post('/v2/droplets', dropletBody({ volumes: ids }))).status).to.equal(422);
    const host = await test.droplet({ volumes: ids.slice(1) });
    expect((await act(ids[0]!, { type: 'attach', droplet_id: host })).body.message).to.include('at most 15');
  });
});
