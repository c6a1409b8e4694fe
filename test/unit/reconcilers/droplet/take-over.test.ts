import { expect } from 'chai';
import { DROPLETS } from '../../../../clients/kubernetes/kinds.ts';
import { apiTag, fleetTag, projectRoleTag, uidTag } from '../../../../crds/cloud-tags.ts';
import { findCondition } from '../../../../crds/conditions.ts';
import type { Droplet, DropletStatus } from '../../../../crds/droplet.ts';
import { ADOPT_ANNOTATION } from '../../../../crds/names.ts';
import { GATE } from '../../../../reconcilers/gate/concern.ts';
import { reconcileDroplet } from '../../../../reconcilers/droplet/reconcile.ts';
import { aDroplet, aProject, activeStatus } from '../../../builders/objects.ts';
import { createRig, tagsFor } from '../reconcile-rig.ts';

const KEY = 'default/shop-web1';
const LOST_TAGS = [
  fleetTag('fleet'),
  projectRoleTag('fleet', 'shop', 'web'),
  uidTag('uid-of-before'),
  apiTag('api-of-before'),
];

async function start(tags: readonly string[], status?: DropletStatus, claim = '7') {
  const annotations = { [ADOPT_ANNOTATION]: claim };
  const droplet = aDroplet('shop-web1', { metadata: { annotations }, ...(status && { status }) });
  // By its server the account is known again.
  const master = aDroplet('shop-master', { status: activeStatus(1) });
  const rig = createRig([aProject('shop', { spec: { servers: 2 } }), master, droplet]);
  rig.cloud.addDroplet({ id: 1, tags: tagsFor(master) });
  rig.cloud.addDroplet({ id: 7, tags: [...tags] });
  await rig.informer.refresh();
  const stored = (): Droplet => rig.client.stored(DROPLETS, KEY)!;
  const reconcile = () => reconcileDroplet(rig.context, KEY, stored(), rig.run);
  const tagsNow = (): readonly string[] => rig.cloud.droplets.get(7)!.tags;
  const claimed = (): string | undefined => stored().metadata.annotations?.[ADOPT_ANNOTATION];
  return { ...rig, droplet, stored, reconcile, tagsNow, claimed };
}

describe('A Droplet that is to take over a server', () => {
  it('takes one over from an API that is gone, and buys nothing', async () => {
    const { cloud, droplet, reconcile, stored, tagsNow } = await start(LOST_TAGS);
    await reconcile();
    expect(tagsNow()).to.have.members(tagsFor(droplet));
    expect(stored().status!.server!.id).to.equal(7);
    expect([cloud.count('createDroplet'), cloud.count('deleteDroplet')]).to.deep.equal([0, 0]);
  });

  it('puts its tags back on its own server that lost them all', async () => {
    const { droplet, reconcile, stored, tagsNow } = await start([], activeStatus(7));
    await reconcile();
    expect(tagsNow()).to.have.members(tagsFor(droplet));
    expect(stored().status).to.nested.include({ 'server.id': 7, phase: 'Pending' });
  });

  it('leaves a server alone that lost its tags and that nobody named', async () => {
    const { reconcile, stored, tagsNow } = await start([], activeStatus(7), '8');
    await reconcile();
    expect(tagsNow()).to.deep.equal([]);
    expect(findCondition(stored().status!.conditions, 'Provisioned')!.reason).to.equal('NotOurs');
  });

  it('uses the word up only when the status and the tags say whose the server is', async () => {
    const { claimed, informer, reconcile } = await start(LOST_TAGS);
    await reconcile();
    expect(claimed()).to.equal('7');
    await informer.refresh();
    await reconcile();
    expect(claimed()).to.equal(undefined);
  });

  it('has the server replaced like any other when that is gone one day', async () => {
    const { clock, cloud, context, informer, reconcile } = await start(LOST_TAGS);
    await reconcile();
    await clock.advance(1_000);
    await informer.refresh();
    await reconcile();
    cloud.droplets.delete(7);
    for (let round = 1; round <= 3; round++) {
      await informer.refresh();
      await reconcile();
      await clock.advance(context.timings.absenceMs);
    }
    expect(cloud.count('createDroplet')).to.equal(1);
  });
});

describe('A Droplet that is being deleted and names its own server to be kept', () => {
  const doomed = (name: string, id: number, annotations = {}): Droplet =>
    aDroplet(name, {
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', annotations },
      status: activeStatus(id),
    });

  async function startDoomed(droplets: readonly Droplet[]) {
    const rig = createRig([aProject('shop', { spec: { servers: 3 } }), ...droplets], GATE.timings);
    for (const droplet of droplets)
      rig.cloud.addDroplet({ id: droplet.status!.server!.id!, tags: tagsFor(droplet) });
    await rig.informer.refresh();
    const reason = (name: string) =>
      findCondition(rig.client.stored(DROPLETS, `default/${name}`)!.status!.conditions, 'Provisioned')!
        .reason;
    const reconcile = (name: string) =>
      reconcileDroplet(
        rig.context,
        `default/${name}`,
        rig.client.stored(DROPLETS, `default/${name}`),
        rig.run,
      );
    return { ...rig, reason, reconcile };
  }

  it('destroys nothing, and says so, for as long as it takes', async () => {
    const { clock, cloud, reason, reconcile } = await startDoomed([
      doomed('shop-web1', 7, { [ADOPT_ANNOTATION]: '7' }),
    ]);
    for (let round = 1; round <= 3; round++) {
      await reconcile('shop-web1');
      await clock.advance(60_000);
    }
    expect(cloud.count('deleteDroplet')).to.equal(0);
    expect(reason('shop-web1')).to.equal('Kept');
  });

  it('goes as any other when it names another server', async () => {
    const { clock, cloud, reconcile } = await startDoomed([
      doomed('shop-web1', 7, { [ADOPT_ANNOTATION]: '8' }),
    ]);
    await reconcile('shop-web1');
    await clock.advance(60_000);
    await reconcile('shop-web1');
    expect(cloud.count('deleteDroplet')).to.equal(1);
  });

  it('holds the others that go with it, which may be about to be named too', async () => {
    const names = ['shop-master', 'shop-web1', 'shop-web2'];
    const { client, clock, cloud, reason, reconcile } = await startDoomed(
      names.map((name, i) => doomed(name, i + 1)),
    );
    const all = async (): Promise<void> => {
      for (const name of names) await reconcile(name);
      await clock.advance(60_000);
    };
    await all();
    await all();
    for (const [i, name] of names.slice(0, 2).entries())
      await client.patch(DROPLETS, `default/${name}`, {
        metadata: { annotations: { [ADOPT_ANNOTATION]: String(i + 1) } },
      });
    await all();
    await all();
    expect(names.map(reason)).to.deep.equal(['Kept', 'Kept', 'Wanted']);
    expect(cloud.count('deleteDroplet')).to.equal(0);
  });
});
