import { expect } from 'chai';
import { DROPLETS, PROJECTS } from '../../../../clients/kubernetes/kinds.ts';
import { findCondition } from '../../../../crds/conditions.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import type { KubernetesObject } from '../../../../crds/meta.ts';
import { DROPLET_FINALIZER } from '../../../../crds/names.ts';
import type { Project } from '../../../../crds/project.ts';
import { isStalled } from '../../../../reconcilers/outcome.ts';
import { createCsvState } from '../../../../reconcilers/projects-csv/csv-state.ts';
import { reconcileProject } from '../../../../reconcilers/project/reconcile.ts';
import { aCsvProject, aDroplet, aProject, activeDroplets } from '../../../builders/objects.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { createRig } from '../reconcile-rig.ts';

const KEY = 'default/shop';
const shop = aProject('shop', { spec: { servers: 2 } });
const doomed = <T extends KubernetesObject>(object: T): T => ({
  ...object,
  metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
});

function start(project: Project, droplets: readonly Droplet[] = [], csv = createCsvState('default')) {
  const rig = createRig([project, ...droplets]);
  const stored = (): Project | undefined => rig.client.stored(PROJECTS, KEY);
  const reconcile = (context = rig.context) => reconcileProject(context, KEY, stored(), csv, rig.run);
  return {
    ...rig,
    csv,
    stored,
    reconcile,
    ready: () => findCondition(stored()!.status!.conditions, 'Ready'),
  };
}

/** A cache that shows no Droplet yet. */
const stale = { get: () => undefined, list: () => [], byIndex: () => [] };

