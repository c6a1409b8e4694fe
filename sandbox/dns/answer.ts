import { AUTHORITATIVE_ANSWER, RECURSION_DESIRED, type Answer, type Packet, type Question } from 'dns-packet';
import { answerFor, fullName } from '../account/network/zone.ts';
import { DNS_TYPES, type DnsRecord, type DnsType } from '../account/records/dns-records.ts';

/** The account's domains and all their records. */
export interface Zones {
  readonly domains: readonly string[];
  readonly records: readonly DnsRecord[];
}

/** RFC 1035, 4.1.1. */
const RCODE = { NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

/** The reply to a query: of what belongs to no domain of the account, a refusal. */
export function replyTo(
  { id = 0, flags = 0, opcode, questions = [] }: Packet & { opcode?: string },
  zones: Zones,
): Packet {
  const begun = { type: 'response', id, questions } as const;
  const desired = flags & RECURSION_DESIRED;
  const refuse = (code: number): Packet => ({ ...begun, flags: desired | code });
  const [question, ...rest] = questions;
  if (question === undefined || rest.length > 0 || (opcode !== undefined && opcode !== 'QUERY'))
    return refuse(RCODE.NOTIMP);
  const found = answerOf(question, zones);
  if (found === undefined) return refuse(RCODE.REFUSED);
  return {
    ...begun,
    flags: desired | AUTHORITATIVE_ANSWER | (found.exists ? 0 : RCODE.NXDOMAIN),
    answers: found.records.flatMap(record => answersOf(record, question.name)),
  };
}

function answerOf({ name, type }: Question, { domains, records }: Zones) {
  const asked = name.toLowerCase().replace(/\.$/, '');
  // A type that nobody has here is one that the name lacks.
  const known = DNS_TYPES.find(each => each === type) ?? ('' as DnsType);
  return answerFor(domains, records, asked, known);
}

/** @param asked the name as it was asked for: some resolvers mix upper and lower case, and want that back. */
function answersOf(record: DnsRecord, asked: string): Answer[] {
  const full = fullName(record);
  const name = full === asked.toLowerCase().replace(/\.$/, '') ? asked : full;
  const head = { name, ttl: record.ttl, class: 'IN' } as const;
  const { data, priority = 0, weight = 0, port = 0, flags = 0, tag = 'issue' } = record;
  const host = data === '@' ? record.domain : data;
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return [{ ...head, type: record.type, data }];
    case 'CNAME':
    case 'NS':
      return [{ ...head, type: record.type, data: host }];
    case 'MX':
      return [{ ...head, type: 'MX', data: { preference: priority, exchange: host } }];
    case 'SRV':
      return [{ ...head, type: 'SRV', data: { priority, weight, port, target: host } }];
    case 'TXT':
      return [{ ...head, type: 'TXT', data: chunksOf(data) }];
    case 'CAA':
      return [{ ...head, type: 'CAA', data: { flags, tag: tag as 'issue', value: data } }];
    case 'SOA':
      return [{ ...head, type: 'SOA', data: soaOf(record.domain) }];
  }
}

/** A string of a TXT record has at most 255 bytes (RFC 1035, 3.3). */
const chunksOf = (text: string): Buffer[] => {
  const bytes = Buffer.from(text);
  const count = Math.max(1, Math.ceil(bytes.length / 255));
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * 255, (at + 1) * 255));
};

const soaOf = (domain: string) => ({
  mname: 'ns1.digitalocean.com',
  rname: `hostmaster.${domain}`,
  serial: 1_415_982_609,
  refresh: 10_800,
  retry: 3_600,
  expire: 604_800,
  minimum: 1_800,
});
