import type { DropletStatus } from './droplet.ts';
import type { ProjectStatus } from './project.ts';
import type { ServiceDeploymentStatus } from './service-deployment.ts';

/** What one controller writes of a noun's status, and nobody else does: fields at its top, and types of conditions. */
export interface StatusPart<Field extends string = string, Condition extends string = string> {
  readonly fields: readonly Field[];
  readonly conditions: readonly Condition[];
}

type Owners<Status> = Readonly<Record<string, StatusPart<keyof Status & string>>>;

/** Who writes what of a Droplet's status. Ready is nobody's: it follows from the rest, as do the others' ends. */
export const DROPLET_OWNERS = {
  droplet: {
    fields: ['observedGeneration', 'phase', 'server'],
    conditions: ['Provisioned', 'ConfirmationRequired'],
  },
  host: { fields: ['host'], conditions: ['Reachable', 'Configured'] },
  loadBalancer: { fields: ['loadBalancer'], conditions: ['LoadBalancerReady'] },
  health: {
    fields: ['recovery', 'recoveries', 'monitors', 'monitoredBy', 'suspectedBy'],
    conditions: ['Healthy'],
  },
  snapshot: { fields: ['snapshot', 'snapshotting', 'dataServers'], conditions: [] },
  // Whoever is about to destroy a server, each for that server alone.
  lastSnapshot: { fields: ['lastSnapshots'], conditions: [] },
  drill: { fields: ['drill', 'verifiedRestore'], conditions: [] },
} as const satisfies Owners<DropletStatus>;

/** Who writes what of a Project's status. */
export const PROJECT_OWNERS = {
  project: {
    fields: ['observedGeneration', 'droplets', 'readyDroplets', 'selector', 'masterAddress', 'monthlyCost'],
    conditions: ['DropletsReady', 'ConfirmationRequired', 'RowHeld'],
  },
  firewall: { fields: [], conditions: ['FirewallReady'] },
  dataVolume: { fields: ['dataVolume'], conditions: ['DataVolumeReady'] },
  reservedIP: { fields: ['reservedIP'], conditions: ['ReservedIPReady'] },
} as const satisfies Owners<ProjectStatus>;

/** Who writes what of a ServiceDeployment's status. */
export const SERVICE_OWNERS = {
  service: {
    fields: [
      'observedGeneration',
      'version',
      'image',
      'release',
      'deployedAt',
      'dataVolume',
      'unproven',
      'port',
      'endpoints',
      'history',
      'rejected',
    ],
    conditions: ['Built', 'Rolled'],
  },
  loadBalancer: { fields: ['routed'], conditions: ['Routed'] },
} as const satisfies Owners<ServiceDeploymentStatus>;
