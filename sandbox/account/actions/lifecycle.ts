import type { ActionRecord, ImageRecord } from '../records/records.ts';
import { nextNumber, type Ending, type AccountContext } from '../context.ts';
import { takeDueBackups } from './backups.ts';
import { carryOut } from './carry-out.ts';
import { abandonDestruction } from './destruction.ts';
import { actionsUnderWay, lock, unlock } from './locks.ts';
import { removeDroplet } from './removal.ts';

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
  transfer: 1,
  power_on: 0.5,
  power_cycle: 0.5,
  reboot: 0.5,
  shutdown: 0.3,
  power_off: 0.2,
};

/** What is to be done. It must name at least one resource, and none that is locked. */
export type ActionOrder = Pick<
  ActionRecord,
  'type' | 'region' | 'effect' | 'dropletId' | 'volumeId' | 'reservedIp' | 'imageId'
>;

/** Locks what the order names and starts an action that ends by itself. `operation` is what faults go by. */
export function startAction(
  context: AccountContext,
  operation: string,
  order: ActionOrder,
  now: number,
): ActionRecord {
  const { type } = order;
  const slow = type === 'snapshot' ? (context.faults.take('slowSnapshot', operation)?.ms ?? 0) : 0;
  const action: ActionRecord = {
    id: nextNumber(context.state, 'action'),
    status: 'in-progress',
    startedAt: now,
    endsAt: now + context.bootDelayMs * (SHARE_OF_BOOT[type] ?? 0.1) + slow,
    fails: context.faults.take('actionErrored', operation) !== undefined,
    ...order,
  };
  context.state.put('actions', action.id, action);
  lock(context.state, action);
  return action;
}

/**
 * Lets everything happen that was to happen up to `now`, in its order. The sandbox has no timers: time passes
 * only here, before each request.
 */
export function settle(context: AccountContext, now: number): void {
  for (const step of dueSteps(context, now).sort((a, b) => a.at - b.at)) step.run();
}

interface Step {
  readonly at: number;
  readonly run: () => void;
}

function dueSteps(context: AccountContext, now: number): Step[] {
  const { state } = context;
  const steps: Step[] = [];
  for (const id of actionsUnderWay(state)) {
    const ending = endingOf(context, state.get('actions', id)!, now);
    if (ending !== undefined) steps.push({ at: ending.at, run: () => endAction(context, id, ending) });
  }
  for (const { id, goneAt, backups } of state.all('droplets')) {
    if (goneAt !== undefined && goneAt <= now)
      steps.push({ at: goneAt, run: () => removeDroplet(context, id, goneAt) });
    if (backups !== undefined && backups.nextAt <= now)
      steps.push({ at: backups.nextAt, run: () => takeDueBackups(context, id, now) });
  }
  for (const { id, pendingUntil } of state.all('snapshots'))
    if (pendingUntil !== undefined && pendingUntil <= now)
      steps.push({ at: pendingUntil, run: () => makeAvailable(context, id) });
  return steps;
}

/** An action on a droplet is over when the machine behind it is done, too. */
function endingOf({ machines }: AccountContext, action: ActionRecord, now: number): Ending | undefined {
  if (action.endsAt > now) return undefined;
  return action.dropletId === undefined ? { at: action.endsAt, failed: false } : machines.endingOf(action);
}

/** An action that was abandoned meanwhile, as its droplet vanished, has ended already. */
function endAction(context: AccountContext, id: number, ending: Ending): void {
  const action = context.state.get('actions', id)!;
  if (action.status !== 'in-progress') return;
  const fails = action.fails || ending.failed;
  const status = fails ? 'errored' : 'completed';
  context.state.put('actions', id, { ...action, status, endsAt: ending.at });
  unlock(context.state, action);
  if (!fails) carryOut(context, action, ending);
  else if (action.effect.kind === 'destroy') abandonDestruction(context, action.dropletId!, ending.at);
}

function makeAvailable({ state }: AccountContext, id: number): void {
  const { pendingUntil: _over, ...image } = state.get('snapshots', id) as ImageRecord;
  state.put('snapshots', id, image);
}
