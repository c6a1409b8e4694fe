import { expect } from 'chai';
import { systemClock } from '../../../../clients/clock.ts';
import type { Change, Informer, KubernetesClient } from '../../../../clients/kubernetes/client.ts';
import { createInformer } from '../../../../clients/kubernetes/informer.ts';
import { PROJECTS } from '../../../../clients/kubernetes/kinds.ts';
import { keyOf } from '../../../../crds/meta.ts';
import { API_VERSION } from '../../../../crds/names.ts';
import type { Project } from '../../../../crds/project.ts';
import { describeOnApiServers } from '../../../environment/api-server.ts';
import { fakeLogger } from '../../../fakes/logger.ts';

const newProject = (namespace: string, name: string): Project => ({
  apiVersion: API_VERSION,
  kind: 'Project',
  metadata: { name, namespace },
  spec: { servers: 2, masterSpec: 's-1vcpu-1gb', webSpec: 's-1vcpu-1gb' },
});

/** Who wrote which field is no part of the cache. */
function asCached(project: Project): Project {
  const { managedFields: _owners, ...metadata } = project.metadata as Project['metadata'] & {
    managedFields?: unknown;
  };
  return { ...project, metadata };
}

describeOnApiServers('An informer', server => {
  let client: KubernetesClient;
  let namespace: string;
  let informer: Informer<Project>;
  let changes: Change<Project>[];
  let stop: AbortController;

  beforeEach(async () => {
    client = server().client();
    namespace = await server().namespace();
    const log = fakeLogger();
    const selection = { namespace };
    informer = createInformer(client, PROJECTS, { selection, clock: systemClock, random: Math.random, log });
    changes = [];
    informer.onChange(change => void changes.push(change));
    stop = new AbortController();
  });
  afterEach(() => stop.abort());

  const received = (): string[] => changes.map(({ type, object }) => `${type} ${object.metadata.name}`);
  const until = (key: string, version: string): Promise<void> => informer.caughtUp(key, version, 60_000);

  it('holds what was there, as initial news', async () => {
    const created = await client.create(PROJECTS, newProject(namespace, 'shop'));
    informer.start(stop.signal);
    await informer.synced();
    expect(informer.list()).to.deep.equal([asCached(created)]);
    expect(changes.map(({ type, initial }) => [type, initial])).to.deep.equal([['added', true]]);
  });

  it('follows what comes, changes and goes', async () => {
    informer.addIndex('size', project => [project.spec.webSpec]);
    informer.start(stop.signal);
    await informer.synced();
    const { metadata } = await client.create(PROJECTS, newProject(namespace, 'shop'));
    const key = keyOf({ metadata });
    const patched = await client.patch(PROJECTS, key, { spec: { webSpec: 's-2vcpu-2gb' } });
    await until(key, patched.metadata.resourceVersion!);
    expect(informer.get(key)).to.deep.equal(asCached(patched));
    expect(informer.byIndex('size', 's-2vcpu-2gb')).to.deep.equal([asCached(patched)]);
    expect(informer.byIndex('size', 's-1vcpu-1gb')).to.deep.equal([]);
    await client.delete(PROJECTS, key);
    const last = await client.create(PROJECTS, newProject(namespace, 'last'));
    await until(keyOf(last), last.metadata.resourceVersion!);
    expect(received()).to.deep.equal(['added shop', 'updated shop', 'deleted shop', 'added last']);
  });

  it('keeps the server and the cache equal through a hundred writes at once', async () => {
    informer.start(stop.signal);
    const names = Array.from({ length: 50 }, (_, i) => `p${i}`);
    await Promise.all(names.map(name => client.create(PROJECTS, newProject(namespace, name))));
    const everySecond = names.filter((_, i) => i % 2 === 0);
    await Promise.all(everySecond.map(name => client.delete(PROJECTS, `${namespace}/${name}`)));
    await Promise.all(
      names
        .filter(name => !everySecond.includes(name))
        .map(name => client.patch(PROJECTS, `${namespace}/${name}`, { spec: { servers: 7 } })),
    );
    const last = await client.create(PROJECTS, newProject(namespace, 'last'));
    await until(keyOf(last), last.metadata.resourceVersion!);
    const byName = (a: Project, b: Project): number => a.metadata.name.localeCompare(b.metadata.name);
    const { items } = await client.list(PROJECTS, { namespace });
    expect(informer.list().toSorted(byName)).to.deep.equal(items.map(asCached).toSorted(byName));
  });
});
