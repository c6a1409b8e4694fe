import { expect } from 'chai';
import { CONFIG_MAPS, DROPLETS, PROJECTS } from '../../../../clients/kubernetes/kinds.ts';
import { CloudError } from '../../../../clients/digitalocean/errors.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import type { ProjectSpec } from '../../../../crds/project.ts';
import { snapshotNamed } from '../../../../crds/snapshot-name.ts';
import { SNAPSHOT, type Context } from '../../../../reconcilers/snapshot/concern.ts';
import { createSnapshotReconciler } from '../../../../reconcilers/snapshot/reconcile.ts';
import { createSnapshotSource } from '../../../../reconcilers/snapshot/source.ts';
import {
  aCondition,
  activeStatus,
  aDroplet,
  aProject,
  aServiceDeployment,
} from '../../../builders/objects.ts';
import { aSnapshot } from '../../../builders/snapshots.ts';
import { refusal } from '../../../fakes/cloud.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { fakeSsh } from '../../../fakes/ssh.ts';
import { createRig, ownOf, tagsFor } from '../reconcile-rig.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const KEY = 'default/shop';
const PIN = 'SHA256:pin';
const CONDITIONS = ['Provisioned', 'Reachable', 'Configured'].map(type => aCondition(type, 'True'));

/** A master with a database, whose first snapshot is due in a day; reconciled by hand. */
async function start(spec: Partial<ProjectSpec> = {}) {
  const master = aDroplet('shop-master', {
    metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
    status: {
      ...activeStatus(7, { privateAddress: '10.0.0.7' }),
      host: { serverID: 7, keyFingerprint: PIN },
      conditions: CONDITIONS,
    },
  });
  const database = aServiceDeployment(
    'shop-prod-db',
    {},
    {
      spec: { type: 'infra', image: 'postgres:17', volumes: [{ name: 'data', path: '/data' }] },
      status: { conditions: [aCondition('Rolled', 'True')] },
    },
  );
  const rig = createRig([aProject('shop', { spec }), master, database]);
  rig.cloud.addDroplet({ id: 7, name: 'shop-master', tags: tagsFor(master), publicAddress: '203.0.113.7' });
  await rig.informer.refresh();
  const ssh = fakeSsh();
  const answers = { freeze: { code: 0, stdout: '', stderr: '' } };
  const commands: string[] = [];
  ssh.hosts.set('203.0.113.7', {
    hostKey: PIN,
    files: new Map(),
    answer: argv => {
      const name = argv[5]!;
      commands.push(name === 'dropfleet-freeze' ? `${name} ${argv.slice(9).join(' ')}` : name);
      return name === 'dropfleet-freeze' ? answers.freeze : { stdout: 'held\t2100\n' };
    },
  });
  const hosts = { ssh, port: 22, privateKey: { reveal: () => 'key' }, engine: 'docker' } as never;
  const context: Context = { ...rig.context, ...ownOf(SNAPSHOT), hosts };
  const source = createSnapshotSource({ ...rig, fleetId: 'fleet' });
  let reconciler = createSnapshotReconciler(context, hosts, source);
  const stored = (): Droplet['status'] => rig.client.stored(DROPLETS, 'default/shop-master')!.status;
  const reconcile = () => reconciler(KEY, rig.client.stored(PROJECTS, KEY), rig.run);
  return {
    ...rig,
    answers,
    commands,
    stored,
    reconcile,
    /** Time passes until it is over: its waits are on the clock. */
    async passing() {
      const done = { is: false };
      const outcome = reconcile().finally(() => void (done.is = true));
      outcome.catch(() => undefined);
      for (let turns = 0; !done.is && turns < 100; turns++) await rig.clock.advance(500);
      return await outcome;
    },
    /** The cloud has done what it was last asked for. */
    async finishAction(status: 'completed' | 'errored' = 'completed') {
      rig.cloud.finishAction(Math.max(...rig.cloud.actions.keys()), status);
      await rig.informer.refresh();
    },
    /** Another operator takes over. */
    restart: () =>
      void (reconciler = createSnapshotReconciler(
        context,
        hosts,
        createSnapshotSource({ ...rig, fleetId: 'fleet' }),
      )),
  };
}

