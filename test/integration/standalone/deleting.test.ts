import { expect } from 'chai';
import { describeOnApiServers, describeOnClusters } from '../../environment/api-server.ts';
import { ApiClient, type Thing } from './api-client.ts';
import { configMap, configMapsIn, project, projectsIn } from './things.ts';

describeOnApiServers('Deleting objects', server => {
  let api: ApiClient;
  let namespace: string;
  let projects: string;

  before(async () => {
    api = new ApiClient(server().kubeconfig);
    namespace = await server().namespace();
    projects = projectsIn(namespace);
  });
  after(() => api.close());

  const create = async (name: string, metadata: object = {}): Promise<Thing> => {
    const { status, body } = await api.post(projects, project(name, metadata));
    expect(status, body.message).to.equal(201);
    return body;
  };

  it('answers a Status that names what is gone', async () => {
    const { metadata } = await create('gone');
    const { status, body } = await api.delete(`${projects}/gone`);
    expect(status).to.equal(200);
    expect(body).to.deep.include({
      kind: 'Status',
      status: 'Success',
      details: { name: 'gone', group: 'dropfleet.io', kind: 'projects', uid: metadata.uid },
    });
    expect((await api.get(`${projects}/gone`)).status).to.equal(404);
  });

  it('refuses what is not there with 404', async () => {
    expect((await api.delete(`${projects}/missing`)).status).to.equal(404);
  });

  it('waits for the finalizers', async () => {
    await create('held', { finalizers: ['example.com/a'] });
    const { status, body } = await api.delete(`${projects}/held`);
    expect(status).to.equal(200);
    expect(body.metadata.deletionTimestamp).to.match(/Z$/);
    expect(body.metadata.generation).to.equal(2);
    const again = await api.delete(`${projects}/held`);
    expect(again.body.metadata.resourceVersion).to.equal(body.metadata.resourceVersion);
    const last = await api.patch(`${projects}/held`, { metadata: { finalizers: null } });
    expect(last.status).to.equal(200);
    expect((await api.get(`${projects}/held`)).status).to.equal(404);
  });

  it('lets no finalizer be added once it has begun', async () => {
    await create('closing', { finalizers: ['example.com/a'] });
    await api.delete(`${projects}/closing`);
    const patch = { metadata: { finalizers: ['example.com/a', 'example.com/b'] } };
    const { status, body } = await api.patch(`${projects}/closing`, patch);
    expect(status).to.equal(422);
    expect(body.message).to.contain('no new finalizers can be added if the object is being deleted');
    await api.patch(`${projects}/closing`, { metadata: { finalizers: null } });
  });

  it('cannot be taken back', async () => {
    await create('doomed', { finalizers: ['example.com/a'] });
    const { body: deleted } = await api.delete(`${projects}/doomed`);
    const { body } = await api.patch(`${projects}/doomed`, { metadata: { deletionTimestamp: null } });
    expect(body.metadata.deletionTimestamp).to.equal(deleted.metadata.deletionTimestamp);
    await api.patch(`${projects}/doomed`, { metadata: { finalizers: null } });
  });

  it('still allows the status to be written meanwhile', async () => {
    await create('reporting', { finalizers: ['example.com/a'] });
    await api.delete(`${projects}/reporting`);
    const { status } = await api.patch(`${projects}/reporting/status`, { status: { droplets: 0 } });
    expect(status).to.equal(200);
    await api.patch(`${projects}/reporting`, { metadata: { finalizers: null } });
  });

  it('honours preconditions of uid and resourceVersion', async () => {
    const { metadata } = await create('guarded');
    for (const preconditions of [{ uid: 'another' }, { resourceVersion: '1' }]) {
      const { status } = await api.delete(`${projects}/guarded`, { preconditions });
      expect(status).to.equal(409);
    }
    const { uid, resourceVersion } = metadata;
    const { status } = await api.delete(`${projects}/guarded`, { preconditions: { uid, resourceVersion } });
    expect(status).to.equal(200);
  });

  it('changes nothing when it runs dry', async () => {
    await create('spared');
    expect((await api.delete(`${projects}/spared?dryRun=All`)).status).to.equal(200);
    expect((await api.get(`${projects}/spared`)).status).to.equal(200);
  });

  it('refuses a propagation policy that does not exist with 422', async () => {
    await create('policy');
    expect((await api.delete(`${projects}/policy`, { propagationPolicy: 'Sideways' })).status).to.equal(422);
  });

  it('deletes all that a selector picks', async () => {
    const path = configMapsIn(namespace);
    await api.post(path, configMap('one', {}, { labels: { sweep: 'yes' } }));
    await api.post(path, configMap('two', {}, { labels: { sweep: 'yes' } }));
    await api.post(path, configMap('three'));
    const { status } = await api.delete(`${path}?labelSelector=sweep`);
    expect(status).to.equal(200);
    const { body } = await api.get(path);
    expect(body.items!.map(item => item.metadata.name))
      .to.include('three')
      .and.not.include.members(['one', 'two']);
  });

  it('keeps the default namespace', async () => {
    const { status, body } = await api.delete('/api/v1/namespaces/default');
    expect(status).to.equal(403);
    expect(body.message).to.contain('this namespace may not be deleted');
  });

  it('lets nothing new into a namespace that is going', async () => {
    const going = await server().namespace();
    const held = configMap('held', {}, { finalizers: ['example.com/a'] });
    await api.post(configMapsIn(going), held);
    const { body } = await api.delete(`/api/v1/namespaces/${going}`);
    expect((body as unknown as { status: object }).status).to.include({ phase: 'Terminating' });
    const late = await api.post(configMapsIn(going), configMap('late'));
    expect(late.status).to.equal(403);
    expect(late.body.message).to.contain('because it is being terminated');
    await api.patch(`${configMapsIn(going)}/held`, { metadata: { finalizers: null } });
  });
});

