import { formatDollars, type Prices } from '../../reconcilers/read-model/cost.ts';
import type { KeptServer } from '../../reconcilers/retired/plan.ts';

/** Servers that were replaced, and until when they are kept; what each costs where prices are given. */
export const retiredLines = (retired: readonly KeptServer[], prices?: Prices): string[] =>
  retired.map(({ id, name, size, keptUntil }) => {
    const price = prices?.get(size);
    const cost = price === undefined ? '' : `, ${formatDollars(price)} a month`;
    return `replaced: droplet ${id} of ${name} is kept until ${keptUntil}${cost}`;
  });
