import { expect } from 'chai';
import { once } from 'node:events';
import { describeOnApiServers, describeOnStandalone } from '../../environment/api-server.ts';
import { ApiClient, type Thing, type Watch } from './api-client.ts';
import { configMap, configMapsIn, project, projectsIn } from './things.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

describeOnApiServers('Watching objects', server => {
  let api: ApiClient;
  let namespace: string;
  let path: string;
  const watches: Watch[] = [];

  before(() => {
    api = new ApiClient(server().kubeconfig);
  });
  beforeEach(async () => {
    namespace = await server().namespace();
    path = configMapsIn(namespace);
  });
  afterEach(() => {
    for (const watch of watches.splice(0)) watch.close();
  });
  after(() => api.close());

  const open = async (query: string, accept?: string): Promise<Watch> => {
    const watch = await api.watch(`${path}?watch=true&${query}`, accept === undefined ? {} : { accept });
    watches.push(watch);
    return watch;
  };
  /** A real cluster puts a ConfigMap of its own into every namespace. */
  const next = async (watch: Watch): Promise<[string, string]> => {
    for (;;) {
      const event = (await watch.next())!;
      if (event.object.metadata.name !== 'kube-root-ca.crt') return [event.type, event.object.metadata.name];
    }
  };
  const version = async (): Promise<string> => (await api.get(path)).body.metadata.resourceVersion;

  it('tells of what is created, changed and deleted after the version', async () => {
    await api.post(path, configMap('before'));
    const watch = await open(`resourceVersion=${await version()}`);
    await api.post(path, configMap('one'));
    await api.patch(`${path}/one`, { data: { key: 'other' } });
    await api.delete(`${path}/one`);
    expect(await next(watch)).to.deep.equal(['ADDED', 'one']);
    expect(await next(watch)).to.deep.equal(['MODIFIED', 'one']);
    expect(await next(watch)).to.deep.equal(['DELETED', 'one']);
  });

  it('resumes from the version of an event', async () => {
    const start = await version();
    await api.post(path, configMap('one'));
    const { body: two } = await api.post(path, configMap('two'));
    await api.post(path, configMap('three'));
    const whole = await open(`resourceVersion=${start}`);
    expect(await next(whole)).to.deep.equal(['ADDED', 'one']);
    const rest = await open(`resourceVersion=${two.metadata.resourceVersion}`);
    expect(await next(rest)).to.deep.equal(['ADDED', 'three']);
  });

  it('tells of all that exists when no version is given', async () => {
    await api.post(path, configMap('one'));
    await api.post(path, configMap('two'));
    for (const query of ['', 'resourceVersion=0']) {
      const watch = await open(query);
      const events = [await next(watch), await next(watch)];
      expect(events).to.have.deep.members([
        ['ADDED', 'one'],
        ['ADDED', 'two'],
      ]);
    }
  });

  it('calls entering a selection ADDED and leaving it DELETED', async () => {
    const watch = await open(`labelSelector=in&resourceVersion=${await version()}`);
    await api.post(path, configMap('one'));
    await api.patch(`${path}/one`, { metadata: { labels: { in: 'yes' } } });
    await api.patch(`${path}/one`, { metadata: { labels: { in: 'still' } } });
    const { body } = await api.patch(`${path}/one`, { metadata: { labels: { in: null } } });
    expect(await next(watch)).to.deep.equal(['ADDED', 'one']);
    expect(await next(watch)).to.deep.equal(['MODIFIED', 'one']);
    const left = (await watch.next())!;
    expect(left.type).to.equal('DELETED');
    expect(left.object.metadata.labels).to.deep.equal({ in: 'still' });
    expect(left.object.metadata.resourceVersion).to.equal(body.metadata.resourceVersion);
  });

  it('shows a deleted object as it was last, under the version of its deletion', async () => {
    const { body: created } = await api.post(path, configMap('one'));
    const watch = await open(
      `resourceVersion=${created.metadata.resourceVersion}&fieldSelector=metadata.name%3Done`,
    );
    await api.delete(`${path}/one`);
    const { type, object } = (await watch.next())!;
    expect(type).to.equal('DELETED');
    expect(object.data).to.deep.equal(created.data);
    expect(Number(object.metadata.resourceVersion)).to.be.above(Number(created.metadata.resourceVersion));
  });

  it('tells only of the object that is selected by name', async () => {
    const watch = await open(`fieldSelector=metadata.name%3Dtwo&resourceVersion=${await version()}`);
    await api.post(path, configMap('one'));
    await api.post(path, configMap('two'));
    expect(await next(watch)).to.deep.equal(['ADDED', 'two']);
  });

  it('tells of all namespaces', async () => {
    const { body } = await api.get('/api/v1/configmaps');
    const all = await api.watch(
      `/api/v1/configmaps?watch=true&resourceVersion=${body.metadata.resourceVersion}`,
    );
    watches.push(all);
    await api.post(path, configMap('anywhere'));
    for (;;) {
      const { object } = (await all.next())!;
      if (object.metadata.name === 'anywhere' && object.metadata.namespace === namespace) break;
    }
  });

  it('ends by itself after timeoutSeconds', async () => {
    const watch = await open(`timeoutSeconds=1&resourceVersion=${await version()}`);
    for (;;) if ((await watch.next()) === undefined) break;
  });

  it('gives an ERROR event for a version that is long gone', async () => {
    // A real server remembers the changes of its own kinds from its start on, and ours from when they came.
    path = projectsIn(namespace);
    const watch = await open('resourceVersion=1');
    const event = (await watch.next())!;
    expect(event.type).to.equal('ERROR');
    expect(event.object).to.include({ kind: 'Status', code: 410, reason: 'Expired' });
    expect(await watch.next()).to.equal(undefined);
  });

  it('writes tables, with the columns in the first one only', async () => {
    path = projectsIn(namespace);
    await api.post(path, project('one'));
    await api.post(path, project('two'));
    const watch = await open('', TABLE);
    const tables = [(await watch.next())!.object, (await watch.next())!.object] as unknown as {
      kind: string;
      columnDefinitions?: unknown[] | null;
      rows: { cells: unknown[] }[];
    }[];
    expect(tables.map(table => [table.kind, table.rows[0]!.cells[0]])).to.have.deep.members([
      ['Table', 'one'],
      ['Table', 'two'],
    ]);
    expect(tables[0]!.columnDefinitions).not.to.have.length(0);
    expect(tables[1]!.columnDefinitions ?? []).to.have.length(0);
  });

  it('refuses a bad selector with 400', async () => {
    expect((await api.get(`${path}?watch=true&labelSelector=a%20b%20c`)).status).to.equal(400);
  });

  it('keeps a line whole that has a line separator of Unicode in it', async () => {
    const watch = await open(`resourceVersion=${await version()}`);
    await api.post(path, configMap('separators', { text: 'a\u2028b\u2029c' }));
    const { object }: { object: Thing } = (await watch.next())!;
    expect(object.data).to.deep.equal({ text: 'a\u2028b\u2029c' });
  });
});

