import { printable } from '../../clients/log/printable.ts';
import { formatDollars } from '../../reconcilers/read-model/cost.ts';
import { formatGigabytes } from '../../reconcilers/read-model/snapshot-cost.ts';
import type { Surplus } from '../world/surplus.ts';

/** `droplet 7 (shop-web1), $6.00 a month`, `snapshot 8 (...), 2.3 GB, $0.14 a month`. */
export const describeSurplus = ({ kind, id, name, sizeGB, monthlyCost }: Surplus): string =>
  [
    `${kind} ${id} (${printable(name)})`,
    ...(sizeGB === undefined ? [] : [formatGigabytes(sizeGB)]),
    ...(monthlyCost ? [`${formatDollars(monthlyCost)} a month`] : []),
  ].join(', ');

/** What all of it costs a month, in US dollars, as far as prices are known. */
export const totalOf = (surplus: readonly Surplus[]): number =>
  surplus.reduce((sum, { monthlyCost = 0 }) => sum + monthlyCost, 0);

/** What was removed, or would be, and what that saves. */
export function surplusLines(surplus: readonly Surplus[], dryRun: boolean): string[] {
  if (surplus.length === 0) return ['No orphans, and no old snapshots.'];
  return [
    ...surplus.map(each => `${dryRun ? 'would remove' : 'removed'} ${describeSurplus(each)}`),
    `${dryRun ? 'This would save' : 'This saves'} ${formatDollars(totalOf(surplus))} a month.`,
  ];
}

/** The volumes and addresses that stay, each with the way to be rid of it. */
export const keptLines = (kept: readonly Surplus[]): string[] =>
  kept.map(each =>
    each.kind === 'volume'
      ? `kept ${describeSurplus(each)}: it holds the data of a Project that is gone; "dropfleet cleanup --data-volume ${each.name}" removes them`
      : `kept ${describeSurplus(each)}: names may lead there, though its Project is gone; "dropfleet cleanup --reserved-ip ${each.id}" releases it`,
  );
