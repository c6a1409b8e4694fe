import { formatDollars } from '../../reconcilers/read-model/cost.ts';
import type { LedgerView } from '../../sandbox/control/control.ts';
import { alignColumns } from './columns.ts';

/** A sandbox's ledger as lines: calls by operation, most first, and then the bill. */
export function ledgerTable({ counts, failures, bill }: LedgerView): string[] {
  return [...callLines(counts, failures), '', ...billLines(bill)];
}

function callLines(counts: LedgerView['counts'], failures: LedgerView['failures']): string[] {
  const operations = Object.entries(counts).sort(([, a], [, b]) => b - a);
  const total = operations.reduce((sum, [, calls]) => sum + calls, 0);
  if (total === 0) return ['No calls since this sandbox started.'];
  const rows = operations.map(([operation, calls]) => [
    operation,
    String(calls),
    String(failures[operation] ?? 0),
  ]);
  return [
    `${total} call${total === 1 ? '' : 's'} since this sandbox started`,
    ...alignColumns([['OPERATION', 'CALLS', 'FAILED'], ...rows]),
  ];
}

/** What costs most comes first. Sums of a few cents are no sums to a person, so lines have four decimals. */
function billLines({ dropletHours, price, lines, charges }: LedgerView['bill']): string[] {
  const items = [
    ...lines.map(line => ({ ...line, kind: 'droplet', id: String(line.dropletId), detail: line.size })),
    ...charges.map(charge => ({ ...charge, id: charge.resource, detail: '' })),
  ].sort((a, b) => b.price - a.price);
  if (items.length === 0) return ['Nothing to pay: nothing was ever made.'];
  const rows = items.map(({ kind, id, name, detail, hours, price }) => [
    kind,
    id,
    name,
    detail,
    hours.toFixed(2),
    `$${price.toFixed(4)}`,
  ]);
  return [
    `${formatDollars(price)} at DigitalOcean's list prices since the account began, ${dropletHours.toFixed(2)} droplet hours`,
    ...alignColumns([['KIND', 'ID', 'NAME', 'SIZE', 'HOURS', 'DOLLARS'], ...rows]),
  ];
}
