import { expect } from 'chai';
import { isAlreadyExists, isConflict, isInvalid, isNotFound } from '../../../clients/kubernetes/errors.ts';
import { PROJECTS } from '../../../clients/kubernetes/kinds.ts';
import { API_VERSION } from '../../../crds/names.ts';
import type { Project } from '../../../crds/project.ts';
import { fakeKubernetesClient } from '../../fakes/kubernetes-client.ts';
import { rejection } from '../../fakes/rejection.ts';

const shop = (servers = 2): Project => ({
  apiVersion: API_VERSION,
  kind: 'Project',
  metadata: { name: 'shop', namespace: 'default' },
  spec: { servers, masterSpec: 's', webSpec: 's' },
});
const KEY = 'default/shop';

describe('The fake Kubernetes client', () => {
  it('raises the generation for a change of spec, and not for labels or status', async () => {
    const client = fakeKubernetesClient();
    await client.create(PROJECTS, shop());
    await client.patch(PROJECTS, KEY, { metadata: { labels: { a: 'b' } } });
    await client.patch(PROJECTS, KEY, { status: { droplets: 1 } }, { subresource: 'status' });
    expect(client.stored(PROJECTS, KEY)!.metadata.generation).to.equal(1);
    await client.patch(PROJECTS, KEY, { spec: { servers: 3 } });
    expect(client.stored(PROJECTS, KEY)!.metadata.generation).to.equal(2);
  });

  it('keeps spec and status apart in both directions', async () => {
    const client = fakeKubernetesClient();
    await client.create(PROJECTS, { ...shop(), status: { droplets: 9 } });
    expect(client.stored(PROJECTS, KEY)!.status).to.equal(undefined);
    const both = { spec: { servers: 3 }, status: { droplets: 1 } };
    await client.patch(PROJECTS, KEY, both, { subresource: 'status' });
    expect(client.stored(PROJECTS, KEY)).to.deep.include({ status: { droplets: 1 } });
    expect(client.stored(PROJECTS, KEY)!.spec.servers).to.equal(2);
    await client.patch(PROJECTS, KEY, { spec: { servers: 4 }, status: { droplets: 7 } });
    expect(client.stored(PROJECTS, KEY)!.spec.servers).to.equal(4);
    expect(client.stored(PROJECTS, KEY)!.status).to.deep.equal({ droplets: 1 });
  });

  it('keeps the resourceVersion when a write changes nothing', async () => {
    const client = fakeKubernetesClient([shop()]);
    const before = client.stored(PROJECTS, KEY)!.metadata.resourceVersion;
    const after = await client.patch(PROJECTS, KEY, { spec: { servers: 2 } });
    expect(after.metadata.resourceVersion).to.equal(before);
  });

  it('refuses a write whose resourceVersion or uid is not the current one', async () => {
    const client = fakeKubernetesClient([shop()]);
    const stale = client.stored(PROJECTS, KEY)!;
    await client.patch(PROJECTS, KEY, { spec: { servers: 3 } });
    expect(await rejection(client.replace(PROJECTS, stale))).to.satisfy(isConflict);
    const { resourceVersion } = stale.metadata;
    expect(await rejection(client.patch(PROJECTS, KEY, { metadata: { resourceVersion } }))).to.satisfy(
      isConflict,
    );
    expect(
      await rejection(
        client.patch(PROJECTS, KEY, { metadata: { uid: 'x' }, status: {} }, { subresource: 'status' }),
      ),
    ).to.satisfy(isConflict);
    expect(await rejection(client.delete(PROJECTS, KEY, { uid: 'x' }))).to.satisfy(isConflict);
    expect(await rejection(client.create(PROJECTS, shop()))).to.satisfy(isAlreadyExists);
  });

  it('keeps a deleted object until its last finalizer is gone, and takes no new one meanwhile', async () => {
    const client = fakeKubernetesClient([
      { ...shop(), metadata: { ...shop().metadata, finalizers: ['a/b'] } },
    ]);
    await client.delete(PROJECTS, KEY);
    expect(client.stored(PROJECTS, KEY)!.metadata).to.include({ generation: 2 });
    expect(client.stored(PROJECTS, KEY)!.metadata.deletionTimestamp).to.be.a('string');
    const another = client.patch(PROJECTS, KEY, { metadata: { finalizers: ['a/b', 'c/d'] } });
    expect(await rejection(another)).to.satisfy(isInvalid);
    await client.patch(PROJECTS, KEY, { metadata: { finalizers: null } });
    expect(await rejection(client.get(PROJECTS, KEY))).to.satisfy(isNotFound);
    await client.delete(PROJECTS, KEY);
  });

  it('fails the call that it was told to fail, before or after its effect', async () => {
    const client = fakeKubernetesClient();
    client.failNext('create', new Error('not sent'));
    client.failNext('create', new Error('answer lost'), { kind: 'Project', afterEffect: true });
    expect((await rejection(client.create(PROJECTS, shop()))).message).to.equal('not sent');
    expect(client.stored(PROJECTS, KEY)).to.equal(undefined);
    expect((await rejection(client.create(PROJECTS, shop()))).message).to.equal('answer lost');
    expect(client.stored(PROJECTS, KEY)).not.to.equal(undefined);
    expect(client.writes().map(({ verb, key }) => `${verb} ${key}`)).to.deep.equal([
      `create ${KEY}`,
      `create ${KEY}`,
    ]);
  });

  it('watches from a version on', async () => {
    const client = fakeKubernetesClient([shop()]);
    const { resourceVersion } = await client.list(PROJECTS);
    await client.patch(PROJECTS, KEY, { spec: { servers: 3 } });
    await client.delete(PROJECTS, KEY);
    const types: string[] = [];
    for await (const { type, object } of client.watch(PROJECTS, { resourceVersion, timeoutSeconds: 1 })) {
      types.push(`${type} ${object.spec.servers}`);
      if (type === 'DELETED') break;
    }
    expect(types).to.deep.equal(['MODIFIED 3', 'DELETED 3']);
  });
});
