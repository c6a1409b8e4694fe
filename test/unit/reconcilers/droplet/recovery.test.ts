import { expect } from 'chai';
import { DROPLETS } from '../../../../clients/kubernetes/kinds.ts';
import { retiredUidOf, uidOf } from '../../../../crds/cloud-tags.ts';
import { findCondition } from '../../../../crds/conditions.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import { DROPLET, type Context } from '../../../../reconcilers/droplet/concern.ts';
import { reconcileDroplet } from '../../../../reconcilers/droplet/reconcile.ts';
import { createPauses } from '../../../../reconcilers/pauses.ts';
import { createSince } from '../../../../reconcilers/since.ts';
import { aCondition, aDroplet, aProject, aRecovery, activeStatus } from '../../../builders/objects.ts';
import { refusal } from '../../../fakes/cloud.ts';
import { createRig, tagsFor } from '../reconcile-rig.ts';

const { launchGraceMs, pollMs } = DROPLET.timings;
const KEY = 'default/shop-web1';
const SNAPSHOT = '4711';

/** A Droplet whose server runs, and that a recovery is asked for. */
async function start(recovery = aRecovery(7, 'Replace', { image: SNAPSHOT })) {
  const healthy = aCondition('Healthy', 'False');
  const status = activeStatus(7);
  const droplet = aDroplet('shop-web1', {
    status: { ...status, recovery, conditions: [...status.conditions!, healthy] },
  });
  const rig = createRig([aProject('shop', { spec: { servers: 2 } }), droplet]);
  rig.cloud.addDroplet({ id: 7, name: 'shop-web1', tags: tagsFor(droplet) });
  await rig.informer.refresh();
  const stored = (): Droplet => rig.client.stored(DROPLETS, KEY)!;
  let context = rig.context;
  /** What the operator and the cloud do in a while. */
  async function pass(): Promise<void> {
    await reconcileDroplet(context, KEY, stored(), rig.run).catch(() => undefined);
    const { cloud } = rig;
    const running = [...cloud.droplets.values()].filter(({ status }) => status !== 'off');
    expect(running.length, 'servers of one Droplet that run at once').to.be.at.most(1);
    for (const [id, { status }] of cloud.actions) if (status === 'in-progress') cloud.finishAction(id);
    for (const [id, { status }] of cloud.droplets) if (status === 'new') cloud.finishBoot(id);
    await rig.clock.advance(pollMs);
    await rig.informer.refresh();
  }
  const hasSuccessor = (): boolean =>
    stored().status?.phase === 'Active' && stored().status?.server?.id !== 7;
  async function untilReplaced(): Promise<void> {
    for (let round = 0; !hasSuccessor(); round++) {
      if (round > 60) throw new Error(`nothing took its place: ${JSON.stringify(stored().status)}`);
      await pass();
    }
  }
  /** The process is another by now, which remembers nothing. */
  const restartWith = (change: Partial<Context> = {}): void => {
    const forgetful = { since: createSince(rig.clock), pauses: createPauses(rig.clock, () => 0.5) };
    context = { ...rig.context, ...forgetful, ...change };
  };
  return { ...rig, stored, pass, untilReplaced, restartWith };
}

type Started = Awaited<ReturnType<typeof start>>;

function expectReplaced({ cloud, stored }: Started): void {
  const servers = [...cloud.droplets.values()];
  expect(servers, 'servers in the account').to.have.length(2);
  const [old, now] = servers.toSorted((a, b) => a.id - b.id);
  expect(old).to.include({ id: 7, status: 'off' });
  expect(uidOf(old!.tags)).to.equal(undefined);
  expect(retiredUidOf(old!.tags)).to.equal('uid-shop-web1');
  expect(old!.tags).to.include('dropfleet:fleet').and.not.include('dropfleet:fleet:shop:web');
  expect(now).to.include({ name: 'shop-web1', status: 'active', image: SNAPSHOT });
  expect(uidOf(now!.tags)).to.equal('uid-shop-web1');
  expect(stored().status!.server).to.deep.include({ id: now!.id, formerIDs: [7] });
}

