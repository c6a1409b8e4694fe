import { isIPv4 } from 'node:net';
import type { AccountContext } from '../../account/context.ts';
import { nextNumber } from '../../account/context.ts';
import { DEFAULT_TTL, firstRecords, zoneFile } from '../../account/network/zone.ts';
import type { DnsRecord, DomainRecord } from '../../account/records/dns-records.ts';
import { unprocessable } from '../errors.ts';
import { found, optionalText, requiredString } from '../input.ts';
import { listReply } from '../pagination.ts';
import { created, noContent, ok, type Call, type Route } from '../route.ts';

const ONE = '/v2/domains/:domain';

/** Domains. */
export const domainRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v2/domains',
    operation: 'domains.list',
    handle: call =>
      listReply(call, 'domains', [...call.context.state.all('domains')], domain =>
        domainView(call.context, domain),
      ),
  },
  { method: 'POST', path: '/v2/domains', operation: 'domains.create', handle: createDomain },
  {
    method: 'GET',
    path: ONE,
    operation: 'domains.get',
    handle: call => ok({ domain: domainView(call.context, domainOf(call)) }),
  },
  { method: 'DELETE', path: ONE, operation: 'domains.delete', handle: deleteDomain },
];

/** The domain that the path names. */
export const domainOf = ({ context, params }: Call): DomainRecord =>
  found(context.state.get('domains', (params['domain'] ?? '').toLowerCase()));

/** The records of a domain, in the order in which they were made. */
export const recordsOf = ({ state }: AccountContext, { name }: DomainRecord): DnsRecord[] =>
  [...state.all('dnsRecords')].filter(({ domain }) => domain === name);

const domainView = (context: AccountContext, domain: DomainRecord) => ({
  name: domain.name,
  ttl: DEFAULT_TTL,
  zone_file: zoneFile(domain.name, recordsOf(context, domain)),
});

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DOMAIN = new RegExp(`^(?=.{1,253}$)(?:${LABEL}\\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$`);

/** The zone file of a new one comes a moment later, so that the reply has none. */
function createDomain(call: Call) {
  const { context, body } = call;
  const name = requiredString(body, 'name').toLowerCase();
  const address = optionalText(body, 'ip_address');
  if (!DOMAIN.test(name)) throw unprocessable('Name is not a valid domain name');
  if (address !== undefined && !isIPv4(address)) throw unprocessable('IP address did not match IPv4 format');
  if (context.state.get('domains', name) !== undefined)
    throw unprocessable(`domain '${name}': name already exists`);
  context.state.put('domains', name, { name });
  const first =
    address === undefined ? [] : [{ type: 'A' as const, name: '@', data: address, ttl: DEFAULT_TTL }];
  for (const record of [...firstRecords(), ...first]) keepRecord(context, { ...record, domain: name });
  return created({ domain: { name, ttl: DEFAULT_TTL, zone_file: null } });
}

/** Gives a record its number. */
export function keepRecord(context: AccountContext, record: Omit<DnsRecord, 'id'>): DnsRecord {
  const numbered = { id: nextNumber(context.state, 'dnsRecord'), ...record };
  context.state.put('dnsRecords', numbered.id, numbered);
  return numbered;
}

function deleteDomain(call: Call) {
  const domain = domainOf(call);
  for (const { id } of recordsOf(call.context, domain)) call.context.state.remove('dnsRecords', id);
  call.context.state.remove('domains', domain.name);
  return noContent();
}