describe('A snapshot', () => {
  it('is taken daily: flushed, held still, asked for, let go, tagged, and told of', async () => {
    const rig = await start();
    expect(await rig.reconcile()).to.deep.equal({ requeueAfterMs: 60 * MINUTE });
    await rig.clock.advance(DAY);
    await rig.passing();
    expect(rig.commands).to.deep.equal(['dropfleet-freeze postgres uid-shop-prod-db', 'dropfleet-thaw']);
    const { name } = rig.stored()!.snapshotting!;
    expect(snapshotNamed('fleet', name)).to.include({ droplet: 'shop-master', nonce: 'nonce1' });
    expect(rig.stored()!.snapshotting).to.include({ cause: 'daily', pauseMs: 2100 });

    const writes = rig.writes().length;
    expect(await rig.reconcile()).to.deep.equal({ requeueAfterMs: 15_000 });
    expect(rig.writes()).to.have.length(writes);
    await rig.finishAction();
    await rig.reconcile();
    const [snapshot] = [...rig.cloud.snapshots.values()];
    expect(snapshot!.tags).to.have.members([
      'dropfleet:fleet',
      'dropfleet-uid:uid-shop-master',
      'dropfleet-api:api',
      'dropfleet:fleet:shop:master',
    ]);
    const { snapshot: newest, snapshotting } = rig.stored()!;
    expect(newest).to.include({ id: snapshot!.id, sizeGB: 2.5, pauseMs: 2100 });
    expect(snapshotting).to.equal(undefined);
    expect(rig.events).to.deep.equal(['SnapshotTaken shop-master']);
    expect(rig.cloud.count('snapshotDroplet')).to.equal(1);
  });

  it('holds databases no longer than until the action has ended', async () => {
    const rig = await start();
    await rig.clock.advance(DAY);
    const begun = rig.clock.monotonic();
    const taking = rig.passing();
    await rig.clock.advance(0);
    await rig.finishAction();
    await taking;
    expect(rig.commands.at(-1)).to.equal('dropfleet-thaw');
    expect(rig.clock.monotonic() - begun).to.be.below(SNAPSHOT.timings.holdMs);
  });

  it('costs an idle fleet no writes, and the cloud one list an hour', async () => {
    const rig = await start();
    await rig.clock.advance(DAY);
    await rig.passing();
    await rig.finishAction();
    await rig.reconcile();
    const [writes, calls] = [rig.writes().length, rig.cloud.calls.length];
    for (let hour = 0; hour < 12; hour++) {
      await rig.reconcile();
      await rig.clock.advance(60 * MINUTE);
    }
    expect(rig.writes()).to.have.length(writes);
    expect(rig.cloud.calls.slice(calls).every(({ operation }) => operation === 'listSnapshots')).to.equal(
      true,
    );
    expect(rig.cloud.calls.length - calls).to.be.at.most(12);
  });

  it('that may have been asked for is found by its name, and not asked for again', async () => {
    const rig = await start();
    await rig.clock.advance(DAY);
    rig.cloud.failNext(
      'snapshotDroplet',
      new CloudError({ operation: 'snapshotDroplet', status: 504, message: 'lost' }),
      {
        applied: true,
      },
    );
    expect(await rejection(rig.passing())).to.have.property('message', 'lost');
    expect(rig.commands.at(-1)).to.equal('dropfleet-thaw');
    rig.restart();
    await rig.informer.refresh();
    await rig.reconcile();
    await rig.clock.advance(60 * MINUTE);
    await rig.reconcile();
    await rig.finishAction();
    await rig.reconcile();
    expect(rig.stored()!.snapshot).to.include({ sizeGB: 2.5 });
    expect(rig.cloud.count('snapshotDroplet')).to.equal(1);
  });

  it('that never came is given up, and tried again after a pause', async () => {
    const rig = await start();
    await rig.clock.advance(DAY);
    rig.cloud.failNext(
      'snapshotDroplet',
      new CloudError({ operation: 'snapshotDroplet', status: 504, message: 'lost' }),
    );
    await rejection(rig.passing());
    await rig.reconcile();
    expect(rig.stored()!.snapshotting).not.to.equal(undefined);
    await rig.clock.advance(5 * MINUTE);
    await rig.reconcile();
    expect(rig.stored()!.snapshotting).to.equal(undefined);
    expect(rig.events).to.deep.equal(['SnapshotFailed shop-master']);
    const { requeueAfterMs } = (await rig.reconcile())!;
    await rig.clock.advance(requeueAfterMs);
    await rig.passing();
    expect(rig.cloud.count('snapshotDroplet')).to.equal(2);
  });

  for (const how of ['refused', 'failed'] as const)
    it(`that was ${how} lets the databases go, and is tried again after a pause`, async () => {
      const rig = await start();
      await rig.clock.advance(DAY);
      if (how === 'refused') rig.cloud.failNext('snapshotDroplet', refusal(422, 'limit reached'));
      await rig.passing();
      if (how === 'failed') {
        await rig.finishAction('errored');
        await rig.reconcile();
      }
      expect(rig.commands.at(-1)).to.equal('dropfleet-thaw');
      expect(rig.stored()).not.to.have.any.keys('snapshot', 'snapshotting');
      expect(rig.events).to.deep.equal(['SnapshotFailed shop-master']);
      expect((await rig.reconcile())!.requeueAfterMs).to.be.within(20 * MINUTE, 40 * MINUTE);
    });

  it('is taken all the same where a database cannot be held still, with a warning', async () => {
    const rig = await start();
    rig.answers.freeze = { code: 1, stdout: '', stderr: 'docker does not answer\n' };
    await rig.clock.advance(DAY);
    await rig.passing();
    expect(rig.cloud.count('snapshotDroplet')).to.equal(1);
    expect(rig.events).to.deep.equal(['SnapshotNotQuiesced shop-master']);
  });

  it('is taken of nothing where snapshots are off', async () => {
    const rig = await start({ snapshots: 'off' });
    await rig.clock.advance(30 * DAY);
    await rig.reconcile();
    expect(rig.cloud.count('snapshotDroplet') + rig.commands.length).to.equal(0);
  });
});

