import type { ChargeRecord, UsageRecord } from '../records/billing-records.ts';
import { billOf, type Bill } from './billing.ts';

/** One request that reached the API. */
export interface LedgerCall {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Such as `droplets.create`; `unknown` for a path that the sandbox does not have. */
  readonly operation: string;
  /** The status it was answered with; 0 when the connection was cut instead. */
  readonly status: number;
}

/** What the account was asked for, and what it costs. */
export interface Ledger {
  /** The newest calls, oldest first; older ones are only counted. */
  readonly calls: readonly LedgerCall[];
  /** How often each operation was called since the sandbox started. */
  countBy(): Record<string, number>;
  /** How often each was answered with an error, or not at all; those that never failed are left out. */
  failuresBy(): Record<string, number>;
  /** What everything cost up to `now` (milliseconds since the epoch), what is destroyed included. */
  bill(now: number): Bill;
}

/** The ledger, as the server keeps it. */
export interface LedgerBook extends Ledger {
  record(call: LedgerCall): void;
}

const KEPT_CALLS = 100_000;

export function createLedger(
  usage: () => Iterable<UsageRecord>,
  charges: () => Iterable<ChargeRecord>,
): LedgerBook {
  const calls: LedgerCall[] = [];
  const counts = new Map<string, number>();
  const failures = new Map<string, number>();
  return {
    calls,
    countBy: () => Object.fromEntries(counts),
    failuresBy: () => Object.fromEntries(failures),
    bill: now => billOf(usage(), charges(), now),
    record(call) {
      calls.push(call);
      if (calls.length >= 2 * KEPT_CALLS) calls.splice(0, KEPT_CALLS);
      count(counts, call.operation);
      if (call.status === 0 || call.status >= 400) count(failures, call.operation);
    },
  };
}

const count = (counts: Map<string, number>, operation: string): void =>
  void counts.set(operation, (counts.get(operation) ?? 0) + 1);
