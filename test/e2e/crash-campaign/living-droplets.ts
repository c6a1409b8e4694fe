import type { Ledger } from '../../../sandbox/account/billing/ledger.ts';

/** A server that is paid for. */
export interface Living {
  readonly id: number;
  readonly name: string;
  readonly size: string;
}

const HOUR = 3_600_000;

/**
 * The servers that exist, by what they cost: no list, and so no lag of lists, is between. A server lives when
 * its bill goes on growing. Oldest first.
 */
export function livingDroplets(ledger: Ledger, now: number): Living[] {
  const later = ledger.bill(now + 2 * HOUR).lines;
  return ledger
    .bill(now + HOUR)
    .lines.filter(({ hours }, i) => later[i]!.hours > hours)
    .map(({ dropletId, name, size }) => ({ id: dropletId, name, size }))
    .toSorted((a, b) => a.id - b.id);
}