const OWN = 'it has no streamed lists, and bounds what it holds';
describeOnStandalone('What the standalone API does in its own way when watching', OWN, server => {
  let api: ApiClient;

  before(() => {
    api = new ApiClient(server().kubeconfig);
  });
  after(() => api?.close());

  it('refuses sendInitialEvents with 422, so that kubectl lists first', async () => {
    const path = '/api/v1/configmaps?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
    expect((await api.get(path)).status).to.equal(422);
  });

  it('cuts off a client that does not read', async () => {
    const namespace = await server().namespace();
    const path = configMapsIn(namespace);
    const { body } = await api.get(path);
    const query = `watch=true&resourceVersion=${body.metadata.resourceVersion}`;
    const unread = await api.open('GET', `${path}?${query}`);
    await api.post(path, configMap('large', { text: 'x'.repeat(1_000_000) }));
    for (let i = 0; i < 40; i++) {
      await api.patch(`${path}/large`, { metadata: { annotations: { i: String(i) } } });
    }
    const end = once(unread, 'end').then(
      () => 'ended',
      (error: Error) => error.message,
    );
    unread.resume();
    expect(await end).to.equal('aborted');
  });

  it('gives an ERROR event for a version of another database', async () => {
    const { body } = await api.get('/api/v1/configmaps');
    const future = Number(body.metadata.resourceVersion) + 1_000_000;
    const watch = await api.watch(`/api/v1/configmaps?watch=true&resourceVersion=${future}`);
    expect((await watch.next())!.object).to.include({ code: 410 });
  });
});
