/** Where the projects of a namespace are. */
export const projectsIn = (namespace: string): string =>
  `/apis/dropfleet.io/v1alpha1/namespaces/${namespace}/projects`;

/** Where the config maps of a namespace are. */
export const configMapsIn = (namespace: string): string => `/api/v1/namespaces/${namespace}/configmaps`;

/** A valid Project. */
export const project = (name: string, metadata: object = {}, spec: object = {}): object => ({
  apiVersion: 'dropfleet.io/v1alpha1',
  kind: 'Project',
  metadata: { name, ...metadata },
  spec: { servers: 2, masterSpec: 's-1vcpu-1gb', webSpec: 's-1vcpu-1gb', ...spec },
});

/** A valid Droplet. */
export const droplet = (name: string, metadata: object = {}): object => ({
  apiVersion: 'dropfleet.io/v1alpha1',
  kind: 'Droplet',
  metadata: { name, ...metadata },
  spec: { project: 'shop', role: 'web', size: 's-1vcpu-1gb', region: 'nyc3', image: 'debian-13-x64' },
});

/** A ConfigMap. */
export const configMap = (name: string, data: object = { key: 'value' }, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});
