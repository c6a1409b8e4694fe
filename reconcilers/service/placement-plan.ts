import { isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';

/** Whether a service is to run on a server: webs and workers on the webs, or on a master that is alone; infra there too. */
export function isAssigned(
  { spec }: ServiceDeployment,
  droplet: Droplet,
  project: Pick<Project, 'spec'> | undefined,
): boolean {
  if (droplet.metadata.deletionTimestamp !== undefined) return false;
  const isAlone = project?.spec.servers === 1;
  return droplet.spec.role === (spec.type === 'infra' || isAlone ? 'master' : 'web');
}

/** Whether containers can be started on a server: it runs, answers, and was configured. */
export function isAvailable({ metadata, status }: Droplet): boolean {
  const conditions = status?.conditions;
  return (
    metadata.deletionTimestamp === undefined &&
    status?.phase === 'Active' &&
    status.server?.privateAddress !== undefined &&
    ['Provisioned', 'Reachable', 'Configured'].every(type => isConditionTrue(conditions, type))
  );
}

/** Whether a server was made and is to stay, be it off or out of reach for now. */
export const isThere = ({ metadata, status }: Droplet): boolean =>
  metadata.deletionTimestamp === undefined &&
  ['Active', 'Draining', 'Resizing'].includes(status?.phase ?? '');
