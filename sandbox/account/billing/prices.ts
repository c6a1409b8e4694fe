import { sizeBySlug } from '../catalog.ts';
import type { BackupPolicy } from '../records/records.ts';

// DigitalOcean's public price list: https://www.digitalocean.com/pricing, its pages on volumes, snapshots,
// reserved IPs and backups. All are US dollars a month; as with droplets, 672 hours make a month.

const VOLUME_PER_GB = 0.1;
const SNAPSHOT_PER_GB = 0.06;
/** An address that leads to a droplet is free. */
export const IDLE_RESERVED_IP = 5;
/** A share of the droplet's own price. */
const BACKUP_SHARE = { weekly: 0.2, daily: 0.3 } as const;

export const volumePrice = (gigabytes: number): number => gigabytes * VOLUME_PER_GB;

/** Of a snapshot of a droplet or a volume, or an uploaded image. */
export const snapshotPrice = (gigabytes: number): number => gigabytes * SNAPSHOT_PER_GB;

/** Of a droplet of that size; 0 for a size that there is not. */
export const backupPrice = (size: string, { plan }: BackupPolicy): number =>
  (sizeBySlug(size)?.priceMonthly ?? 0) * BACKUP_SHARE[plan];
