import { isIPv4, isIPv6 } from 'node:net';
import { DEFAULT_TTL, fullName } from '../../account/network/zone.ts';
import { DNS_TYPES, type DnsRecord, type DnsType } from '../../account/records/dns-records.ts';
import { unprocessable } from '../errors.ts';
import { found, numericId, optionalInteger, optionalText, requiredChoice } from '../input.ts';
import { listReply } from '../pagination.ts';
import { created, noContent, ok, type Call, type Route } from '../route.ts';
import { domainOf, keepRecord, recordsOf } from './domains.ts';

const ALL = '/v2/domains/:domain/records';
const ONE = `${ALL}/:record`;

/** The records of domains. */
export const domainRecordRoutes: readonly Route[] = [
  { method: 'GET', path: ALL, operation: 'domainRecords.list', handle: listRecords },
  { method: 'POST', path: ALL, operation: 'domainRecords.create', handle: createRecord },
  {
    method: 'GET',
    path: ONE,
    operation: 'domainRecords.get',
    handle: call => ok({ domain_record: recordView(recordOf(call)) }),
  },
  { method: 'PUT', path: ONE, operation: 'domainRecords.update', handle: updateRecord },
  { method: 'PATCH', path: ONE, operation: 'domainRecords.patch', handle: updateRecord },
  { method: 'DELETE', path: ONE, operation: 'domainRecords.delete', handle: deleteRecord },
];

const recordView = ({ id, type, name, data, ttl, priority, port, weight, flags, tag }: DnsRecord) => ({
  id,
  type,
  name,
  data,
  priority: priority ?? null,
  port: port ?? null,
  ttl,
  weight: weight ?? null,
  flags: flags ?? null,
  tag: tag ?? null,
});

function recordOf(call: Call): DnsRecord {
  const record = found(call.context.state.get('dnsRecords', numericId(call.params['record'])));
  return found(record.domain === domainOf(call).name ? record : undefined);
}

/** By type, and by full name: `?name=www.example.com`. */
function listRecords(call: Call) {
  const [type, name] = [call.query.get('type'), call.query.get('name')?.toLowerCase()];
  const records = recordsOf(call.context, domainOf(call)).filter(
    record => (!type || record.type === type) && (!name || fullName(record) === name),
  );
  return listReply(call, 'domain_records', records, recordView);
}

function createRecord(call: Call) {
  const domain = domainOf(call).name;
  const record = { domain, ...valuesOf(call, domain) };
  expectFit(call, record);
  return created({ domain_record: recordView(keepRecord(call.context, record)) });
}

/** What is not said stays; of another type, but for its name. */
function updateRecord(call: Call) {
  const { id, domain, ...before } = recordOf(call);
  const after = { id, domain, ...valuesOf(call, domain, before) };
  expectFit(call, after, id);
  call.context.state.put('dnsRecords', id, after);
  return ok({ domain_record: recordView(after) });
}

function deleteRecord(call: Call) {
  call.context.state.remove('dnsRecords', recordOf(call).id);
  return noContent();
}

type Values = Omit<DnsRecord, 'id' | 'domain'>;

/** What a body says of a record, over what there was. */
function valuesOf({ body }: Call, domain: string, earlier?: Values): Values {
  const type = requiredChoice(body, 'type', DNS_TYPES);
  if (type === 'SOA') throw unprocessable('SOA records are made with their domain');
  const before = earlier?.type === type ? earlier : undefined;
  const name = nameIn(
    optionalText(body, 'name') ?? earlier?.name ?? (type === 'MX' ? '@' : undefined),
    domain,
  );
  const given = optionalText(body, 'data');
  const data = given === undefined ? before?.data : dataIn(type, given);
  if (data === undefined) throw unprocessable("Data can't be blank");
  const ttl = optionalInteger(body, 'ttl', { min: 30, max: 2 ** 31 - 1 }) ?? earlier?.ttl ?? DEFAULT_TTL;
  const tag = optionalText(body, 'tag') ?? before?.tag;
  const number = (field: 'priority' | 'port' | 'weight' | 'flags', max: number): object => {
    const value = optionalInteger(body, field, { max }) ?? before?.[field];
    // Clients send all fields for all types.
    if (!NEEDED[type]?.includes(field)) return {};
    if (value === undefined) throw unprocessable(`${field} can't be blank`);
    return { [field]: value };
  };
  return {
    type,
    name,
    data,
    ttl,
    ...number('priority', 65_535),
    ...number('weight', 65_535),
    ...number('port', 65_535),
    ...number('flags', 255),
    ...(type === 'CAA' && { tag: tagIn(tag) }),
  };
}

/** The numbers that a type has besides its data. */
const NEEDED: Partial<Record<DnsType, readonly string[]>> = {
  MX: ['priority'],
  SRV: ['priority', 'weight', 'port'],
  CAA: ['flags'],
};

const TAGS: readonly (string | undefined)[] = ['issue', 'issuewild', 'iodef'];

function tagIn(tag: string | undefined): string {
  if (tag === undefined || !TAGS.includes(tag))
    throw unprocessable('Tag must be one of issue, issuewild, iodef');
  return tag;
}

const HOST =
  /^(?=.{1,253}$)(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$|^\*$/;

/** Below the domain, however it was written: `www`, `www.example.com.` or `@`. */
function nameIn(written: string | undefined, domain: string): string {
  if (written === undefined) throw unprocessable("Name can't be blank");
  const lower = written.toLowerCase();
  if (lower === '@' || lower === `${domain}.`) return '@';
  const name = lower.endsWith(`.${domain}.`) ? lower.slice(0, -domain.length - 2) : lower;
  if (!HOST.test(name)) throw unprocessable('Name contains invalid characters');
  return name;
}

/** Host names are written with a dot at their end, or they would be taken for names below the domain. */
function dataIn(type: DnsType, data: string): string {
  if (type === 'A' && !isIPv4(data)) throw unprocessable('IP address did not match IPv4 format (127.0.0.1).');
  if (type === 'AAAA' && !isIPv6(data))
    throw unprocessable('IP address did not match IPv6 format (2001:db8::ff00:42:8329).');
  if (type === 'TXT' && data.length > 4096)
    throw unprocessable('Data is too long (maximum is 4096 characters)');
  if (!(['CNAME', 'MX', 'NS', 'SRV'] as DnsType[]).includes(type) || data === '@') return data;
  if (!data.endsWith('.')) throw unprocessable('Data needs to end with a dot (.)');
  const host = data.slice(0, -1).toLowerCase();
  if (!HOST.test(host)) throw unprocessable('Data contains invalid characters');
  return host;
}

/** A name that has a CNAME has nothing else, and no record is there twice. */
function expectFit({ context }: Call, record: Omit<DnsRecord, 'id'>, id?: number): void {
  const beside = [...context.state.all('dnsRecords')].filter(
    other => other.id !== id && other.domain === record.domain && other.name === record.name,
  );
  const hasAlias = beside.some(({ type }) => type === 'CNAME');
  if (hasAlias || (record.type === 'CNAME' && beside.length > 0))
    throw unprocessable('CNAME records cannot share a name with other records');
  const isTwice = beside.some(({ type, data }) => type === record.type && data === record.data);
  if (isTwice && record.type !== 'SRV' && record.type !== 'CAA') throw unprocessable('Record already exists');
}
