import { expect } from 'chai';
import { describeOnApiServers } from '../../environment/api-server.ts';
import { ApiClient } from './api-client.ts';
import { configMap, configMapsIn, project, projectsIn } from './things.ts';

const merge = 'application/merge-patch+json';
const json = 'application/json-patch+json';
const strategic = 'application/strategic-merge-patch+json';

interface OddRequest {
  method: string;
  /** `P` stands for the projects of the namespace, `C` for its config maps, `N` for the namespace. */
  path: string;
  body?: unknown;
  type?: string;
  status: number;
}

const odd = (method: string, path: string, status: number, body?: unknown, type?: string): OddRequest => ({
  method,
  path,
  status,
  ...(body === undefined ? {} : { body }),
  ...(type === undefined ? {} : { type }),
});

const secret = (fields: object): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's' },
  ...fields,
});
const lease = (spec: object): object => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'l' },
  spec,
});

const requests: OddRequest[] = [
  odd('POST', '/api/v1/configmaps', 405, configMap('a')),
  odd('DELETE', '/api/v1/configmaps', 405),
  odd('DELETE', '/api/v1/namespaces', 405),
  odd('POST', 'P', 400, ''),
  odd('POST', 'P', 400, '[]'),
  odd('POST', 'P', 400, '"x"'),
  odd('PATCH', 'P/odd', 415, '{}', 'text/plain'),
  odd('GET', 'C?limit=-1', 200),
  odd('GET', 'C?limit=abc', 400),
  odd('GET', 'C?resourceVersionMatch=Exact', 422),
  odd('GET', 'C?resourceVersion=0&resourceVersionMatch=Exact', 422),
  odd('GET', 'C?resourceVersion=0&resourceVersionMatch=Sometimes', 422),
  odd('POST', 'P', 422, project('x'.repeat(51))),
  odd('POST', 'C', 422, configMap('x'.repeat(254))),
  odd('POST', '/api/v1/namespaces', 422, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a.b' } }),
  odd('PATCH', 'P/odd', 400, { metadata: { name: 'other' } }, merge),
  odd('PATCH', 'P/odd', 400, { metadata: { namespace: 'other' } }, merge),
  odd('PATCH', 'P/odd', 422, { kind: 'Droplet' }, merge),
  odd('PATCH', 'P/odd', 422, { apiVersion: 'v1' }, merge),
  odd('PATCH', 'P/odd', 422, { metadata: { uid: 'another' } }, merge),
  odd('PATCH', 'P/odd', 409, { metadata: { resourceVersion: '1' } }, merge),
  odd('PATCH', 'P/odd', 200, { metadata: { creationTimestamp: null } }, merge),
  odd('PATCH', 'P/odd', 422, { spec: null }, merge),
  odd('PATCH', 'P/odd', 200, { status: { droplets: 4 } }, merge),
  odd('PATCH', 'P/odd', 400, {}, json),
  odd('PATCH', 'P/odd', 422, [{ op: 'remove', path: '/spec/none' }], json),
  odd('PATCH', 'P/odd/scale', 200, [{ op: 'replace', path: '/spec/replicas', value: 4 }], json),
  odd('PATCH', 'P/odd/scale', 422, { spec: { replicas: -1 } }, merge),
  odd('PUT', 'P/odd/scale', 400, { spec: { replicas: 2 } }),
  odd('PATCH', 'C/odd', 422, { data: { a: 1 } }, merge),
  odd('PATCH', 'C/odd', 422, { data: { 'bad key': '1' } }, strategic),
  odd('PATCH', 'C/odd', 200, { data: { $patch: 'replace', z: '1' } }, strategic),
  odd('POST', 'N/secrets', 400, secret({ data: { a: '!!' } })),
  odd('POST', 'N/secrets', 201, secret({ data: { a: '' } })),
  odd('PATCH', 'N/secrets/s', 422, { type: 'other' }, merge),
  odd('POST', 'L', 422, lease({ leaseDurationSeconds: 0 })),
  odd('POST', 'L', 400, lease({ renewTime: 'yesterday' })),
  odd('PUT', 'L/l', 201, { ...lease({}), metadata: { name: 'l', resourceVersion: '5' } }),
  odd('PUT', 'L/l', 422, lease({ leaseDurationSeconds: 6 })),
  odd('GET', 'N/events?fieldSelector=message%3Dx', 400),
  odd('GET', 'N/events?fieldSelector=reason%3Dx', 200),
  odd('POST', 'C', 422, configMap('f', {}, { finalizers: ['nodomain'] })),
  odd('POST', 'P', 422, project('f', { finalizers: ['bad name'] })),
  odd(
    'POST',
    'P',
    422,
    project('f', { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x' }] }),
  ),
  odd('POST', 'P', 422, project('f', { annotations: { 'bad key!': 'x' } })),
  odd('POST', 'P', 422, project('f', { labels: { a: 'x'.repeat(64) } })),
  odd('POST', 'P', 422, { ...project('f'), spec: [] }),
  odd('POST', 'P', 422, { ...project('f'), spec: undefined }),
  odd('GET', 'P/none/status', 404),
  odd('GET', 'P/none/scale', 404),
  odd('DELETE', 'P/odd/status', 405),
  odd('GET', 'C/a%2Fb', 404),
  odd('GET', '/api/v2', 404),
  odd('DELETE', 'C/odd', 200, { preconditions: {} }),
  odd('DELETE', 'P/odd', 422, { propagationPolicy: 'Orphan', orphanDependents: true }),
];

describeOnApiServers('An odd request', server => {
  let api: ApiClient;
  let namespace: string;

  before(async () => {
    api = new ApiClient(server().kubeconfig);
    namespace = await server().namespace();
    await api.post(projectsIn(namespace), project('odd'));
    await api.post(configMapsIn(namespace), configMap('odd'));
  });
  after(() => api.close());

  const resolve = (path: string): string =>
    path
      .replace(/^P/, projectsIn(namespace))
      .replace(/^C/, configMapsIn(namespace))
      .replace(/^N/, `/api/v1/namespaces/${namespace}`)
      .replace(/^L/, `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`);

  for (const { method, path, body, type, status } of requests) {
    const shown = body === undefined ? '' : ` with ${JSON.stringify(body).slice(0, 70)}`;
    it(`${method} ${path}${shown} is answered ${status}`, async () => {
      const answer = await api.send(method, resolve(path), body, type === undefined ? {} : { type });
      expect(answer.status, answer.text).to.equal(status);
    });
  }
});
