import type { Faults } from './faults.ts';
import type { AccountRecord, ActionRecord, CountersRecord } from './records/records.ts';
import type { Change, State } from './records/state.ts';

/** How what an action does to its machine ended. */
export interface Ending {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly failed: boolean;
  /** GB, of the snapshot that it took. */
  readonly size?: number;
}

/** The machines behind the droplets, as far as the API waits for them. */
export interface Machines {
  /** Undefined while the machine is still being worked on; asked once the action's own time is over. */
  endingOf(action: ActionRecord): Ending | undefined;
}

/** Droplets that are records only: everything that is to happen to them has happened when its time is over. */
export const NO_MACHINES: Machines = { endingOf: ({ endsAt }) => ({ at: endsAt, failed: false }) };

/** What every operation works on. */
export interface AccountContext {
  readonly state: State;
  readonly faults: Faults;
  readonly random: () => number;
  /** How long a droplet takes from create to active, in milliseconds; other actions take their share of it. */
  readonly bootDelayMs: number;
  /** How many droplets the account may have. */
  readonly dropletLimit: number;
  /** Where public addresses are taken from, as CIDR. */
  readonly publicRange: string;
  readonly machines: Machines;
}

// Snapshots stay below the ids of DigitalOcean's own images (catalog.ts).
const FIRST: CountersRecord = {
  droplet: 412_000_000,
  action: 2_100_000_000,
  key: 41_000_000,
  image: 10_000_000,
  address: 0,
  dnsRecord: 28_000_000,
};

/** A file that an older sandbox wrote lacks the counters of what that had not. */
export const countersOf = (state: State): CountersRecord => ({
  ...FIRST,
  ...state.get('counters', 'counters'),
});

export function setCounters(state: State, changes: Partial<CountersRecord>): void {
  state.put('counters', 'counters', { ...countersOf(state), ...changes });
}

/** A number of its kind that was never given before. */
export function nextNumber(state: State, kind: keyof Omit<CountersRecord, 'released'>): number {
  const next = countersOf(state)[kind] + 1;
  setCounters(state, { [kind]: next });
  return next;
}

/** The account that the state is of. */
export const accountOf = (state: State): AccountRecord => state.get('account', 'account')!;

/**
 * What a state begins with, with an account that it is of: a new one unless it had one. A sandbox that started over is
 * another account, so that whoever worked with the one before can tell.
 */
export function withAccount(changes: Change[], newUuid: () => string): Change[] {
  if (changes.some(([collection]) => collection === 'account')) return changes;
  return [...changes, ['account', 'account', { uuid: newUuid(), teamUuid: newUuid() }]];
}
