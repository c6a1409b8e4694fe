import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Clock } from '../../../../clients/clock.ts';
import { KubernetesError } from '../../../../clients/kubernetes/errors.ts';
import { LEASES, type Lease } from '../../../../clients/kubernetes/kinds.ts';
import {
  acquireLeadership,
  isLeadershipLost,
  type LeaderElectionOptions,
  type Leadership,
} from '../../../../controllers/runtime/leader-election.ts';
import { fakeClock, type FakeClock } from '../../../fakes/clock.ts';
import { fakeKubernetesClient, type FakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { fakeLogger } from '../../../fakes/logger.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';
import { rejection } from '../../../fakes/rejection.ts';

const NAME = 'dropfleet-leader';
const never = new AbortController().signal;

function contender(client: LeaderElectionOptions['client'], clock: Clock, namespace: string, random = 0.5) {
  const log = fakeLogger();
  return { client, clock, log, namespace, name: NAME, identity: `of-${namespace}`, random: () => random };
}

const settled = async (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => true), new Promise<boolean>(r => setImmediate(() => r(false)))]);

const aLease = (namespace: string, holderIdentity: string, acquireTime = '2025'): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: NAME, namespace },
  spec: { holderIdentity, leaseDurationSeconds: 15, acquireTime: `${acquireTime}-01-01T00:00:00.000000Z` },
});

