import { regionBySlug } from '../../account/catalog.ts';
import { isPrivate, overlaps, parseCidr, type Range } from '../../account/network/cidr.ts';
import { freeRange } from '../../account/network/networks.ts';
import type { DropletRecord, VpcRecord } from '../../account/records/records.ts';
import { stamp, uuid } from '../../account/stamp.ts';
import type { AccountContext } from '../../account/context.ts';
import { forbidden, unprocessable } from '../errors.ts';
import { found, optionalFlag, optionalString, optionalText, requiredString } from '../input.ts';
import { listReply } from '../pagination.ts';
import { created, noContent, ok, type Call, type Route } from '../route.ts';

/** Private networks. */
export const vpcRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v2/vpcs',
    operation: 'vpcs.list',
    handle: call => listReply(call, 'vpcs', [...call.context.state.all('vpcs')], vpcView),
  },
  { method: 'POST', path: '/v2/vpcs', operation: 'vpcs.create', handle: createVpc },
  {
    method: 'GET',
    path: '/v2/vpcs/:vpc',
    operation: 'vpcs.get',
    handle: call => ok({ vpc: vpcView(vpcOf(call)) }),
  },
  { method: 'PUT', path: '/v2/vpcs/:vpc', operation: 'vpcs.update', handle: replaceVpc },
  { method: 'PATCH', path: '/v2/vpcs/:vpc', operation: 'vpcs.patch', handle: updateVpc },
  { method: 'DELETE', path: '/v2/vpcs/:vpc', operation: 'vpcs.delete', handle: deleteVpc },
  {
    method: 'GET',
    path: '/v2/vpcs/:vpc/members',
    operation: 'vpcs.members',
    handle: call => listReply(call, 'members', listedMembers(call), memberView),
  },
];

const vpcOf = (call: Call): VpcRecord => found(call.context.state.get('vpcs', call.params['vpc'] ?? ''));

const vpcView = (vpc: VpcRecord) => ({
  id: vpc.id,
  urn: `do:vpc:${vpc.id}`,
  name: vpc.name,
  description: vpc.description,
  region: vpc.region,
  ip_range: vpc.ipRange,
  created_at: stamp(vpc.createdAt),
  default: vpc.default,
});

const memberView = (droplet: DropletRecord) => ({
  name: droplet.name,
  urn: `do:droplet:${droplet.id}`,
  created_at: stamp(droplet.createdAt),
});

const members = (context: AccountContext, vpc: VpcRecord): DropletRecord[] =>
  [...context.state.all('droplets')].filter(droplet => droplet.vpc === vpc.id);

function listedMembers(call: Call): DropletRecord[] {
  const type = call.query.get('resource_type') ?? 'droplet';
  const vpc = vpcOf(call);
  return type === 'droplet' ? members(call.context, vpc) : [];
}

function createVpc(call: Call) {
  const { context, body, now } = call;
  const region = regionBySlug(requiredString(body, 'region'));
  if (region === undefined) throw unprocessable('region is invalid');
  const name = checkName(context, requiredString(body, 'name'));
  const vpc: VpcRecord = {
    id: uuid(context.random),
    name,
    description: readDescription(body) ?? '',
    region: region.slug,
    ipRange: readRange(call),
    createdAt: now,
    default: ![...context.state.all('vpcs')].some(other => other.region === region.slug),
  };
  context.state.put('vpcs', vpc.id, vpc);
  return created({ vpc: vpcView(vpc) });
}

function checkName(context: AccountContext, name: string, self?: VpcRecord): string {
  if (!/^[a-zA-Z0-9.-]+$/.test(name)) throw unprocessable('name may hold only letters, digits, - and .');
  if ([...context.state.all('vpcs')].some(vpc => vpc.name === name && vpc.id !== self?.id))
    throw unprocessable('name is already in use');
  return name;
}

const MAX_DESCRIPTION = 255;

function readDescription(body: Call['body']): string | undefined {
  const description = optionalString(body, 'description');
  if (description !== undefined && description.length > MAX_DESCRIPTION)
    throw unprocessable(`description may have at most ${MAX_DESCRIPTION} characters`);
  return description;
}

function readRange({ context, body }: Call): string {
  const text = optionalText(body, 'ip_range');
  if (text === undefined || text === '') return freeRange(context);
  const range = parseCidr(text);
  if (range === undefined || !isPrivate(range) || range.prefix < 16 || range.prefix > 28)
    throw unprocessable('ip_range must be a private range between /16 and /28');
  if ([...context.state.all('vpcs')].some(vpc => overlaps(parseCidr(vpc.ipRange) as Range, range)))
    throw unprocessable('This range/size overlaps with another VPC network in your account');
  return text;
}

/** A full replace: what is left out is reset. */
function replaceVpc(call: Call) {
  const vpc = vpcOf(call);
  const name = checkName(call.context, requiredString(call.body, 'name'), vpc);
  return store(call, { ...vpc, name, description: readDescription(call.body) ?? '' });
}

function updateVpc(call: Call) {
  const vpc = vpcOf(call);
  const name = checkName(call.context, optionalText(call.body, 'name') ?? vpc.name, vpc);
  const description = readDescription(call.body) ?? vpc.description;
  return store(call, { ...vpc, name, description });
}

/** One VPC of a region is its default: becoming it takes that from the other. False changes nothing. */
function store(call: Call, changed: VpcRecord) {
  const { state } = call.context;
  const vpc = { ...changed, default: changed.default || (optionalFlag(call.body, 'default') ?? false) };
  if (vpc.default)
    for (const other of state.all('vpcs'))
      if (other.region === vpc.region && other.default && other.id !== vpc.id)
        state.put('vpcs', other.id, { ...other, default: false });
  state.put('vpcs', vpc.id, vpc);
  return ok({ vpc: vpcView(vpc) });
}

function deleteVpc(call: Call) {
  const vpc = vpcOf(call);
  if (vpc.default) throw forbidden('Can not delete default VPCs');
  if (members(call.context, vpc).length > 0) throw forbidden('Can not delete VPC with members');
  call.context.state.remove('vpcs', vpc.id);
  return noContent();
}
