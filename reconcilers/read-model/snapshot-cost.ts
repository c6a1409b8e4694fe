import { formatDollars } from './cost.ts';

/** US dollars for a GB of snapshots for a month: https://docs.digitalocean.com/products/snapshots/details/pricing */
const DOLLARS_PER_GB = 0.06;

/** What snapshots cost a month, in US dollars; each is billed by its size, however much they have in common. */
export const snapshotsCost = (snapshots: readonly { sizeGB: number }[]): number =>
  sizeOf(snapshots) * DOLLARS_PER_GB;

/** GB, of all of them. */
export const sizeOf = (snapshots: readonly { sizeGB: number }[]): number =>
  snapshots.reduce((sum, { sizeGB }) => sum + sizeGB, 0);

/** Such as `9, 41 GB, $2.46 a month`. */
export const describeSnapshots = (snapshots: readonly { sizeGB: number }[]): string =>
  `${snapshots.length}, ${formatGigabytes(sizeOf(snapshots))}, ${formatDollars(snapshotsCost(snapshots))} a month`;

/** `2.3 GB`, `41 GB`. */
export const formatGigabytes = (size: number): string => `${Number(size.toFixed(size < 10 ? 1 : 0))} GB`;