describe('Reconciling a Project', () => {
  it('makes Droplets that are its own and that cannot go before their servers', async () => {
    const { client, reconcile } = start(shop);
    await reconcile();
    const droplets = client.storedAll(DROPLETS);
    expect(droplets.map(({ metadata }) => metadata.name)).to.deep.equal(['shop-master', 'shop-web1']);
    for (const { metadata } of droplets) {
      expect(metadata.finalizers).to.deep.equal([DROPLET_FINALIZER]);
      expect(metadata.ownerReferences![0]).to.include({ kind: 'Project', uid: shop.metadata.uid });
    }
  });

  it('writes nothing when nothing changed', async () => {
    const { reconcile, client } = start(shop, activeDroplets('shop', 2));
    await reconcile();
    client.calls.length = 0;
    await reconcile();
    expect(client.calls).to.deep.equal([]);
  });

  it('is Ready when all of its Droplets are', async () => {
    const { reconcile, ready, stored } = start(shop, activeDroplets('shop', 2));
    await reconcile();
    expect(ready()).to.include({ status: 'True', reason: 'AllReady' });
    expect(stored()!.status).to.include({ droplets: 2, readyDroplets: 2, masterAddress: '203.0.113.1' });
  });

  it('does not stumble over Droplets of its own that its cache does not show yet', async () => {
    const { client, context, reconcile, writes } = start(shop, activeDroplets('shop', 2));
    await reconcile({ ...context, droplets: stale });
    expect(client.storedAll(DROPLETS)).to.have.length(2);
    expect(writes().at(-1)).to.equal('patch-status Project shop');
  });

  it('says in a condition that its row is not followed, for as long as it is not', async () => {
    const csv = createCsvState('default');
    const csvShop = aCsvProject('shop', 2);
    const rows = [{ project: 'shop', ...csvShop.spec }];
    const message = 'projects.csv:2:8: this size is not offered';
    const { reconcile, stored } = start(csvShop, activeDroplets('shop', 2), csv);
    let calls = 0;
    csv.subscribe(() => calls++);
    csv.set({ rows, heldRows: new Map([['shop', message]]) });
    await reconcile();
    const held = () => findCondition(stored()!.status!.conditions, 'RowHeld');
    expect(held()).to.include({ status: 'True', reason: 'SizeNotOffered', message });
    csv.set({ rows });
    await reconcile();
    expect(held()).to.equal(undefined);
    expect(calls).to.equal(2);
  });

  describe('whose name a Project of another namespace has', () => {
    const first = aProject('shop', {
      metadata: { namespace: 'team-a', uid: 'uid-first', creationTimestamp: '2026-01-01T00:00:00Z' },
    });
    const second = aProject('shop', {
      spec: { servers: 2 },
      metadata: { creationTimestamp: '2026-01-01T00:00:01Z' },
    });

    function startSecond(project: Project, droplets: readonly Droplet[] = []) {
      const rig = createRig([first, project, ...droplets]);
      const reconcile = (key = KEY) =>
        reconcileProject(rig.context, key, rig.client.stored(PROJECTS, key), undefined, rig.run);
      const ready = () =>
        findCondition(rig.client.stored<Project>(PROJECTS, KEY)!.status?.conditions, 'Ready');
      const names = () => rig.client.storedAll(DROPLETS).map(({ metadata }) => metadata.name);
      return { ...rig, reconcile, ready, names };
    }

    it('makes nothing and says who has it', async () => {
      const { names, ready, reconcile } = startSecond(second);
      const error = await rejection(reconcile());
      expect(isStalled(error) && error.reason).to.equal('NameTaken');
      expect(names()).to.deep.equal([]);
      expect(ready()).to.include({
        status: 'False',
        reason: 'NameTaken',
        message:
          'project shop exists in namespace team-a already; project names are unique in a fleet: delete this one or give it another name',
      });
    });

    it('leaves what it has from before as it is, also what would go', async () => {
      const { names, reconcile, writes } = startSecond(second, activeDroplets('shop', 3));
      await rejection(reconcile());
      expect(names()).to.deep.equal(['shop-master', 'shop-web1', 'shop-web2']);
      expect(writes()).to.deep.equal(['patch-status Project shop']);
    });

    it('goes on when that one is gone', async () => {
      const { client, names, reconcile } = startSecond(second);
      await rejection(reconcile());
      await client.patch(PROJECTS, 'team-a/shop', { metadata: { finalizers: [] } });
      await client.delete(PROJECTS, 'team-a/shop');
      await reconcile();
      expect(names()).to.deep.equal(['shop-master', 'shop-web1']);
    });

    it('can be deleted all the same', async () => {
      const { client, reconcile } = startSecond(doomed(second));
      await reconcile();
      expect(client.stored(PROJECTS, KEY)).to.equal(undefined);
    });

    it('does not trouble the one that has it', async () => {
      const { names, reconcile } = startSecond(second);
      await reconcile('team-a/shop');
      expect(names()).to.deep.equal(['shop-master']);
    });
  });

  it("stops at a Droplet of that name that is another's, and leaves it as it is", async () => {
    const others = aDroplet('shop-master', { spec: { project: 'else' }, metadata: { ownerReferences: [] } });
    const { client, ready, reconcile } = start(shop, [others]);
    const error = await rejection(reconcile());
    expect(isStalled(error) && error.reason).to.equal('NameTaken');
    expect(ready()).to.include({ status: 'False', reason: 'NameTaken' });
    expect(client.stored<Droplet>(DROPLETS, 'default/shop-master')!.spec.project).to.equal('else');
  });

  it('says how far it came when a step fails', async () => {
    const { client, reconcile, ready } = start(shop);
    client.failNext('create', new Error('the disk is full'));
    expect((await rejection(reconcile())).message).to.equal('the disk is full');
    expect(ready()).to.include({ status: 'False', reason: 'Converging' });
  });

  it('makes nothing of an edit that csv-sync is about to take back', async () => {
    const edited = aCsvProject('shop', 90);
    const { csv, client, reconcile } = start(edited);
    const row = { project: 'shop', servers: 2, masterSpec: 's-1vcpu-1gb', webSpec: 's-1vcpu-1gb' };
    csv.set({ rows: [row] });
    await reconcile();
    expect(client.calls).to.deep.equal([]);
  });

  it('waits for the first look at projects.csv before it acts for a row', async () => {
    const { client, csv, reconcile } = start(aCsvProject('shop', 2));
    await reconcile();
    expect(client.calls).to.deep.equal([]);
    csv.set({});
    await reconcile();
    expect(client.storedAll(DROPLETS)).to.have.length(2);
  });

  it('says what a hold keeps back from it', async () => {
    const { csv, reconcile, stored } = start(aCsvProject('shop', 2), activeDroplets('shop', 2));
    csv.set({ rows: [], hold: { reason: 'LargeDeletion', message: 'too much', projects: ['shop'] } });
    await reconcile();
    const held = findCondition(stored()!.status!.conditions, 'ConfirmationRequired');
    expect(held).to.include({ status: 'True', reason: 'LargeDeletion', message: 'too much' });
  });
});

describe('Reconciling a Project that is being deleted', () => {
  it('goes only after its Droplets have gone, even if its row is back', async () => {
    const droplets = activeDroplets('shop', 2);
    const { client, reconcile, stored } = start(doomed(aCsvProject('shop', 2)), droplets);
    await reconcile();
    const left = client.storedAll(DROPLETS);
    expect(left.map(({ metadata }) => metadata.deletionTimestamp)).to.not.include(undefined);
    expect(stored()!.metadata.finalizers).to.have.length(1);
    for (const { metadata } of left)
      await client.patch(DROPLETS, `default/${metadata.name}`, { metadata: { finalizers: [] } });
    await reconcile();
    expect(stored()).to.equal(undefined);
  });

  it('writes no status to an object that is gone', async () => {
    const { reconcile, writes } = start(doomed(shop));
    await reconcile();
    expect(writes()).to.deep.equal(['patch Project shop']);
  });
});
