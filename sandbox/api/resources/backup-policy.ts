import { BACKUP_WINDOW_STARTS, DEFAULT_BACKUPS, WEEKDAYS } from '../../account/actions/backups.ts';
import type { BackupPolicy } from '../../account/records/records.ts';
import { unprocessable } from '../errors.ts';
import { isObject, optionalChoice, optionalInteger } from '../input.ts';

/** Reads `backup_policy`; undefined where there is none. */
export function readBackupPolicy(body: Readonly<Record<string, unknown>>): BackupPolicy | undefined {
  const policy = body['backup_policy'] ?? undefined;
  if (policy === undefined) return undefined;
  if (!isObject(policy)) throw unprocessable('backup_policy must be an object');
  const plan = optionalChoice(policy, 'plan', ['daily', 'weekly']) ?? DEFAULT_BACKUPS.plan;
  const weekday = optionalChoice(policy, 'weekday', WEEKDAYS);
  const hour = optionalInteger(policy, 'hour') ?? DEFAULT_BACKUPS.hour;
  if (!BACKUP_WINDOW_STARTS.includes(hour))
    throw unprocessable(`hour must be one of ${BACKUP_WINDOW_STARTS.join(', ')}`);
  return plan === 'daily' ? { plan, hour } : { plan, weekday: weekday ?? 'SUN', hour };
}
