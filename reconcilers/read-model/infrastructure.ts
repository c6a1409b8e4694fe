import { isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';

/** The shape of infrastructure.json. */
export interface Infrastructure {
  droplets: Record<
    string,
    {
      ip: string | null;
      private_ip: string | null;
      role: 'master' | 'web';
      project: string;
      size: string;
      region: string;
      droplet_id: number | null;
      ready: boolean;
    }
  >;
  /** By `<project>-<environment>`, then by service. */
  projects: Record<
    string,
    Record<string, { port: number | null; version: string | null; assigned_droplets: string[] }>
  >;
}

/** What infrastructure.json says: where everything is, by name, in a stable order. */
export function infrastructureOf(
  droplets: readonly Droplet[],
  services: readonly ServiceDeployment[],
): Infrastructure {
  return {
    droplets: Object.fromEntries(byName(droplets).map(droplet => [droplet.metadata.name, entryOf(droplet)])),
    projects: servicesByProject(services),
  };
}

function entryOf({ spec, status }: Droplet): Infrastructure['droplets'][string] {
  return {
    ip: status?.publicAddress ?? null,
    private_ip: status?.privateAddress ?? null,
    role: spec.role,
    project: spec.project,
    size: status?.size ?? spec.size,
    region: spec.region,
    droplet_id: status?.dropletID ?? null,
    ready: isConditionTrue(status?.conditions, 'Ready'),
  };
}

function servicesByProject(services: readonly ServiceDeployment[]): Infrastructure['projects'] {
  const projects: Infrastructure['projects'] = {};
  for (const { spec, status } of byName(services)) {
    const project = (projects[`${spec.project}-${spec.environment}`] ??= {});
    project[spec.service] = {
      port: status?.port ?? null,
      version: status?.version ?? null,
      assigned_droplets: (status?.endpoints ?? []).map(endpoint => endpoint.droplet).toSorted(),
    };
  }
  return projects;
}

const byName = <T extends { metadata: { name: string } }>(objects: readonly T[]): T[] =>
  objects.toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true }));
