import { expect } from 'chai';
import { DROPLETS } from '../../../../clients/kubernetes/kinds.ts';
import { findCondition } from '../../../../crds/conditions.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import { RECONCILE_ANNOTATION } from '../../../../crds/names.ts';
import { DROPLET } from '../../../../reconcilers/droplet/concern.ts';
import { reconcileDroplet } from '../../../../reconcilers/droplet/reconcile.ts';
import { aDroplet, aProject, activeStatus } from '../../../builders/objects.ts';
import { refusal } from '../../../fakes/cloud.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { createRig, tagsFor } from '../reconcile-rig.ts';

const { pollMs, refusedMs, retryMs, slowestRefusedMs } = DROPLET.timings;
const KEY = 'default/shop-web1';
const LIMIT = refusal(422, 'creating this/these droplet(s) will exceed your droplet limit');
const BROKEN = refusal(500, 'Server Error');

async function start(droplet: Droplet) {
  const rig = createRig([aProject('shop', { spec: { servers: 2 } }), droplet]);
  await rig.informer.refresh();
  const stored = (): Droplet => rig.client.stored(DROPLETS, KEY)!;
  const reconcile = (context = rig.context) => reconcileDroplet(context, KEY, stored(), rig.run);
  const force = (at: string) =>
    rig.client.patch(DROPLETS, KEY, { metadata: { annotations: { [RECONCILE_ANNOTATION]: at } } });
  return { ...rig, stored, reconcile, force };
}

/** One whose server was switched off. */
async function startOff() {
  const droplet = aDroplet('shop-web1', { status: activeStatus(7) });
  const rig = await start(droplet);
  rig.cloud.addDroplet({ id: 7, tags: tagsFor(droplet), status: 'off' });
  await rig.informer.refresh();
  /** Looks; whatever was asked for then fails. */
  const fail = async () => {
    await rig.reconcile();
    rig.cloud.finishAction(rig.stored().status!.server!.actionID!, 'errored');
  };
  return { ...rig, fail };
}

describe('A server that the cloud refuses to make', () => {
  async function startRefused() {
    const rig = await start(aDroplet('shop-web1'));
    rig.cloud.failNext('createDroplet', LIMIT);
    expect(await rejection(rig.reconcile())).to.include({ afterMs: refusedMs });
    return rig;
  }

  it('is not asked for before its time, whatever wakes its Droplet, which says why meanwhile', async () => {
    const { client, clock, cloud, reconcile, stored } = await startRefused();
    client.calls.length = 0;
    await clock.advance(refusedMs - 1_000);
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: 1_000 });
    expect(client.writes()).to.deep.equal([]);
    expect(findCondition(stored().status!.conditions, 'Ready')).to.include({ reason: 'Refused' });
    await clock.advance(1_000);
    await reconcile();
    expect(cloud.count('createDroplet')).to.equal(2);
    expect(stored().status!.phase).to.equal('Creating');
  });

  it('is asked for ever more slowly', async () => {
    const { clock, cloud, reconcile } = await startRefused();
    const pauses: unknown[] = [];
    for (let pause = refusedMs; pauses.length < 5; pause = pauses.at(-1) as number) {
      await clock.advance(pause);
      cloud.failNext('createDroplet', LIMIT);
      pauses.push(((await rejection(reconcile())) as { afterMs?: number }).afterMs);
    }
    const slowest = slowestRefusedMs;
    expect(pauses).to.deep.equal([2 * refusedMs, 4 * refusedMs, 8 * refusedMs, slowest, slowest]);
  });

  it('is asked for at once when a person changes the spec, or asks for another look', async () => {
    const { client, cloud, force, reconcile } = await startRefused();
    await client.patch(DROPLETS, KEY, { spec: { size: 's-1vcpu-2gb' } });
    cloud.failNext('createDroplet', LIMIT);
    await rejection(reconcile());
    expect(cloud.count('createDroplet')).to.equal(2);
    await force('now');
    await reconcile();
    expect(cloud.count('createDroplet')).to.equal(3);
  });

  it('is no reason to list the fleet often', async () => {
    const { context, cloud, clock, reconcile } = await start(aDroplet('shop-web1'));
    const moving: boolean[] = [];
    const setMoving = (_key: string, isMoving: boolean): void => void moving.push(isMoving);
    const watched = { ...context, servers: { ...context.servers, setMoving } };
    cloud.failNext('createDroplet', LIMIT);
    await rejection(reconcile(watched));
    expect(moving.at(-1)).to.equal(false);
    await clock.advance(1_000);
    await reconcile(watched);
    expect(moving.at(-1)).to.equal(false);
  });
});