describe('Old snapshots', () => {
  /** A master that has a snapshot of each of so many days, the last of them today. */
  async function startWith(days: number) {
    const rig = await start();
    await rig.clock.advance(DAY);
    await rig.passing();
    await rig.finishAction();
    const now = rig.clock.now();
    for (let day = 1; day < days; day++) {
      const snapshot = aSnapshot(day, now - day * DAY, {
        tags: ['dropfleet:fleet', 'dropfleet-uid:uid-shop-master'],
      });
      rig.cloud.snapshots.set(snapshot.id, snapshot);
    }
    const [newest] = [...rig.cloud.snapshots.values()];
    rig.cloud.addSnapshot({ ...newest!, createdAt: new Date(now).toISOString() });
    await rig.reconcile();
    return rig;
  }
  const ids = (rig: Awaited<ReturnType<typeof start>>) =>
    [...rig.cloud.snapshots.keys()].map(Number).filter(id => id < 1000);

  it('go a few at a time, through the gate and on its record, while newer ones stay', async () => {
    const rig = await startWith(20);
    const before = ids(rig).length;
    await rig.reconcile();
    expect(ids(rig)).to.have.length(before - 3);
    const { data } = rig.client.stored(CONFIG_MAPS, 'default/dropfleet-gate')!;
    expect(data!['admitted']).to.contain('prune snapshot');
    for (let turn = 0; turn < 30; turn++) {
      await rig.reconcile();
      await rig.clock.advance(MINUTE);
    }
    // Of today and six days before, and of the weeks and months before those.
    expect(ids(rig)).to.include.members([1, 2, 3, 4, 5, 6]).and.not.to.include.members([8, 9]);
    expect(ids(rig).length).to.be.at.most(6 + 4 + 2);
    const kept = ids(rig);
    await rig.reconcile();
    expect(ids(rig)).to.deep.equal(kept);
  });

  it('go no faster than ten in ten minutes', async () => {
    const rig = await startWith(40);
    const before = ids(rig).length;
    for (let turn = 0; turn < 9; turn++) {
      await rig.reconcile();
      await rig.clock.advance(MINUTE);
    }
    expect(before - ids(rig).length).to.be.within(9, 10);
  });

  it('stay while the cloud cannot say which there are', async () => {
    const rig = await startWith(20);
    rig.cloud.failNext('listSnapshots', refusal(503, 'not now'));
    await rejection(rig.reconcile());
    expect(rig.cloud.count('deleteSnapshot')).to.equal(0);
  });
});