describe('Operators in several namespaces of one API', () => {
  let clock: FakeClock;
  let client: FakeKubernetesClient;
  beforeEach(() => {
    clock = fakeClock();
    client = fakeKubernetesClient();
  });

  /** Lets somebody else renew every 2 s, until the returned function is called. */
  function renewElsewhere(lease: Lease): () => void {
    let n = 0;
    let cancel = (): void => {};
    const renew = (): void => {
      void client.patch(LEASES, `${lease.metadata.namespace}/${NAME}`, { spec: { leaseTransitions: n++ } });
      cancel = clock.after(2_000, renew);
    };
    client.seed(lease);
    renew();
    return () => cancel();
  }

  it('let one lead; the other writes nothing, and says once who leads from where', async () => {
    await acquireLeadership(contender(client, clock, 'one'), never);
    const options = contender(client, clock, 'two');
    const other = acquireLeadership(options, never);
    await clock.advance(120_000);
    expect(await settled(other)).to.equal(false);
    expect(client.storedAll(LEASES).map(({ metadata }) => metadata.namespace)).to.deep.equal(['one']);
    expect(options.log.lines.map(({ level, message }) => `${level} ${message}`)).to.deep.equal([
      'warn waiting: operator of-one leads from namespace one',
    ]);
  });

  it('relieve each other: at once after a release, else when a Lease was seen unchanged for 15 s', async () => {
    const leadership = await acquireLeadership(contender(client, clock, 'one'), never);
    await leadership.release();
    const second = acquireLeadership(contender(client, clock, 'two'), never);
    await clock.advance(0);
    expect(await settled(second)).to.equal(true);

    client = fakeKubernetesClient([aLease('gone', 'of-gone', '2099')]);
    const heir = acquireLeadership(contender(client, clock, 'three'), never);
    await clock.advance(15_000);
    expect(await settled(heir)).to.equal(false);
    await clock.advance(5_000);
    expect(await settled(heir)).to.equal(true);
  });

  it('go on waiting for one whose Lease vanished before it had its time', async () => {
    client.seed(aLease('one', 'of-one'));
    const other = acquireLeadership(contender(client, clock, 'two'), never);
    await clock.advance(0);
    await client.delete(LEASES, `one/${NAME}`);
    await clock.advance(14_000);
    expect(await settled(other)).to.equal(false);
    await clock.advance(5_000);
    expect(await settled(other)).to.equal(true);
  });

  it('do not begin when another appears while they claim, and give the Lease back', async () => {
    const late: typeof client = {
      ...client,
      create: async (kind, object, options) => {
        client.seed(aLease('faster', 'of-faster'));
        return client.create(kind, object, options);
      },
    };
    const options = contender(late, clock, 'slower');
    const slower = acquireLeadership(options, never);
    await clock.advance(0);
    expect(await settled(slower)).to.equal(false);
    expect(client.stored(LEASES, `slower/${NAME}`)!.spec!.holderIdentity).to.equal('');
    expect(options.log.lines.at(-1)!.message).to.contain('of-faster leads from namespace faster');
  });

  it('get a leader soon, however many begin at once', async () => {
    const all = Array.from({ length: 8 }, (_, n) =>
      acquireLeadership(contender(client, clock, `n${n}`, (n * 0.37) % 1), never),
    );
    await clock.advance(30_000);
    const leaders = await Promise.all(all.map(settled));
    expect(leaders.filter(Boolean)).to.have.length(1);
  });

  it('take at once what a holder left that is surely dead, in whatever namespace, and nothing else', async () => {
    const isKnownDead = (holder: string): boolean => holder.startsWith('embedded_');
    client.seed(aLease('here', 'embedded_1'));
    client.seed(aLease('there', 'embedded_2'));
    const heir = acquireLeadership({ ...contender(client, clock, 'here'), isKnownDead }, never);
    await clock.advance(0);
    expect(await settled(heir)).to.equal(true);

    client = fakeKubernetesClient([aLease('there', 'host_1')]);
    const waiting = acquireLeadership({ ...contender(client, clock, 'here'), isKnownDead }, never);
    await clock.advance(14_000);
    expect(await settled(waiting)).to.equal(false);
  });

  it('stop when one that began earlier is seen to renew, though both lead', async () => {
    const leadership = await acquireLeadership(contender(client, clock, 'one'), never);
    const stop = renewElsewhere(aLease('two', 'of-two', '2025'));
    await clock.advance(20_000);
    expect(leadership.signal.reason).to.satisfy(isLeadershipLost);
    expect((leadership.signal.reason as Error).message).to.contain(
      'operator of-two leads from namespace two, and began earlier',
    );
    stop();
  });

  it('do not stop for one that began later, or only tries; they say once that there is one', async () => {
    const options = contender(client, clock, 'one');
    const leadership = await acquireLeadership(options, never);
    client.seed(aLease('trying', 'of-trying', '2025'));
    const stop = renewElsewhere(aLease('two', 'of-two', '2099'));
    await clock.advance(60_000);
    expect(leadership.signal.aborted).to.equal(false);
    expect(
      options.log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message),
    ).to.deep.equal(['operator of-two leads from namespace two as well: stop one of them']);
    stop();
  });

  it('do not lead on after a sleep in which another began, though nobody touched their Lease', async () => {
    let sleptMs = 0;
    const sleepy: Clock = { ...clock, now: () => clock.now() + sleptMs };
    const leadership = await acquireLeadership(contender(client, sleepy, 'one'), never);
    await clock.advance(1_000);
    sleptMs = 60_000;
    const stop = renewElsewhere(aLease('two', 'of-two', '2099'));
    await clock.advance(1_000);
    expect(leadership.signal.reason).to.satisfy(isLeadershipLost);
    expect(await rejection(leadership.fence(() => Promise.resolve()))).to.satisfy(isLeadershipLost);
    stop();
  });

  it('lead on after a sleep in which nobody else began', async () => {
    let sleptMs = 0;
    const sleepy: Clock = { ...clock, now: () => clock.now() + sleptMs };
    const leadership = await acquireLeadership(contender(client, sleepy, 'one'), never);
    sleptMs = 3_600_000;
    expect(leadership.remainingMs()).to.be.below(0);
    await clock.advance(2_000);
    expect(await leadership.fence(() => Promise.resolve('done'))).to.equal('done');
  });

  it('lead on after the process stood still, unless the renewal that follows fails too', async () => {
    for (const failures of [0, 5]) {
      const stalled = stallingClock(clock, { atMs: clock.monotonic() + 1_000, forMs: 60_000 });
      client = fakeKubernetesClient();
      // Its answer comes after the deadline that is overdue as well.
      const slow: typeof client = {
        ...client,
        replace: async (kind, object, options) => {
          await new Promise<void>(resolve => clock.after(1, resolve));
          return client.replace(kind, object, options);
        },
      };
      const leadership = await acquireLeadership(contender(slow, stalled, 'one'), never);
      await clock.advance(60_000);
      for (let n = 0; n < failures; n++) client.failNext('replace', unreachable());
      expect(await rejection(leadership.fence(() => Promise.resolve()))).to.satisfy(isLeadershipLost);
      await clock.advance(7_000);
      const signal = { isAborted: leadership.signal.aborted, isHeld: leadership.remainingMs() > 0 };
      expect(signal).to.deep.equal({ isAborted: failures > 0, isHeld: failures === 0 });
      const released = leadership.release();
      await clock.advance(1);
      await released;
    }
  });

  it('do not begin while the API does not let them look, and say so once', async () => {
    const blind: typeof client = { ...client, list: () => Promise.reject(new Error('forbidden')) };
    const options = contender(blind, clock, 'one');
    const blinded = acquireLeadership(options, never);
    await clock.advance(60_000);
    expect(await settled(blinded)).to.equal(false);
    expect(options.log.lines.map(({ message }) => message)).to.deep.equal([
      'could not contend for the leadership',
    ]);
    expect(client.writes()).to.deep.equal([]);
  });

  it('never act two at an instant, whatever calls fail, hang or come late, and whoever crashes, sleeps or is stopped', async () => {
    let terms = 0;
    const property = fc.asyncProperty(fc.array(life, { minLength: 2, maxLength: 5 }), async lives => {
      terms += await live(lives);
    });
    await fc.assert(property, propertyOptions(60));
    expect(terms, 'terms of leadership').to.be.greaterThan(100);
  });
});