describeOnClusters('What the controllers of a cluster do when deleting', server => {
  let api: ApiClient;
  let namespace: string;
  let path: string;

  before(async () => {
    api = new ApiClient(server().kubeconfig);
    namespace = await server().namespace();
    path = configMapsIn(namespace);
  });
  after(() => api?.close());

  const own = (owner: Thing, extra: object = {}): object => {
    const { name, uid } = owner.metadata;
    return { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, ...extra }] };
  };
  const create = async (name: string, metadata: object = {}): Promise<Thing> => {
    const { status, body } = await api.post(path, configMap(name, {}, metadata));
    expect(status, body.message).to.equal(201);
    return body;
  };
  /** Resolves with the first event of that type. */
  const until = async (type: string, name: string, from: Thing): Promise<Thing> => {
    const selector = `fieldSelector=metadata.name%3D${name}`;
    const version = from.metadata.resourceVersion;
    const watch = await api.watch(`${path}?watch=true&resourceVersion=${version}&${selector}`);
    for (;;) {
      const event = (await watch.next())!;
      if (event.type !== type) continue;
      watch.close();
      return event.object;
    }
  };

  it('deletes the dependents of what is deleted, and theirs', async () => {
    const owner = await create('owner');
    const child = await create('child', own(owner));
    const grandchild = await create('grandchild', own(child));
    await api.delete(`${path}/owner`);
    await until('DELETED', 'grandchild', grandchild);
    expect((await api.get(`${path}/child`)).status).to.equal(404);
  });

  it('keeps a dependent that another owner is left of, and makes it forget the first', async () => {
    const [first, second] = [await create('first'), await create('second')];
    const reference = (owner: Thing): object => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: owner.metadata.name,
      uid: owner.metadata.uid,
    });
    const shared = await create('shared', { ownerReferences: [reference(first), reference(second)] });
    await api.delete(`${path}/first`);
    const changed = await until('MODIFIED', 'shared', shared);
    expect(changed.metadata.ownerReferences).to.deep.equal([reference(second)]);
  });

  it('orphans dependents when asked to', async () => {
    const owner = await create('parent');
    const orphan = await create('orphan', own(owner));
    await api.delete(`${path}/parent`, { propagationPolicy: 'Orphan' });
    const changed = await until('MODIFIED', 'orphan', orphan);
    expect(changed.metadata).not.to.have.property('ownerReferences');
    await until('DELETED', 'parent', owner);
    expect((await api.get(`${path}/orphan`)).status).to.equal(200);
  });

  it('deletes dependents first in the foreground', async () => {
    const owner = await create('front');
    const blocking = own(owner, { blockOwnerDeletion: true });
    const dependent = await create('blocking', { ...blocking, finalizers: ['example.com/a'] });
    const { body } = await api.delete(`${path}/front`, { propagationPolicy: 'Foreground' });
    expect(body.metadata.finalizers).to.deep.equal(['foregroundDeletion']);
    const marked = await until('MODIFIED', 'blocking', dependent);
    expect(marked.metadata).to.have.property('deletionTimestamp');
    expect((await api.get(`${path}/front`)).status).to.equal(200);
    await api.patch(`${path}/blocking`, { metadata: { finalizers: null } });
    await until('DELETED', 'front', owner);
  });

  it('deletes an object whose owner does not exist', async () => {
    const metadata = {
      name: 'nobody',
      uid: '00000000-0000-4000-8000-000000000000',
      resourceVersion: '',
      creationTimestamp: '',
    };
    const lost = await create('lost', own({ metadata }));
    await until('DELETED', 'lost', lost);
  });

  it('leaves an object alone whose owner is of a kind that is not served', async () => {
    const stranger = { apiVersion: 'example.com/v1', kind: 'Widget', name: 'x', uid: 'some-uid' };
    await create('foreign', { ownerReferences: [stranger] });
    const probe = await create('probe', own({ metadata: { name: 'x', uid: 'none', resourceVersion: '' } }));
    await until('DELETED', 'probe', probe);
    expect((await api.get(`${path}/foreign`)).status).to.equal(200);
  });

  it('keeps a namespace until the last finalizer in it is gone', async () => {
    const going = await server().namespace();
    const path = configMapsIn(going);
    const { body: held } = await api.post(path, configMap('held', {}, { finalizers: ['example.com/a'] }));
    await api.delete(`/api/v1/namespaces/${going}`);
    const version = held.metadata.resourceVersion;
    const inside = await api.watch(`${path}?watch=true&resourceVersion=${version}`);
    expect((await inside.next())!.object.metadata).to.have.property('deletionTimestamp');
    inside.close();
    expect((await api.get(`/api/v1/namespaces/${going}`)).status).to.equal(200);
    const selector = `fieldSelector=metadata.name%3D${going}`;
    const outside = await api.watch(`/api/v1/namespaces?watch=true&resourceVersion=${version}&${selector}`);
    await api.patch(`${path}/held`, { metadata: { finalizers: null } });
    while ((await outside.next())!.type !== 'DELETED');
    outside.close();
  });

  it('empties a namespace and removes it', async () => {
    const going = await server().namespace();
    const { body: inside } = await api.post(configMapsIn(going), configMap('inside'));
    const version = inside.metadata.resourceVersion;
    const selector = `fieldSelector=metadata.name%3D${going}`;
    const watch = await api.watch(`/api/v1/namespaces?watch=true&resourceVersion=${version}&${selector}`);
    await api.delete(`/api/v1/namespaces/${going}`);
    while ((await watch.next())!.type !== 'DELETED');
    watch.close();
    expect((await api.get(`${configMapsIn(going)}/inside`)).status).to.equal(404);
  });
});
