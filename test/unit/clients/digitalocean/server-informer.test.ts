import { expect } from 'chai';
import { sleep } from '../../../../clients/clock.ts';
import type { CloudDroplet } from '../../../../clients/digitalocean/cloud.ts';
import { CloudError, UnreadableItems } from '../../../../clients/digitalocean/errors.ts';
import { createServerInformer, type ServerChange } from '../../../../clients/digitalocean/server-informer.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeCloud, refusal } from '../../../fakes/cloud.ts';
import { fakeLogger } from '../../../fakes/logger.ts';
import { rejection } from '../../../fakes/rejection.ts';

const TAG = 'dropfleet:f';
const unreachable = () =>
  new CloudError({ operation: 'listDroplets', code: 'ECONNREFUSED', message: 'nobody listens' });

function fixture() {
  const clock = fakeClock();
  const cloud = fakeCloud();
  const log = fakeLogger();
  const informer = createServerInformer({ cloud, tag: TAG, clock, log, random: () => 1 });
  const stop = new AbortController();
  const changes: ServerChange[] = [];
  informer.subscribe(change => changes.push(change));
  return {
    clock,
    cloud,
    log,
    informer,
    stop,
    changes,
    add: (droplet: Partial<CloudDroplet> = {}) => cloud.addDroplet({ tags: [TAG], ...droplet }),
    lists: () => cloud.count('listDroplets'),
    started: async () => {
      informer.start(stop.signal);
      await clock.advance(0);
    },
  };
}

/** An informer whose list cannot be read in part: `list([8])` leaves 8 out, and says so of that id. */
function readings() {
  const test = fixture();
  const { cloud } = test;
  let hidden: readonly number[] = [];
  let shownIds: readonly unknown[] = [];
  const listDroplets = cloud.listDroplets.bind(cloud);
  cloud.listDroplets = async tag => {
    const listed = await listDroplets(tag);
    if (hidden.length === 0) return listed;
    const failure = { operation: 'listDroplets', message: 'unreadable' };
    throw new UnreadableItems(
      failure,
      listed.filter(({ id }) => !hidden.includes(id)),
      shownIds.map(id => ({ id, marks: undefined })),
    );
  };
  const list = (ids: readonly number[], ...as: unknown[]): void => {
    hidden = ids;
    shownIds = as.length > 0 ? as : ids;
  };
  return { ...test, list };
}

/** When lists began, as seen over `ms` milliseconds from now. */
async function listTimes({ clock, lists }: ReturnType<typeof fixture>, ms: number): Promise<number[]> {
  const times: number[] = [];
  for (let passed = 0; passed < ms; passed += 500) {
    const before = lists();
    await clock.advance(500);
    if (lists() > before) times.push(clock.monotonic());
  }
  return times;
}

