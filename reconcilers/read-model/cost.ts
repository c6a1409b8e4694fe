import type { Droplet } from '../../crds/droplet.ts';

/** US dollars a month by size slug. */
export type Prices = ReadonlyMap<string, number>;

/**
 * The list price of those droplets for a month, in US dollars; undefined while the price of one of their sizes
 * is not known. The size that is paid for counts: the one the server has, else the one it is to have.
 */
export function monthlyCost(droplets: readonly Droplet[], prices: Prices): number | undefined {
  let sum = 0;
  for (const { spec, status } of droplets) {
    const price = prices.get(status?.server?.size ?? spec.size);
    if (price === undefined) return undefined;
    sum += price;
  }
  return sum;
}

/** `$1,234.50`. By hand, because toLocaleString takes half a millisecond and every Project's status asks. */
export function formatDollars(dollars: number): string {
  return `$${dollars.toFixed(2).replaceAll(/\B(?=(\d{3})+\.)/g, ',')}`;
}
