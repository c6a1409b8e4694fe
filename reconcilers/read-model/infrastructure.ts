import { isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { byName } from './by-name.ts';
import { addressOfMaster } from './master-address.ts';
import { hasItsName, namesOf } from './project-names.ts';

interface DropletEntry {
  ip: string | null;
  private_ip: string | null;
  role: 'master' | 'web';
  project: string;
  size: string;
  region: string;
  droplet_id: number | null;
  ready: boolean;
}

/** The shape of infrastructure.json. */
export interface Infrastructure {
  droplets: Record<string, DropletEntry>;
  /** Droplets of no project, and of one whose name another has: by `<namespace>/<name>`; left out when there are none. */
  strays?: Record<string, DropletEntry>;
  /** By `<project>-<environment>`, then by service. */
  projects: Record<
    string,
    Record<string, { port: number | null; version: string | null; assigned_droplets: string[] }>
  >;
}

/** What infrastructure.json says: where everything is, by name, in a stable order. */
export function infrastructureOf(
  projects: readonly Project[],
  droplets: readonly Droplet[],
  services: readonly ServiceDeployment[],
): Infrastructure {
  const names = namesOf(projects);
  const isOfProject = ({ metadata, spec }: Droplet | ServiceDeployment): boolean =>
    hasItsName(`${metadata.namespace}/${spec.project}`, spec.project, names);
  const byKey = new Map(projects.map(project => [keyOf(project), project]));
  const projectOf = ({ metadata, spec }: Droplet): Project | undefined =>
    byKey.get(`${metadata.namespace}/${spec.project}`);
  const sorted = byName(droplets);
  const strays = sorted.filter(droplet => !isOfProject(droplet));
  return {
    droplets: entries(sorted.filter(isOfProject), ({ metadata }) => metadata.name, projectOf),
    ...(strays.length > 0 && { strays: entries(strays, keyOf, projectOf) }),
    // A name of nobody leads to nobody else's services.
    projects: servicesByProject(services.filter(one => !names.has(one.spec.project) || isOfProject(one))),
  };
}

const entries = (
  droplets: readonly Droplet[],
  named: (droplet: Droplet) => string,
  projectOf: (droplet: Droplet) => Project | undefined,
): Record<string, DropletEntry> =>
  Object.fromEntries(droplets.map(droplet => [named(droplet), entryOf(droplet, projectOf(droplet))]));

function entryOf(droplet: Droplet, project: Project | undefined): DropletEntry {
  const { spec, status } = droplet;
  const address = spec.role === 'master' ? addressOfMaster(project, droplet) : status?.server?.publicAddress;
  return {
    ip: address ?? null,
    private_ip: status?.server?.privateAddress ?? null,
    role: spec.role,
    project: spec.project,
    size: status?.server?.size ?? spec.size,
    region: spec.region,
    droplet_id: status?.server?.id ?? null,
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
