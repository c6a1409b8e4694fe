import { startCharge, stopCharge } from '../billing/charges.ts';
import { backupPrice } from '../billing/prices.ts';
import type { BackupPolicy, DropletRecord } from '../records/records.ts';
import { stamp } from '../stamp.ts';
import { nextNumber, type AccountContext } from '../context.ts';
import { removeImage } from './removal.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** How long the window is in which a backup is taken. */
export const BACKUP_WINDOW_HOURS = 4;
export const BACKUP_WINDOW_STARTS: readonly number[] = [0, 4, 8, 12, 16, 20];
export const RETENTION_DAYS = { weekly: 28, daily: 7 } as const;
export const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;

/** What a droplet gets that asks for backups and does not say when. */
export const DEFAULT_BACKUPS: BackupPolicy = { plan: 'weekly', weekday: 'SUN', hour: 0 };

/** The beginning of the first window that opens after `now`. */
export function nextWindow({ weekday, hour }: BackupPolicy, now: number): number {
  const midnight = Math.floor(now / DAY) * DAY;
  const fits = (start: number): boolean =>
    start > now && (weekday === undefined || WEEKDAYS[new Date(start).getUTCDay()] === weekday);
  let start = midnight + hour * HOUR;
  while (!fits(start)) start += DAY;
  return start;
}

/** The window in which a droplet's next backup is taken, as the API shows it. */
export const backupWindowView = (backups: DropletRecord['backups']) =>
  backups === undefined
    ? null
    : { start: stamp(backups.nextAt), end: stamp(backups.nextAt + BACKUP_WINDOW_HOURS * HOUR) };

/** The droplet with backups by that policy, which are paid from then on; with null, without any. */
export function withBackups(
  context: AccountContext,
  droplet: DropletRecord,
  policy: BackupPolicy | null,
  at: number,
): DropletRecord {
  const { backups: _before, ...rest } = droplet;
  const others = droplet.features.filter(feature => feature !== 'backups');
  const resource = String(droplet.id);
  if (policy === null) {
    stopCharge(context, { kind: 'backups', resource }, at);
    return { ...rest, features: others };
  }
  const monthly = backupPrice(droplet.size, policy);
  startCharge(context, { kind: 'backups', resource, name: droplet.name, monthly, from: at });
  const backups = { policy, nextAt: nextWindow(policy, at) };
  return { ...rest, features: [...others, 'backups'], backups };
}

/** Takes the backups that were due by `now`, and drops those that are kept no longer. */
export function takeDueBackups(context: AccountContext, id: number, now: number): void {
  const droplet = context.state.get('droplets', id);
  if (droplet?.backups === undefined) return;
  const { policy } = droplet.backups;
  const oldest = now - RETENTION_DAYS[policy.plan] * DAY;
  let at = droplet.backups.nextAt;
  for (; at <= now; at = nextWindow(policy, at)) if (at > oldest) takeBackup(context, droplet, at);
  context.state.put('droplets', id, { ...droplet, backups: { policy, nextAt: at } });
  for (const image of context.state.all('snapshots'))
    if (image.kind === 'backup' && image.dropletId === id && image.createdAt <= oldest)
      removeImage(context, image.id, now);
}

function takeBackup(context: AccountContext, droplet: DropletRecord, at: number): void {
  const id = nextNumber(context.state, 'image');
  context.state.put('snapshots', id, {
    id,
    name: `${droplet.name} ${new Date(at).toISOString().slice(0, 10)}`,
    distribution: droplet.image.distribution,
    slug: null,
    kind: 'backup',
    regions: [droplet.region],
    createdAt: at,
    minDiskSize: droplet.disk,
    sizeGigabytes: droplet.image.sizeGigabytes,
    description: '',
    tags: [],
    dropletId: droplet.id,
  });
}
