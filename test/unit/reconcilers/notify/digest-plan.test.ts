import { expect } from 'chai';
import {
  afterFailure,
  afterSent,
  enqueue,
  giveUp,
  NEW_ROUTE,
  planDigest,
  retryAfter,
  settle,
  tryAgainNow,
  type RouteState,
} from '../../../../reconcilers/notify/digest-plan.ts';
import type { Channel, Notice, NoticeKind } from '../../../../reconcilers/notify/notice.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const GATHER = 15_000;

const notice = (name: string, kind: NoticeKind = 'failure', changes: Partial<Notice> = {}): Notice => ({
  kind,
  about: `Droplet default/${name}`,
  side: 'health',
  needsPerson: false,
  sentence: `${name} ${kind}`,
  at: '2026-01-01T00:00:00Z',
  ...changes,
});

/** A route through time; what is sent at a time is what it answers. */
function start(channel: Channel = 'mail') {
  let route: RouteState = NEW_ROUTE;
  const at = (minutes: number): number => START + minutes * MINUTE;
  return {
    route: () => route,
    note: (minutes: number, ...notices: Notice[]) => void (route = enqueue(route, notices, at(minutes))),
    plan: (minutes: number) => planDigest((route = settle(route, channel, at(minutes))), at(minutes), GATHER),
    send(minutes: number): string[] {
      const plan = this.plan(minutes);
      if (plan.type === 'wait') return [];
      route = afterSent(route, plan, at(minutes));
      return plan.digest.rows.map(({ sentence, times }) => (times > 1 ? `${sentence} x${times}` : sentence));
    },
    fail: (minutes: number, isTransient = true) =>
      void (route = afterFailure(route, { message: 'no', isTransient }, at(minutes))),
    set: (next: RouteState) => void (route = next),
  };
}

