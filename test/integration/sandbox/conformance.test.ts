import { expect } from 'chai';
import { ROUTES } from '../../../sandbox/routes.ts';
import {
  TEST_BOOT_MS,
  TEST_KEY,
  dropletBody,
  startTestSandbox,
  type TestReply,
  type TestSandbox,
} from '../../builders/sandbox.ts';
import { readSpecification, type Specification } from './specification.ts';

const FILE = process.env['DIGITALOCEAN_OPENAPI'];

const RULES = {
  inbound_rules: [{ protocol: 'tcp', ports: '22', sources: { addresses: ['0.0.0.0/0', '::/0'] } }],
  outbound_rules: [{ protocol: 'icmp', destinations: { addresses: ['0.0.0.0/0'] } }],
};

describe("the sandbox, against DigitalOcean's specification (DIGITALOCEAN_OPENAPI)", () => {
  let specification: Specification;
  let test: TestSandbox;
  const checked = new Set<string>();

  before(async function () {
    if (FILE === undefined) {
      if (process.env['CI'] === 'true')
        throw new Error('DIGITALOCEAN_OPENAPI must name the OpenAPI document of DigitalOcean');
      return this.skip();
    }
    specification = await readSpecification(FILE);
    test = await startTestSandbox();
  });

  after(() => test?.sandbox.close());

  /** Sends a request by its documented path, and checks the reply. */
  async function call(
    method: string,
    path: string,
    status: number,
    { ids = [], query = '', body }: { ids?: unknown[]; query?: string; body?: unknown } = {},
  ): Promise<TestReply> {
    const rest = [...ids];
    const url = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(String(rest.shift())));
    const reply = await test.send(method, url + query, body);
    expect(reply.status, `${method} ${url}: ${reply.text}`).to.equal(status);
    for (const header of ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'])
      expect(reply.headers.get(header), `${method} ${path} ${header}`).to.match(/^\d+$/);
    specification.check(method, path, status, reply.body);
    checked.add(`${method} ${path.replaceAll(/\{\w+\}/g, ':')}`);
    return reply;
  }

  /** Waits until a droplet's action is over. */
  const settle = (): void => test.pass(2 * TEST_BOOT_MS);

  async function act(droplet: number, body: Record<string, unknown>): Promise<void> {
    await call('POST', '/v2/droplets/{droplet_id}/actions', 201, { ids: [droplet], body });
    settle();
  }

  it('answers for the account, its sizes and its regions as documented', async () => {
    await call('GET', '/v2/account', 200);
    await call('GET', '/v2/sizes', 200, { query: '?per_page=200' });
    await call('GET', '/v2/regions', 200, { query: '?per_page=5&page=2' });
    await call('GET', '/v2/images', 200, { query: '?type=distribution' });
    await call('GET', '/v2/images/{image_id}', 200, { ids: ['debian-13-x64'] });
  });

  it('answers for SSH keys as documented', async () => {
    const body = { name: 'mine', public_key: TEST_KEY };
    const created = await call('POST', '/v2/account/keys', 201, { body });
    const { id, fingerprint } = created.body.ssh_key;
    await call('GET', '/v2/account/keys', 200);
    await call('GET', '/v2/account/keys/{ssh_key_identifier}', 200, { ids: [fingerprint] });
    await call('PUT', '/v2/account/keys/{ssh_key_identifier}', 200, { ids: [id], body: { name: 'yours' } });
    await call('DELETE', '/v2/account/keys/{ssh_key_identifier}', 204, { ids: [id] });
    await call('GET', '/v2/account/keys/{ssh_key_identifier}', 404, { ids: [id] });
  });

  it('answers for droplets, their actions and their snapshots as documented', async () => {
    const one = await call('POST', '/v2/droplets', 202, { body: dropletBody({ tags: ['one'] }) });
    const many = { ...dropletBody({ names: ['a', 'b'], tags: ['many'], ipv6: true }), name: undefined };
    await call('POST', '/v2/droplets', 202, { body: many });
    const id = one.body.droplet.id as number;
    await call('GET', '/v2/droplets/{droplet_id}', 200, { ids: [id] });
    settle();
    await call('GET', '/v2/droplets', 200, { query: '?per_page=2&page=2' });
    await call('GET', '/v2/droplets/{droplet_id}', 200, { ids: [id] });
    await act(id, { type: 'power_off' });
    await act(id, { type: 'resize', size: 's-2vcpu-4gb', disk: true });
    await act(id, { type: 'snapshot', name: 'before' });
    await act(id, { type: 'rebuild', image: 'ubuntu-24-04-x64' });
    await call('POST', '/v2/droplets/{droplet_id}/actions', 422, { ids: [id], body: { type: 'power_on' } });
    await call('GET', '/v2/droplets/{droplet_id}/snapshots', 200, { ids: [id] });
    const actions = await call('GET', '/v2/droplets/{droplet_id}/actions', 200, { ids: [id] });
    const action = actions.body.actions[0].id as number;
    await call('GET', '/v2/droplets/{droplet_id}/actions/{action_id}', 200, { ids: [id, action] });
    await call('GET', '/v2/actions', 200, { query: '?per_page=3' });
    await call('GET', '/v2/actions/{action_id}', 200, { ids: [action] });
    const body = { type: 'shutdown' };
    await call('POST', '/v2/droplets/actions', 201, { query: '?tag_name=many', body });
    settle();
    await call('DELETE', '/v2/droplets', 204, { query: '?tag_name=many' });
    await call('DELETE', '/v2/droplets/{droplet_id}', 204, { ids: [id] });
    await call('GET', '/v2/droplets/{droplet_id}', 404, { ids: [id] });
  });

  it('answers for snapshots, and for snapshots as images, as documented', async () => {
    const created = await call('POST', '/v2/droplets', 202, { body: dropletBody() });
    settle();
    await act(created.body.droplet.id, { type: 'snapshot' });
    await act(created.body.droplet.id, { type: 'snapshot' });
    const list = await call('GET', '/v2/snapshots', 200, { query: '?resource_type=droplet' });
    const [first, second] = list.body.snapshots.slice(-2).map((snapshot: { id: string }) => snapshot.id);
    await call('GET', '/v2/snapshots/{snapshot_id}', 200, { ids: [first] });
    await call('GET', '/v2/images/{image_id}', 200, { ids: [first] });
    await call('DELETE', '/v2/snapshots/{snapshot_id}', 204, { ids: [first] });
    await call('DELETE', '/v2/images/{image_id}', 204, { ids: [second] });
    await call('GET', '/v2/snapshots/{snapshot_id}', 404, { ids: [second] });
  });

  it('answers for tags as documented', async () => {
    const droplet = await call('POST', '/v2/droplets', 202, { body: dropletBody() });
    const resources = [{ resource_id: String(droplet.body.droplet.id), resource_type: 'droplet' }];
    await call('POST', '/v2/tags', 400, { body: { name: 'not a tag' } });
    await call('POST', '/v2/tags', 201, { body: { name: 'env:prod' } });
    await call('POST', '/v2/tags/{tag_id}/resources', 204, { ids: ['env:prod'], body: { resources } });
    await call('GET', '/v2/tags', 200);
    await call('GET', '/v2/tags/{tag_id}', 200, { ids: ['env:prod'] });
    await call('DELETE', '/v2/tags/{tag_id}/resources', 204, { ids: ['env:prod'], body: { resources } });
    await call('DELETE', '/v2/tags/{tag_id}', 204, { ids: ['env:prod'] });
    await call('GET', '/v2/tags/{tag_id}', 404, { ids: ['env:prod'] });
  });

  it('answers for firewalls as documented', async () => {
    const droplet = await call('POST', '/v2/droplets', 202, { body: dropletBody() });
    const droplet_ids = [droplet.body.droplet.id as number];
    await call('POST', '/v2/tags', 201, { body: { name: 'web' } });
    const body = { name: 'web-in', tags: ['web'], droplet_ids, ...RULES };
    const firewall = await call('POST', '/v2/firewalls', 202, { body });
    const ids = [firewall.body.firewall.id as string];
    await call('GET', '/v2/firewalls', 200);
    await call('GET', '/v2/droplets/{droplet_id}/firewalls', 200, { ids: droplet_ids });
    await call('DELETE', '/v2/firewalls/{firewall_id}/droplets', 204, { ids, body: { droplet_ids } });
    await call('POST', '/v2/firewalls/{firewall_id}/droplets', 204, { ids, body: { droplet_ids } });
    await call('DELETE', '/v2/firewalls/{firewall_id}/tags', 204, { ids, body: { tags: ['web'] } });
    await call('POST', '/v2/firewalls/{firewall_id}/tags', 204, { ids, body: { tags: ['web'] } });
    const { outbound_rules } = RULES;
    await call('DELETE', '/v2/firewalls/{firewall_id}/rules', 204, { ids, body: { outbound_rules } });
    await call('POST', '/v2/firewalls/{firewall_id}/rules', 204, { ids, body: { outbound_rules } });
    await call('PUT', '/v2/firewalls/{firewall_id}', 200, { ids, body });
    await call('GET', '/v2/firewalls/{firewall_id}', 200, { ids });
    await call('DELETE', '/v2/firewalls/{firewall_id}', 204, { ids });
    await call('GET', '/v2/firewalls/{firewall_id}', 404, { ids });
  });

  it('answers for VPCs as documented', async () => {
    const body = { name: 'mine', region: 'ams3', ip_range: '10.7.0.0/24', description: 'for tests' };
    await call('POST', '/v2/vpcs', 201, { body: { name: 'first', region: 'ams3' } });
    const vpc = await call('POST', '/v2/vpcs', 201, { body });
    const ids = [vpc.body.vpc.id as string];
    const member = await call('POST', '/v2/droplets', 202, {
      body: dropletBody({ region: 'ams3', vpc_uuid: ids[0] }),
    });
    await call('GET', '/v2/vpcs', 200);
    await call('GET', '/v2/vpcs/{vpc_id}', 200, { ids });
    await call('GET', '/v2/vpcs/{vpc_id}/members', 200, { ids });
    await call('PUT', '/v2/vpcs/{vpc_id}', 200, { ids, body: { name: 'ours' } });
    await call('PATCH', '/v2/vpcs/{vpc_id}', 200, { ids, body: { description: 'for all' } });
    settle();
    await call('DELETE', '/v2/droplets/{droplet_id}', 204, { ids: [member.body.droplet.id] });
    await call('DELETE', '/v2/vpcs/{vpc_id}', 204, { ids });
  });

  it('refuses a bad token and a flood as documented', async () => {
    const refused = await test.send('GET', '/v2/account', undefined, { authorization: '' });
    specification.check('GET', '/v2/account', 401, refused.body);
    test.sandbox.faults.set({ burstLimit: { next: 1 } });
    await call('GET', '/v2/account', 429);
    test.sandbox.faults.set({ serverError: { next: 1 } });
    await call('GET', '/v2/account', 500);
  });

  it('was checked on every operation that the sandbox has', () => {
    const operations = ROUTES.map(route => `${route.method} ${route.path.replaceAll(/:\w+/g, ':')}`);
    expect(operations.filter(operation => !checked.has(operation))).to.deep.equal([]);
  });
});
