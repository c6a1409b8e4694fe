import { expect } from 'chai';
import { DROPLETS } from '../../../../clients/kubernetes/kinds.ts';
import { findCondition } from '../../../../crds/conditions.ts';
import type { Droplet, DropletStatus } from '../../../../crds/droplet.ts';
import { RECONCILE_ANNOTATION } from '../../../../crds/names.ts';
import { createSince } from '../../../../reconcilers/since.ts';
import { DROPLET } from '../../../../reconcilers/droplet/concern.ts';
import { reconcileDroplet } from '../../../../reconcilers/droplet/reconcile.ts';
import { aDroplet, aProject, activeStatus } from '../../../builders/objects.ts';
import { refusal } from '../../../fakes/cloud.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { createRig, tagsFor } from '../reconcile-rig.ts';

const { pollMs, shutdownMs } = DROPLET.timings;
const KEY = 'default/shop-web1';
const LARGE = 's-1vcpu-2gb';

/** A Droplet whose server is there, as it was listed a moment ago. */
async function start(droplet: Droplet, server = {}) {
  const rig = createRig([aProject('shop', { spec: { servers: 2 } }), droplet]);
  rig.cloud.addDroplet({ id: 7, tags: tagsFor(droplet), ...server });
  await rig.informer.refresh();
  const stored = (): Droplet => rig.client.stored(DROPLETS, KEY)!;
  const reconcile = (context = rig.context) => reconcileDroplet(context, KEY, stored(), rig.run);
  /** Looks, and ends the action that was then asked for. */
  const act = async (status?: 'completed' | 'errored') => {
    await reconcile();
    rig.cloud.finishAction(stored().status!.server!.actionID!, status);
  };
  return { ...rig, stored, reconcile, act };
}

const grown = (status: DropletStatus = activeStatus(7)): Droplet =>
  aDroplet('shop-web1', { spec: { size: LARGE }, status });

describe('Stopping a server to resize it', () => {
  it('cuts the power when this process has seen the shutdown for a minute, whatever the wall clock says', async () => {
    const { act, clock, cloud, context, reconcile } = await start(grown());
    await act('errored');
    await reconcile();
    await clock.advance(shutdownMs - 1);
    const hourLater = { ...clock, now: () => clock.now() + 3_600_000 };
    await reconcile({ ...context, clock: hourLater });
    expect(cloud.count('powerOffDroplet')).to.equal(0);
    await clock.advance(1);
    await reconcile();
    expect(cloud.count('powerOffDroplet')).to.equal(1);
    expect(cloud.count('shutdownDroplet')).to.equal(1);
  });

  it('gives the guest its minute again when another process takes over', async () => {
    const { act, clock, cloud, context, reconcile } = await start(grown());
    await act('errored');
    await reconcile();
    await clock.advance(shutdownMs);
    await reconcile({ ...context, since: createSince(clock) });
    expect(cloud.count('powerOffDroplet')).to.equal(0);
  });

  it('shuts a server down again that was off and that somebody powered on, for its shutdown is history', async () => {
    const { act, clock, cloud, reconcile, stored } = await start(grown());
    await act();
    cloud.failNext('resizeDroplet', new Error('no route'));
    await reconcile().catch(() => undefined);
    expect(stored().status!.server).to.not.have.property('actionID');
    cloud.changeDroplet(7, { status: 'active' });
    await clock.advance(shutdownMs);
    await reconcile();
    expect([cloud.count('shutdownDroplet'), cloud.count('powerOffDroplet')]).to.deep.equal([2, 0]);
  });

  it('is given its new size and power once it is off', async () => {
    const { act, cloud, reconcile, stored } = await start(grown());
    for (let step = 0; step < 3; step++) await act();
    await reconcile();
    expect(cloud.droplets.get(7)).to.include({ size: LARGE, status: 'active' });
    expect(stored().status).to.include({ phase: 'Active' }).and.not.have.nested.property('server.actionID');
  });
});

