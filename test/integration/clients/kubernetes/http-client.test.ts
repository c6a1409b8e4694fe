import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { rootCertificates } from 'node:tls';
import { expect } from 'chai';
import { systemClock } from '../../../../clients/clock.ts';
import type { KubernetesClient, WatchEvent } from '../../../../clients/kubernetes/client.ts';
import {
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isInvalid,
  isNotFound,
  isUnauthorized,
} from '../../../../clients/kubernetes/errors.ts';
import { createKubernetesClient } from '../../../../clients/kubernetes/http-client.ts';
import { CONFIG_MAPS, LEASES, NAMESPACES, PROJECTS } from '../../../../clients/kubernetes/kinds.ts';
import { keyOf, type KubernetesObject } from '../../../../crds/meta.ts';
import { API_VERSION } from '../../../../crds/names.ts';
import type { Project } from '../../../../crds/project.ts';
import { describeOnApiServers } from '../../../environment/api-server.ts';
import { rejection } from '../../../fakes/rejection.ts';

const newProject = (namespace: string, name = 'shop'): Project => ({
  apiVersion: API_VERSION,
  kind: 'Project',
  metadata: { name, namespace },
  spec: { servers: 2, masterSpec: 's-1vcpu-1gb', webSpec: 's-1vcpu-1gb' },
});

/** The first `count` events, bookmarks left out; gives the watch up after them. */
async function firstEvents<T extends KubernetesObject>(
  events: AsyncIterable<WatchEvent<T>>,
  count: number,
): Promise<string[]> {
  const seen: string[] = [];
  for await (const { type, object } of events) {
    if (type !== 'BOOKMARK') seen.push(`${type} ${object.metadata.name}`);
    if (seen.length === count) break;
  }
  return seen;
}

/** A busy machine is none of what is tested. */
const PATIENTLY = { clock: systemClock, callTimeoutMs: 60_000 };

