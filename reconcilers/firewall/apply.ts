import { isCloudNotFound, isDoubtful, isNameTaken, isUnknownTag } from '../../clients/digitalocean/errors.ts';
import type { Context } from '../context.ts';
import type { Run } from '../run.ts';
import { execute, type Executors } from '../executors.ts';
import { Waiting } from '../outcome.ts';
import type { Firewalls } from './firewalls.ts';
import type { FirewallStep } from './plan.ts';
import type { FirewallShape } from './render.ts';

/** Tells people what was done. */
export type Announce = (reason: string, message: string) => void;

type Step<Type extends FirewallStep['type']> = Extract<FirewallStep, { type: Type }>;

/** How each step is done. Every one may be cut off anywhere and done again: names are unique in the account. */
const executors: Executors<
  FirewallStep,
  [firewalls: Firewalls, context: Context, run: Run, announce: Announce]
> = { create, update, delete: remove };

/** Does one step, and lets the list of firewalls know. */
export const applyStep = (
  step: FirewallStep,
  firewalls: Firewalls,
  context: Context,
  run: Run,
  announce: Announce,
): Promise<void> => execute(executors, step, firewalls, context, run, announce);

async function create(
  { firewall }: Step<'create'>,
  firewalls: Firewalls,
  context: Context,
  run: Run,
  announce: Announce,
): Promise<void> {
  try {
    firewalls.list.put(await createWithTags(firewall, context, run));
    announce('FirewallCreated', `created firewall ${firewall.name}`);
  } catch (error) {
    if (isDoubtful(error)) firewalls.list.doubt();
    if (!isNameTaken(error)) throw error;
    // An earlier request of ours whose reply was lost, or one that the newest list does not show yet.
    firewalls.list.doubt();
    throw new Waiting(`firewall ${firewall.name} exists but is not listed yet`, firewalls.timings.pollMs);
  }
}

/** The servers' own creation made the tags; they may not be known everywhere yet (godo#161). */
async function createWithTags(firewall: FirewallShape, { cloud }: Context, run: Run) {
  const attempt = () => run.fenced(signal => cloud.createFirewall(firewall, signal));
  try {
    return await attempt();
  } catch (error) {
    if (!isUnknownTag(error)) throw error;
    for (const tag of tagsOf(firewall)) await run.fenced(signal => cloud.createTag(tag, signal));
    return await attempt();
  }
}

/** All tags that a firewall names: those of whom it protects, and of whom it lets in. */
const tagsOf = ({ tags, inbound }: FirewallShape): string[] => [
  ...new Set([...tags, ...inbound.flatMap(rule => rule.tags)]),
];

async function update(
  { id, firewall }: Step<'update'>,
  { list }: Firewalls,
  { cloud }: Context,
  run: Run,
  announce: Announce,
): Promise<void> {
  try {
    list.put(await run.fenced(signal => cloud.updateFirewall(id, firewall, signal)));
    announce('FirewallUpdated', `updated firewall ${firewall.name}`);
  } catch (error) {
    // Gone, changed or not: the next reconcile starts from what there is.
    list.doubt();
    throw error;
  }
}

async function remove(
  { id, name }: Step<'delete'>,
  { list }: Firewalls,
  { cloud }: Context,
  run: Run,
  announce: Announce,
): Promise<void> {
  try {
    await run.fenced(signal => cloud.deleteFirewall(id, signal));
    announce('FirewallDeleted', `deleted unused firewall ${name}`);
  } catch (error) {
    if (!isCloudNotFound(error)) throw error;
  }
  list.drop(id);
}
