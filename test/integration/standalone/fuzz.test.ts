import { expect } from 'chai';
import * as fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStandalone, type StandaloneServer } from '../../../standalone/server.ts';
import { modelOfJsonPatch, type ModelOperation } from '../../fakes/json-patch-model.ts';
import { propertyOptions } from '../../fakes/property-options.ts';
import { ApiClient, type Thing } from './api-client.ts';
import { configMap, configMapsIn, droplet, project, projectsIn } from './things.ts';

const objects = [
  `${projectsIn('default')}/shop`,
  `${projectsIn('default')}/shop/status`,
  `${projectsIn('default')}/shop/scale`,
  `${configMapsIn('default')}/settings`,
  '/api/v1/namespaces/default',
];
const collections = [projectsIn('default'), configMapsIn('default'), '/api/v1/namespaces', '/api/v1/events'];
const merge = 'application/merge-patch+json';

/** Bodies that come close to being right. */
const body = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.record(
    {
      apiVersion: fc.constantFrom('v1', 'dropfleet.io/v1alpha1', null, 3),
      kind: fc.constantFrom('Project', 'ConfigMap', 'Namespace', null),
      metadata: fc.oneof(fc.jsonValue(), fc.record({ name: fc.oneof(fc.constant('shop'), fc.jsonValue()) })),
      spec: fc.jsonValue({ maxDepth: 3 }),
      status: fc.jsonValue({ maxDepth: 3 }),
      data: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 })),
    },
    { requiredKeys: [] },
  ),
  fc.array(
    fc.record({
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'),
      path: fc.constantFrom('', '/', '/spec', '/metadata/labels/a', '/spec/servers', '/metadata', '/data/-'),
      from: fc.constantFrom('/spec', '/metadata/name', 1),
      value: fc.jsonValue({ maxDepth: 2 }),
    }),
  ),
);
const type = fc.constantFrom(
  'application/json',
  merge,
  'application/json-patch+json',
  'application/strategic-merge-patch+json',
  'application/yaml',
);
const query = fc.constantFrom(
  '',
  '?dryRun=All',
  '?labelSelector=a',
  '?limit=1',
  '?fieldSelector=x',
  '?limit=-1',
);
const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS');

/** To a built-in kind a null is the same as nothing. */
const withoutNulls = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, inner: unknown) => (inner === null ? undefined : inner)));

describe('The standalone API under random requests', () => {
  let stateDir: string;
  let server: StandaloneServer;
  let api: ApiClient;

  before(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'dropfleet-fuzz-'));
    server = await startStandalone({ stateDir, port: 0 });
    api = new ApiClient(server.kubeconfig);
  });
  after(async () => {
    api.close();
    await server.close();
    rmSync(stateDir, { recursive: true });
  });

  const restore = async (): Promise<void> => {
    await api.post(projectsIn('default'), project('shop'));
    await api.post(configMapsIn('default'), configMap('settings'));
  };

  it('answers every one, and none with an internal error', async () => {
    const path = fc.constantFrom(...objects, ...collections);
    const property = fc.asyncProperty(
      method,
      path,
      query,
      body,
      type,
      async (method, path, query, body, type) => {
        const { status, text } = await api.send(method, path + query, body, { type });
        expect(status, text).to.be.below(500);
        if (method === 'DELETE') await restore();
      },
    );
    await restore();
    await fc.assert(property, propertyOptions(600));
  });

  it('answers what is nearly YAML', async () => {
    const piece = fc.constantFrom(
      ...'[]{},:?!&*#|>-%"\'\n\t0'.split(''),
      'data: ',
      'metadata: {name: settings}',
      '- ',
      '? ',
      '---\n',
      'apiVersion: v1\nkind: ConfigMap\n',
    );
    const property = fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async pieces => {
      const type = 'application/yaml';
      const { status, text } = await api.put(objects[3]!, pieces.join(''), { type });
      expect(status, text).to.be.below(500);
    });
    await restore();
    await fc.assert(property, propertyOptions(300));
  });

  it('makes of an object what a JSON patch says, or leaves it as it was', async () => {
    const pointers = [
      '',
      '/data',
      '/data/a',
      '/data/b',
      '/data/c',
      '/metadata/annotations',
      '/metadata/annotations/a',
    ];
    const pointer = fc.constantFrom(
      ...pointers,
      '/metadata/finalizers',
      '/metadata/finalizers/0',
      '/metadata/finalizers/-',
    );
    const value = fc.constantFrom<unknown[]>('a/b', 'c/d', 'x', null, 3, {}, [], { a: '1' }, ['a/b', 'c/d']);
    const operation: fc.Arbitrary<ModelOperation> = fc.record({
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'),
      path: pointer,
      from: pointer,
      value,
    });
    const path = `${configMapsIn('default')}/settings`;
    const kept = ({ data = {}, metadata: { annotations = {}, finalizers = [] } }: Thing): object => ({
      data,
      annotations,
      finalizers,
    });
    const property = fc.asyncProperty(fc.array(operation, { maxLength: 5 }), async patch => {
      await api.put(
        path,
        configMap('settings', { a: '1' }, { finalizers: ['a/b'], annotations: { a: 'x' } }),
      );
      const { body: before } = await api.get(path);
      const { status, text } = await api.patch(path, patch, { type: 'application/json-patch+json' });
      const { body: after } = await api.get(path);
      const expected = modelOfJsonPatch(before, patch)?.result;
      expect(status, text).to.be.below(500);
      if (status === 200) expect(kept(after)).to.deep.equal(kept(withoutNulls(expected) as Thing));
      else expect(after).to.deep.equal(before);
      if (expected === undefined) expect(status).to.equal(422);
    });
    await restore();
    await fc.assert(property, propertyOptions(300));
  });

  it('keeps only what its schema allows', async () => {
    const droplets = '/apis/dropfleet.io/v1alpha1/namespaces/default/droplets';
    await api.post(droplets, droplet('held'));
    const property = fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), async spec => {
      await api.patch(`${droplets}/held`, { spec });
      const { body } = await api.get(`${droplets}/held`);
      expect(Object.keys(body.spec!)).to.have.members(['project', 'role', 'size', 'region', 'image']);
      expect(body.spec).to.include({ project: 'shop', role: 'web', region: 'nyc3' });
    });
    await fc.assert(property, propertyOptions(100));
  });
});