/** What one call to the API meets. */
interface Fate {
  beforeMs: number;
  afterMs: number;
  ends: 'well' | 'lost before' | 'lost after';
}

interface Sleep {
  atMs: number;
  forMs: number;
}

/** The clock of a process that is stopped meanwhile: what falls due then comes after it, in its order. */
function stallingClock(clock: FakeClock, { atMs, forMs }: Sleep): Clock {
  return {
    ...clock,
    after(ms, callback) {
      const now = clock.monotonic();
      const due = now + ms;
      const isLate = due >= atMs && due < atMs + forMs;
      return clock.after(isLate ? atMs + forMs - now + due / 1e9 : ms, callback);
    },
  };
}

/** A process that is started again whenever it ends. */
interface Life {
  namespace: string;
  /** How fast its clock runs. */
  rate: number;
  offsetMs: number;
  randoms: number[];
  fates: Fate[];
  /**
   * While its machine sleeps its monotonic clock and its timers stand still, and its wall clock goes on. When only the
   * process is stopped all clocks go on, and its timers come too late.
   */
  sleep: Sleep & { of: 'machine' | 'process' };
  /** How long each run of it goes on, and how it ends. */
  terms: { forMs: number; ends: 'crash' | 'stop' }[];
}

const DURATION_MS = 180_000;