describe('A change at which the cloud fails', () => {
  it('is asked for again within seconds, ever more slowly, and not in between', async () => {
    const { clock, cloud, log, reconcile } = await startOff();
    for (const pause of [retryMs, 2 * retryMs, 4 * retryMs]) {
      cloud.failNext('powerOnDroplet', BROKEN);
      expect(await rejection(reconcile())).to.include({ afterMs: pause, message: BROKEN.message });
      await clock.advance(pause - 1);
      expect(await reconcile()).to.deep.equal({ requeueAfterMs: 1 });
      await clock.advance(1);
    }
    await reconcile();
    expect(cloud.count('powerOnDroplet')).to.equal(4);
    expect(log.lines.filter(({ message }) => message === BROKEN.message)).to.have.length(3);
  });

  it('begins with a short pause again once the server ran', async () => {
    const { cloud, clock, reconcile, stored, informer } = await startOff();
    for (let time = 0; time < 2; time++) {
      cloud.failNext('powerOnDroplet', BROKEN);
      expect(await rejection(reconcile())).to.include({ afterMs: retryMs });
      await clock.advance(retryMs);
      await reconcile();
      cloud.finishAction(stored().status!.server!.actionID!);
      await reconcile();
      cloud.changeDroplet(7, { status: 'off' });
      await informer.refresh();
    }
  });

  it('does not hold back a deletion', async () => {
    const { client, cloud, reconcile } = await startOff();
    cloud.failNext('powerOnDroplet', BROKEN);
    await rejection(reconcile());
    await client.delete(DROPLETS, KEY);
    await reconcile();
    expect(cloud.droplets.size).to.equal(0);
  });
});

describe('A server that the cloud refuses to destroy', () => {
  it('is tried again every few minutes, for it costs money', async () => {
    const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    const droplet = aDroplet('shop-web1', { status: activeStatus(7), metadata });
    const { cloud, clock, informer, reconcile } = await start(droplet);
    cloud.addDroplet({ id: 7, tags: tagsFor(droplet) });
    await informer.refresh();
    let pause = 0;
    for (let time = 0; time < 20; time++) {
      await clock.advance(pause);
      cloud.failNext('deleteDroplet', refusal(422, 'not now'));
      pause = ((await rejection(reconcile())) as { afterMs?: number }).afterMs ?? 0;
    }
    expect(pause).to.equal(refusedMs);
  });
});

describe('Power that the cloud cannot switch', () => {
  it('is asked for again after pauses that grow, and the Droplet says so', async () => {
    const { clock, cloud, fail, reconcile, stored } = await startOff();
    await fail();
    for (const pause of [pollMs, 2 * pollMs, 4 * pollMs]) {
      expect(await reconcile()).to.deep.equal({ requeueAfterMs: pause });
      const ready = findCondition(stored().status!.conditions, 'Ready');
      expect(ready).to.include({ status: 'False', reason: 'PowerOnFailed' });
      await clock.advance(pause);
      await fail();
    }
    expect(cloud.count('powerOnDroplet')).to.equal(4);
  });

  it('is asked for at once when a person asks for another look', async () => {
    const { cloud, fail, force, reconcile } = await startOff();
    await fail();
    await reconcile();
    await force('now');
    await reconcile();
    expect(cloud.count('powerOnDroplet')).to.equal(2);
  });

  it('is cut again, without another minute for a guest that had its own', async () => {
    const droplet = aDroplet('shop-web1', { spec: { size: 's-1vcpu-2gb' }, status: activeStatus(7) });
    const { clock, cloud, informer, reconcile, stored } = await start(droplet);
    cloud.addDroplet({ id: 7, tags: tagsFor(droplet) });
    await informer.refresh();
    const finish = (): void => cloud.finishAction(stored().status!.server!.actionID!, 'errored');
    await reconcile();
    finish();
    await reconcile();
    await clock.advance(DROPLET.timings.shutdownMs);
    await reconcile();
    finish();
    await clock.advance(1);
    await reconcile();
    expect(cloud.count('powerOffDroplet')).to.equal(1);
    await clock.advance(pollMs);
    await reconcile();
    expect([cloud.count('shutdownDroplet'), cloud.count('powerOffDroplet')]).to.deep.equal([1, 2]);
  });
});
