import { expect } from 'chai';
import { CloudError } from '../../../../clients/digitalocean/errors.ts';
import { CONFIG_MAPS, DROPLETS, PROJECTS, type ConfigMap } from '../../../../clients/kubernetes/kinds.ts';
import { fleetTag, nonceTag, retiredAtTag, retiredTag } from '../../../../crds/cloud-tags.ts';
import type { Droplet, DropletStatus } from '../../../../crds/droplet.ts';
import { CONFIRM_ANNOTATION, GATE_CONFIG_MAP, RECONCILE_ANNOTATION } from '../../../../crds/names.ts';
import { reconcileDroplet } from '../../../../reconcilers/droplet/reconcile.ts';
import { readLedger, type HeldEntry } from '../../../../reconcilers/gate/ledger.ts';
import { RETIRED } from '../../../../reconcilers/retired/concern.ts';
import { reconcileRetired } from '../../../../reconcilers/retired/reconcile.ts';
import { activeStatus, aDroplet, aProject } from '../../../builders/objects.ts';
import { refusal } from '../../../fakes/cloud.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { createRig, ownOf, tagsFor } from '../reconcile-rig.ts';

const KEY = 'default/shop-master';
const MINUTE = 60_000;

/** A master with data on the disk of server 7, whose object is being deleted unless `isLive`. */
async function start(status: Partial<DropletStatus> = {}, isLive = false) {
  const master = aDroplet('shop-master', {
    status: { ...activeStatus(7), dataServers: [7], ...status },
    metadata: isLive ? {} : { deletionTimestamp: '2026-01-01T00:00:00Z' },
  });
  const rig = createRig([aProject('shop', { spec: { servers: 1 } }), master]);
  const { cloud, clock, client, informer, context, run } = rig;
  cloud.addDroplet({ id: 7, name: 'shop-master', tags: [...tagsFor(master), nonceTag('nonce7')] });
  await informer.refresh();
  const stored = (): Droplet | undefined => client.stored(DROPLETS, KEY);
  const reconcile = () => reconcileDroplet(context, KEY, stored(), run);
  const finish = (status?: 'errored') => cloud.finishAction(Math.max(...cloud.actions.keys()), status);
  /** What changes something of what was asked for, in order. */
  const asked = (): string[] =>
    cloud.calls
      .map(({ operation }) => operation)
      .filter(operation => operation.endsWith('Droplet') && operation !== 'getDroplet');
  return {
    ...rig,
    stored,
    reconcile,
    finish,
    asked,
    /** Stops the server, so that a snapshot is asked for next. */
    stop: async () => {
      await reconcile();
      finish();
    },
    pass: async (ms: number) => {
      await clock.advance(ms);
      await informer.refresh();
    },
    held: async (): Promise<HeldEntry[]> => [...(await readLedger(client, 'default')).held],
    confirm: (text: string) =>
      client.patch(PROJECTS, 'default/shop', { metadata: { annotations: { [CONFIRM_ANNOTATION]: text } } }),
    entry: () => stored()?.status?.lastSnapshots?.['7'],
  };
}

