import { expect } from 'chai';
import {
  TEST_BOOT_MS,
  TEST_KEY,
  dropletBody,
  startTestSandbox,
  type TestReply,
  type TestSandbox,
} from '../../builders/sandbox.ts';
import { OPERATIONS } from './operations.ts';
import { readSpecification, type Specification } from './specification.ts';

const FILE = process.env['DIGITALOCEAN_OPENAPI'];

const RULES = {
  inbound_rules: [{ protocol: 'tcp', ports: '22', sources: { addresses: ['0.0.0.0/0', '::/0'] } }],
  outbound_rules: [{ protocol: 'icmp', destinations: { addresses: ['0.0.0.0/0'] } }],
};

/** What a request has beside its method and path. */
interface Details {
  /** What stands in the path's places. */
  ids?: unknown[];
  query?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

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
    { ids = [], query = '', body, headers }: Details = {},
  ): Promise<TestReply> {
    const rest = [...ids];
    const url = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(String(rest.shift())));
    const reply = await test.send(method, url + query, body, headers);
    expect(reply.status, `${method} ${url}: ${reply.text}`).to.equal(status);
    for (const header of ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'])
      expect(reply.headers.get(header), `${method} ${path} ${header}`).to.match(/^\d+$/);
    specification.check(method, path, status, reply.body);
    checked.add(`${method} ${path}`);
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

  it('answers for volumes, their actions and their snapshots as documented', async () => {
    const body = { name: 'data', region: 'nyc3', size_gigabytes: 10, filesystem_type: 'ext4' };
    const volume = await call('POST', '/v2/volumes', 201, { body: { ...body, tags: ['kept'] } });
    await call('POST', '/v2/volumes', 409, { body });
    const ids = [volume.body.volume.id as string];
    const droplet_id = await test.droplet();
    const attach = { type: 'attach', droplet_id, region: 'nyc3' };
    const actions = '/v2/volumes/{volume_id}/actions';
    const action = await call('POST', actions, 202, { ids, body: attach });
    settle();
    await call('GET', '/v2/volumes', 200);
    await call('GET', '/v2/volumes/{volume_id}', 200, { ids });
    await call('GET', '/v2/droplets/{droplet_id}', 200, { ids: [droplet_id] });
    await call('GET', actions, 200, { ids });
    await call('GET', `${actions}/{action_id}`, 200, { ids: [...ids, action.body.action.id] });
    const detach = { type: 'detach', volume_name: 'data', droplet_id };
    await call('POST', '/v2/volumes/actions', 202, { body: detach });
    settle();
    await call('POST', actions, 202, { ids, body: { type: 'resize', size_gigabytes: 20 } });
    settle();
    const snapshots = '/v2/volumes/{volume_id}/snapshots';
    const snapshot = await call('POST', snapshots, 201, { ids, body: { name: 'copy' } });
    await call('GET', snapshots, 200, { ids });
    await call('GET', '/v2/snapshots', 200, { query: '?resource_type=volume' });
    const copy = { ids: [snapshot.body.snapshot.id as string] };
    await call('GET', '/v2/snapshots/{snapshot_id}', 200, copy);
    await call('GET', '/v2/volumes/snapshots/{snapshot_id}', 200, copy);
    await call('GET', '/v2/tags/{tag_id}', 200, { ids: ['kept'] });
    await call('DELETE', '/v2/volumes/snapshots/{snapshot_id}', 204, copy);
    await call('DELETE', '/v2/volumes/{volume_id}', 204, { ids });
    await call('POST', '/v2/volumes', 201, { body });
    await call('DELETE', '/v2/volumes', 204, { query: '?name=data&region=nyc3' });
  });

  for (const name of ['reserved_ip', 'floating_ip'])
    it(`answers for ${name}s and their actions as documented`, async () => {
      const path = `/v2/${name}s/{${name}}`;
      const droplet_id = await test.droplet();
      const reserved = await call('POST', `/v2/${name}s`, 202, { body: { droplet_id } });
      const ids = [reserved.body[name].ip as string];
      settle();
      await call('GET', `/v2/${name}s`, 200);
      await call('GET', path, 200, { ids });
      await call('POST', `/v2/${name}s`, 202, { body: { region: 'ams3' } });
      const body = { type: 'unassign' };
      const action = await call('POST', `${path}/actions`, 201, { ids, body });
      settle();
      await call('GET', `${path}/actions`, 200, { ids });
      await call('GET', `${path}/actions/{action_id}`, 200, { ids: [...ids, action.body.action.id] });
      await call('GET', '/v2/actions/{action_id}', 200, { ids: [action.body.action.id] });
      await call('DELETE', path, 204, { ids });
      await call('GET', path, 404, { ids });
    });

  it('answers for projects and what they hold as documented', async () => {
    const create = { name: 'shop', purpose: 'Web Application', environment: 'Staging' };
    const project = await call('POST', '/v2/projects', 201, { body: create });
    const { id } = project.body.project;
    const held = [`do:droplet:${await test.droplet()}`];
    const resources = '/v2/projects/{project_id}/resources';
    const body = { ...create, description: 'for tests', is_default: false };
    await call('GET', '/v2/projects', 200);
    await call('GET', '/v2/projects/default', 200);
    await call('GET', '/v2/projects/default/resources', 200);
    await call('GET', '/v2/projects/{project_id}', 200, { ids: [id] });
    await call('POST', resources, 200, { ids: [id], body: { resources: held } });
    await call('GET', resources, 200, { ids: [id] });
    await call('DELETE', '/v2/projects/{project_id}', 412, { ids: [id] });
    await call('POST', '/v2/projects/default/resources', 200, { body: { resources: held } });
    await call('PUT', '/v2/projects/{project_id}', 200, { ids: [id], body });
    await call('PATCH', '/v2/projects/{project_id}', 200, { ids: [id], body: { name: 'other' } });
    await call('DELETE', '/v2/projects/{project_id}', 204, { ids: [id] });
    await call('PUT', '/v2/projects/default', 200, { body: { ...body, is_default: true } });
    await call('PATCH', '/v2/projects/default', 200, { body: { description: 'all there is' } });
  });

  it('answers for uploaded images, and for what is done to images, as documented', async () => {
    const upload = { name: 'mine', url: 'https://example.com/image.qcow2', region: 'nyc3' };
    const body = { ...upload, distribution: 'Debian', tags: ['mine'] };
    const image = await call('POST', '/v2/images', 202, { body });
    const ids = [image.body.image.id as number];
    await call('GET', '/v2/images/{image_id}', 200, { ids });
    settle();
    await call('PUT', '/v2/images/{image_id}', 200, { ids, body: { name: 'ours' } });
    const transfer = { type: 'transfer', region: 'ams3' };
    const action = await call('POST', '/v2/images/{image_id}/actions', 201, { ids, body: transfer });
    settle();
    await call('GET', '/v2/images/{image_id}/actions', 200, { ids });
    await call('GET', '/v2/images/{image_id}/actions/{action_id}', 200, { ids: [...ids, action.body.id] });
    await call('GET', '/v2/images', 200, { query: '?private=true' });
    await call('DELETE', '/v2/images/{image_id}', 204, { ids });
  });

  it('answers for backups, kernels and neighbors of droplets as documented', async () => {
    const ids = [await test.droplet({ backups: true, backup_policy: { plan: 'daily', hour: 0 } })];
    test.pass(86_400_000);
    await call('GET', '/v2/droplets/{droplet_id}', 200, { ids });
    await call('GET', '/v2/droplets/{droplet_id}/backups', 200, { ids });
    await call('GET', '/v2/droplets/{droplet_id}/backups/policy', 200, { ids });
    await call('GET', '/v2/droplets/backups/policies', 200, { query: '?per_page=2' });
    await call('GET', '/v2/droplets/backups/supported_policies', 200);
    await call('GET', '/v2/droplets/{droplet_id}/kernels', 200, { ids });
    await call('GET', '/v2/droplets/{droplet_id}/neighbors', 200, { ids });
  });

  it('answers for domains and their records as documented', async () => {
    const one = '/v2/domains/{domain_name}';
    const body = { name: 'example.com', ip_address: '192.0.2.1' };
    await call('POST', '/v2/domains', 201, { body });
    await call('POST', '/v2/domains', 422, { body });
    await call('GET', '/v2/domains', 200);
    const ids = ['example.com'];
    await call('GET', one, 200, { ids });
    const record = { type: 'CAA', name: '@', data: 'letsencrypt.org', flags: 0, tag: 'issue' };
    const made = await call('POST', `${one}/records`, 201, { ids, body: record });
    const both = ['example.com', made.body.domain_record.id];
    await call('GET', `${one}/records`, 200, { ids, query: '?type=NS&name=example.com&per_page=2' });
    await call('GET', `${one}/records/{domain_record_id}`, 200, { ids: both });
    const change = { type: 'CAA', tag: 'issuewild' };
    await call('PUT', `${one}/records/{domain_record_id}`, 200, { ids: both, body: change });
    await call('PATCH', `${one}/records/{domain_record_id}`, 200, {
      ids: both,
      body: { type: 'CAA', ttl: 60 },
    });
    await call('DELETE', `${one}/records/{domain_record_id}`, 204, { ids: both });
    await call('DELETE', `${one}/records/{domain_record_id}`, 404, { ids: both });
    await call('DELETE', one, 204, { ids });
    await call('GET', one, 404, { ids });
  });

  it('answers for droplets destroyed with what belongs to them as documented', async () => {
    const path = '/v2/droplets/{droplet_id}/destroy_with_associated_resources';
    const volume = { name: 'doomed', region: 'nyc3', size_gigabytes: 1 };
    const { body } = await call('POST', '/v2/volumes', 201, { body: volume });
    const ids = [await test.droplet({ volumes: [body.volume.id] })];
    await call('GET', path, 200, { ids });
    test.sandbox.faults.set({ actionErrored: { next: 1 } });
    const selection = { volumes: [body.volume.id] };
    await call('DELETE', `${path}/selective`, 202, { ids, body: selection });
    await call('POST', `${path}/retry`, 409, { ids });
    settle();
    await call('GET', `${path}/status`, 200, { ids });
    await call('POST', `${path}/retry`, 202, { ids });
    settle();
    await call('GET', `${path}/status`, 200, { ids });
    await call('GET', '/v2/volumes/{volume_id}', 404, { ids: [body.volume.id] });
    const second = [await test.droplet()];
    await call('DELETE', `${path}/dangerous`, 202, { ids: second, headers: { 'x-dangerous': 'true' } });
    settle();
    await call('GET', '/v2/droplets/{droplet_id}', 404, { ids: second });
  });

  it('refuses a bad token and a flood as documented', async () => {
    const refused = await test.send('GET', '/v2/account', undefined, { authorization: '' });
    specification.check('GET', '/v2/account', 401, refused.body);
    test.sandbox.faults.set({ burstLimit: { next: 1 } });
    await call('GET', '/v2/account', 429);
    test.sandbox.faults.set({ serverError: { next: 1 } });
    await call('GET', '/v2/account', 500);
  });

  it('was checked on every operation that it must have', () => {
    expect(OPERATIONS.filter(operation => !checked.has(operation))).to.deep.equal([]);
  });
});
