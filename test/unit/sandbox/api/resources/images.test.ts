import { expect } from 'chai';
import {
  TEST_BOOT_MS,
  dropletBody,
  startTestSandbox,
  type TestReply,
  type TestSandbox,
} from '../../../../builders/sandbox.ts';

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

  it('keep whatever distribution they are said to have, and have none that nobody said', async () => {
    for (const [distribution, kept] of [
      ['Unknown OS', 'Unknown OS'],
      ['', 'Unknown'],
      [undefined, 'Unknown'],
    ] as const)
      expect((await upload({ distribution })).body.image.distribution).to.equal(kept);
  });

  it("are refused without an address or a region, and DigitalOcean's cannot be renamed", async () => {
    for (const wrong of [{ url: undefined }, { url: 'here' }, { region: 'xyz1' }])
      expect((await upload(wrong)).status, JSON.stringify(wrong)).to.equal(422);
    const rename = await test.send('PUT', '/v2/images/155133621', { name: 'mine' });
    expect(rename.status).to.equal(403);
  });
});