describe('The informer of servers', () => {
  it('holds what the cloud lists under its tag, by id and by tag', async () => {
    const { informer, add, started } = fixture();
    const web = add({ id: 8, tags: [TAG, 'dropfleet-uid:u'] });
    const master = add({ id: 7 });
    add({ id: 9, tags: ['somebody-elses'] });
    await started();
    expect(informer.list()).to.deep.equal([master, web]);
    expect(informer.get(8)).to.deep.equal(web);
    expect(informer.get(9)).to.equal(undefined);
    expect(informer.byTag('dropfleet-uid:u')).to.deep.equal([web]);
    expect(informer.byTag('dropfleet-uid:v')).to.deep.equal([]);
  });

  it('is synced once its first list succeeded', async () => {
    const { clock, cloud, informer, started } = fixture();
    cloud.failNext('listDroplets', unreachable());
    let isSynced = false;
    const synced = informer.synced().then(() => (isSynced = true));
    await started();
    expect(isSynced).to.equal(false);
    await clock.advance(5_000);
    await synced;
  });

  it('lets a caller who waits for the first list go with its signal', async () => {
    const { informer } = fixture();
    const stop = new AbortController();
    const synced = rejection(informer.synced(stop.signal));
    stop.abort(new Error('enough'));
    expect((await synced).message).to.equal('enough');
    expect((await rejection(informer.synced(stop.signal))).message).to.equal('enough');
  });

  it('tells what appeared, changed and went, and of nothing else', async () => {
    const { cloud, informer, changes, add, started } = fixture();
    expect(informer.byTag(TAG)).to.deep.equal([]);
    const stays = add();
    const grows = add();
    const goes = add();
    await started();
    expect(changes.splice(0)).to.deep.equal([{ after: stays }, { after: grows }, { after: goes }]);
    cloud.droplets.delete(goes.id);
    const comes = add();
    const grown = cloud.changeDroplet(grows.id, { size: 's-2vcpu-2gb' });
    cloud.changeDroplet(stays.id, { tags: [...stays.tags] });
    await informer.refresh();
    expect(changes.splice(0)).to.deep.equal([
      { before: goes },
      { before: grows, after: grown },
      { after: comes },
    ]);
    await informer.refresh();
    expect(changes).to.deep.equal([]);
    expect(informer.byTag(TAG)).to.deep.equal([stays, grown, comes]);
  });

  it('has the whole list in before it tells of any of it, and survives a handler that throws', async () => {
    const { informer, log, changes, add, started } = fixture();
    const lengths: number[] = [];
    informer.subscribe(() => {
      lengths.push(informer.list().length);
      throw new Error('a bug');
    });
    const silent = informer.subscribe(() => lengths.push(-1));
    silent();
    add();
    add();
    await started();
    expect(lengths).to.deep.equal([2, 2]);
    expect(changes).to.have.length(2);
    expect(log.lines.map(line => line.level)).to.deep.equal(['error', 'error']);
    expect(informer.healthy().ok).to.equal(true);
  });

  it('keeps what it holds while lists fail, and says so once', async () => {
    const { clock, cloud, informer, log, changes, add, started } = fixture();
    const droplet = add();
    await started();
    changes.length = 0;
    for (let i = 0; i < 3; i++) cloud.failNext('listDroplets', unreachable());
    await clock.advance(60_000);
    await clock.advance(10_000);
    expect(cloud.count('listDroplets')).to.equal(3);
    expect(informer.list()).to.deep.equal([droplet]);
    expect(informer.lastListStartedAt()).to.equal(0);
    expect(changes).to.deep.equal([]);
    expect(informer.healthy()).to.deep.equal({
      ok: false,
      message: 'no list of droplets for 10 s: nobody listens',
    });
    await clock.advance(60_000);
    expect(informer.healthy()).to.deep.equal({ ok: true, message: 'droplets listed: 1' });
    expect(log.lines.map(line => `${line.level} ${line.message}`)).to.deep.equal([
      'warn the droplets cannot be listed: nobody listens',
      'info DigitalOcean lists the droplets again',
    ]);
  });

  it('is not healthy before its first list', () => {
    expect(fixture().informer.healthy()).to.deep.equal({
      ok: false,
      message: 'the droplets have not been listed yet',
    });
  });

  it('remembers every droplet that was ever listed', async () => {
    const { cloud, informer, add, started } = fixture();
    const { id } = add();
    await started();
    cloud.droplets.delete(id);
    await informer.refresh();
    expect([informer.get(id), informer.hasBeenSeen(id), informer.hasBeenSeen(id + 1)]).to.deep.equal([
      undefined,
      true,
      false,
    ]);
  });

  it('asks no more once it is stopped, and does not take its own stop for a failure', async () => {
    const { clock, cloud, informer, stop, log, lists, started } = fixture();
    await started();
    const waiting = Promise.withResolvers<CloudDroplet[]>();
    cloud.listDroplets = () => waiting.promise;
    const refreshed = rejection(informer.refresh());
    await clock.advance(0);
    stop.abort();
    waiting.reject(new CloudError({ operation: 'listDroplets', code: 'ABORTED', message: 'stopped' }));
    await refreshed;
    await clock.advance(3_600_000);
    expect([lists(), clock.pending(), log.lines.length, informer.healthy().ok]).to.deep.equal([
      1,
      0,
      0,
      true,
    ]);
  });
});

