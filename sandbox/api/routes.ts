import { accountRoutes } from './resources/account.ts';
import { actionRoutes } from './resources/actions.ts';
import { catalogRoutes } from './resources/catalog.ts';
import { domainRecordRoutes } from './resources/domain-records.ts';
import { domainRoutes } from './resources/domains.ts';
import { dropletActionRoutes } from './resources/droplet-actions.ts';
import { dropletAssociateRoutes } from './resources/droplet-associates.ts';
import { dropletBackupRoutes } from './resources/droplet-backups.ts';
import { dropletRoutes } from './resources/droplets.ts';
import { firewallRoutes } from './resources/firewalls.ts';
import { imageActionRoutes } from './resources/image-actions.ts';
import { imageRoutes } from './resources/images.ts';
import { keyRoutes } from './resources/keys.ts';
import { projectResourceRoutes } from './resources/project-resources.ts';
import { projectRoutes } from './resources/projects.ts';
import { reservedIpRoutes } from './resources/reserved-ips.ts';
import { snapshotRoutes } from './resources/snapshots.ts';
import { tagRoutes } from './resources/tags.ts';
import { volumeActionRoutes } from './resources/volume-actions.ts';
import { volumeSnapshotRoutes } from './resources/volume-snapshots.ts';
import { volumeRoutes } from './resources/volumes.ts';
import { vpcRoutes } from './resources/vpcs.ts';
import type { Route } from './route.ts';

/** Everything that the sandbox answers under /v2. */
export const ROUTES: readonly Route[] = [
  ...accountRoutes,
  ...actionRoutes,
  ...catalogRoutes,
  ...domainRoutes,
  ...domainRecordRoutes,
  ...dropletRoutes,
  ...dropletActionRoutes,
  ...firewallRoutes,
  ...imageRoutes,
  ...keyRoutes,
  ...snapshotRoutes,
  ...tagRoutes,
  ...vpcRoutes,
  ...dropletAssociateRoutes,
  ...dropletBackupRoutes,
  ...imageActionRoutes,
  ...projectResourceRoutes,
  ...projectRoutes,
  ...reservedIpRoutes,
  ...volumeActionRoutes,
  ...volumeSnapshotRoutes,
  ...volumeRoutes,
];
