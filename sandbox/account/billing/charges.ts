import type { ChargeRecord, UsageRecord } from '../records/billing-records.ts';
import type { DropletRecord } from '../records/records.ts';
import type { AccountContext } from '../context.ts';

// Usage is what droplets are billed by, charges what everything else is.

const usageId = (droplet: DropletRecord): string => `${droplet.id}:${droplet.billedFrom}`;

/** Opens the stretch of use that begins at the droplet's `billedFrom`. */
export function startBilling({ state }: AccountContext, droplet: DropletRecord): void {
  const { id, name, size, billedFrom } = droplet;
  const usage: UsageRecord = { dropletId: id, name, size, from: billedFrom };
  state.put('usage', usageId(droplet), usage);
}

export function stopBilling({ state }: AccountContext, droplet: DropletRecord, at: number): void {
  const usage = state.get('usage', usageId(droplet));
  if (usage !== undefined) state.put('usage', usageId(droplet), { ...usage, to: at });
}

type Open = Pick<ChargeRecord, 'kind' | 'resource'>;

const openId = ({ kind, resource }: Open): string => `${kind}:${resource}`;

/** Charges a resource from then on; what it was charged until then ends there. */
export function startCharge(context: AccountContext, charge: Omit<ChargeRecord, 'to'>): void {
  stopCharge(context, charge, charge.from);
  context.state.put('charges', openId(charge), charge);
}

/** Does nothing for a resource that is not being charged. */
export function stopCharge({ state }: AccountContext, of: Open, at: number): void {
  const charge = state.get('charges', openId(of));
  if (charge === undefined) return;
  state.remove('charges', openId(of));
  state.put('charges', `${openId(of)}:${charge.from}`, { ...charge, to: at });
}
