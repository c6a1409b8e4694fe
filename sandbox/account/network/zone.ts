import type { DnsRecord, DnsType } from '../records/dns-records.ts';

/** Seconds that a record may be kept for, unless it says otherwise. */
export const DEFAULT_TTL = 1800;

const NAME_SERVERS = ['ns1', 'ns2', 'ns3'].map(name => `${name}.digitalocean.com`);

/** What every domain begins with. */
export const firstRecords = (): Pick<DnsRecord, 'type' | 'name' | 'data' | 'ttl'>[] => [
  { type: 'SOA', name: '@', data: String(DEFAULT_TTL), ttl: DEFAULT_TTL },
  ...NAME_SERVERS.map(data => ({ type: 'NS' as const, name: '@', data, ttl: DEFAULT_TTL })),
];

/** `www.example.com` of `www` in `example.com`. */
export const fullName = ({ name, domain }: Pick<DnsRecord, 'name' | 'domain'>): string =>
  name === '@' ? domain : `${name}.${domain}`;

/** A zone as a name server is given it. */
export function zoneFile(domain: string, records: readonly DnsRecord[]): string {
  const lines = records
    .filter(({ type }) => type !== 'SOA')
    .map(record => `${fullName(record)}. ${record.ttl} IN ${record.type} ${lineData(record)}`);
  return [
    `$ORIGIN ${domain}.`,
    `$TTL ${DEFAULT_TTL}`,
    `${domain}. IN SOA ${NAME_SERVERS[0]}. hostmaster.${domain}. 1415982609 10800 3600 604800 1800`,
    ...lines,
    '',
  ].join('\n');
}

function lineData({ type, data, domain, priority, weight, port, flags, tag }: DnsRecord): string {
  const host = `${data === '@' ? domain : data}.`;
  switch (type) {
    case 'CNAME':
    case 'NS':
      return host;
    case 'MX':
      return `${priority} ${host}`;
    case 'SRV':
      return `${priority} ${weight} ${port} ${host}`;
    case 'CAA':
      return `${flags} ${tag} "${data}"`;
    case 'TXT':
      return `"${data.replaceAll(/["\\]/g, '\\$&')}"`;
    case 'A':
    case 'AAAA':
    case 'SOA':
      return data;
  }
}

/** What a zone answers: the records, and whether the name is there at all. */
export interface ZoneAnswer {
  readonly records: readonly DnsRecord[];
  /** False is NXDOMAIN; a name that has records of other types only, or names below it, is there. */
  readonly exists: boolean;
}

/** As long as that may a chain of CNAMEs be. */
const LONGEST_CHAIN = 8;

/**
 * What is asked of the account's domains, as their name servers answer it (RFC 1034, 4.3.2, and RFC 4592 for `*`): a
 * CNAME comes with what it leads to, where that is the account's too.
 *
 * @param records all of the account's.
 * @param name a full name in lower case, without a dot at its end.
 * @returns undefined for what belongs to no domain of the account.
 */
export function answerFor(
  domains: readonly string[],
  records: readonly DnsRecord[],
  name: string,
  type: DnsType,
): ZoneAnswer | undefined {
  const chain: DnsRecord[] = [];
  for (let at = name; chain.length < LONGEST_CHAIN;) {
    const domain = zoneOf(domains, at);
    if (domain === undefined) return chain.length === 0 ? undefined : { records: chain, exists: true };
    const { records: own, exists } = recordsAt(records, domain, at);
    const alias = own.find(record => record.type === 'CNAME');
    if (type === 'CNAME' || alias === undefined) {
      const found = own.filter(record => record.type === type);
      return { records: [...chain, ...found], exists: exists || chain.length > 0 };
    }
    chain.push(alias);
    at = alias.data === '@' ? domain : alias.data;
  }
  return { records: chain, exists: true };
}

/** The longest one that the name is in. */
const zoneOf = (domains: readonly string[], name: string): string | undefined =>
  domains
    .filter(domain => name === domain || name.endsWith(`.${domain}`))
    .toSorted((a, b) => b.length - a.length)[0];

function recordsAt(all: readonly DnsRecord[], domain: string, name: string): ZoneAnswer {
  const zone = all.filter(record => record.domain === domain);
  const exact = zone.filter(record => fullName(record) === name);
  if (exact.length > 0) return { records: exact, exists: true };
  if (zone.some(record => fullName(record).endsWith(`.${name}`))) return { records: [], exists: true };
  const wild = zone.filter(record => fullName(record) === `*.${closestParent(zone, domain, name)}`);
  const asked = wild.map(record => ({
    ...record,
    name: name === domain ? '@' : name.slice(0, -domain.length - 1),
  }));
  return { records: asked, exists: wild.length > 0 };
}

/** The nearest name above that is there: only a `*` right below that one counts. */
function closestParent(zone: readonly DnsRecord[], domain: string, name: string): string {
  const parent = name.slice(name.indexOf('.') + 1);
  const isThere = zone.some(record => {
    const full = fullName(record);
    return full === parent || full.endsWith(`.${parent}`);
  });
  return parent === domain || isThere || !parent.endsWith(domain)
    ? parent
    : closestParent(zone, domain, parent);
}
