import { TEST_BOOT_MS, TEST_KEY, dropletBody, type TestSandbox } from '../../builders/sandbox.ts';

/** A request that is accepted as things are: by its documented path, what stands in its places, and its body. */
export interface ValidRequest {
  readonly operation: string;
  readonly ids: readonly (string | number)[];
  readonly query?: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const SSH = { protocol: 'tcp', ports: '22', sources: { addresses: ['192.0.2.0/24'] } };
const PING = { protocol: 'icmp', ports: '0', destinations: { addresses: ['0.0.0.0/0', '::/0'] } };

/** One for each operation that takes a body and each kind of body, with what they need made in the sandbox. */
export async function validRequests(test: TestSandbox): Promise<ValidRequest[]> {
  const post = async (path: string, body?: object) => (await test.post(path, body)).body;
  const volume = async (name: string): Promise<string> =>
    (await post('/v2/volumes', { name, region: 'nyc3', size_gigabytes: 10 })).volume.id;
  const image = async (): Promise<number> => {
    const body = { name: 'image', url: 'https://example.com/image', region: 'nyc3' };
    const id = (await post('/v2/images', body)).image.id as number;
    test.pass(TEST_BOOT_MS);
    return id;
  };

  const key = (await post('/v2/account/keys', { name: 'key', public_key: TEST_KEY })).ssh_key.id;
  const plain = await test.droplet({ tags: ['tagged'] });
  const off = await test.droplet();
  await post(`/v2/droplets/${off}/actions`, { type: 'power_off' });
  const backedUp = await test.droplet({ backups: true, backup_policy: { plan: 'daily', hour: 0 } });
  test.pass(86_400_000);
  const backup = (await test.send('GET', `/v2/droplets/${backedUp}/backups`)).body.backups[0].id as number;
  const doomed = await test.droplet({ volumes: [await volume('doomed')] });
  const doomedVolume = (await test.send('GET', `/v2/droplets/${doomed}`)).body.droplet.volume_ids[0];
  const idle = await volume('idle');
  await volume('second');
  const attached = await volume('attached');
  const host = await test.droplet({ volumes: [attached] });
  const [assigned, free] = [await test.droplet(), await test.droplet()];
  const floating = (await post('/v2/reserved_ips', { droplet_id: assigned })).reserved_ip.ip;
  const reserved = (await post('/v2/reserved_ips', { region: 'nyc3' })).reserved_ip.ip;
  await post('/v2/tags', { name: 'tag' });
  const rules = { inbound_rules: [SSH], outbound_rules: [PING] };
  const firewall = (
    await post('/v2/firewalls', { name: 'first', tags: ['tag'], droplet_ids: [plain], ...rules })
  ).firewall.id;
  await post('/v2/vpcs', { name: 'default', region: 'ams3' });
  const vpc = (await post('/v2/vpcs', { name: 'vpc', region: 'ams3' })).vpc.id;
  const project = (await post('/v2/projects', { name: 'project', purpose: 'Web' })).project.id;
  const uploaded = await image();
  const unreserved = await test.droplet();
  await post('/v2/domains', { name: 'example.com' });
  const www = { type: 'A', name: 'www', data: '192.0.2.1' };
  const dnsRecord = (await post('/v2/domains/example.com/records', www)).domain_record.id;
  test.pass(10 * TEST_BOOT_MS);

  const resources = [{ resource_id: String(plain), resource_type: 'droplet' }];
  const described = {
    name: 'p',
    description: 'd',
    purpose: 'Web',
    environment: 'Staging',
    is_default: false,
  };
  const volumeOrder = { name: 'new', description: 'd', size_gigabytes: 5, region: 'nyc3', tags: ['t'] };
  const dropletOrder = {
    ...dropletBody({
      ssh_keys: [key],
      backups: true,
      backup_policy: { plan: 'weekly', weekday: 'SUN', hour: 4 },
    }),
    ipv6: true,
    monitoring: true,
    tags: ['a', 'b'],
    user_data: '#cloud-config',
    private_networking: true,
    with_droplet_agent: false,
    public_networking: true,
  };
  const on = (id: number, body: Record<string, unknown>): ValidRequest => ({
    operation: 'POST /v2/droplets/{droplet_id}/actions',
    ids: [id],
    body,
  });
  const daily = { plan: 'daily', hour: 20 };
  const at = (operation: string, ids: ValidRequest['ids'], body: ValidRequest['body']): ValidRequest => ({
    operation,
    ids,
    body,
  });
  return [
    at('POST /v2/account/keys', [], { name: 'other', public_key: TEST_KEY.replace('Hk1w', 'Hk2w') }),
    at('PUT /v2/account/keys/{ssh_key_identifier}', [key], { name: 'renamed' }),
    at('POST /v2/droplets', [], dropletOrder),
    at('POST /v2/droplets', [], { ...dropletOrder, name: undefined, names: ['a', 'b'] }),
    on(plain, { type: 'rename', name: 'renamed' }),
    on(off, { type: 'resize', size: 's-2vcpu-2gb', disk: true }),
    on(free, { type: 'enable_backups', backup_policy: daily }),
    on(host, { type: 'rebuild', image: 'debian-13-x64' }),
    on(assigned, { type: 'snapshot', name: 'snap' }),
    {
      ...at('POST /v2/droplets/actions', [], { type: 'snapshot', name: 'snap' }),
      query: '?tag_name=nothing-has-it',
    },
    at('DELETE /v2/droplets/{droplet_id}/destroy_with_associated_resources/selective', [doomed], {
      volumes: [doomedVolume],
      snapshots: [],
      volume_snapshots: [],
      reserved_ips: [],
      floating_ips: [],
    }),
    at('POST /v2/firewalls', [], { name: 'second', tags: ['tag'], droplet_ids: [plain], ...rules }),
    at('PUT /v2/firewalls/{firewall_id}', [firewall], { name: 'first', tags: ['tag'], ...rules }),
    at('POST /v2/firewalls/{firewall_id}/droplets', [firewall], { droplet_ids: [off] }),
    at('POST /v2/firewalls/{firewall_id}/tags', [firewall], { tags: ['tagged'] }),
    at('POST /v2/firewalls/{firewall_id}/rules', [firewall], rules),
    at('DELETE /v2/firewalls/{firewall_id}/droplets', [firewall], { droplet_ids: [off] }),
    at('DELETE /v2/firewalls/{firewall_id}/tags', [firewall], { tags: ['tagged'] }),
    at('DELETE /v2/firewalls/{firewall_id}/rules', [firewall], { outbound_rules: [PING] }),
    at('POST /v2/images', [], {
      name: 'mine',
      distribution: 'Debian',
      description: 'd',
      url: 'https://example.com/image',
      region: 'nyc3',
      tags: ['t'],
    }),
    at('PUT /v2/images/{image_id}', [uploaded], { name: 'ours', distribution: 'Ubuntu', description: 'd' }),
    at('POST /v2/images/{image_id}/actions', [uploaded], { type: 'transfer', region: 'ams3' }),
    at('POST /v2/images/{image_id}/actions', [backup], { type: 'convert' }),
    at('POST /v2/tags', [], { name: 'new-tag' }),
    at('POST /v2/tags/{tag_id}/resources', ['tag'], { resources }),
    at('DELETE /v2/tags/{tag_id}/resources', ['tag'], { resources }),
    at('POST /v2/vpcs', [], { name: 'new', description: 'd', region: 'ams3', ip_range: '10.9.0.0/20' }),
    at('PUT /v2/vpcs/{vpc_id}', [vpc], { name: 'put', description: 'd', default: false }),
    at('PATCH /v2/vpcs/{vpc_id}', [vpc], { name: 'patched', description: 'd', default: false }),
    at('POST /v2/projects', [], { ...described, name: 'new', is_default: undefined }),
    at('PUT /v2/projects/{project_id}', [project], described),
    at('PATCH /v2/projects/{project_id}', [project], described),
    at('PUT /v2/projects/default', [], { ...described, name: 'default', is_default: true }),
    at('PATCH /v2/projects/default', [], { ...described, name: 'default', is_default: true }),
    at('POST /v2/projects/{project_id}/resources', [project], { resources: [`do:droplet:${plain}`] }),
    at('POST /v2/projects/default/resources', [], { resources: [`do:droplet:${plain}`] }),
    at('POST /v2/reserved_ips', [], { region: 'nyc3', project_id: project }),
    at('POST /v2/floating_ips', [], { droplet_id: unreserved }),
    at('POST /v2/reserved_ips/{reserved_ip}/actions', [reserved], { type: 'assign', droplet_id: off }),
    at('POST /v2/floating_ips/{floating_ip}/actions', [floating], { type: 'unassign' }),
    at('POST /v2/domains', [], { name: 'example.org', ip_address: '192.0.2.1' }),
    at('POST /v2/domains/{domain_name}/records', ['example.com'], {
      type: 'MX',
      name: 'shop',
      data: 'mail.example.com.',
      priority: 10,
      ttl: 60,
    }),
    at('PUT /v2/domains/{domain_name}/records/{domain_record_id}', ['example.com', dnsRecord], {
      type: 'A',
      name: 'web',
      data: '192.0.2.2',
    }),
    at('PATCH /v2/domains/{domain_name}/records/{domain_record_id}', ['example.com', dnsRecord], {
      type: 'A',
      ttl: 30,
    }),
    at('POST /v2/volumes', [], { ...volumeOrder, filesystem_type: 'ext4', filesystem_label: 'label' }),
    at('POST /v2/volumes/actions', [], {
      type: 'attach',
      volume_name: 'second',
      droplet_id: free,
      region: 'nyc3',
    }),
    at('POST /v2/volumes/{volume_id}/actions', [idle], {
      type: 'resize',
      size_gigabytes: 20,
      region: 'nyc3',
    }),
    at('POST /v2/volumes/{volume_id}/actions', [attached], {
      type: 'detach',
      droplet_id: host,
      region: 'nyc3',
    }),
    at('POST /v2/volumes/{volume_id}/snapshots', [idle], { name: 'copy', tags: ['t'] }),
  ];
}
