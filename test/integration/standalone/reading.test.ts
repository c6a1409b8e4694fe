import { expect } from 'chai';
import { describeOnApiServers, describeOnStandalone } from '../../environment/api-server.ts';
import { ApiClient, type Thing } from './api-client.ts';
import { configMap, configMapsIn, project, projectsIn } from './things.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

interface Table {
  kind: string;
  columnDefinitions: { name: string; type: string; priority: number }[];
  rows: { cells: unknown[]; object?: Thing & { kind: string } }[];
}

const asTable = (body: unknown): Table => body as Table;
const namesOf = (list: Thing): string[] => list.items!.map(item => item.metadata.name);

describeOnApiServers('Reading objects', server => {
  let api: ApiClient;
  let namespace: string;
  let projects: string;
  let configMaps: string;

  before(async () => {
    api = new ApiClient(server().kubeconfig);
    namespace = await server().namespace();
    projects = projectsIn(namespace);
    configMaps = configMapsIn(namespace);
    await api.post(projects, project('blog', { labels: { tier: 'small', team: 'a' } }));
    await api.post(projects, project('shop', { labels: { tier: 'large' } }, { servers: 5 }));
    await api.post(projects, project('wiki', {}, { servers: 1 }));
    const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };
    const condition = { ...ready, reason: 'AllReady', message: 'All is well.' };
    const status = { readyDroplets: 5, masterAddress: '192.0.2.1', conditions: [condition] };
    await api.patch(`${projects}/shop/status`, { status });
  });
  after(() => api.close());

  const names = async (query: string): Promise<string[]> =>
    namesOf((await api.get(`${projects}?${query}`)).body);

  describe('get and list', () => {
    it('answers 404 for what is not there, as a Status', async () => {
      const { status, body } = await api.get(`${projects}/none`);
      expect(status).to.equal(404);
      expect(body).to.deep.include({
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        reason: 'NotFound',
        code: 404,
        details: { name: 'none', group: 'dropfleet.io', kind: 'projects' },
      });
    });

    it('answers 404 for a kind that is not there', async () => {
      const { status, body } = await api.get('/apis/dropfleet.io/v1alpha1/nothings');
      expect(status).to.equal(404);
      expect(body.kind === undefined || body.reason === 'NotFound').to.equal(true);
    });

    it('lists by name, with a version to watch from', async () => {
      const { body } = await api.get(projects);
      expect(body.kind).to.equal('ProjectList');
      expect(body.apiVersion).to.equal('dropfleet.io/v1alpha1');
      expect(namesOf(body)).to.deep.equal(['blog', 'shop', 'wiki']);
      expect(body.metadata.resourceVersion).to.match(/^\d+$/);
    });

    it('lists all namespaces', async () => {
      const { body } = await api.get('/apis/dropfleet.io/v1alpha1/projects');
      expect(body.items!.some(item => item.metadata.namespace === namespace)).to.equal(true);
    });

    it('gives an empty list for a namespace that does not exist', async () => {
      expect(namesOf((await api.get(projectsIn('no-such-namespace'))).body)).to.deep.equal([]);
    });

    it('refuses a version that is yet to come with 504', async () => {
      const { body: list } = await api.get(projects);
      const future = Number(list.metadata.resourceVersion) + 1_000_000;
      const { status, body } = await api.get(`${projects}?resourceVersion=${future}`);
      expect(status).to.equal(504);
      expect(body.details?.causes?.[0]?.reason).to.equal('ResourceVersionTooLarge');
    });

    it('refuses a version that is no number with 4xx', async () => {
      expect((await api.get(`${projects}?resourceVersion=abc`)).status).to.be.within(400, 500);
    });

    it('answers 406 when only what it cannot send is accepted', async () => {
      expect((await api.get(projects, { accept: 'text/html' })).status).to.equal(406);
    });

    it('sends only metadata when asked to', async () => {
      const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
      const { body } = await api.get(projects, { accept });
      expect(body.kind).to.equal('PartialObjectMetadataList');
      expect(body.items![0]).not.to.have.property('spec');
    });

    it('refuses a method that makes no sense with 405', async () => {
      expect((await api.put(configMaps, {})).status).to.equal(405);
      expect((await api.post(`${configMaps}/any`, {})).status).to.equal(405);
    });
  });

  describe('selectors', () => {
    const cases: [string, string[]][] = [
      ['tier=small', ['blog']],
      ['tier==large', ['shop']],
      ['tier!=small', ['shop', 'wiki']],
      ['tier in (small, large)', ['blog', 'shop']],
      ['tier notin (small)', ['shop', 'wiki']],
      ['tier', ['blog', 'shop']],
      ['!tier', ['wiki']],
      ['tier in (small,large),team=a', ['blog']],
      ['tier=', []],
    ];
    for (const [selector, expected] of cases) {
      it(`select by the labels ${selector}`, async () => {
        expect(await names(`labelSelector=${encodeURIComponent(selector)}`)).to.deep.equal(expected);
      });
    }

    it('refuse what is no selector with 400', async () => {
      expect((await api.get(`${projects}?labelSelector=a%20b%20c`)).status).to.equal(400);
    });

    it('select by name and namespace', async () => {
      expect(await names('fieldSelector=metadata.name%3Dshop')).to.deep.equal(['shop']);
      expect(await names('fieldSelector=metadata.name!%3Dshop')).to.deep.equal(['blog', 'wiki']);
      expect(await names('fieldSelector=metadata.namespace%3Dother')).to.deep.equal([]);
    });

    it('refuse any other field with 400', async () => {
      const { status, body } = await api.get(`${projects}?fieldSelector=spec.servers%3D5`);
      expect(status).to.equal(400);
      expect(body.message).to.contain('field label not supported: spec.servers');
    });

    it('select Events by the object they are about', async () => {
      const events = `/api/v1/namespaces/${namespace}/events`;
      for (const name of ['shop', 'wiki']) {
        const involvedObject = { kind: 'Project', apiVersion: 'dropfleet.io/v1alpha1', name, namespace };
        const event = { apiVersion: 'v1', kind: 'Event', metadata: { name }, involvedObject };
        await api.post(events, { ...event, reason: 'Scaled', message: 'Scaled to 5.', type: 'Normal' });
      }
      const selector = encodeURIComponent('involvedObject.name=shop,involvedObject.kind=Project');
      const { body } = await api.get(`${events}?fieldSelector=${selector}`);
      expect(namesOf(body)).to.deep.equal(['shop']);
    });
  });

  describe('chunks', () => {
    const page = async (query: string): Promise<Thing> => (await api.get(`${configMaps}?${query}`)).body;

    before(async () => {
      for (let i = 0; i < 5; i++) {
        await api.post(configMaps, configMap(`chunk-${i}`, { a: 'b' }, { labels: { chunk: 'yes' } }));
      }
    });

    it('are of one version, whatever is written between them', async () => {
      const first = await page('labelSelector=chunk&limit=2');
      expect(namesOf(first)).to.deep.equal(['chunk-0', 'chunk-1']);
      await api.delete(`${configMaps}/chunk-2`);
      await api.post(configMaps, configMap('chunk-9', {}, { labels: { chunk: 'yes' } }));
      const token = encodeURIComponent(first.metadata.continue!);
      const second = await page(`labelSelector=chunk&limit=10&continue=${token}`);
      expect(namesOf(second)).to.deep.equal(['chunk-2', 'chunk-3', 'chunk-4']);
      expect(second.metadata.resourceVersion).to.equal(first.metadata.resourceVersion);
      expect(second.metadata.continue ?? '').to.equal('');
    });

    it('say how much is left when nothing was selected', async () => {
      const all = await page('');
      const first = await page('limit=1');
      expect(first.metadata.remainingItemCount).to.equal(all.items!.length - 1);
    });

    it('refuse a token that the server did not give with 400', async () => {
      expect((await api.get(`${configMaps}?limit=1&continue=nonsense`)).status).to.equal(400);
    });
  });

  describe('tables', () => {
    it('have the columns of the CRD', async () => {
      const { columnDefinitions } = asTable((await api.get(projects, { accept: TABLE })).body);
      expect(columnDefinitions.map(({ name, priority }) => `${name}/${priority}`)).to.deep.equal([
        'Name/0',
        'Servers/0',
        'Ready/0',
        'Status/0',
        'Master/0',
        'Monthly/0',
        'Age/0',
        'Master-Spec/1',
        'Web-Spec/1',
        'Message/1',
      ]);
    });

    it('show what the columns point at, and nothing where there is nothing', async () => {
      const { rows } = asTable((await api.get(projects, { accept: TABLE })).body);
      const [name, servers, ready, status, master] = rows[1]!.cells;
      expect([name, servers, ready, status, master]).to.deep.equal(['shop', 5, 5, 'AllReady', '192.0.2.1']);
      expect(rows[1]!.cells.at(-1)).to.equal('All is well.');
      expect(rows[0]!.cells[2]).to.equal(null);
      expect(rows[0]!.object).to.deep.include({ kind: 'PartialObjectMetadata' });
    });

    it('hold whole objects or none when asked to', async () => {
      const whole = asTable((await api.get(`${projects}?includeObject=Object`, { accept: TABLE })).body);
      expect(whole.rows[1]!.object?.spec).to.include({ servers: 5 });
      const none = asTable((await api.get(`${projects}?includeObject=None`, { accept: TABLE })).body);
      expect(none.rows[1]!.object ?? null).to.equal(null);
    });

    it('show one object too', async () => {
      const { rows } = asTable((await api.get(`${projects}/wiki`, { accept: TABLE })).body);
      expect(rows.map(row => row.cells[0])).to.deep.equal(['wiki']);
    });

    it('count the data of a ConfigMap', async () => {
      await api.post(configMaps, configMap('counted', { a: '1', b: '2' }));
      const { rows } = asTable((await api.get(`${configMaps}/counted`, { accept: TABLE })).body);
      expect(rows[0]!.cells.slice(0, 2)).to.deep.equal(['counted', 2]);
    });
  });

  describe('descriptions of the API', () => {
    it('tell whether it is well, to anybody', async () => {
      for (const path of ['/healthz', '/livez', '/readyz']) {
        expect(await api.get(path, { anonymous: true })).to.include({ status: 200, text: 'ok' });
      }
    });

    it('tell the version', async () => {
      const { body } = await api.get('/version', { anonymous: true });
      expect(body).to.include({ major: '1' });
    });

    it('list the groups and what is in them', async () => {
      const groups = (await api.get('/apis')).body as unknown as { groups: { name: string }[] };
      expect(groups.groups.map(group => group.name)).to.include('dropfleet.io');
      const { body } = await api.get('/apis/dropfleet.io/v1alpha1');
      const resources = (body as unknown as { resources: { name: string; shortNames?: string[] }[] })
        .resources;
      expect(resources.map(resource => resource.name)).to.have.members([
        'projects',
        'projects/status',
        'projects/scale',
        'droplets',
        'droplets/status',
        'servicedeployments',
        'servicedeployments/status',
      ]);
      expect(resources.find(({ name }) => name === 'projects')!.shortNames).to.deep.equal(['proj']);
    });

    it('list the core group', async () => {
      expect((await api.get('/api')).body).to.deep.include({ kind: 'APIVersions', versions: ['v1'] });
      const { body } = await api.get('/api/v1');
      const resources = (body as unknown as { resources: { name: string }[] }).resources;
      expect(resources.map(({ name }) => name)).to.include.members([
        'namespaces',
        'configmaps',
        'secrets',
        'events',
      ]);
    });

    it('show the CRDs as established', async () => {
      const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/projects.dropfleet.io';
      const { body } = await api.get(path);
      const { conditions } = body.status as { conditions: { type: string; status: string }[] };
      expect(conditions.find(({ type }) => type === 'Established')!.status).to.equal('True');
    });

    it('do not exist elsewhere', async () => {
      expect((await api.get('/apis/no.such.group')).status).to.equal(404);
      expect((await api.get('/apis/dropfleet.io/v9')).status).to.equal(404);
      expect((await api.get('/nothing/here')).status).to.equal(404);
    });
  });
});

const OWN = 'its own words, or newer than Kubernetes 1.20';
describeOnStandalone('What the standalone API says in its own way when reading', OWN, server => {
  let api: ApiClient;

  before(() => {
    api = new ApiClient(server().kubeconfig);
  });
  after(() => api?.close());

  it('says how to watch one object instead of the old way', async () => {
    const { status, body } = await api.get('/api/v1/namespaces/default?watch=true');
    expect(status).to.equal(400);
    expect(body.message).to.contain('fieldSelector=metadata.name');
  });

  it('documents every kind in OpenAPI v3', async () => {
    const index = (await api.get('/openapi/v3')).body as unknown as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    const { status, text } = await api.get(index.paths['apis/dropfleet.io/v1alpha1']!.serverRelativeURL);
    expect(status).to.equal(200);
    expect(text).to.contain('"x-kubernetes-group-version-kind":[{"group":"dropfleet.io"');
  });

  it('says that the kinds are fixed when a CRD is written', async () => {
    const { status, body } = await api.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {});
    expect(status).to.equal(405);
    expect(body.message).to.contain('fixed set of kinds');
  });
});