describe('Destroying a server that holds data', () => {
  it('stops it, takes a snapshot, tags that, and only then destroys it; the object goes last', async () => {
    const { stop, reconcile, finish, asked, cloud, stored, pass } = await start();
    await stop();
    expect(asked()).to.deep.equal(['shutdownDroplet']);
    await reconcile();
    expect(asked()).to.deep.equal(['shutdownDroplet', 'snapshotDroplet']);
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: 5_000 });
    expect(stored()!.status!.conditions![0]).to.include({
      reason: 'LastSnapshot',
      message: 'taking a last snapshot of droplet 7 before it is destroyed',
    });
    finish();
    await reconcile();
    expect(cloud.count('deleteDroplet')).to.equal(0);
    const [snapshot] = [...cloud.snapshots.values()];
    expect(snapshot!.tags).to.include.members(tagsFor(stored()!));
    await reconcile();
    expect(asked()).to.deep.equal(['shutdownDroplet', 'snapshotDroplet', 'deleteDroplet']);
    await pass(5_000);
    await reconcile();
    expect(stored()).to.equal(undefined);
    expect(cloud.snapshots.size).to.equal(1);
  });

  it('takes none of one that holds none', async () => {
    const { reconcile, asked } = await start({ dataServers: [6] });
    await reconcile();
    expect(asked()).to.deep.equal(['deleteDroplet']);
  });

  it('cuts the power of one that does not shut down', async () => {
    const { reconcile, cloud, pass, asked } = await start();
    await reconcile();
    const id = Math.max(...cloud.actions.keys());
    cloud.finishAction(id);
    cloud.changeDroplet(7, { status: 'active' });
    await reconcile();
    await pass(MINUTE);
    await reconcile();
    expect(asked()).to.deep.equal(['shutdownDroplet', 'powerOffDroplet']);
  });

  it('writes the name down before it asks, and asks no second time when the reply is lost', async () => {
    const { stop, cloud, entry, context, run, pass, finish, stored } = await start();
    await stop();
    const lost = new CloudError({ operation: 'snapshotDroplet', message: 'timed out' });
    cloud.failNext('snapshotDroplet', lost, { applied: true });
    const names: (string | undefined)[] = [];
    const fenced: typeof run.fenced = effect => (names.push(entry()?.name), run.fenced(effect));
    const reconcile = () => reconcileDroplet(context, KEY, stored(), { ...run, fenced });
    await rejection(reconcile());
    expect(names[0]).to.match(/^dropfleet\.fleet\.shop-master\.nonce1\./);
    for (let i = 0; i < 12; i++) {
      await pass(MINUTE);
      await reconcile();
    }
    finish();
    await reconcile();
    await reconcile();
    expect([cloud.count('snapshotDroplet'), cloud.count('deleteDroplet')]).to.deep.equal([1, 1]);
  });

  it('looks for one whose reply was lost for five minutes before it tries another', async () => {
    const { stop, reconcile, cloud, entry, pass } = await start();
    await stop();
    const lost = new CloudError({ operation: 'snapshotDroplet', message: 'timed out' });
    cloud.failNext('snapshotDroplet', lost);
    await rejection(reconcile());
    await pass(MINUTE);
    await reconcile();
    await pass(5 * MINUTE - 1);
    await reconcile();
    expect(entry()).to.have.property('name');
    await pass(1);
    await reconcile();
    expect(entry()).to.deep.equal({ failure: 'DigitalOcean never showed it' });
    await pass(2 * MINUTE);
    await reconcile();
    expect(cloud.count('snapshotDroplet')).to.equal(2);
  });

  it('holds it when DigitalOcean refuses, says what to do, and tries again by itself', async () => {
    const { stop, reconcile, finish, cloud, entry, held, stored, pass } = await start();
    await stop();
    cloud.failNext('snapshotDroplet', refusal(422, 'snapshot limit reached.'));
    await reconcile();
    expect(entry()).to.deep.equal({ failure: 'snapshot limit reached' });
    const [entryHeld] = await held();
    expect(entryHeld).to.include({ reason: 'NoLastSnapshot' });
    expect(entryHeld!.confirmation).to.match(
      /^destroy 1 droplet of shop without a last snapshot: shop-master until/,
    );
    expect(entryHeld!.withoutSnapshot).to.equal(entryHeld!.confirmation);
    const condition = stored()!.status!.conditions!.find(({ type }) => type === 'ConfirmationRequired')!;
    expect(condition.message).to.include('snapshot limit reached').and.to.include('--without-snapshot');
    await reconcile();
    expect(cloud.count('snapshotDroplet')).to.equal(1);
    await pass(2 * MINUTE);
    await reconcile();
    finish();
    await reconcile();
    await reconcile();
    expect([cloud.count('snapshotDroplet'), cloud.count('deleteDroplet')]).to.deep.equal([2, 1]);
    expect(await held()).to.deep.equal([]);
  });

  it('tries a failed one at once when a person asks', async () => {
    const { stop, reconcile, finish, cloud, client } = await start();
    await stop();
    await reconcile();
    finish('errored');
    await reconcile();
    await client.patch(DROPLETS, KEY, { metadata: { annotations: { [RECONCILE_ANNOTATION]: 'now' } } });
    await reconcile();
    expect(cloud.count('snapshotDroplet')).to.equal(2);
  });

  it('lets it go without one when a confirmation says so', async () => {
    const { stop, reconcile, cloud, held, confirm } = await start();
    await stop();
    cloud.failNext('snapshotDroplet', refusal(422, 'no'));
    await reconcile();
    await confirm((await held())[0]!.confirmation);
    await reconcile();
    expect([cloud.count('snapshotDroplet'), cloud.count('deleteDroplet')]).to.deep.equal([1, 1]);
  });

  it('is not satisfied with a snapshot of nothing', async () => {
    const { stop, reconcile, finish, cloud, asked } = await start();
    await stop();
    await reconcile();
    finish();
    const [snapshot] = [...cloud.snapshots.values()];
    cloud.snapshots.set(snapshot!.id, { ...snapshot!, sizeGB: 0 });
    await reconcile();
    expect(asked()).not.to.include('deleteDroplet');
  });

  it('takes one of each of its servers that holds data: also of a duplicate, whose Droplet lives on', async () => {
    const { reconcile, finish, cloud, informer, held, confirm, stored, pass } = await start(
      { dataServers: [5] },
      true,
    );
    cloud.addDroplet({ id: 5, name: 'shop-master', tags: [...tagsFor(stored()!), nonceTag('other')] });
    await informer.refresh();
    await reconcile();
    const [entry] = await held();
    expect(entry!.withoutSnapshot).to.include('without a last snapshot until');
    await confirm(entry!.confirmation);
    await reconcile();
    finish();
    await reconcile();
    finish();
    expect(cloud.droplets.has(5)).to.equal(true);
    await reconcile();
    await pass(5_000);
    await reconcile();
    expect([...cloud.droplets.keys()]).to.deep.equal([7]);
    expect(cloud.droplets.get(7)!.status).to.equal('active');
    expect([...cloud.snapshots.values()].map(({ dropletId }) => dropletId)).to.deep.equal([5]);
  });
});

describe('Destroying a server with data that another took the place of', () => {
  it('waits for its last snapshot, and is forgotten afterwards', async () => {
    const { cloud, clock, client, informer, context, finish, run, stored } = await start(
      { dataServers: [6] },
      true,
    );
    const marks = [fleetTag('fleet'), retiredTag('uid-shop-master'), retiredAtTag(clock.now())];
    cloud.addDroplet({ id: 6, name: 'shop-master', tags: marks, status: 'off' });
    await informer.refresh();
    await clock.advance(24 * 60 * MINUTE);
    const reconcile = () => reconcileRetired({ ...context, ...ownOf(RETIRED) }, '6', run);
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: 10_000 });
    finish();
    await reconcile();
    expect(cloud.count('deleteDroplet')).to.equal(0);
    await reconcile();
    expect([...cloud.droplets.keys()]).to.deep.equal([7]);
    expect(stored()!.status).not.to.have.property('lastSnapshots');
    expect(client.stored<ConfigMap>(CONFIG_MAPS, `default/${GATE_CONFIG_MAP}`)!.data!['held']).to.equal('[]');
  });
});
