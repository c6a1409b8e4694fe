import type { Droplet } from '../../crds/droplet.ts';
import type { KubernetesObject, ObjectMeta } from '../../crds/meta.ts';
import { GROUP, VERSION } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';

/** A kind as the Kubernetes API serves it; `T` is the shape of its objects. */
export interface ResourceKind<T extends KubernetesObject = KubernetesObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Only carries the type; never set. */
  readonly objectType?: T;
}

/** coordination.k8s.io/v1 Lease, as far as dropfleet uses it. Times are metav1.MicroTime (six decimals). */
export interface Lease extends KubernetesObject {
  kind: 'Lease';
  spec?: {
    holderIdentity?: string | null;
    leaseDurationSeconds?: number | null;
    acquireTime?: string | null;
    renewTime?: string | null;
    leaseTransitions?: number | null;
  };
}

/** v1 Secret; the values of `data` are base64. */
export interface Secret extends KubernetesObject {
  kind: 'Secret';
  type?: string;
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

/** v1 ConfigMap. */
export interface ConfigMap extends KubernetesObject {
  kind: 'ConfigMap';
  data?: Record<string, string>;
  /** Base64. */
  binaryData?: Record<string, string>;
}

/** v1 Namespace. */
export interface Namespace extends KubernetesObject {
  kind: 'Namespace';
}

/** v1 Event (the core one: it is what `kubectl describe` asks for). */
export interface Event extends KubernetesObject {
  kind: 'Event';
  involvedObject: Partial<Pick<ObjectMeta, 'name' | 'namespace' | 'uid' | 'resourceVersion'>> & {
    apiVersion: string;
    kind: string;
  };
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  source: { component: string };
  reportingComponent?: string;
  firstTimestamp: string;
  lastTimestamp: string;
  count: number;
}

const ours = { group: GROUP, version: VERSION, namespaced: true } as const;
const core = { group: '', version: 'v1', namespaced: true } as const;

export const PROJECTS: ResourceKind<Project> = { ...ours, kind: 'Project', plural: 'projects' };
export const DROPLETS: ResourceKind<Droplet> = { ...ours, kind: 'Droplet', plural: 'droplets' };
export const SERVICE_DEPLOYMENTS: ResourceKind<ServiceDeployment> = {
  ...ours,
  kind: 'ServiceDeployment',
  plural: 'servicedeployments',
};
export const SECRETS: ResourceKind<Secret> = { ...core, kind: 'Secret', plural: 'secrets' };
export const CONFIG_MAPS: ResourceKind<ConfigMap> = { ...core, kind: 'ConfigMap', plural: 'configmaps' };
export const EVENTS: ResourceKind<Event> = { ...core, kind: 'Event', plural: 'events' };
export const NAMESPACES: ResourceKind<Namespace> = {
  ...core,
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};
export const LEASES: ResourceKind<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};