const delay = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 12_000 }));
const fate: fc.Arbitrary<Fate> = fc.record({
  beforeMs: delay,
  afterMs: delay,
  ends: fc.oneof(
    { weight: 6, arbitrary: fc.constant('well' as const) },
    fc.constantFrom('lost before' as const, 'lost after' as const),
  ),
});
const life: fc.Arbitrary<Life> = fc.record({
  namespace: fc.constantFrom('a', 'b', 'c'),
  rate: fc.double({ min: 0.95, max: 1.05, noNaN: true }),
  offsetMs: fc.integer({ min: -1e9, max: 1e9 }),
  randoms: fc.array(fc.double({ min: 0, max: 0.99, noNaN: true }), { minLength: 1, maxLength: 9 }),
  fates: fc.array(fate, { minLength: 1, maxLength: 40 }),
  sleep: fc.record({
    atMs: fc.integer({ min: 0, max: 150_000 }),
    forMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60_000 })),
    of: fc.constantFrom('machine' as const, 'process' as const),
  }),
  terms: fc.array(
    fc.record({
      forMs: fc.integer({ min: 5_000, max: 120_000 }),
      ends: fc.constantFrom('crash' as const, 'stop' as const),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

/** Lets them all live beside each other; answers how often one of them began to lead. Throws when two act at once. */
async function live(lives: readonly Life[]): Promise<number> {
  const clock = fakeClock();
  const server = fakeKubernetesClient();
  const actors = new Map<string, () => boolean>();
  let terms = 0;
  let failure: unknown;
  const check = (): void => {
    const acting = [...actors].filter(([, isActing]) => isActing()).map(([identity]) => identity);
    if (acting.length > 1) failure ??= new Error(`${acting.join(' and ')} act at ${clock.monotonic()} ms`);
  };

  for (const [index, life] of lives.entries()) {
    const { namespace, rate, offsetMs, randoms, fates, sleep } = life;
    const awake = (): number => {
      const t = clock.monotonic();
      return t < sleep.atMs ? t : Math.max(sleep.atMs, t - sleep.forMs);
    };
    const isAsleep = (): boolean =>
      clock.monotonic() >= sleep.atMs && clock.monotonic() < sleep.atMs + sleep.forMs;
    const ofMachine: Clock = {
      now: () => clock.now() + offsetMs,
      monotonic: () => awake() * rate,
      after(ms, callback) {
        const due = awake() + ms / rate;
        const at = due < sleep.atMs ? due : due + sleep.forMs;
        return clock.after(Math.max(0, at - clock.monotonic()), callback);
      },
    };
    const stalling = stallingClock(clock, sleep);
    const ofProcess: Clock = {
      now: () => clock.now() + offsetMs,
      monotonic: () => clock.monotonic() * rate,
      after: (ms, callback) => stalling.after(ms / rate, callback),
    };
    const own = sleep.of === 'machine' ? ofMachine : ofProcess;
    const wait = (by: Clock, ms: number): Promise<void> => new Promise(resolve => by.after(ms, resolve));
    let calls = 0;
    let draws = 0;
    let runs = 0;

    const start = (): void => {
      if (clock.monotonic() >= DURATION_MS) return;
      const term = life.terms[runs % life.terms.length]!;
      const identity = `p${index}-${runs++}`;
      const stop = new AbortController();
      let isDead = false;
      /** What was sent arrives, also when the sender gave up, sleeps or is dead by then. */
      const carry = <R>(signal: AbortSignal | undefined, call: () => Promise<R>): Promise<R> => {
        const { beforeMs, afterMs, ends } = fates[calls++ % fates.length]!;
        const travel = async (): Promise<R> => {
          if (isDead) return new Promise(() => {});
          if (beforeMs > 0) await wait(clock, beforeMs);
          if (ends === 'lost before') throw unreachable();
          const answer = await call();
          if (afterMs > 0) await wait(clock, afterMs);
          if (isAsleep()) await wait(own, 0);
          if (ends === 'lost after') throw unreachable();
          return isDead ? new Promise(() => {}) : answer;
        };
        const cut = new Promise<never>((_resolve, reject) =>
          signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
        );
        return Promise.race([travel(), cut]);
      };
      const client: LeaderElectionOptions['client'] = {
        get: (kind, key, options) => carry(options?.signal, () => server.get(kind, key)),
        list: (kind, selection, options) => carry(options?.signal, () => server.list(kind, selection)),
        create: (kind, object, options) => carry(options?.signal, () => server.create(kind, object)),
        replace: (kind, object, options) => carry(options?.signal, () => server.replace(kind, object)),
      };
      const end = (): void => {
        if (isDead) return;
        isDead = true;
        actors.delete(identity);
        clock.after(1_000, start);
      };
      const random = (): number => randoms[draws++ % randoms.length]!;
      let leadership: Leadership | undefined;
      clock.after(term.forMs, () => {
        if (term.ends === 'crash') return end();
        stop.abort(new Error('stopped'));
        void leadership?.release().then(end);
      });
      acquireLeadership(
        { client, clock: own, log: fakeLogger(), random, namespace, name: NAME, identity },
        stop.signal,
      ).then(
        held => {
          leadership = held;
          if (isDead) return;
          terms++;
          actors.set(identity, () => !isAsleep() && !held.signal.aborted && held.remainingMs() > 0);
          check();
          held.signal.addEventListener('abort', end, { once: true });
        },
        () => end(),
      );
    };
    clock.after(index, start);
  }
  const sample = (): void => {
    check();
    if (clock.monotonic() < DURATION_MS) clock.after(250, sample);
  };
  sample();
  await clock.advance(DURATION_MS);
  if (failure !== undefined) throw failure;
  return terms;
}

const unreachable = (): Error =>
  new KubernetesError('no answer', { method: 'PUT', path: '/' }, { code: 0, reason: 'Unreachable' });