const CHANGES = new Set(['powerOffDroplet', 'tagDroplet', 'untagDroplet', 'createDroplet', 'patch']);

/** The same, counting what it changes; the process ends at change number `at`, which was carried out if `applied`. */
function mortal<T extends object>(target: T, life: { left: number; applied: boolean }): T {
  return new Proxy(target, {
    get(_target, name) {
      const call = target[name as keyof T];
      if (typeof call !== 'function') return call;
      return async (...args: unknown[]): Promise<unknown> => {
        if (life.left <= 0) throw new Error('the process has ended');
        if (!CHANGES.has(String(name))) return (await call.apply(target, args)) as unknown;
        life.left--;
        const ends = life.left === 0;
        if (!ends || life.applied) {
          const result = (await call.apply(target, args)) as unknown;
          if (!ends) return result;
        }
        throw new Error('the process has ended');
      };
    },
  });
}

describe('Replacing a server', () => {
  it('powers it off, keeps it, and has another in its place that boots from the snapshot', async () => {
    const rig = await start();
    await rig.untilReplaced();
    expectReplaced(rig);
    expect(rig.events).to.include('Retired shop-web1');
    const changes = rig.cloud.calls.map(({ operation }) => operation).filter(name => CHANGES.has(name));
    expect(changes).to.deep.equal([
      'powerOffDroplet',
      'tagDroplet',
      'tagDroplet',
      'untagDroplet',
      'untagDroplet',
      'createDroplet',
    ]);
  });

  it('has forgotten by then what observers found of the former one', async () => {
    const rig = await start();
    await rig.untilReplaced();
    expect(findCondition(rig.stored().status!.conditions, 'Healthy')).to.equal(undefined);
    expect(findCondition(rig.stored().status!.conditions, 'Ready')).to.include({ status: 'True' });
  });

  it('asks for nothing more once that is so, though the recovery is still on record', async () => {
    const rig = await start();
    await rig.untilReplaced();
    await rig.pass();
    rig.cloud.calls.length = 0;
    rig.client.calls.length = 0;
    await rig.pass();
    expect(rig.cloud.calls.map(({ operation }) => operation)).to.deep.equal(['listDroplets']);
    expect(rig.writes()).to.deep.equal([]);
  });

  it('comes to the same wherever the process ends on the way, and whatever reply is lost with it', async () => {
    let ends = 0;
    for (const applied of [false, true])
      for (let at = 1; ; at++) {
        const rig = await start();
        const life = { left: at, applied };
        const { cloud, kubernetes } = rig.context;
        rig.restartWith({ cloud: mortal(cloud, life), kubernetes: mortal(kubernetes, life) });
        for (let round = 0; round < 30 && life.left > 0; round++) await rig.pass();
        if (life.left > 0) break;
        ends++;
        rig.restartWith();
        await rig.untilReplaced();
        expectReplaced(rig);
      }
    expect(ends).to.be.greaterThan(20);
  }).timeout(60_000);

  it('leaves what it has when another leader has asked for one meanwhile', async () => {
    const rig = await start();
    const { kubernetes } = rig.context;
    const isLaunch = (patch: unknown): boolean => JSON.stringify(patch).includes('"phase":"Creating"');
    let others = 0;
    const overtaken = new Proxy(kubernetes, {
      get: (target, name) =>
        name === 'patch'
          ? async (...args: Parameters<typeof target.patch>) => {
              if (isLaunch(args[2]) && ++others === 1) {
                const status = { server: { id: null, nonce: 'anothers', formerIDs: [7] } };
                await target.patch(DROPLETS, KEY, { status }, { subresource: 'status' });
              }
              return await target.patch(...args);
            }
          : target[name as keyof typeof target],
    });
    rig.restartWith({ kubernetes: overtaken });
    for (let round = 0; round < 4; round++) await rig.pass();
    expect(others).to.be.greaterThan(0);
    expect(rig.cloud.count('createDroplet')).to.equal(0);
    expect(rig.stored().status!.server).to.include({ nonce: 'anothers' });
  });

  it('launches nothing while DigitalOcean fails to power it off, and says so', async () => {
    const rig = await start();
    for (let i = 0; i < 5; i++) rig.cloud.failNext('powerOffDroplet', refusal(500, 'something went wrong'));
    for (let i = 0; i < 4; i++) await rig.pass();
    expect(rig.cloud.count('createDroplet')).to.equal(0);
    expect(rig.stored().status).to.include({ phase: 'Replacing' });
    expect(findCondition(rig.stored().status!.conditions, 'Ready')!.message).to.match(
      /something went wrong; nothing takes the place of droplet 7 before it is off: power it off/,
    );
  });

  it('launches nothing on the word of an action alone: the server must be off', async () => {
    const rig = await start();
    await reconcileDroplet(rig.context, KEY, rig.stored(), rig.run);
    rig.cloud.finishAction(rig.stored().status!.server!.actionID!);
    rig.cloud.changeDroplet(7, { status: 'active' });
    await rig.informer.refresh();
    await reconcileDroplet(rig.context, KEY, rig.stored(), rig.run);
    expect(rig.cloud.count('createDroplet')).to.equal(0);
    expect(rig.cloud.count('powerOffDroplet')).to.equal(2);
  });

  it('asks again when there was no room for another, and still boots it from the snapshot', async () => {
    const rig = await start();
    rig.cloud.failNext('createDroplet', refusal(422, 'creating this droplet will exceed your droplet limit'));
    while (rig.cloud.count('createDroplet') === 0) await rig.pass();
    expect(rig.stored().status).to.include({ phase: 'Failed' });
    await rig.clock.advance(DROPLET.timings.slowestRefusedMs);
    await rig.untilReplaced();
    expectReplaced(rig);
  });

  it('holds a server that it would stop while there are servers of the project that nobody owns', async () => {
    const rig = await start();
    const stranger = aDroplet('shop-web9', { metadata: { uid: 'uid-of-nobody' } });
    rig.cloud.addDroplet({ id: 900, name: 'shop-web9', status: 'off', tags: tagsFor(stranger) });
    await rig.informer.refresh();
    await reconcileDroplet(rig.context, KEY, rig.stored(), rig.run);
    expect(rig.cloud.count('powerOffDroplet')).to.equal(0);
    const held = findCondition(rig.stored().status!.conditions, 'ConfirmationRequired');
    expect(held).to.include({ status: 'True', reason: 'Orphans' });
  });
});

