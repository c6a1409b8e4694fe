import { expect } from 'chai';
import {
  describeOnApiServers,
  describeOnCurrentApiServer,
  describeOnStandalone,
} from '../../environment/api-server.ts';
import { ApiClient, type Thing } from './api-client.ts';
import { configMap, configMapsIn, droplet, project, projectsIn } from './things.ts';

describeOnApiServers('Writing objects', server => {
  let api: ApiClient;
  let namespace: string;
  let projects: string;

  before(async () => {
    api = new ApiClient(server().kubeconfig);
    namespace = await server().namespace();
    projects = projectsIn(namespace);
  });
  after(() => api.close());

  const create = async (name: string, metadata: object = {}, spec: object = {}): Promise<Thing> => {
    const { status, body } = await api.post(projects, project(name, metadata, spec));
    expect(status, body.message).to.equal(201);
    return body;
  };

  describe('create', () => {
    it('fills in metadata and the defaults of the schema', async () => {
      const { metadata, spec } = await create('created');
      expect(metadata).to.include({ name: 'created', namespace, generation: 1 });
      expect(metadata.uid).to.match(/^[0-9a-f-]{36}$/);
      expect(metadata.creationTimestamp).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(spec).to.deep.equal({
        servers: 2,
        masterSpec: 's-1vcpu-1gb',
        webSpec: 's-1vcpu-1gb',
        region: 'nyc3',
        image: 'debian-13-x64',
        suspend: false,
        recovery: { web: 'auto' },
        snapshots: 'auto',
      });
    });

    it('takes no status', async () => {
      const { status, body } = await api.post(projects, { ...project('no-status'), status: { droplets: 3 } });
      expect(status).to.equal(201);
      expect(body).not.to.have.property('status');
    });

    it('refuses a name that is taken with 409', async () => {
      await create('taken');
      const { status, body } = await api.post(projects, project('taken'));
      expect(status).to.equal(409);
      expect(body.reason).to.equal('AlreadyExists');
      expect(body.message).to.equal('projects.dropfleet.io "taken" already exists');
    });

    it('refuses a namespace that does not exist with 404', async () => {
      const { status, body } = await api.post(projectsIn('no-such-namespace'), project('lost'));
      expect(status).to.equal(404);
      expect(body.message).to.equal('namespaces "no-such-namespace" not found');
    });

    it('refuses an object of another namespace with 400', async () => {
      const { status } = await api.post(projects, project('elsewhere', { namespace: 'default' }));
      expect(status).to.equal(400);
    });

    it('makes a name from generateName', async () => {
      const { status, body } = await api.post(
        projects,
        project('', { name: undefined, generateName: 'made-' }),
      );
      expect(status).to.equal(201);
      expect(body.metadata.name).to.match(/^made-[a-z0-9]{5}$/);
    });

    it('refuses an object without a name with 422', async () => {
      const { status, body } = await api.post(projects, project('', { name: undefined }));
      expect(status).to.equal(422);
      expect(body.message).to.contain('name or generateName is required');
    });

    it('drops fields that the schema does not know', async () => {
      const { spec } = await create('pruned', {}, { unheardOf: 1 });
      expect(spec).not.to.have.property('unheardOf');
    });

    it('gives a null its default', async () => {
      const { spec } = await create('nulled', {}, { region: null });
      expect(spec).to.include({ region: 'nyc3' });
    });

    it('refuses a resourceVersion', async () => {
      const { status, body } = await api.post(projects, project('versioned', { resourceVersion: '5' }));
      expect(status).to.be.within(400, 500);
      expect(body.message).to.contain('resourceVersion should not be set on objects to be created');
    });

    it('lets a built-in kind leave out what the path says, and no other', async () => {
      const untyped = { metadata: { name: 'untyped' }, data: { a: 'b' } };
      const { status, body } = await api.post(configMapsIn(namespace), untyped);
      expect(status).to.equal(201);
      expect(body).to.include({ apiVersion: 'v1', kind: 'ConfigMap' });
      const custom = await api.post(projects, { ...project('untyped'), kind: undefined });
      expect(custom.status).to.equal(400);
      expect(custom.body.message).to.contain("Object 'Kind' is missing");
    });

    it('reads YAML', async () => {
      const yaml = `{apiVersion: v1, kind: ConfigMap, metadata: {name: yaml}, data: {a: b}}`;
      const { status, body } = await api.post(configMapsIn(namespace), yaml, { type: 'application/yaml' });
      expect(status).to.equal(201);
      expect(body.data).to.deep.equal({ a: 'b' });
    });

    it('takes the last of two fields of one name', async () => {
      const json =
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"twice"},"data":{"a":"1","a":"2"}}';
      const yaml = '{apiVersion: v1, kind: ConfigMap, metadata: {name: twice-yaml}, data: {a: "1", a: "2"}}';
      const answers = [
        await api.post(configMapsIn(namespace), json),
        await api.post(configMapsIn(namespace), yaml, { type: 'application/yaml' }),
      ];
      for (const { status, body } of answers) expect([status, body.data]).to.deep.equal([201, { a: '2' }]);
    });

    it('stores nothing when it runs dry', async () => {
      const { status } = await api.post(`${projects}?dryRun=All`, project('dry'));
      expect(status).to.equal(201);
      expect((await api.get(`${projects}/dry`)).status).to.equal(404);
    });

    it('refuses any other dry run with 422', async () => {
      expect((await api.post(`${projects}?dryRun=Some`, project('dry'))).status).to.equal(422);
    });

    it('turns stringData into data', async () => {
      const secret = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'secret' },
        stringData: { a: 'b' },
      };
      const { body } = await api.post(`/api/v1/namespaces/${namespace}/secrets`, secret);
      expect(body).to.deep.include({ data: { a: 'Yg==' }, type: 'Opaque' });
      expect(body).not.to.have.property('stringData');
    });
  });

  describe('validation', () => {
    const refused: [string, object, string, string][] = [
      ['a number above the maximum', { servers: 200 }, 'spec.servers', 'should be less than or equal to 100'],
      ['a number below the minimum', { servers: 0 }, 'spec.servers', 'should be greater than or equal to 1'],
      ['a string for a number', { servers: '2' }, 'spec.servers', 'must be of type integer: "string"'],
      ['a fraction for an integer', { servers: 1.5 }, 'spec.servers', 'must be of type integer'],
      ['a required field left out', { webSpec: undefined }, 'spec.webSpec', 'Required value'],
      ['a null without a default', { webSpec: null }, 'spec.webSpec', 'spec.webSpec'],
      ['a text that is too short', { region: '' }, 'spec.region', 'should be at least 1 chars long'],
      ['a text against its pattern', { webSpec: 'Large!' }, 'spec.webSpec', "should match '^[a-z0-9]"],
      [
        'a word that is not in the list',
        { recovery: { web: 'soon' } },
        'spec.recovery.web',
        'Unsupported value: "soon": supported values: "auto", "manual", "off"',
      ],
    ];
    for (const [what, spec, field, text] of refused) {
      it(`refuses ${what} with 422, naming the field`, async () => {
        const { status, body } = await api.post(projects, project('bad', {}, spec));
        expect(status).to.equal(422);
        expect(body.reason).to.equal('Invalid');
        expect(body.message).to.match(/^Project\.dropfleet\.io "bad" is invalid: /);
        expect(body.message).to.contain(text);
        expect(body.details?.causes?.map(cause => cause.field)).to.include(field);
      });
    }

    it('names every field that is wrong', async () => {
      const { body } = await api.post(projects, project('bad', {}, { servers: 0, suspend: 'yes' }));
      expect(body.details?.causes).to.have.length(2);
    });

    it('refuses a bad name', async () => {
      const { status, body } = await api.post(projects, project('Bad_Name'));
      expect(status).to.equal(422);
      expect(body.message).to.contain('metadata.name');
    });

    it('refuses a bad label', async () => {
      const { status, body } = await api.post(projects, project('bad', { labels: { ok: 'not ok' } }));
      expect(status).to.equal(422);
      expect(body.message).to.contain('metadata.labels: Invalid value: "not ok"');
    });

    it('refuses metadata of the wrong type', async () => {
      const { status } = await api.post(projects, project('bad', { labels: { a: 1 } }));
      expect(status).to.be.oneOf([400, 422]);
    });

    it('refuses another kind', async () => {
      expect((await api.post(projects, droplet('bad'))).status).to.be.oneOf([400, 422]);
    });

    it('refuses broken JSON with 400', async () => {
      expect((await api.post(projects, '{"kind": ')).status).to.equal(400);
    });

    it('refuses an unknown media type with 415', async () => {
      const { status } = await api.post(configMapsIn(namespace), 'x', { type: 'text/plain' });
      expect(status).to.equal(415);
    });
  });

  describe('replace', () => {
    it('bumps generation and resourceVersion when the spec changes', async () => {
      const before = await create('replaced');
      const { body: after } = await api.put(`${projects}/replaced`, {
        ...before,
        spec: { ...before.spec, servers: 3 },
      });
      expect(after.metadata.generation).to.equal(2);
      expect(Number(after.metadata.resourceVersion)).to.be.above(Number(before.metadata.resourceVersion));
    });

    it('does not bump the generation for a label', async () => {
      const before = await create('labelled');
      const { body: after } = await api.put(`${projects}/labelled`, {
        ...before,
        metadata: { ...before.metadata, labels: { a: 'b' } },
      });
      expect(after.metadata).to.deep.include({ generation: 1, labels: { a: 'b' } });
      expect(after.metadata.resourceVersion).not.to.equal(before.metadata.resourceVersion);
    });

    it('writes nothing when nothing changes', async () => {
      const before = await create('same');
      const { status, body: after } = await api.put(`${projects}/same`, before);
      expect(status).to.equal(200);
      expect(after.metadata.resourceVersion).to.equal(before.metadata.resourceVersion);
    });

    it('leaves the status alone', async () => {
      const before = await create('spec-only');
      await api.patch(`${projects}/spec-only/status`, { status: { droplets: 2 } });
      const { resourceVersion: _any, ...metadata } = (await api.get(`${projects}/spec-only`)).body.metadata;
      const current = (await api.get(`${projects}/spec-only`)).body;
      const { body } = await api.put(`${projects}/spec-only`, {
        ...before,
        metadata: { ...metadata, resourceVersion: current.metadata.resourceVersion },
        status: { droplets: 99 },
      });
      expect(body.status).to.deep.equal({ droplets: 2 });
    });

    it('refuses a stale resourceVersion with 409', async () => {
      const before = await create('stale');
      await api.patch(`${projects}/stale`, { spec: { servers: 3 } });
      const { status, body } = await api.put(`${projects}/stale`, before);
      expect(status).to.equal(409);
      expect(body.message).to.contain('the object has been modified; please apply your changes');
    });

    it('refuses a custom resource without resourceVersion with 422', async () => {
      await create('unversioned');
      const { status, body } = await api.put(`${projects}/unversioned`, project('unversioned'));
      expect(status).to.equal(422);
      expect(body.message).to.contain('metadata.resourceVersion');
    });

    it('takes a ConfigMap without resourceVersion', async () => {
      await api.post(configMapsIn(namespace), configMap('free'));
      const { status, body } = await api.put(
        `${configMapsIn(namespace)}/free`,
        configMap('free', { a: 'b' }),
      );
      expect(status).to.equal(200);
      expect(body.data).to.deep.equal({ a: 'b' });
    });

    it('refuses another uid with 409', async () => {
      const before = await create('other-uid');
      const uid = '00000000-0000-4000-8000-000000000000';
      const { status } = await api.put(`${projects}/other-uid`, {
        ...before,
        metadata: { ...before.metadata, uid },
      });
      expect(status).to.equal(409);
    });

    it('refuses another name than that of the path with 400', async () => {
      const before = await create('one-name');
      const { status } = await api.put(`${projects}/one-name`, {
        ...before,
        metadata: { ...before.metadata, name: 'another' },
      });
      expect(status).to.equal(400);
    });

    it('refuses what is not there with 404', async () => {
      const { status, body } = await api.put(
        `${projects}/missing`,
        project('missing', { resourceVersion: '1' }),
      );
      expect(status).to.equal(404);
      expect(body.message).to.equal('projects.dropfleet.io "missing" not found');
    });

    it('creates a Lease that is not there', async () => {
      const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/fresh`;
      const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'fresh' } };
      expect((await api.put(path, lease)).status).to.equal(201);
    });

    it('refuses a change of an immutable ConfigMap', async () => {
      const fixed = { ...configMap('fixed'), immutable: true };
      await api.post(configMapsIn(namespace), fixed);
      const { status } = await api.put(`${configMapsIn(namespace)}/fixed`, { ...fixed, data: { a: 'b' } });
      expect(status).to.equal(422);
    });
  });

  describe('status', () => {
    it('leaves the spec, the labels and the generation alone', async () => {
      const before = await create('status-only');
      const { body: after } = await api.put(`${projects}/status-only/status`, {
        ...before,
        metadata: { ...before.metadata, labels: { a: 'b' } },
        spec: { ...before.spec, servers: 50 },
        status: { droplets: 2 },
      });
      expect(after.status).to.deep.equal({ droplets: 2 });
      expect(after.spec).to.deep.equal(before.spec);
      expect(after.metadata.generation).to.equal(1);
      expect(after.metadata).not.to.have.property('labels');
    });

    it('is validated', async () => {
      await create('bad-status');
      const { status } = await api.patch(`${projects}/bad-status/status`, { status: { droplets: 'two' } });
      expect(status).to.equal(422);
    });

    it('does not exist for a ConfigMap', async () => {
      expect((await api.get(`${configMapsIn(namespace)}/free/status`)).status).to.equal(404);
    });
  });

  describe('patch', () => {
    it('merges, and removes what is null', async () => {
      await create('merged', { labels: { a: '1', b: '2' } });
      const { body } = await api.patch(`${projects}/merged`, {
        metadata: { labels: { a: null, c: '3' } },
        spec: { servers: 7, region: null },
      });
      expect(body.metadata.labels).to.deep.equal({ b: '2', c: '3' });
      expect(body.spec).to.include({ servers: 7, region: 'nyc3' });
    });

    it('writes nothing when nothing changes', async () => {
      const before = await create('unpatched');
      const { body } = await api.patch(`${projects}/unpatched`, { spec: { servers: 2 } });
      expect(body.metadata.resourceVersion).to.equal(before.metadata.resourceVersion);
    });

    it('refuses a stale resourceVersion with 409', async () => {
      const before = await create('patch-stale');
      const { resourceVersion } = before.metadata;
      const patch = { metadata: { resourceVersion }, spec: { servers: 3 } };
      expect((await api.patch(`${projects}/patch-stale`, patch)).status).to.equal(200);
      const again = { metadata: { resourceVersion }, spec: { servers: 4 } };
      expect((await api.patch(`${projects}/patch-stale`, again)).status).to.equal(409);
    });

    it('applies a JSON patch', async () => {
      await create('json-patched', { labels: { a: 'b' } });
      const { body } = await api.patch(
        `${projects}/json-patched`,
        [
          { op: 'test', path: '/spec/servers', value: 2 },
          { op: 'replace', path: '/spec/servers', value: 9 },
          { op: 'add', path: '/metadata/labels/x~1y', value: 'z' },
          { op: 'remove', path: '/metadata/labels/a' },
        ],
        { type: 'application/json-patch+json' },
      );
      expect(body.spec).to.include({ servers: 9 });
      expect(body.metadata.labels).to.deep.equal({ 'x/y': 'z' });
    });

    it('refuses a JSON patch whose test fails', async () => {
      await create('untested');
      const patch = [{ op: 'test', path: '/spec/servers', value: 99 }];
      const type = 'application/json-patch+json';
      expect((await api.patch(`${projects}/untested`, patch, { type })).status).to.equal(422);
    });

    it('refuses a strategic merge patch of a custom resource with 415', async () => {
      await create('strategic');
      const type = 'application/strategic-merge-patch+json';
      expect((await api.patch(`${projects}/strategic`, {}, { type })).status).to.equal(415);
    });

    it('applies a strategic merge patch to a ConfigMap', async () => {
      await api.post(
        configMapsIn(namespace),
        configMap('strategic', { a: '1', b: '2' }, { finalizers: ['x/y'] }),
      );
      const type = 'application/strategic-merge-patch+json';
      const patch = { metadata: { finalizers: ['x/z'] }, data: { a: null, c: '3' } };
      const { body } = await api.patch(`${configMapsIn(namespace)}/strategic`, patch, { type });
      expect(body.data).to.deep.equal({ b: '2', c: '3' });
      expect(body.metadata.finalizers).to.have.members(['x/y', 'x/z']);
      await api.patch(`${configMapsIn(namespace)}/strategic`, { metadata: { finalizers: null } });
    });

    it('refuses what is not there with 404', async () => {
      expect((await api.patch(`${projects}/missing`, {})).status).to.equal(404);
    });
  });

  describe('scale', () => {
    it('shows and sets the number of servers', async () => {
      await create('scaled');
      const before = await api.get(`${projects}/scaled/scale`);
      expect(before.body).to.deep.include({
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        spec: { replicas: 2 },
      });
      const after = await api.patch(`${projects}/scaled/scale`, { spec: { replicas: 4 } });
      expect(after.body.spec).to.deep.equal({ replicas: 4 });
      expect((await api.get(`${projects}/scaled`)).body.spec).to.include({ servers: 4 });
    });

    it('is held to the schema', async () => {
      await create('overscaled');
      expect((await api.patch(`${projects}/overscaled/scale`, { spec: { replicas: 101 } })).status).to.equal(
        422,
      );
    });

    it('honours a resourceVersion', async () => {
      const before = await create('scale-stale');
      await api.patch(`${projects}/scale-stale`, { spec: { servers: 3 } });
      const { metadata } = before;
      const { name, resourceVersion } = metadata;
      const scale = {
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: { name, namespace, resourceVersion },
        spec: { replicas: 5 },
      };
      expect((await api.put(`${projects}/scale-stale/scale`, scale)).status).to.equal(409);
    });
  });
});

describeOnCurrentApiServer('What only newer API servers do when writing', server => {
  let api: ApiClient;
  let namespace: string;
  let projects: string;

  before(async () => {
    api = new ApiClient(server().kubeconfig);
    namespace = await server().namespace();
    projects = projectsIn(namespace);
  });
  after(() => api?.close());

  it('refuses unknown fields when asked to be strict', async () => {
    const path = `${projects}?fieldValidation=Strict`;
    const { status, body } = await api.post(path, project('strict', {}, { unheardOf: 1 }));
    expect(status).to.equal(400);
    expect(body.message).to.contain('strict decoding error: unknown field "spec.unheardOf"');
  });

  it('warns of unknown fields unless told otherwise', async () => {
    const { headers } = await api.post(projects, project('warned', {}, { unheardOf: 1 }));
    expect(headers['warning']).to.equal(String.raw`299 - "unknown field \"spec.unheardOf\""`);
  });

  const twice = (name: string): string =>
    JSON.stringify(project(name)).replace('"servers":2', '"servers":9,"servers":2');

  it('refuses a field that stands twice when asked to be strict, in an object and in a patch', async () => {
    const strict = '?fieldValidation=Strict';
    const { status, body } = await api.post(`${projects}${strict}`, twice('twice'));
    expect(status).to.equal(400);
    expect(body.message).to.contain('strict decoding error: duplicate field "spec.servers"');
    await api.post(projects, project('patched'));
    const patch = '{"spec":{"recovery":{"web":"off","web":"auto"}}}';
    const patched = await api.patch(`${projects}/patched${strict}`, patch);
    expect(patched.status).to.equal(422);
    expect(patched.body.message).to.contain('duplicate field "spec.recovery.web"');
  });

  it('warns of a field that stands twice unless told otherwise', async () => {
    const { status, headers } = await api.post(projects, twice('twice-warned'));
    expect(status).to.equal(201);
    expect(headers['warning']).to.equal(String.raw`299 - "duplicate field \"spec.servers\""`);
    const ignored = await api.post(`${projects}?fieldValidation=Ignore`, twice('twice-ignored'));
    expect(ignored.headers).not.to.have.property('warning');
  });

  it('is silent about unknown fields when asked to ignore them', async () => {
    const path = `${projects}?fieldValidation=Ignore`;
    const { status, headers } = await api.post(path, project('ignored', {}, { unheardOf: 1 }));
    expect(status).to.equal(201);
    expect(headers).not.to.have.property('warning');
  });

  it('holds fields that cannot be changed', async () => {
    const droplets = `/apis/dropfleet.io/v1alpha1/namespaces/${namespace}/droplets`;
    await api.post(droplets, droplet('fixed'));
    const { status, body } = await api.patch(`${droplets}/fixed`, { spec: { region: 'ams3' } });
    expect(status).to.equal(422);
    expect(body.message).to.contain('region cannot be changed; delete this Droplet instead');
  });

  it('refuses a condition that is given twice', async () => {
    await api.post(projects, project('twice'));
    const condition = {
      type: 'Ready',
      status: 'True',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      reason: 'Yes',
      message: '',
    };
    const { status, body } = await api.patch(`${projects}/twice/status`, {
      status: { conditions: [condition, condition] },
    });
    expect(status).to.equal(422);
    expect(body.message).to.contain('status.conditions[1]: Duplicate value');
  });

  it('refuses a body of more than 3 MiB with 413 and goes on', async () => {
    const large = JSON.stringify(configMap('large', { a: 'x'.repeat(3 * 1024 * 1024) }));
    const outcome = await api.post(configMapsIn(namespace), large).then(
      ({ status }) => status,
      () => 413,
    );
    expect(outcome).to.equal(413);
    expect((await api.get('/readyz')).status).to.equal(200);
  });

  it('refuses a body that is nested too deep with 400', async () => {
    const deep = '{"a":'.repeat(200_000) + '1' + '}'.repeat(200_000);
    expect((await api.post(projects, deep)).status).to.equal(400);
  });

  it('quotes no value of a Secret in an error', async () => {
    const secrets = `/api/v1/namespaces/${namespace}/secrets`;
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'quoted' } };
    const broken = await api.post(secrets, { ...secret, data: { token: 'hunter2!' } });
    expect(broken.status).to.equal(400);
    await api.post(secrets, { ...secret, stringData: { token: 'x' } });
    const patch = [{ op: 'test', path: '/data/token', value: 'hunter2!' }];
    const misfit = await api.patch(`${secrets}/quoted`, patch, { type: 'application/json-patch+json' });
    expect(misfit.status).to.equal(422);
    expect(broken.text + misfit.text).not.to.contain('hunter2');
  });
});

const OWN = 'it reads no protobuf, and bounds what a body may be';
describeOnStandalone('What the standalone API does in its own way when writing', OWN, server => {
  let api: ApiClient;
  let namespace: string;
  let projects: string;

  before(async () => {
    api = new ApiClient(server().kubeconfig);
    namespace = await server().namespace();
    projects = projectsIn(namespace);
  });
  after(() => api?.close());

  it('allows whoever asks in protobuf whether something is allowed', async () => {
    const review = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const { status, body } = await api.post(review, 'k8s', { type: 'application/vnd.kubernetes.protobuf' });
    expect(status).to.equal(201);
    expect(body.status).to.include({ allowed: true });
  });

  it('refuses protobuf with 415', async () => {
    const type = 'application/vnd.kubernetes.protobuf';
    const { status, body } = await api.post(configMapsIn(namespace), 'k8s', { type });
    expect(status).to.equal(415);
    expect(body.message).to.contain('kubectl apply -f');
  });

  it('refuses a key of YAML that stands twice when asked to be strict', async () => {
    const yaml = '{apiVersion: v1, kind: ConfigMap, metadata: {name: y}, data: {a: b, a: c}}';
    const path = `${configMapsIn(namespace)}?fieldValidation=Strict`;
    const { status, body } = await api.post(path, yaml, { type: 'application/yaml' });
    expect(status).to.equal(400);
    expect(body.message).to.contain('key "a" already set in map');
  });

  it('warns in few words of many fields with odd names', async () => {
    const fields = Array.from({ length: 1000 }, (_, i) => [`\u{1f980}\n${'long'.repeat(100)}${i}`, 1]);
    const { status, headers } = await api.post(projects, project('odd', {}, Object.fromEntries(fields)));
    expect(status).to.equal(201);
    expect(headers['warning']).to.match(/^299 - "unknown field \\"spec\.\?\?/);
    expect(headers['warning']!.length).to.be.below(10_000);
  });

  it('reads 200,000 keys of YAML, which would take for ever were each compared with each', async () => {
    const data = Array.from({ length: 200_000 }, (_, i) => `  key${i}: v`).join('\n');
    const yaml = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: long}\ndata:\n${data}\n`;
    const { status } = await api.post(configMapsIn(namespace), yaml, { type: 'application/yaml' });
    expect(status).to.equal(201);
  });

  it('refuses numbers that JavaScript would round', async () => {
    const body = '{"apiVersion":"dropfleet.io/v1alpha1","kind":"Droplet","spec":{"x":9007199254740993}}';
    const { status, body: answer } = await api.post(projects, body);
    expect(status).to.equal(400);
    expect(answer.message).to.contain('2^53');
  });

  it('refuses the name __proto__', async () => {
    const body = JSON.stringify(configMap('proto')).replace('"key"', '"__proto__"');
    expect((await api.post(configMapsIn(namespace), body)).status).to.equal(400);
    const patch = [{ op: 'add', path: '/metadata/__proto__', value: { polluted: true } }];
    await api.post(configMapsIn(namespace), configMap('polluted'));
    const type = 'application/json-patch+json';
    expect((await api.patch(`${configMapsIn(namespace)}/polluted`, patch, { type })).status).to.equal(400);
    expect({}).not.to.have.property('polluted');
  });

  it('names apply -f when server-side apply is asked for', async () => {
    await api.post(configMapsIn(namespace), configMap('applied'));
    const type = 'application/apply-patch+yaml';
    const { status, body } = await api.patch(`${configMapsIn(namespace)}/applied`, 'a: b', { type });
    expect(status).to.equal(415);
    expect(body.message).to.contain('without --server-side');
  });
});