describe('A refresh', () => {
  it('waits for a list that began after it was asked for, and shares it', async () => {
    const { clock, cloud, informer, lists } = fixture();
    const replies: PromiseWithResolvers<void>[] = [];
    const listDroplets = cloud.listDroplets.bind(cloud);
    cloud.listDroplets = async tag => {
      const reply = Promise.withResolvers<void>();
      replies.push(reply);
      const listed = await listDroplets(tag);
      await reply.promise;
      return listed;
    };
    const first = informer.refresh();
    await clock.advance(1_000);
    const { id } = cloud.addDroplet({ tags: [TAG] });
    const later = [informer.refresh(), informer.refresh()];
    replies[0]!.resolve();
    await first;
    expect([informer.get(id), informer.lastListStartedAt()]).to.deep.equal([undefined, 0]);
    await clock.advance(0);
    replies[1]!.resolve();
    await Promise.all(later);
    expect([informer.get(id)?.id, informer.lastListStartedAt(), lists()]).to.deep.equal([id, 1_000, 2]);
  });

  it('keeps a droplet that cannot be read as it was known, and takes in the others', async () => {
    const { informer, add, cloud, list } = readings();
    const known = add({ id: 7 });
    add({ id: 8, status: 'new' });
    await informer.refresh();
    for (const id of [7, 8]) cloud.changeDroplet(id, { status: 'off' });
    add({ id: 9 });
    list([7]);
    await informer.refresh();
    expect(informer.get(7)).to.equal(known);
    expect([8, 9].map(id => informer.get(id)?.status)).to.deep.equal(['off', 'active']);
    expect([informer.doubt(), informer.healthy()]).to.deep.equal([
      undefined,
      { ok: false, message: 'unreadable' },
    ]);
  });

  it('is in doubt while a droplet that it never knew cannot be read', async () => {
    const { informer, add, list } = readings();
    add({ id: 7 });
    add({ id: 8 });
    list([8]);
    await informer.refresh();
    expect([informer.list().map(({ id }) => id), informer.doubt()]).to.deep.equal([[7], 'unreadable']);
    list([]);
    await informer.refresh();
    expect([informer.list().length, informer.doubt()]).to.deep.equal([2, undefined]);
  });

  it('keeps all that it knows while it cannot be told which one cannot be read', async () => {
    const { informer, add, cloud, list } = readings();
    add({ id: 7 });
    add({ id: 8 });
    await informer.refresh();
    cloud.droplets.delete(8);
    list([7], undefined);
    await informer.refresh();
    expect([informer.list().map(({ id }) => id), informer.doubt()]).to.deep.equal([[7, 8], 'unreadable']);
  });

  it('complains once a minute at most, however often its list goes wrong', async () => {
    const { clock, cloud, informer, log } = fixture();
    for (let i = 0; i < 24; i++) {
      if (i % 2 === 0) cloud.failNext('listDroplets', refusal(500, `no ${i}`));
      await informer.refresh().catch(() => undefined);
      await clock.advance(5_000);
    }
    const warnings = log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
    expect(warnings).to.deep.equal(['no 0', 'no 12'].map(why => `the droplets cannot be listed: ${why}`));
  });

  it('fails when its list fails, and the next one works again', async () => {
    const { cloud, informer } = fixture();
    cloud.failNext('listDroplets', refusal(401, 'no'));
    expect((await rejection(informer.refresh())).message).to.equal('no');
    await informer.refresh();
  });

  it('counts as a poll', async () => {
    const test = fixture();
    await test.started();
    await test.clock.advance(59_000);
    await test.informer.refresh();
    expect(await listTimes(test, 61_000)).to.deep.equal([119_000]);
  });
});

