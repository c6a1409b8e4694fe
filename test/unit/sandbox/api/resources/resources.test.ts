import { expect } from 'chai';
import {
  TEST_BOOT_MS,
  TEST_KEY,
  dropletBody,
  startTestSandbox,
  type TestReply,
  type TestSandbox,
} from '../../../../builders/sandbox.ts';

const INBOUND = [{ protocol: 'tcp', ports: '22', sources: { addresses: ['192.0.2.1'] } }];

describe("the sandbox's other resources", () => {
  let test: TestSandbox;
  beforeEach(async () => {
    test = await startTestSandbox();
  });
  afterEach(() => test.sandbox.close());

  const post = (path: string, body: unknown): Promise<TestReply> => test.send('POST', path, body);
  const get = async (path: string): Promise<TestReply['body']> => (await test.send('GET', path)).body;
  const droplet = async (changes?: Record<string, unknown>): Promise<number> =>
    (await post('/v2/droplets', dropletBody(changes))).body.droplet.id;

  describe('SSH keys', () => {
    it('have the MD5 fingerprint that ssh-keygen prints', async () => {
      const { body } = await post('/v2/account/keys', { name: 'k', public_key: TEST_KEY });
      // ssh-keygen -l -E md5
      expect(body.ssh_key.fingerprint).to.equal('89:bc:a9:fd:35:2d:56:58:41:b3:36:b2:83:b2:e2:6e');
    });

    it('are refused a second time, even under another comment', async () => {
      await post('/v2/account/keys', { name: 'k', public_key: TEST_KEY });
      const again = TEST_KEY.replace('someone', 'somebody else');
      const { status, body } = await post('/v2/account/keys', { name: 'other', public_key: again });
      expect(status).to.equal(422);
      expect(body.message).to.equal('SSH Key is already in use on your account');
    });

    it('are refused when they are none, or without a name', async () => {
      const [type, blob] = TEST_KEY.split(' ');
      for (const public_key of ['hello', `ssh-rsa ${blob}`, `${type} AAAA`, ''])
        expect((await post('/v2/account/keys', { name: 'k', public_key })).status, public_key).to.equal(422);
      expect((await post('/v2/account/keys', { public_key: TEST_KEY })).status).to.equal(422);
    });
  });

  describe('tags', () => {
    it('may be made again, and keep their first spelling everywhere', async () => {
      expect((await post('/v2/tags', { name: 'Web' })).status).to.equal(201);
      const again = await post('/v2/tags', { name: 'web' });
      expect([again.status, again.body.tag.name]).to.deep.equal([201, 'Web']);
      const id = await droplet({ tags: ['WEB', 'web'] });
      expect((await get(`/v2/droplets/${id}`)).droplet.tags).to.deep.equal(['Web']);
      expect((await get('/v2/tags')).tags).to.have.length(1);
    });

    it('are made by a droplet that names them, and count what carries them', async () => {
      const id = await droplet({ tags: ['new:tag'] });
      const { tag } = await get('/v2/tags/new:tag');
      expect(tag.resources).to.include({ count: 1 });
      expect(tag.resources.last_tagged_uri).to.match(new RegExp(`/v2/droplets/${id}$`));
      expect(tag.resources.images).to.deep.equal({ count: 0 });
    });

    it('are put on and taken off, and must exist', async () => {
      const id = await droplet();
      const resources = [{ resource_id: String(id), resource_type: 'droplet' }];
      expect((await post('/v2/tags/web/resources', { resources })).status).to.equal(404);
      await post('/v2/tags', { name: 'web' });
      await post('/v2/tags/web/resources', { resources });
      await post('/v2/tags/web/resources', { resources });
      expect((await get(`/v2/droplets/${id}`)).droplet.tags).to.deep.equal(['web']);
      expect((await get('/v2/droplets?tag_name=web')).meta.total).to.equal(1);
      await test.send('DELETE', '/v2/tags/web/resources', { resources });
      expect((await get('/v2/droplets?tag_name=web')).meta.total).to.equal(0);
    });

    it('come off everything when they are deleted', async () => {
      const id = await droplet({ tags: ['web', 'other'] });
      await test.send('DELETE', '/v2/tags/web');
      expect((await get(`/v2/droplets/${id}`)).droplet.tags).to.deep.equal(['other']);
    });
  });

  describe('firewalls', () => {
    const firewall = (changes: object): Promise<TestReply> =>
      post('/v2/firewalls', { name: 'fw', inbound_rules: INBOUND, ...changes });

    it('wait until they are applied to the droplets that their tags name', async () => {
      const id = await droplet({ tags: ['web'] });
      const { body } = await firewall({ tags: ['web'] });
      expect(body.firewall.status).to.equal('waiting');
      expect(body.firewall.pending_changes).to.deep.equal([
        { droplet_id: id, removing: false, status: 'waiting' },
      ]);
      test.pass(TEST_BOOT_MS);
      const later = (await get(`/v2/firewalls/${body.firewall.id}`)).firewall;
      expect(later).to.deep.include({ status: 'succeeded', pending_changes: [] });
      expect((await get(`/v2/droplets/${id}/firewalls`)).firewalls).to.have.length(1);
    });

    it('have the ports of their rules as they were written, and all of them as 0', async () => {
      for (const [protocol, ports, shown] of [
        ['tcp', '1-65535', '1-65535'],
        ['udp', '22', '22'],
        ['tcp', 'all', '0'],
        ['tcp', '0', '0'],
        ['icmp', '', '0'],
        ['icmp', '1-65535', '1-65535'],
      ] as const) {
        const inbound_rules = [{ ...INBOUND[0], protocol, ports }];
        const name = `${protocol}-${ports || 'none'}`;
        const { body } = await test.post('/v2/firewalls', { name, inbound_rules });
        expect(body.firewall.inbound_rules[0].ports, name).to.equal(shown);
      }
    });

    it('are refused without a rule, with a tag or a droplet that is not there, and above their limits', async () => {
      const refused = [
        { inbound_rules: [] },
        { tags: ['missing'] },
        { droplet_ids: [1] },
        { droplet_ids: Array.from({ length: 11 }, (_, i) => i + 1) },
        { inbound_rules: Array.from({ length: 51 }, () => INBOUND[0]) },
        { inbound_rules: [{ ...INBOUND[0], ports: '70000' }] },
        { inbound_rules: [{ ...INBOUND[0], sources: { addresses: ['300.1.1.1'] } }] },
        { inbound_rules: [{ ...INBOUND[0], sources: { addresses: Array(1001).fill('192.0.2.1') } }] },
        { inbound_rules: [{ ...INBOUND[0], protocol: 'gre' }] },
        { inbound_rules: [{ protocol: 'tcp', ports: '22' }] },
        { name: 'no blanks' },
      ];
      for (const changes of refused) {
        const { status, text } = await firewall(changes);
        expect(status, JSON.stringify(changes).slice(0, 80) + text).to.equal(422);
      }
      expect(
        (
          await firewall({
            droplet_ids: Array(11)
              .fill(0)
              .map((_, i) => i),
          })
        ).body.message,
      ).to.include('must have no more than 10 droplets');
      expect((await get('/v2/firewalls')).meta.total).to.equal(0);
    });

    it('do not share a name', async () => {
      await firewall({});
      expect((await firewall({})).status).to.equal(409);
    });

    it('are replaced whole: what is left out is gone', async () => {
      const id = await droplet();
      await post('/v2/tags', { name: 'web' });
      const { body } = await firewall({ tags: ['web'], droplet_ids: [id] });
      const outbound_rules = [{ protocol: 'tcp', ports: 'all', destinations: { addresses: ['::/0'] } }];
      const path = `/v2/firewalls/${body.firewall.id}`;
      const replaced = await test.send('PUT', path, { name: 'fw', outbound_rules });
      expect(replaced.body.firewall).to.deep.include({
        inbound_rules: [],
        outbound_rules: [{ ...outbound_rules[0], ports: '0' }],
        tags: [],
        droplet_ids: [],
      });
    });

    it('forget a droplet that is deleted', async () => {
      const id = await droplet();
      const { body } = await firewall({ droplet_ids: [id] });
      test.pass(TEST_BOOT_MS);
      await test.send('DELETE', `/v2/droplets/${id}`);
      expect((await get(`/v2/firewalls/${body.firewall.id}`)).firewall.droplet_ids).to.deep.equal([]);
    });

    it('keep at least one rule', async () => {
      const { body } = await firewall({});
      const path = `/v2/firewalls/${body.firewall.id}/rules`;
      expect((await test.send('DELETE', path, { inbound_rules: INBOUND })).status).to.equal(422);
      expect((await post(path, { inbound_rules: INBOUND })).status).to.equal(204);
      expect((await get(`/v2/firewalls/${body.firewall.id}`)).firewall.inbound_rules).to.have.length(1);
    });
  });

  describe('VPCs', () => {
    it('are made for a region when its first droplet comes, and give it its private address', async () => {
      const id = await droplet();
      test.pass(TEST_BOOT_MS);
      const [vpc] = (await get('/v2/vpcs')).vpcs;
      expect(vpc).to.include({ region: 'nyc3', default: true });
      const shown = (await get(`/v2/droplets/${id}`)).droplet;
      expect(shown.vpc_uuid).to.equal(vpc.id);
      const prefix = vpc.ip_range.split('.').slice(0, 2).join('.');
      expect(shown.networks.v4.find((n: { type: string }) => n.type === 'private').ip_address).to.include(
        prefix,
      );
      expect((await get(`/v2/vpcs/${vpc.id}/members`)).members[0].urn).to.equal(`do:droplet:${id}`);
    });

    it('never overlap, whether they name their range or not', async () => {
      const make = (name: string, ip_range?: string): Promise<TestReply> =>
        post('/v2/vpcs', { name, region: 'ams3', ip_range });
      expect((await make('a', '10.100.0.0/16')).status).to.equal(201);
      expect((await make('b', '10.100.16.0/20')).status).to.equal(422);
      expect((await make('c')).status).to.equal(201);
      expect((await make('d')).status).to.equal(201);
      const ranges = (await get('/v2/vpcs')).vpcs.map((vpc: { ip_range: string }) => vpc.ip_range);
      expect(ranges).to.deep.equal(['10.100.0.0/16', '10.101.0.0/20', '10.101.16.0/20']);
    });

    it('are refused outside of private ranges, outside of /16 to /28, and under a name that is taken', async () => {
      await post('/v2/vpcs', { name: 'taken', region: 'ams3' });
      for (const ip_range of ['8.8.8.0/24', '10.0.0.0/15', '10.0.0.0/29', '10.0.0.1/24', 'ten'])
        expect((await post('/v2/vpcs', { name: 'v', region: 'ams3', ip_range })).status, ip_range).to.equal(
          422,
        );
      expect((await post('/v2/vpcs', { name: 'taken', region: 'ams3' })).status).to.equal(422);
    });

    it('cannot be deleted while they are the default or have members', async () => {
      const vpcs = ['first', 'second'].map(name => post('/v2/vpcs', { name, region: 'ams3' }));
      const [first, second] = (await Promise.all(vpcs)).map(reply => reply.body.vpc);
      expect((await test.send('DELETE', `/v2/vpcs/${first.id}`)).status).to.equal(403);
      const elsewhere = dropletBody({ region: 'nyc3', vpc_uuid: second.id });
      expect((await post('/v2/droplets', elsewhere)).status).to.equal(422);
      const id = await droplet({ region: 'ams3', vpc_uuid: second.id });
      const refused = await test.send('DELETE', `/v2/vpcs/${second.id}`);
      expect(refused.body.message).to.equal('Can not delete VPC with members');
      test.pass(TEST_BOOT_MS);
      await test.send('DELETE', `/v2/droplets/${id}`);
      expect((await test.send('DELETE', `/v2/vpcs/${second.id}`)).status).to.equal(204);
    });

    it('give no more addresses than they have', async () => {
      const { body } = await post('/v2/vpcs', { name: 'v', region: 'ams3', ip_range: '10.0.0.0/28' });
      const batch = (count: number): Promise<TestReply> =>
        post('/v2/droplets', {
          ...dropletBody({ region: 'ams3', vpc_uuid: body.vpc.id }),
          name: undefined,
          names: Array.from({ length: count }, (_, i) => `w${i}`),
        });
      expect((await batch(10)).status).to.equal(202);
      expect((await batch(2)).status).to.equal(422);
      expect((await batch(1)).status).to.equal(202);
      test.pass(TEST_BOOT_MS);
      const { droplets } = await get('/v2/droplets');
      const addresses = droplets.map(
        (d: { networks: { v4: { ip_address: string }[] } }) => d.networks.v4[0]!.ip_address,
      );
      expect(addresses).to.include('10.0.0.14').and.not.include('10.0.0.15');
    });

    it('of a region have one default', async () => {
      const make = (name: string): Promise<TestReply> => post('/v2/vpcs', { name, region: 'ams3' });
      await make('a');
      const { body } = await make('b');
      await test.send('PATCH', `/v2/vpcs/${body.vpc.id}`, { default: true });
      const defaults = (await get('/v2/vpcs')).vpcs.map((vpc: { default: boolean }) => vpc.default);
      expect(defaults).to.deep.equal([false, true]);
    });
  });

  describe('the catalogue', () => {
    it('has the sizes at their list prices, an hour being a 672nd of a month', async () => {
      const { sizes } = await get('/v2/sizes?per_page=200');
      const prices = new Map(
        sizes.map((size: { slug: string; price_monthly: number }) => [size.slug, size.price_monthly]),
      );
      for (const [slug, price] of [
        ['s-1vcpu-512mb-10gb', 4],
        ['s-1vcpu-1gb', 6],
        ['s-2vcpu-4gb', 24],
        ['c-2', 42],
        ['g-2vcpu-8gb', 63],
        ['m-2vcpu-16gb', 84],
      ] as const)
        expect(prices.get(slug), slug).to.equal(price);
      const small = sizes.find((size: { slug: string }) => size.slug === 's-1vcpu-1gb');
      expect(small.price_hourly).to.equal(0.00893);
    });

    it("tells DigitalOcean's images from the account's, which alone can be deleted", async () => {
      const id = await droplet();
      test.pass(TEST_BOOT_MS);
      await post(`/v2/droplets/${id}/actions`, { type: 'snapshot' });
      test.pass(TEST_BOOT_MS);
      const [own] = (await get('/v2/images?private=true')).images;
      expect((await get('/v2/images?type=distribution&per_page=200')).images).to.satisfy(
        (images: { public: boolean }[]) => images.every(image => image.public),
      );
      expect((await get('/v2/images?type=application')).images).not.to.deep.equal([]);
      expect((await test.send('DELETE', '/v2/images/debian-13-x64')).status).to.equal(403);
      expect((await test.send('DELETE', `/v2/images/${own.id}`)).status).to.equal(204);
      expect((await get('/v2/snapshots')).snapshots).to.deep.equal([]);
      expect((await get('/v2/snapshots?resource_type=volume')).snapshots).to.deep.equal([]);
    });
  });
});
