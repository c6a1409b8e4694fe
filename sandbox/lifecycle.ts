import { afterEffect } from './effects.ts';
import { releaseAddress } from './networks.ts';
import type { ActionRecord, DropletRecord, Effect, UsageRecord } from './records.ts';
import { nextNumber, type Ending, type World } from './world.ts';

/**
 * How long actions take, as shares of a boot; what is not named takes a tenth. They are in the proportions of
 * the real ones: a power-off is quick, a snapshot is slow.
 */
const SHARE_OF_BOOT: Readonly<Record<string, number>> = {
  create: 1,
  rebuild: 1,
  restore: 1,
  snapshot: 1,
  resize: 1,
  power_on: 0.5,
  power_cycle: 0.5,
  reboot: 0.5,
  shutdown: 0.3,
  power_off: 0.2,
};

/** Locks the droplet and starts an action on it that ends by itself. The droplet must not be locked. */
export function startAction(
  world: World,
  droplet: DropletRecord,
  type: string,
  effect: Effect,
  now: number,
): ActionRecord {
  const operation = type === 'create' ? 'droplets.create' : 'dropletActions.create';
  const slow = type === 'snapshot' ? (world.faults.take('slowSnapshot', operation)?.ms ?? 0) : 0;
  const action: ActionRecord = {
    id: nextNumber(world.state, 'action'),
    type,
    status: 'in-progress',
    startedAt: now,
    endsAt: now + world.bootDelayMs * (SHARE_OF_BOOT[type] ?? 0.1) + slow,
    dropletId: droplet.id,
    region: droplet.region,
    effect,
    fails: world.faults.take('actionErrored', operation) !== undefined,
  };
  world.state.put('actions', action.id, action);
  world.state.put('droplets', droplet.id, { ...droplet, actionId: action.id });
  return action;
}

/**
 * Lets everything happen that was to happen up to `now`, in its order. The sandbox has no timers: time passes
 * only here, before each request.
 */
export function settle(world: World, now: number): void {
  for (const step of dueSteps(world, now).sort((a, b) => a.at - b.at)) step.run();
}

interface Step {
  readonly at: number;
  readonly run: () => void;
}

function dueSteps(world: World, now: number): Step[] {
  const steps: Step[] = [];
  for (const { id, actionId, goneAt } of world.state.all('droplets')) {
    const action = actionId === undefined ? undefined : world.state.get('actions', actionId);
    const ending = action && action.endsAt <= now ? world.machines.endingOf(action) : undefined;
    if (action !== undefined && ending !== undefined)
      steps.push({ at: ending.at, run: () => endAction(world, action, ending) });
    if (goneAt !== undefined && goneAt <= now)
      steps.push({ at: goneAt, run: () => removeDroplet(world, id, goneAt) });
  }
  return steps;
}

function endAction(world: World, action: ActionRecord, ending: Ending): void {
  const droplet = world.state.get('droplets', action.dropletId);
  if (droplet === undefined) return;
  const fails = action.fails || ending.failed;
  world.state.put('actions', action.id, {
    ...action,
    status: fails ? 'errored' : 'completed',
    endsAt: ending.at,
  });
  const { actionId: _ended, ...unlocked } = droplet;
  const next = fails ? unlocked : carryOut(world, unlocked, action, ending);
  world.state.put('droplets', droplet.id, next);
}

/** Everything that an action does when it ends well. */
function carryOut(
  world: World,
  droplet: DropletRecord,
  { effect, startedAt }: ActionRecord,
  { at, size }: Ending,
): DropletRecord {
  const after = afterEffect(droplet, effect);
  if (effect.kind === 'snapshot') keepSnapshot(world, droplet, effect, startedAt, size);
  return effect.kind === 'resize' ? billedAnew(world, droplet, after, at) : after;
}

function billedAnew(world: World, before: DropletRecord, after: DropletRecord, at: number): DropletRecord {
  stopBilling(world, before, at);
  const next = { ...after, billedFrom: at };
  startBilling(world, next);
  return next;
}

/** The snapshot appears when its action ends, stamped with the action's start: clients find it so. */
function keepSnapshot(
  world: World,
  droplet: DropletRecord,
  { id, name }: { id: number; name: string },
  createdAt: number,
  size = droplet.image.sizeGigabytes,
): void {
  world.state.put('snapshots', id, {
    id,
    name,
    distribution: droplet.image.distribution,
    slug: null,
    kind: 'snapshot',
    regions: [droplet.region],
    createdAt,
    minDiskSize: droplet.disk,
    sizeGigabytes: size,
    description: '',
    tags: [],
    dropletId: droplet.id,
  });
}

/** Takes a droplet out of the account at once, and out of the firewalls that name it. */
export function removeDroplet(world: World, id: number, at: number): void {
  const { state } = world;
  const droplet = state.get('droplets', id);
  if (droplet === undefined) return;
  const action = droplet.actionId === undefined ? undefined : state.get('actions', droplet.actionId);
  if (action !== undefined) state.put('actions', action.id, { ...action, status: 'errored', endsAt: at });
  stopBilling(world, droplet, at);
  releaseAddress(world, droplet.addresses.public);
  for (const firewall of state.all('firewalls'))
    if (firewall.dropletIds.includes(id))
      state.put('firewalls', firewall.id, {
        ...firewall,
        dropletIds: firewall.dropletIds.filter(other => other !== id),
      });
  state.remove('droplets', id);
}

const usageId = (droplet: DropletRecord): string => `${droplet.id}:${droplet.billedFrom}`;

/** Opens the stretch of use that begins at the droplet's `billedFrom`. */
export function startBilling(world: World, droplet: DropletRecord): void {
  const { id, name, size, billedFrom } = droplet;
  const usage: UsageRecord = { dropletId: id, name, size, from: billedFrom };
  world.state.put('usage', usageId(droplet), usage);
}

function stopBilling(world: World, droplet: DropletRecord, at: number): void {
  const usage = world.state.get('usage', usageId(droplet));
  if (usage !== undefined) world.state.put('usage', usageId(droplet), { ...usage, to: at });
}