describe('The polls of the informer', () => {
  it('come at once and then every minute while nothing moves', async () => {
    const test = fixture();
    await test.started();
    expect(test.lists()).to.equal(1);
    expect(await listTimes(test, 180_000)).to.deep.equal([60_000, 120_000, 180_000]);
  });

  it('come 25 s after motion begins, then every 5 s until nothing moves any more', async () => {
    const test = fixture();
    await test.started();
    await test.clock.advance(1_000);
    test.informer.setMoving('a', true);
    test.informer.setMoving('b', true);
    expect(await listTimes(test, 30_000)).to.deep.equal([26_000, 31_000]);
    test.informer.setMoving('a', false);
    expect(await listTimes(test, 5_000)).to.deep.equal([36_000]);
    test.informer.setMoving('b', false);
    test.informer.setMoving('b', false);
    expect(await listTimes(test, 60_000)).to.deep.equal([96_000]);
  });

  it('are not put off by motion that is stated again or joined', async () => {
    const test = fixture();
    await test.started();
    for (let second = 0; second < 25; second++) {
      test.informer.setMoving('a', true);
      test.informer.setMoving(`b${second}`, true);
      await test.clock.advance(1_000);
    }
    expect(test.informer.lastListStartedAt()).to.equal(25_000);
  });

  it('are not put off by motion that begins just before one is due', async () => {
    const test = fixture();
    await test.started();
    await test.clock.advance(58_000);
    test.informer.setMoving('a', true);
    expect(await listTimes(test, 7_000)).to.deep.equal([60_000, 65_000]);
  });

  it('come 5 s after a wake, once', async () => {
    const test = fixture();
    await test.started();
    await test.clock.advance(1_000);
    test.informer.wake();
    await test.clock.advance(2_000);
    test.informer.wake();
    expect(await listTimes(test, 63_000)).to.deep.equal([6_000, 66_000]);
  });

  it('come after a wake during a list, too', async () => {
    const test = fixture();
    const listDroplets = test.cloud.listDroplets.bind(test.cloud);
    test.cloud.listDroplets = tag => {
      if (test.lists() === 0) test.informer.wake();
      return listDroplets(tag);
    };
    await test.started();
    expect(await listTimes(test, 10_000)).to.deep.equal([5_000]);
  });

  it('come ever more slowly while they fail, whatever moves', async () => {
    const test = fixture();
    for (let i = 0; i < 6; i++) test.cloud.failNext('listDroplets', unreachable());
    await test.started();
    test.informer.setMoving('a', true);
    test.informer.wake();
    const minute = 60_000;
    expect(await listTimes(test, 4 * minute)).to.deep.equal([
      5_000, 15_000, 35_000, 75_000, 135_000, 195_000, 200_000, 205_000, 210_000, 215_000, 220_000, 225_000,
      230_000, 235_000, 240_000,
    ]);
  });

  it('pause after a failure even when the list took longer than an interval to fail', async () => {
    const test = fixture();
    test.cloud.listDroplets = async () => {
      test.cloud.calls.push({ operation: 'listDroplets', args: [TAG] });
      await sleep(test.clock, 8_000);
      throw unreachable();
    };
    await test.started();
    test.informer.setMoving('a', true);
    test.informer.wake();
    expect(await listTimes(test, 36_000)).to.deep.equal([13_000, 31_000]);
  });

  it('are one list each, however many droplets there are', async () => {
    const test = fixture();
    for (let i = 0; i < 10_000; i++) test.add({ tags: [TAG, `dropfleet-uid:${i}`] });
    await test.started();
    await test.clock.advance(60_000);
    expect(test.changes).to.have.length(10_000);
    expect(test.cloud.calls.map(call => call.operation)).to.deep.equal(['listDroplets', 'listDroplets']);
    expect(test.informer.byTag('dropfleet-uid:9999')).to.have.length(1);
  });
});
