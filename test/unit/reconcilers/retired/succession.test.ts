import { expect } from 'chai';
import * as fc from 'fast-check';
import { DROPLETS } from '../../../../clients/kubernetes/kinds.ts';
import { retiredUidOf, uidOf } from '../../../../crds/cloud-tags.ts';
import { isConditionTrue } from '../../../../crds/conditions.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import { reconcileDroplet } from '../../../../reconcilers/droplet/reconcile.ts';
import { RETIRED } from '../../../../reconcilers/retired/concern.ts';
import { reconcileRetired } from '../../../../reconcilers/retired/reconcile.ts';
import { aCondition, aDroplet, aProject, aRecovery, activeStatus } from '../../../builders/objects.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';
import { createRig, ownOf, tagsFor } from '../reconcile-rig.ts';

const KEY = 'default/shop-web1';
const OLD = 7;
const HOUR_MS = 3_600_000;

/** What may happen next: the operator and the cloud work, or something befalls them or their servers. */
const MOVES = ['work', 'wait', 'day', 'turn-on', 'fail', 'fall-ill', 'get-well', 'lose-tags', 'lag'] as const;
type Move = (typeof MOVES)[number];
/** A life in which nothing goes wrong, so that one at least comes to its end. */
const QUIET: Move[] = [...Array<Move>(20).fill('work'), 'get-well', 'day', 'work'];

/** A Droplet whose old server is to be replaced, the operator that does it, and the cloud. */
async function start() {
  const droplet = aDroplet('shop-web1', { status: { ...activeStatus(OLD), recovery: aRecovery(OLD) } });
  const rig = createRig([aProject('shop', { spec: { servers: 2 } }), droplet]);
  const { cloud, client, clock, context, informer, run } = rig;
  cloud.addDroplet({ id: OLD, name: 'shop-web1', tags: tagsFor(droplet) });
  await informer.refresh();
  const stored = (): Droplet => client.stored(DROPLETS, KEY)!;
  const wrongs: string[] = [];
  const watched = {
    ...context.cloud,
    deleteDroplet: (id: number, signal?: AbortSignal): Promise<void> => {
      wrongs.push(...wrongsOfEnd(id));
      return context.cloud.deleteDroplet(id, signal);
    },
    createDroplet: (...request: Parameters<typeof cloud.createDroplet>) => {
      if (cloud.droplets.get(OLD)?.status !== 'off') wrongs.push('launched beside a server that may run');
      return context.cloud.createDroplet(...request);
    },
  };

  /** Destroyed may only be what is off, has lost its tags, and has a successor that is well. */
  function wrongsOfEnd(id: number): string[] {
    const { status, tags = [] } = cloud.droplets.get(id) ?? {};
    const { status: known } = stored();
    return [
      ...(status === 'off' ? [] : [`destroyed ${id}, which is ${status}`]),
      ...(uidOf(tags) === undefined && retiredUidOf(tags) !== undefined ? [] : [`${id} was not retired`]),
      ...(known?.server?.id !== undefined && known.server.id !== id ? [] : [`${id} has no successor`]),
      ...(isConditionTrue(known?.conditions, 'Ready') ? [] : [`the successor of ${id} is not well`]),
    ];
  }

  let isLagging = false;
  const setReady = (isReady: boolean): void => {
    const others = (stored().status?.conditions ?? []).filter(({ type }) => type !== 'Ready');
    const conditions = [...others, aCondition('Ready', isReady ? 'True' : 'False')];
    void client.patch(DROPLETS, KEY, { status: { conditions } }, { subresource: 'status' });
  };
  async function work(): Promise<void> {
    const own = { ...context, cloud: watched };
    await reconcileDroplet(own, KEY, stored(), run).catch(() => undefined);
    for (const id of cloud.droplets.keys())
      await reconcileRetired({ ...own, ...ownOf(RETIRED) }, String(id), run).catch(() => undefined);
    for (const [id, { status }] of cloud.actions) if (status === 'in-progress') cloud.finishAction(id);
    for (const [id, { status }] of cloud.droplets) if (status === 'new') cloud.finishBoot(id);
    await clock.advance(5_000);
    if (!isLagging) await informer.refresh();
  }
  const has = (): boolean => cloud.droplets.has(OLD);
  const moves: Record<Move, () => Promise<void> | void> = {
    work,
    wait: () => clock.advance(HOUR_MS),
    day: () => clock.advance(24 * HOUR_MS),
    'turn-on': () => void (has() && cloud.changeDroplet(OLD, { status: 'active' })),
    fail: () => cloud.failNext('powerOffDroplet', new Error('lost'), { applied: clock.now() % 2 === 0 }),
    'fall-ill': () => setReady(false),
    'get-well': () => setReady(stored().status?.server?.id !== OLD),
    'lose-tags': () => void (has() && cloud.changeDroplet(OLD, { tags: ['dropfleet:fleet'] })),
    lag: () => void (isLagging = !isLagging),
  };
  return { cloud, wrongs, move: async (move: Move) => await moves[move]() };
}

describe('A server that is replaced', () => {
  it('is destroyed only when it is off, retired, and another is well in its place, whatever happens', async function () {
    this.timeout(60_000);
    let destroyed = 0;
    const lives = fc.array(fc.constantFrom(...MOVES, 'work', 'work', 'work', 'get-well', 'day'), {
      minLength: 30,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(lives, async moves => {
        const { cloud, wrongs, move } = await start();
        for (const each of moves) await move(each);
        expect(wrongs).to.deep.equal([]);
        if (!cloud.droplets.has(OLD)) destroyed++;
      }),
      { ...propertyOptions(40), examples: [[QUIET]] },
    );
    expect(destroyed, 'lives in which it came to that').to.be.greaterThan(0);
  });
});
