import {
  BACKUP_WINDOW_HOURS,
  BACKUP_WINDOW_STARTS,
  RETENTION_DAYS,
  WEEKDAYS,
  backupWindowView,
} from '../../account/actions/backups.ts';
import type { DropletRecord, ImageRecord } from '../../account/records/records.ts';
import { stamp } from '../../account/stamp.ts';
import { listReply, pageOf } from '../pagination.ts';
import { ok, type Call, type Route } from '../route.ts';
import { readableDroplet } from './droplets.ts';

/** Backups of droplets, and when they are taken. */
export const dropletBackupRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v2/droplets/backups/policies',
    operation: 'dropletBackups.policies',
    handle: listPolicies,
  },
  {
    method: 'GET',
    path: '/v2/droplets/backups/supported_policies',
    operation: 'dropletBackups.supportedPolicies',
    handle: () => ok({ supported_policies: SUPPORTED }),
  },
  {
    method: 'GET',
    path: '/v2/droplets/:droplet/backups',
    operation: 'dropletBackups.list',
    handle: call => listReply(call, 'backups', backupsOf(call), backupView),
  },
  {
    method: 'GET',
    path: '/v2/droplets/:droplet/backups/policy',
    operation: 'dropletBackups.policy',
    handle: call => ok({ policy: policyView(readableDroplet(call)) }),
  },
];

const SUPPORTED = (['weekly', 'daily'] as const).map(name => ({
  name,
  possible_window_starts: BACKUP_WINDOW_STARTS,
  window_length_hours: BACKUP_WINDOW_HOURS,
  retention_period_days: RETENTION_DAYS[name],
  possible_days: name === 'weekly' ? WEEKDAYS : [],
}));

function backupsOf(call: Call): ImageRecord[] {
  const { id } = readableDroplet(call);
  return [...call.context.state.all('snapshots')].filter(
    image => image.kind === 'backup' && image.dropletId === id,
  );
}

const backupView = (image: ImageRecord) => ({
  id: image.id,
  name: image.name,
  distribution: image.distribution,
  slug: image.slug,
  public: false,
  regions: image.regions,
  created_at: stamp(image.createdAt),
  min_disk_size: image.minDiskSize,
  size_gigabytes: image.sizeGigabytes,
  type: 'backup',
});

function policyView({ id, backups }: DropletRecord) {
  if (backups === undefined) return { droplet_id: id, backup_enabled: false };
  const { plan, weekday, hour } = backups.policy;
  return {
    droplet_id: id,
    backup_enabled: true,
    backup_policy: {
      plan,
      ...(weekday !== undefined && { weekday }),
      hour,
      window_length_hours: BACKUP_WINDOW_HOURS,
      retention_period_days: RETENTION_DAYS[plan],
    },
    next_backup_window: backupWindowView(backups),
  };
}

/** Here a list is an object, by the droplets' ids. */
function listPolicies(call: Call) {
  const { items, links, meta } = pageOf(call, [...call.context.state.all('droplets')]);
  const policies = Object.fromEntries(items.map(droplet => [droplet.id, policyView(droplet)]));
  return ok({ policies, links, meta });
}
