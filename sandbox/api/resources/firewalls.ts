import type { FirewallRecord, FirewallRule } from '../../account/records/records.ts';
import { stamp, uuid } from '../../account/stamp.ts';
import { hasTag, tagKey } from '../../account/tagging.ts';
import type { AccountContext } from '../../account/context.ts';
import { conflict, unprocessable } from '../errors.ts';
import { found, numberList, requiredString, stringList } from '../input.ts';
import { listReply } from '../pagination.ts';
import { accepted, noContent, ok, type Call, type Route } from '../route.ts';
import { readableDroplet } from './droplets.ts';
import { checkRuleCount, readRules, type Rules } from './firewall-rules.ts';

/** Firewalls. */
export const firewallRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v2/firewalls',
    operation: 'firewalls.list',
    handle: call => listReply(call, 'firewalls', [...call.context.state.all('firewalls')], viewIn(call)),
  },
  { method: 'POST', path: '/v2/firewalls', operation: 'firewalls.create', handle: createFirewall },
  {
    method: 'GET',
    path: '/v2/firewalls/:firewall',
    operation: 'firewalls.get',
    handle: call => ok({ firewall: viewIn(call)(firewallOf(call)) }),
  },
  { method: 'PUT', path: '/v2/firewalls/:firewall', operation: 'firewalls.update', handle: replaceFirewall },
  {
    method: 'DELETE',
    path: '/v2/firewalls/:firewall',
    operation: 'firewalls.delete',
    handle: deleteFirewall,
  },
  ...membershipRoutes('droplets', {
    add: (firewall, { body }) => ({
      dropletIds: union(firewall.dropletIds, requiredIds(body)),
    }),
    remove: (firewall, { body }) => {
      const ids = new Set(requiredIds(body));
      return { dropletIds: firewall.dropletIds.filter(id => !ids.has(id)) };
    },
  }),
  ...membershipRoutes('tags', {
    add: (firewall, { body }) => ({ tags: union(firewall.tags, requiredTags(body)) }),
    remove: (firewall, { body }) => {
      const tags = requiredTags(body);
      return { tags: firewall.tags.filter(tag => !hasTag(tags, tag)) };
    },
  }),
  ...membershipRoutes('rules', { add: addRules, remove: removeRules }),
  {
    method: 'GET',
    path: '/v2/droplets/:droplet/firewalls',
    operation: 'droplets.firewalls',
    handle: listDropletFirewalls,
  },
];

type Change = (firewall: FirewallRecord, call: Call) => Partial<FirewallRecord>;

/** The two routes that add to a part of a firewall and take from it. */
function membershipRoutes(part: string, { add, remove }: { add: Change; remove: Change }): Route[] {
  const path = `/v2/firewalls/:firewall/${part}`;
  const name = part[0]!.toUpperCase() + part.slice(1);
  return [
    { method: 'POST', path, operation: `firewalls.add${name}`, handle: call => change(call, add) },
    { method: 'DELETE', path, operation: `firewalls.remove${name}`, handle: call => change(call, remove) },
  ];
}

function change(call: Call, of: Change) {
  const firewall = firewallOf(call);
  store(call, { ...firewall, ...of(firewall, call) });
  return noContent();
}

const firewallOf = (call: Call): FirewallRecord =>
  found(call.context.state.get('firewalls', call.params['firewall'] ?? ''));

const viewIn = (call: Call) => (firewall: FirewallRecord) => {
  const waiting = firewall.appliedAt > call.now;
  return {
    id: firewall.id,
    name: firewall.name,
    status: waiting ? 'waiting' : 'succeeded',
    created_at: stamp(firewall.createdAt),
    pending_changes: waiting
      ? memberIds(call.context, firewall).map(id => ({ droplet_id: id, removing: false, status: 'waiting' }))
      : [],
    droplet_ids: firewall.dropletIds,
    tags: firewall.tags,
    inbound_rules: firewall.inboundRules,
    outbound_rules: firewall.outboundRules,
  };
};

/** The droplets that a firewall protects, by id or by tag. */
function memberIds(context: AccountContext, firewall: FirewallRecord): number[] {
  return [...context.state.all('droplets')]
    .filter(
      ({ id, tags }) => firewall.dropletIds.includes(id) || firewall.tags.some(tag => hasTag(tags, tag)),
    )
    .map(droplet => droplet.id);
}

