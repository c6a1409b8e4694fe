import type { Condition, ObjectMeta } from '../../crds/meta.ts';
import type { Droplet, DropletSpec, DropletStatus } from '../../crds/droplet.ts';
import {
  API_VERSION,
  DROPLET_FINALIZER,
  PROJECT_FINALIZER,
  PROJECT_LABEL,
  ROLE_LABEL,
  SOURCE_LABEL,
  dropletNames,
} from '../../crds/names.ts';
import type { Project, ProjectSpec, ProjectStatus } from '../../crds/project.ts';
import type {
  ServiceDeployment,
  ServiceDeploymentSpec,
  ServiceDeploymentStatus,
} from '../../crds/service-deployment.ts';

type Parts<Spec, Status> = { spec?: Partial<Spec>; status?: Status; metadata?: Partial<ObjectMeta> };

/** A Project as the API server would show it: finalizer on, generation 1. */
export function aProject(name: string, parts: Parts<ProjectSpec, ProjectStatus> = {}): Project {
  return {
    apiVersion: API_VERSION,
    kind: 'Project',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      resourceVersion: '1',
      generation: 1,
      finalizers: [PROJECT_FINALIZER],
      ...parts.metadata,
    },
    spec: { servers: 1, masterSpec: 's-1vcpu-1gb', webSpec: 's-1vcpu-1gb', ...parts.spec },
    ...(parts.status && { status: parts.status }),
  };
}

/** A Project that came from projects.csv. */
export const aCsvProject = (name: string, servers: number, metadata: Partial<ObjectMeta> = {}): Project =>
  aProject(name, { spec: { servers }, metadata: { labels: { [SOURCE_LABEL]: 'csv' }, ...metadata } });

/** A Droplet as its Project makes it; the role follows from the name. */
export function aDroplet(name: string, parts: Parts<DropletSpec, DropletStatus> = {}): Droplet {
  const project = name.replace(/-(master|web\d+)$/, '');
  const role = name.endsWith('-master') ? 'master' : 'web';
  return {
    apiVersion: API_VERSION,
    kind: 'Droplet',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      resourceVersion: '1',
      generation: 1,
      labels: { [PROJECT_LABEL]: project, [ROLE_LABEL]: role },
      finalizers: [DROPLET_FINALIZER],
      ownerReferences: [
        { apiVersion: API_VERSION, kind: 'Project', name: project, uid: `uid-${project}`, controller: true },
      ],
      ...parts.metadata,
    },
    spec: { project, role, size: 's-1vcpu-1gb', region: 'nyc3', image: 'debian-13-x64', ...parts.spec },
    ...(parts.status && { status: parts.status }),
  };
}

/** A condition that has held since the start of 2026. */
export const aCondition = (type: string, status: Condition['status'], reason = type): Condition => ({
  type,
  status,
  reason,
  message: `${type} is ${status}`,
  lastTransitionTime: '2026-01-01T00:00:00Z',
  observedGeneration: 1,
});

/** The status of a Droplet whose server runs. */
export const activeStatus = (id: number, server: DropletStatus['server'] = {}): DropletStatus => ({
  phase: 'Active',
  server: {
    nonce: `nonce${id}`,
    launchedAt: '2026-01-01T00:00:00Z',
    id,
    size: 's-1vcpu-1gb',
    publicAddress: `203.0.113.${id % 250}`,
    ...server,
  },
  host: { serverID: id },
  loadBalancer: { serverID: id },
  observedGeneration: 1,
  conditions: [aCondition('Provisioned', 'True'), aCondition('Ready', 'True')],
});

/** What its observers ask for that found that server dead at the start of 2026. */
export const aRecovery = (
  serverID: number,
  step: 'PowerCycle' | 'Replace' = 'Replace',
  parts: { image?: string } = {},
): NonNullable<DropletStatus['recovery']> => ({
  serverID,
  step,
  startedAt: '2026-01-01T00:00:00Z',
  cause: '2 of 2 observers found it dead',
  ...parts,
});

/** All Droplets of a project with that many servers, each active; ids count from `firstID`. */
export const activeDroplets = (project: string, servers: number, firstID = 1): Droplet[] =>
  dropletNames(project, servers).map((name, i) => aDroplet(name, { status: activeStatus(firstID + i) }));

/**
 * A web service whose version v1 runs on those droplets; one that was never deployed when there are none.
 *
 * @param endpoints addresses with port, by droplet.
 */
export function aServiceDeployment(
  name: string,
  endpoints: Record<string, string> = {},
  parts: Parts<ServiceDeploymentSpec, ServiceDeploymentStatus> = {},
): ServiceDeployment {
  const [, project, environment, service] = /^(.+?)-(prod|uat|test)-(.+)$/.exec(name)!;
  return {
    apiVersion: API_VERSION,
    kind: 'ServiceDeployment',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      resourceVersion: '1',
      generation: 1,
      labels: { [PROJECT_LABEL]: project! },
      ...parts.metadata,
    },
    spec: {
      project: project!,
      environment: environment as ServiceDeploymentSpec['environment'],
      service: service!,
      type: 'web',
      ...parts.spec,
    },
    status: {
      ...(Object.keys(endpoints).length > 0 && { version: 'v1' }),
      endpoints: Object.entries(endpoints).map(([droplet, address]) => ({ droplet, address })),
      ...parts.status,
    },
  };
}
