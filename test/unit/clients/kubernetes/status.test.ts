import { expect } from 'chai';
import { isConflict } from '../../../../clients/kubernetes/errors.ts';
import { DROPLETS } from '../../../../clients/kubernetes/kinds.ts';
import { patchStatus } from '../../../../clients/kubernetes/status.ts';
import type { KubernetesObject } from '../../../../crds/meta.ts';
import { aDroplet, activeStatus } from '../../../builders/objects.ts';
import { fakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { rejection } from '../../../fakes/rejection.ts';

const KEY = 'default/shop-web1';

function start() {
  const client = fakeKubernetesClient();
  const droplet = client.seed(aDroplet('shop-web1', { status: activeStatus(7) }));
  const written: KubernetesObject[] = [];
  const writer = {
    signal: new AbortController().signal,
    wrote: (object: KubernetesObject) => void written.push(object),
  };
  return { client, droplet, written, writer };
}

describe('A status', () => {
  it('that is as it was costs no request', async () => {
    const { client, droplet, written, writer } = start();
    const same = structuredClone(droplet.status!);
    expect(await patchStatus(client, DROPLETS, droplet, same, writer)).to.equal(droplet);
    expect(client.writes()).to.deep.equal([]);
    expect(written).to.deep.equal([]);
  });

  it('is written as what differs, with null for what is gone', async () => {
    const { client, droplet, written, writer } = start();
    const { publicAddress: _gone, ...server } = droplet.status!.server!;
    const rest = { ...droplet.status, server };
    const after = await patchStatus(client, DROPLETS, droplet, { ...rest, phase: 'Resizing' }, writer);
    expect(client.writes()[0]!.body).to.deep.equal({
      metadata: { uid: droplet.metadata.uid, resourceVersion: droplet.metadata.resourceVersion },
      status: { phase: 'Resizing', server: { publicAddress: null } },
    });
    expect(client.stored(DROPLETS, KEY)!.status).to.deep.equal({ ...rest, phase: 'Resizing' });
    expect(written).to.deep.equal([after]);
  });

  it('is refused when the object is newer than what was read, as the conditions are written as one list', async () => {
    const { client, droplet, writer } = start();
    await client.patch(DROPLETS, KEY, { status: { server: { nonce: 'other' } } }, { subresource: 'status' });
    const mine = { ...droplet.status, server: { nonce: 'mine' } };
    const error = await rejection(patchStatus(client, DROPLETS, droplet, mine, writer));
    expect(isConflict(error)).to.equal(true);
    expect(client.stored(DROPLETS, KEY)!.status!.server!.nonce).to.equal('other');
  });

  it('never lands on an object that was recreated under the name', async () => {
    const { client, droplet, writer } = start();
    const { uid: _uid, ...metadata } = droplet.metadata;
    await client.patch(DROPLETS, KEY, { metadata: { finalizers: null } });
    await client.delete(DROPLETS, KEY);
    const { finalizers: _finalizers, resourceVersion: _version, ...fresh } = metadata;
    await client.create(DROPLETS, { ...droplet, metadata: fresh });
    const error = await rejection(
      patchStatus(client, DROPLETS, droplet, { ...droplet.status, phase: 'Resizing' }, writer),
    );
    expect(isConflict(error)).to.equal(true);
  });
});