function createFirewall(call: Call) {
  const id = uuid(call.context.random);
  const firewall = store(call, { ...read(call), id, createdAt: call.now, appliedAt: call.now });
  return accepted({ firewall: viewIn(call)(firewall) });
}

/** A full replace: what is left out is reset. */
function replaceFirewall(call: Call) {
  const firewall = store(call, { ...firewallOf(call), ...read(call) });
  return ok({ firewall: viewIn(call)(firewall) });
}

const read = ({ body }: Call) => ({
  name: requiredString(body, 'name'),
  dropletIds: [...new Set(numberList(body, 'droplet_ids'))],
  tags: [...new Set(stringList(body, 'tags'))],
  ...readRules(body),
});

function deleteFirewall(call: Call) {
  call.context.state.remove('firewalls', firewallOf(call).id);
  return noContent();
}

const MAX_DROPLETS = 10;
const MAX_TAGS = 5;

/** Checks a firewall as it shall be, and begins to apply it if it protects anything. */
function store({ context, now }: Call, firewall: FirewallRecord): FirewallRecord {
  check(context, firewall);
  const takesEffect = memberIds(context, firewall).length > 0 ? now + context.bootDelayMs * 0.2 : now;
  const stored = {
    ...firewall,
    tags: firewall.tags.map(tag => context.state.get('tags', tagKey(tag))!.name),
    appliedAt: takesEffect,
  };
  context.state.put('firewalls', firewall.id, stored);
  return stored;
}

function check(context: AccountContext, firewall: FirewallRecord): void {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9.-]+$/.test(firewall.name)) throw unprocessable('name is invalid');
  checkRuleCount(firewall);
  if (firewall.dropletIds.length > MAX_DROPLETS)
    throw unprocessable(`droplet_ids must have no more than ${MAX_DROPLETS} droplets`);
  if (firewall.tags.length > MAX_TAGS) throw unprocessable(`tags must have no more than ${MAX_TAGS} tags`);
  const noTag = firewall.tags.find(tag => context.state.get('tags', tagKey(tag)) === undefined);
  if (noTag !== undefined) throw unprocessable(`tag ${noTag} does not exist`);
  const noDroplet = firewall.dropletIds.find(id => context.state.get('droplets', id) === undefined);
  if (noDroplet !== undefined) throw unprocessable(`droplet ${noDroplet} does not exist`);
  for (const other of context.state.all('firewalls'))
    if (other.name === firewall.name && other.id !== firewall.id) throw conflict('duplicate name');
}

function requiredIds(body: Call['body']): readonly number[] {
  const ids = numberList(body, 'droplet_ids');
  if (ids.length === 0) throw unprocessable('droplet_ids is required');
  return ids;
}

function requiredTags(body: Call['body']): readonly string[] {
  const tags = stringList(body, 'tags');
  if (tags.length === 0) throw unprocessable('tags is required');
  return tags;
}

function requiredRules(body: Call['body']): Rules {
  const rules = readRules(body);
  if (body['inbound_rules'] === undefined && body['outbound_rules'] === undefined)
    throw unprocessable('inbound_rules or outbound_rules is required');
  return rules;
}

const union = <T>(a: readonly T[], b: readonly T[]): T[] => [...new Set([...a, ...b])];

function addRules(firewall: FirewallRecord, { body }: Call): Partial<FirewallRecord> {
  const { inboundRules, outboundRules } = requiredRules(body);
  return {
    inboundRules: [...without(firewall.inboundRules, inboundRules), ...inboundRules],
    outboundRules: [...without(firewall.outboundRules, outboundRules), ...outboundRules],
  };
}

function removeRules(firewall: FirewallRecord, { body }: Call): Partial<FirewallRecord> {
  const { inboundRules, outboundRules } = requiredRules(body);
  return {
    inboundRules: without(firewall.inboundRules, inboundRules),
    outboundRules: without(firewall.outboundRules, outboundRules),
  };
}

/** Rules that were read alike are written alike, so their texts can be compared. */
function without(rules: readonly FirewallRule[], taken: readonly FirewallRule[]): FirewallRule[] {
  const texts = new Set(taken.map(rule => JSON.stringify(rule)));
  return rules.filter(rule => !texts.has(JSON.stringify(rule)));
}

function listDropletFirewalls(call: Call) {
  const { id } = readableDroplet(call);
  const firewalls = [...call.context.state.all('firewalls')].filter(firewall =>
    memberIds(call.context, firewall).includes(id),
  );
  return listReply(call, 'firewalls', firewalls, viewIn(call));
}
