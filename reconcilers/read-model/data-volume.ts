import type { Droplet } from '../../crds/droplet.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';

type Asking = Pick<Project, 'spec' | 'status'>;

/** Whether a service's data are on its project's volume, or are to be: once there is one, it goes on though the field is taken away. */
export const keepsOnVolume = (
  { spec }: Pick<ServiceDeployment, 'spec'>,
  project: Asking | undefined,
): boolean =>
  spec.type === 'infra' &&
  (spec.volumes ?? []).length > 0 &&
  (project?.spec.dataVolume !== undefined || project?.status?.dataVolume !== undefined);

/** Whether the project's volume is mounted on the server that the master has now, as far as is known. */
export function isVolumeInPlace(project: Asking | undefined, master: Droplet | undefined): boolean {
  const { serverID } = project?.status?.dataVolume ?? {};
  return serverID !== undefined && serverID === master?.status?.server?.id;
}

/** Why no service that keeps its data on the volume is started, for a person. */
export const volumeMissing = ({ status }: Asking): string => {
  const condition = status?.conditions?.find(({ type }) => type === 'DataVolumeReady');
  return `its data are on the project's volume, which is not mounted on the master: ${condition?.message ?? 'it is being made'}`;
};

/**
 * Whether a project loses neither data nor its address with its master: it has both a volume and a reserved IP in use, and
 * every service that keeps something on the master has it on that volume.
 */
export function outlivesMaster(project: Asking | undefined, services: readonly ServiceDeployment[]): boolean {
  const { dataVolume, reservedIP } = project?.status ?? {};
  const isInUse = dataVolume?.serverID !== undefined && reservedIP?.serverID !== undefined;
  return (
    isInUse &&
    services.every(service => !isOnMaster(service) || service.status?.dataVolume === dataVolume.name)
  );
}

/** Whether a service has data on the master, be it stopped. */
const isOnMaster = ({ spec }: ServiceDeployment): boolean =>
  spec.type === 'infra' && (spec.volumes ?? []).length > 0;
