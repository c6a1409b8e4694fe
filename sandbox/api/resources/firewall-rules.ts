import { parseCidr } from '../../account/network/cidr.ts';
import type { FirewallRule } from '../../account/records/records.ts';
import { unprocessable } from '../errors.ts';
import { isObject, optionalList, optionalString, requiredString, stringList } from '../input.ts';

const MAX_RULES = 50;
const MAX_SOURCES = 1000;
const PROTOCOLS: ReadonlySet<string> = new Set(['tcp', 'udp', 'icmp']);
const TARGETS = ['addresses', 'droplet_ids', 'load_balancer_uids', 'kubernetes_ids', 'tags'];

/** Both sides' rules of a firewall. */
export interface Rules {
  readonly inboundRules: readonly FirewallRule[];
  readonly outboundRules: readonly FirewallRule[];
}

/** Reads `inbound_rules` and `outbound_rules`; what is left out is empty. */
export const readRules = (body: Readonly<Record<string, unknown>>): Rules => ({
  inboundRules: (optionalList(body, 'inbound_rules') ?? []).map(rule => readRule(rule, 'sources')),
  outboundRules: (optionalList(body, 'outbound_rules') ?? []).map(rule => readRule(rule, 'destinations')),
});

/** A firewall has between 1 and 50 rules. */
export function checkRuleCount({ inboundRules, outboundRules }: Rules): void {
  const count = inboundRules.length + outboundRules.length;
  if (count === 0) throw unprocessable('must specify at least one rule');
  if (count > MAX_RULES) throw unprocessable(`must have no more than ${MAX_RULES} rules`);
}

function readRule(rule: unknown, side: 'sources' | 'destinations'): FirewallRule {
  if (!isObject(rule)) throw unprocessable('rules must be objects');
  const protocol = requiredString(rule, 'protocol');
  if (!PROTOCOLS.has(protocol)) throw unprocessable(`protocol ${protocol} is not supported`);
  const target = rule[side];
  if (!isObject(target)) throw unprocessable(`${side} is required`);
  return { protocol, ports: readPorts(rule, protocol), [side]: readTarget(target, side) };
}

/** A port or a range, as it was written; or all of them, which the API writes as `0`, and ICMP need not say. */
function readPorts(rule: Record<string, unknown>, protocol: string): string {
  const text = optionalString(rule, 'ports') ?? '';
  if (text === 'all' || text === '0' || (text === '' && protocol === 'icmp')) return '0';
  const [from, to] = (/^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [])
    .slice(1)
    .map(port => port && Number(port));
  const last = to ?? from;
  if (!from || !last || from > last || last > 65_535) throw unprocessable(`ports "${text}" is invalid`);
  return text;
}

function readTarget(target: Record<string, unknown>, side: string): Record<string, unknown> {
  const lists = TARGETS.map(name => [name, optionalList(target, name) ?? []] as const).filter(
    ([, list]) => list.length > 0,
  );
  if (lists.length === 0) throw unprocessable(`${side} must not be empty`);
  for (const [name, list] of lists)
    if (list.length > MAX_SOURCES)
      throw unprocessable(`${name} must have no more than ${MAX_SOURCES} entries`);
  for (const address of stringList(target, 'addresses'))
    if (!isAddress(address)) throw unprocessable(`address "${address}" is invalid`);
  return Object.fromEntries(lists);
}

/** An address or a range, of either kind. */
function isAddress(text: string): boolean {
  if (/^[0-9a-fA-F:.]+(\/\d{1,3})?$/.test(text) && text.includes(':')) return true;
  return (
    /^\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?$/.test(text) && parseCidr(`${text.split('/')[0]}/32`) !== undefined
  );
}