describeOnApiServers('The Kubernetes client', server => {
  let client: KubernetesClient;
  let namespace: string;
  before(() => void (client = server().client()));
  beforeEach(async () => void (namespace = await server().namespace()));

  it('creates, gets, lists, replaces and deletes an object', async () => {
    const created = await client.create(PROJECTS, newProject(namespace));
    expect(created.metadata.uid).to.be.a('string').that.is.not.empty;
    expect(await client.get(PROJECTS, keyOf(created))).to.deep.equal(created);
    expect((await client.list(PROJECTS, { namespace })).items).to.deep.equal([created]);
    const replaced = await client.replace(PROJECTS, { ...created, spec: { ...created.spec, servers: 3 } });
    expect(replaced.spec.servers).to.equal(3);
    await client.delete(PROJECTS, keyOf(created));
    expect(await rejection(client.get(PROJECTS, keyOf(created)))).to.satisfy(isNotFound);
  });

  it('says that there was nothing to delete by resolving', async () => {
    await client.delete(PROJECTS, `${namespace}/nobody`);
  });

  it('lists the built-in kinds with apiVersion and kind in every item', async () => {
    const metadata = { name: 'settings', namespace };
    await client.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'b' } });
    const { items } = await client.list(CONFIG_MAPS, { namespace, fieldSelector: 'metadata.name=settings' });
    expect(items.map(({ apiVersion, kind }) => [apiVersion, kind])).to.deep.equal([['v1', 'ConfigMap']]);
  });

  it('lists more objects than a page holds, and each once', async () => {
    const names = Array.from({ length: 510 }, (_, i) => `settings-${i}`);
    const create = (name: string): Promise<unknown> =>
      client.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } });
    await Promise.all(names.map(create));
    const { items } = await client.list(CONFIG_MAPS, { namespace });
    const listed = items.map(item => item.metadata.name).filter(name => name.startsWith('settings-'));
    expect(listed.toSorted()).to.deep.equal(names.toSorted());
  });

  it('lists what a label selector picks', async () => {
    const labelled = newProject(namespace, 'blue');
    await client.create(PROJECTS, {
      ...labelled,
      metadata: { ...labelled.metadata, labels: { tint: 'blue' } },
    });
    await client.create(PROJECTS, newProject(namespace, 'plain'));
    const { items } = await client.list(PROJECTS, { namespace, labelSelector: 'tint=blue' });
    expect(items.map(keyOf)).to.deep.equal([`${namespace}/blue`]);
  });

  it('calls a second object of the same name AlreadyExists and not a conflict', async () => {
    await client.create(PROJECTS, newProject(namespace));
    const error = await rejection(client.create(PROJECTS, newProject(namespace)));
    expect(error).to.satisfy(isAlreadyExists).and.not.to.satisfy(isConflict);
  });

  it('calls an object that breaks its schema invalid', async () => {
    const project = newProject(namespace);
    const error = await rejection(
      client.create(PROJECTS, { ...project, spec: { ...project.spec, servers: 0 } }),
    );
    expect(error).to.satisfy(isInvalid);
    expect(error.message).to.include('spec.servers');
  });

  it('merges a patch, and removes what the patch sets to null', async () => {
    const key = keyOf(await client.create(PROJECTS, newProject(namespace)));
    await client.patch(PROJECTS, key, { metadata: { labels: { a: '1', b: '2' } } });
    const patched = await client.patch(PROJECTS, key, { metadata: { labels: { a: null } } });
    expect(patched.metadata.labels).to.deep.equal({ b: '2' });
  });

  it('refuses a patch whose resourceVersion is not the current one', async () => {
    const created = await client.create(PROJECTS, newProject(namespace));
    const { resourceVersion } = created.metadata;
    const patch = { metadata: { resourceVersion }, spec: { servers: 5 } };
    await client.patch(PROJECTS, keyOf(created), patch);
    expect(await rejection(client.patch(PROJECTS, keyOf(created), patch))).to.satisfy(isConflict);
  });

  it('refuses a patch whose uid is not the one of the object', async () => {
    const created = await client.create(PROJECTS, newProject(namespace));
    const patch = { metadata: { uid: 'somebody-else' }, spec: { servers: 5 } };
    expect(await rejection(client.patch(PROJECTS, keyOf(created), patch))).to.satisfy(isConflict);
  });

  it('patches the status apart from the spec', async () => {
    const key = keyOf(await client.create(PROJECTS, newProject(namespace)));
    const patch = { status: { readyDroplets: 2 }, spec: { servers: 9 } };
    const patched = await client.patch(PROJECTS, key, patch, { subresource: 'status' });
    expect([patched.status?.readyDroplets, patched.spec.servers]).to.deep.equal([2, 2]);
  });

  it('deletes only the object of that uid', async () => {
    const created = await client.create(PROJECTS, newProject(namespace));
    const wrong = client.delete(PROJECTS, keyOf(created), { uid: 'another' });
    expect(await rejection(wrong)).to.satisfy(isConflict);
    await client.delete(PROJECTS, keyOf(created), { uid: created.metadata.uid! });
    expect(await rejection(client.get(PROJECTS, keyOf(created)))).to.satisfy(isNotFound);
  });

  it('writes a Lease whose times have six decimals', async () => {
    const renewTime = '2026-01-02T03:04:05.678901Z';
    const metadata = { name: 'leader', namespace };
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease' as const,
      metadata,
      spec: { renewTime },
    };
    expect((await client.create(LEASES, lease)).spec?.renewTime).to.equal(renewTime);
  });

  it('tells a missing kind from a missing object', async () => {
    const unknown = { ...PROJECTS, kind: 'Planet', plural: 'planets' };
    const error = await rejection(client.list(unknown, { namespace }));
    expect(error).to.satisfy(isNotFound);
    expect(error.message).to.include('are the CRDs installed?');
  });

  it('watches from the version of a list, and resumes from the version of an event', async () => {
    const { resourceVersion } = await client.list(PROJECTS, { namespace });
    const created = await client.create(PROJECTS, newProject(namespace));
    await client.patch(PROJECTS, keyOf(created), { spec: { servers: 4 } });
    await client.delete(PROJECTS, keyOf(created));
    const from = (version: string) =>
      client.watch(PROJECTS, { namespace, resourceVersion: version, timeoutSeconds: 60 });
    const all = ['ADDED shop', 'MODIFIED shop', 'DELETED shop'];
    expect(await firstEvents(from(resourceVersion), 3)).to.deep.equal(all);
    const resumed = from(created.metadata.resourceVersion!);
    expect(await firstEvents(resumed, 2)).to.deep.equal(all.slice(1));
  });

  it('gives an event that comes while it watches', async () => {
    const { resourceVersion } = await client.list(PROJECTS, { namespace });
    const events = client.watch(PROJECTS, { namespace, resourceVersion, timeoutSeconds: 60 });
    const seen = firstEvents(events, 1);
    await client.create(PROJECTS, newProject(namespace));
    expect(await seen).to.deep.equal(['ADDED shop']);
  });

  it('ends a watch in good order when its time is up', async () => {
    const { resourceVersion } = await client.list(PROJECTS, { namespace });
    const events = client.watch(PROJECTS, { namespace, resourceVersion, timeoutSeconds: 1 });
    expect(await firstEvents(events, 1)).to.deep.equal([]);
  });

  it('gives a watch up when its signal aborts', async () => {
    const { resourceVersion } = await client.list(PROJECTS, { namespace });
    const abort = new AbortController();
    const selection = { namespace, resourceVersion, timeoutSeconds: 60 };
    const seen = firstEvents(client.watch(PROJECTS, selection, { signal: abort.signal }), 2);
    await client.create(PROJECTS, newProject(namespace));
    abort.abort(new Error('enough'));
    expect((await rejection(seen)).message).to.equal('enough');
  });

  it('does not watch from a version that the server does not know', async () => {
    await client.create(PROJECTS, newProject(namespace));
    // A real one has forgotten the time before the kind was there; the standalone one has not, but refuses
    // the future, for which a real one waits.
    const resourceVersion = server().name === 'real' ? '1' : '999999999';
    const events = client.watch(PROJECTS, { namespace, resourceVersion, timeoutSeconds: 60 });
    expect(await rejection(firstEvents(events, 1))).to.satisfy(isExpired);
  });

  it('says that wrong credentials are wrong, and tells nobody what they were', async () => {
    const credentials = {
      current: async () => ({
        ...(await server().connection().credentials.current()),
        headers: { Authorization: 'Bearer hunter2' },
      }),
      forget: () => undefined,
    };
    const stranger = createKubernetesClient({ ...server().connection(), credentials }, PATIENTLY);
    const error = await rejection(stranger.list(PROJECTS, { namespace }));
    expect(isUnauthorized(error) || isForbidden(error), error.message).to.equal(true);
    expect(JSON.stringify(error) + error.stack).not.to.include('hunter2');
    await stranger.close();
  });

  it('says that the certificate is not signed by the configured CA', async () => {
    const [ca = ''] = rootCertificates;
    const { headers } = await server().connection().credentials.current();
    const credentials = { current: async () => ({ headers, tls: { ca } }), forget: () => undefined };
    const misled = createKubernetesClient({ ...server().connection(), credentials }, PATIENTLY);
    const error = await rejection(misled.list(PROJECTS, { namespace }));
    expect(error.message).to.include('its certificate is not signed by the configured CA');
    await misled.close();
  });

  it('goes through the proxy of the kubeconfig', async () => {
    const targets: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      targets.push(request.url!);
      const { hostname, port } = new URL(server().connection().server);
      const tunnel = connect(Number(port), hostname, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
      tunnel.pipe(socket).pipe(tunnel);
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const proxied = createKubernetesClient({ ...server().connection(), proxy: url }, PATIENTLY);
    expect((await proxied.get(NAMESPACES, namespace)).metadata.name).to.equal(namespace);
    expect(targets).to.deep.equal([new URL(server().connection().server).host]);
    await proxied.close();
    proxy.close();
  });

  it('serves a thousand calls, a hundred at a time, over at most 32 connections', async () => {
    const fresh = createKubernetesClient(server().connection(), PATIENTLY);
    let connections = 0;
    const count = (): void => void connections++;
    subscribe('undici:client:connected', count);
    for (let round = 0; round < 10; round++) {
      await Promise.all(Array.from({ length: 100 }, () => fresh.get(NAMESPACES, namespace)));
    }
    unsubscribe('undici:client:connected', count);
    expect(connections).to.be.within(1, 32);
    await fresh.close();
  });
});