describe('Power-cycling a server', () => {
  const cycle = aRecovery(7, 'PowerCycle');

  it('is done once for a recovery, and the server is not said to run until it is over', async () => {
    const rig = await start(cycle);
    await reconcileDroplet(rig.context, KEY, rig.stored(), rig.run);
    expect(rig.stored().status).to.include({ phase: 'PoweringOn' });
    for (let i = 0; i < 5; i++) await rig.pass();
    rig.restartWith();
    await rig.pass();
    expect(rig.cloud.count('powerCycleDroplet')).to.equal(1);
    expect(rig.stored().status)
      .to.include({ phase: 'Active' })
      .and.not.have.nested.property('server.actionID');
  });

  it('is not done twice when its reply was lost, nor by whoever comes next', async () => {
    const rig = await start(cycle);
    rig.cloud.failNext('powerCycleDroplet', new Error('connection reset'), { applied: true });
    for (let i = 0; i < 5; i++) await rig.pass();
    rig.restartWith();
    for (let i = 0; i < 5; i++) await rig.pass();
    expect(rig.cloud.count('powerCycleDroplet')).to.equal(1);
  });

  it('is asked for again when DigitalOcean surely did not do it', async () => {
    const rig = await start(cycle);
    rig.cloud.failNext('powerCycleDroplet', refusal(422, 'Droplet already has a pending event.'));
    await rig.pass();
    expect(rig.stored().status!.server).to.not.have.property('cycledFor');
    await rig.clock.advance(launchGraceMs);
    for (let i = 0; i < 3; i++) await rig.pass();
    expect(rig.cloud.count('powerCycleDroplet')).to.equal(2);
  });
});