describe('a digest', () => {
  it('waits for what happens together', () => {
    const world = start();
    world.note(0, notice('a'));
    expect(world.plan(0)).to.deep.equal({ type: 'wait', untilMs: START + GATHER });
    world.note(0.2, notice('b'));
    expect(world.send(0.25)).to.deep.equal(['a failure', 'b failure']);
    expect(world.send(10)).to.deep.equal([]);
  });

  it('comes at growing intervals while it goes on, and at once again after it was quiet', () => {
    const world = start();
    const sentAt: number[] = [];
    for (let minutes = 0; minutes < 60; minutes += 0.25) {
      world.note(minutes, notice(`d${minutes}`));
      if (world.send(minutes).length > 0) sentAt.push(minutes);
    }
    expect(sentAt).to.deep.equal([0.25, 1.25, 6.25, 21.25, 36.25, 51.25]);
    world.send(90);
    world.note(200, notice('x'));
    expect(world.send(200.25)).to.deep.equal(['x failure']);
    world.note(200.5, notice('y'));
    expect(world.send(201)).to.deep.equal([]);
    expect(world.send(201.25)).to.deep.equal(['y failure']);
  });

  it('keeps nobody waiting for more than a minute who is to approve something, however much was told before', () => {
    const world = start();
    for (const minutes of [0, 2, 8]) {
      world.note(minutes, notice(`d${minutes}`));
      expect(world.send(minutes + 0.25)).to.have.length(1);
    }
    world.note(8.5, notice('master', 'approval-needed'), notice('web'));
    expect(world.send(9)).to.deep.equal([]);
    expect(world.send(9.25)).to.have.members(['master approval-needed', 'web failure']);
  });

  it('tells of each object how it is now, the worst first', () => {
    const world = start();
    world.note(
      0,
      notice('a'),
      notice('b'),
      notice('a', 'resolved'),
      notice('c', 'held', { needsPerson: true }),
    );
    expect(world.send(1)).to.deep.equal(['c held', 'b failure', 'a resolved x2']);
  });

  it('tells of the failure and the recovery that began at once in one message', () => {
    const world = start();
    world.note(0, notice('a'), notice('a', 'recovery-started'), notice('b'), notice('b', 'recovery-started'));
    expect(world.send(1)).to.deep.equal([
      'a failure',
      'a recovery-started',
      'b failure',
      'b recovery-started',
    ]);
    expect(world.send(60)).to.deep.equal([]);
    world.note(70, notice('a'), notice('a', 'recovery-started'), notice('a', 'recovery-finished'));
    expect(world.send(71), 'what is over by then').to.deep.equal(['a recovery-finished x3']);
  });

  it('wakes nobody for a failure whose recovery began', () => {
    const world = start('sms');
    world.note(0, notice('a'), notice('a', 'recovery-started'));
    expect(world.send(1)).to.deep.equal([]);
  });

  it('does not say the same of an object again within half an hour, however often it came and went', () => {
    const world = start();
    world.note(0, notice('a'));
    expect(world.send(1)).to.deep.equal(['a failure']);
    world.note(5, notice('a', 'resolved'), notice('a'));
    expect(world.plan(6)).to.deep.equal({ type: 'wait', untilMs: START + 31 * MINUTE });
    expect(world.send(31)).to.deep.equal(['a failure x2']);
  });

  it('says an end once, and not again after a relapse that nobody heard of', () => {
    const world = start();
    world.note(0, notice('a'));
    world.send(1);
    world.note(5, notice('a', 'resolved'));
    expect(world.send(10)).to.deep.equal(['a resolved']);
    world.note(11, notice('a'), notice('a', 'resolved'));
    expect(world.send(29)).to.deep.equal([]);
    expect(world.route().waiting).to.deep.equal([]);
  });

  it('goes by text message only with what needs somebody, and as long as it does', () => {
    const world = start('sms');
    const held = notice('a', 'held', { needsPerson: true });
    world.note(0, notice('b'), held);
    expect(world.send(1)).to.deep.equal(['a held']);
    world.note(10, notice('c', 'held', { needsPerson: true }));
    world.note(10.1, notice('c', 'resolved'));
    expect(world.send(60)).to.deep.equal([]);
    expect(world.route().waiting).to.deep.equal([]);
  });

  it('keeps the newest of too many, and says how many it left out', () => {
    const world = start();
    world.note(0, ...Array.from({ length: 130 }, (_, i) => notice(`d${i}`)));
    const plan = world.plan(1);
    expect(plan.type === 'send' && [plan.digest.rows.length, plan.digest.dropped]).to.deep.equal([100, 30]);
    expect(world.send(1)[0]).to.equal('d30 failure');
    expect(world.route().dropped).to.equal(0);
  });

  it('keeps what comes while it is sent', () => {
    const world = start();
    world.note(0, notice('a'));
    const plan = world.plan(1);
    world.note(1, notice('b'));
    if (plan.type === 'send') world.set(afterSent(world.route(), plan, START + MINUTE));
    expect(world.route().waiting.map(({ sentence }) => sentence)).to.deep.equal(['b failure']);
  });

  it('waits no longer than it would when the clock jumps back by a day', () => {
    const world = start();
    world.note(0, notice('a'));
    world.send(1);
    world.fail(1);
    world.note(-1440, notice('b'));
    const plan = world.plan(-1440);
    expect(plan.type === 'wait' && plan.untilMs! <= START - 1440 * MINUTE + 60 * MINUTE).to.equal(true);
  });
});

describe('what could not be sent', () => {
  it('is tried again ever more slowly, and with all that came meanwhile', () => {
    const world = start();
    world.note(0, notice('a'));
    world.fail(1);
    expect(world.send(1.25)).to.deep.equal([]);
    world.note(1.3, notice('b'));
    expect(world.send(1.5)).to.deep.equal(['a failure', 'b failure']);
    expect(world.route()).to.not.have.any.keys('error', 'nextTryAt');
    const pauses = [1, 2, 3, 20].map(failures => retryAfter(failures, true) / 1_000);
    expect(pauses).to.deep.equal([30, 60, 120, 3_600]);
  });

  it('waits longer for what a person must mend, unless something changed', () => {
    const world = start();
    world.note(0, notice('a'));
    world.fail(1, false);
    expect(world.send(15)).to.deep.equal([]);
    world.set(tryAgainNow(world.route()));
    expect(world.send(15)).to.deep.equal(['a failure']);
  });

  it('is given up after three days, and nothing younger is', () => {
    const world = start();
    world.note(0, notice('a'));
    world.note(1, notice('b'));
    const { route, lost } = giveUp(world.route(), START + 3 * 1440 * MINUTE);
    expect(lost.map(({ sentence }) => sentence)).to.deep.equal(['a failure']);
    expect(route.waiting.map(({ sentence }) => sentence)).to.deep.equal(['b failure']);
  });
});