describe('A resize that is refused at once', () => {
  const WORDS = 'You cannot have that size here.';

  /** The server is off, and the next look asks for the size. */
  async function startOff() {
    const rig = await start(grown());
    await rig.act();
    rig.cloud.failNext('resizeDroplet', refusal(422, WORDS));
    return rig;
  }

  it('has the server powered on in the same look, and says why', async () => {
    const { cloud, reconcile, stored } = await startOff();
    await reconcile();
    expect(cloud.count('powerOnDroplet')).to.equal(1);
    const { phase, conditions, server } = stored().status!;
    expect(phase).to.equal('Failed');
    expect(findCondition(conditions, 'Ready'))
      .to.include({ status: 'False', reason: 'ResizeRefused' })
      .with.property('message')
      .that.contains(
        `cannot resize from s-1vcpu-1gb to ${LARGE}: You cannot have that size here. Choose another`,
      );
    expect(server!.resize).to.deep.equal({ size: LARGE, reason: 'ResizeRefused', message: WORDS });
  });

  it('is not tried again by itself, whoever takes over', async () => {
    const { act, clock, cloud, context, informer, reconcile, stored } = await startOff();
    await act();
    expect(await reconcile(), 'only a change matters').to.equal(undefined);
    await clock.advance(86_400_000);
    await informer.refresh();
    await reconcile({ ...context, since: createSince(clock) });
    expect([cloud.count('shutdownDroplet'), cloud.count('resizeDroplet')]).to.deep.equal([1, 1]);
    expect(stored().status).to.include({ phase: 'Failed' });
    expect(findCondition(stored().status!.conditions, 'Provisioned')).to.include({ status: 'True' });
  });

  it('is tried again, and forgotten, when a person asks for another look', async () => {
    const { act, client, cloud, reconcile, stored } = await startOff();
    await act();
    await reconcile();
    await client.patch(DROPLETS, KEY, { metadata: { annotations: { [RECONCILE_ANNOTATION]: 'now' } } });
    for (let step = 0; step < 3; step++) await act();
    await reconcile();
    expect(cloud.droplets.get(7)).to.include({ size: LARGE, status: 'active' });
    expect(stored().status).to.include({ phase: 'Active' }).and.not.have.nested.property('server.resize');
  });

  it('is forgotten when the spec goes back to the size that the server has', async () => {
    const { act, client, reconcile, stored } = await startOff();
    await act();
    await client.patch(DROPLETS, KEY, { spec: { size: 's-1vcpu-1gb' } });
    await reconcile();
    expect(stored().status).to.include({ phase: 'Active' }).and.not.have.nested.property('server.resize');
  });

  it('is tried again when the spec had another size meanwhile', async () => {
    const { act, client, cloud, reconcile } = await startOff();
    await act();
    for (const size of ['no-such-size', LARGE]) {
      await client.patch(DROPLETS, KEY, { spec: { size } });
      await reconcile();
    }
    expect(cloud.count('shutdownDroplet')).to.equal(2);
  });

  it('is no refusal of the size when the server was powered on meanwhile', async () => {
    const { cloud, context, reconcile, stored } = await startOff();
    const resizeDroplet = (id: number, size: string): ReturnType<typeof cloud.resizeDroplet> => {
      cloud.changeDroplet(id, { status: 'active' });
      return cloud.resizeDroplet(id, size);
    };
    await rejection(reconcile({ ...context, cloud: { ...cloud, resizeDroplet } }));
    expect(stored().status!.server!.resize).to.deep.equal({ size: LARGE });
  });

  it('is none while the cloud is busy with the server', async () => {
    const { cloud, reconcile, stored, act } = await start(grown());
    await act();
    cloud.failNext('resizeDroplet', refusal(422, 'Droplet already has a pending event.'));
    expect(await rejection(reconcile())).to.include({ afterMs: pollMs });
    expect(stored().status!.server!.resize).to.deep.equal({ size: LARGE });
    expect(cloud.count('powerOnDroplet')).to.equal(0);
  });
});

describe('A resize that fails', () => {
  it('is remembered, so that the server keeps its power', async () => {
    const { act, cloud, reconcile, stored } = await start(grown());
    await act();
    await act('errored');
    await act();
    expect(cloud.droplets.get(7)).to.include({ status: 'active' });
    expect(await reconcile()).to.equal(undefined);
    expect(stored().status!.server!.resize).to.include({ size: LARGE, reason: 'ResizeFailed' });
    expect(cloud.count('resizeDroplet')).to.equal(1);
  });
});

describe('A server that is off', () => {
  const active = aDroplet('shop-web1', { status: activeStatus(7) });

  it('is not said to run because it could not be powered on', async () => {
    const { cloud, reconcile, stored } = await start(active, { status: 'off' });
    cloud.failNext('powerOnDroplet', refusal(500, 'something went wrong'));
    expect((await rejection(reconcile())).message).to.equal('something went wrong');
    expect(stored().status!.phase).to.equal('PoweringOn');
    for (const type of ['Provisioned', 'Ready'])
      expect(findCondition(stored().status!.conditions, type)).to.include({
        status: 'False',
        message: 'something went wrong',
      });
  });

  it('is not powered on a second time because a list is older than its power', async () => {
    const { act, cloud, reconcile } = await start(active, { status: 'off' });
    await act();
    expect(await reconcile()).to.equal(undefined);
    expect(cloud.count('powerOnDroplet')).to.equal(1);
  });
});

describe('An action that the cloud does not know any more', () => {
  it('is over, and forgotten', async () => {
    const known = grown(activeStatus(7, { actionID: 404 }));
    const { cloud, reconcile, stored } = await start(known, { disk: 999 });
    await reconcile();
    expect(cloud.count('getAction')).to.equal(1);
    expect(stored().status).to.include({ phase: 'Failed' }).and.not.have.nested.property('server.actionID');
  });

  it('is no reason not to destroy the server', async () => {
    const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    const status = activeStatus(7, { actionID: 404 });
    const { cloud, reconcile } = await start(aDroplet('shop-web1', { status, metadata }));
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: pollMs });
    expect(cloud.droplets.size).to.equal(0);
    expect(cloud.count('getAction')).to.equal(0);
  });
});
