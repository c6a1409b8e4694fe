import { expect } from 'chai';
import * as fc from 'fast-check';
import { LEASES, type Lease } from '../../../../clients/kubernetes/kinds.ts';
import type { Clock } from '../../../../clients/clock.ts';
import { KubernetesError } from '../../../../clients/kubernetes/errors.ts';
import {
  acquireLeadership,
  isLeadershipLost,
  type Leadership,
} from '../../../../controllers/runtime/leader-election.ts';
import { fakeClock, type FakeClock } from '../../../fakes/clock.ts';
import { fakeKubernetesClient, type FakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { fakeLogger } from '../../../fakes/logger.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';
import { rejection } from '../../../fakes/rejection.ts';

const KEY = 'system/dropfleet';
const never = new AbortController().signal;

const contender = (client: Pick<FakeKubernetesClient, 'get' | 'create' | 'replace'>, clock: Clock) => ({
  client,
  clock,
  log: fakeLogger(),
  random: () => 0,
  namespace: 'system',
  name: 'dropfleet',
});

const contend = (
  client: Pick<FakeKubernetesClient, 'get' | 'create' | 'replace'>,
  clock: Clock,
  identity: string,
  signal = never,
): Promise<Leadership> => acquireLeadership({ ...contender(client, clock), identity }, signal);

const leaseOf = (client: FakeKubernetesClient): Lease['spec'] => client.stored(LEASES, KEY)?.spec;

const unreachable = (): Error =>
  new KubernetesError('no answer', { method: 'PUT', path: '/' }, { code: 0, reason: 'Unreachable' });

/** Whether the promise is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), new Promise<boolean>(r => setImmediate(() => r(false)))]);
}

describe('Leader election', () => {
  let clock: FakeClock;
  let client: FakeKubernetesClient;
  beforeEach(() => {
    clock = fakeClock();
    client = fakeKubernetesClient();
  });

  it('makes the lease when there is none, with times of six decimals', async () => {
    await contend(client, clock, 'a');
    expect(leaseOf(client)).to.deep.equal({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
  });

  it('makes no trouble of another one that was faster', async () => {
    const notFound = new KubernetesError(
      'no',
      { method: 'GET', path: '/' },
      { code: 404, reason: 'NotFound' },
    );
    let isFirst = true;
    const late: typeof client = {
      ...client,
      get: (...args) => {
        if (!isFirst) return client.get(...args);
        isFirst = false;
        return contend(client, clock, 'a').then(() => Promise.reject(notFound));
      },
    };
    const options = { ...contender(late, clock), identity: 'b' };
    const stop = new AbortController();
    const other = acquireLeadership(options, stop.signal);
    await clock.advance(4_000);
    expect(leaseOf(client)).to.include({ holderIdentity: 'a' });
    expect(options.log.lines.map(({ message }) => message)).to.deep.equal(['waiting for the leadership']);
    stop.abort();
    await rejection(other);
  });

  it('renews every 2 s with one call, and keeps the time of acquisition', async () => {
    await contend(client, clock, 'a');
    client.calls.length = 0;
    await clock.advance(6000);
    expect(client.calls.map(({ verb }) => verb)).to.deep.equal(['replace', 'replace', 'replace']);
    expect(leaseOf(client)).to.include({
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:06.000000Z',
    });
  });

  it('lets nobody else lead while the holder renews', async () => {
    await contend(client, clock, 'a');
    const other = contend(client, clock, 'b');
    await clock.advance(120_000);
    expect(await isSettled(other)).to.equal(false);
  });

  it('passes on a lease that was seen unchanged for 15 s, whatever the times in it say', async () => {
    client.seed<Lease>({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'dropfleet', namespace: 'system' },
      spec: { holderIdentity: 'gone', renewTime: '1999-01-01T00:00:00.000000Z', leaseTransitions: 4 },
    });
    const other = contend(client, clock, 'b');
    await clock.advance(15_000);
    expect(await isSettled(other)).to.equal(false);
    await clock.advance(2000);
    expect(await isSettled(other)).to.equal(true);
    expect(leaseOf(client)).to.include({ holderIdentity: 'b', leaseTransitions: 5 });
  });

  it('does not take the place of a lease that vanished before its holder had its time', async () => {
    await contend(client, clock, 'a');
    const down = fakeKubernetesClient();
    down.seed<Lease>(client.stored(LEASES, KEY)!);
    const other = contend(down, clock, 'b');
    await clock.advance(0);
    await down.delete(LEASES, KEY);
    await clock.advance(14_000);
    expect(await isSettled(other)).to.equal(false);
    await clock.advance(4000);
    expect(await isSettled(other)).to.equal(true);
  });

  it('ends 10 s after the last renewal that worked, and says why', async () => {
    const leadership = await contend(client, clock, 'a');
    await clock.advance(4000);
    for (let n = 0; n < 10; n++) client.failNext('replace', unreachable());
    await clock.advance(9999);
    expect(leadership.signal.aborted).to.equal(false);
    await clock.advance(1);
    expect(leadership.signal.reason).to.satisfy(isLeadershipLost);
    expect((leadership.signal.reason as Error).message).to.equal(
      'lost the leadership (lease dropfleet): the lease could not be renewed for 10 s',
    );
  });

  it('counts its time from when the renewal was sent, not from when it was answered', async () => {
    let delayMs = 0;
    const slow: Pick<FakeKubernetesClient, 'get' | 'create' | 'replace'> = {
      ...client,
      replace: async (kind, object, options) => {
        const answer = await client.replace(kind, object, options);
        await new Promise<void>(resolve => clock.after(delayMs, resolve));
        return answer;
      },
    };
    const leadership = await contend(slow, clock, 'a');
    delayMs = 4000;
    await clock.advance(6000);
    expect(leadership.remainingMs()).to.equal(6000);
  });

  it('survives failures that are shorter than that', async () => {
    const leadership = await contend(client, clock, 'a');
    for (let n = 0; n < 2; n++) client.failNext('replace', unreachable());
    client.failNext('replace', unreachable(), { afterEffect: true });
    await clock.advance(60_000);
    expect(leadership.signal.aborted).to.equal(false);
    expect(leadership.remainingMs()).to.be.within(8000, 10_000);
  });

  it('ends at once when somebody else has the lease', async () => {
    const leadership = await contend(client, clock, 'a');
    await client.patch(LEASES, KEY, { spec: { holderIdentity: 'thief' } });
    await clock.advance(2000);
    expect((leadership.signal.reason as Error).message).to.contain('thief has it');
  });

  it('lets the next one begin at once after a release', async () => {
    const leadership = await contend(client, clock, 'a');
    await leadership.release();
    expect(leaseOf(client)).to.include({ holderIdentity: '' });
    await contend(client, clock, 'b');
    await clock.advance(60_000);
    expect(leaseOf(client)).to.include({ holderIdentity: 'b', leaseTransitions: 1 });
    expect(await rejection(leadership.fence(() => Promise.resolve()))).to.satisfy(isLeadershipLost);
  });

  it('does not touch a lease that it lost', async () => {
    const leadership = await contend(client, clock, 'a');
    await client.patch(LEASES, KEY, { spec: { holderIdentity: 'thief' } });
    await clock.advance(2000);
    client.calls.length = 0;
    await leadership.release();
    await clock.advance(60_000);
    expect(client.calls).to.deep.equal([]);
  });

  it('gives up contending when it is told to', async () => {
    await contend(client, clock, 'a');
    const stop = new AbortController();
    const other = contend(client, clock, 'b', stop.signal);
    other.catch(() => undefined);
    await clock.advance(5000);
    stop.abort(new Error('enough'));
    expect((await rejection(other)).message).to.equal('enough');
    expect(await isSettled(clock.advance(60_000))).to.equal(false);
  });

  it('begins no side effect after its deadline, even when the machine slept through it', async () => {
    let slept = 0;
    const sleepy: Clock = { ...clock, now: () => clock.now() + slept };
    const leadership = await contend(client, sleepy, 'a');
    expect(await leadership.fence(() => Promise.resolve('done'))).to.equal('done');
    slept = 3_600_000;
    expect(await rejection(leadership.fence(() => Promise.resolve('done')))).to.satisfy(isLeadershipLost);
  });

  it('never has two leaders at an instant, whatever calls fail, hang or are answered too late', async () => {
    /** What one call to the API meets. */
    interface Fate {
      beforeMs: number;
      afterMs: number;
      ends: 'well' | 'lost before' | 'lost after';
    }
    const fate: fc.Arbitrary<Fate> = fc.record({
      beforeMs: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 12_000 })),
      afterMs: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 12_000 })),
      ends: fc.oneof(
        { weight: 5, arbitrary: fc.constant('well' as const) },
        fc.constantFrom('lost before' as const, 'lost after' as const),
      ),
    });
    const process = fc.record({
      /** How fast its clock runs. */
      rate: fc.double({ min: 0.95, max: 1.05, noNaN: true }),
      offsetMs: fc.integer({ min: -1e9, max: 1e9 }),
      random: fc.double({ min: 0, max: 0.99, noNaN: true }),
      fates: fc.array(fate, { minLength: 1, maxLength: 40 }),
    });

    const run = async (processes: { rate: number; offsetMs: number; random: number; fates: Fate[] }[]) => {
      const clock = fakeClock();
      const server = fakeKubernetesClient();
      const leading = new Map<string, Leadership>();
      const end = new AbortController();
      let terms = 0;

      const leadForever = async (identity: string, index: number): Promise<void> => {
        const { rate, offsetMs, random, fates } = processes[index]!;
        const own: Clock = {
          now: () => clock.now() + offsetMs + clock.monotonic() * (rate - 1),
          monotonic: () => clock.monotonic() * rate,
          after: (ms, callback) => clock.after(ms / rate, callback),
        };
        const wait = (ms: number): Promise<void> =>
          ms === 0 ? Promise.resolve() : new Promise(resolve => clock.after(ms, resolve));
        let calls = 0;
        /** The abort of the caller does not call back what is on its way. */
        const carry = <R>(signal: AbortSignal | undefined, call: () => Promise<R>): Promise<R> => {
          const { beforeMs, afterMs, ends } = fates[calls++ % fates.length]!;
          const travel = async (): Promise<R> => {
            await wait(beforeMs);
            if (ends === 'lost before') throw unreachable();
            const answer = await call();
            await wait(afterMs);
            if (ends === 'lost after') throw unreachable();
            return answer;
          };
          const cut = new Promise<never>((_resolve, reject) =>
            signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
          );
          return Promise.race([travel(), cut]);
        };
        const client: Pick<FakeKubernetesClient, 'get' | 'create' | 'replace'> = {
          get: (kind, key, options) => carry(options?.signal, () => server.get(kind, key)),
          create: (kind, object, options) => carry(options?.signal, () => server.create(kind, object)),
          replace: (kind, object, options) => carry(options?.signal, () => server.replace(kind, object)),
        };
        const options = { ...contender(client, own), random: () => random, identity };
        while (!end.signal.aborted) {
          const leadership = await acquireLeadership(options, end.signal);
          const others = [...leading.values()].filter(
            other => !other.signal.aborted && other.remainingMs() > 0,
          );
          expect(others, 'leaders beside the new one').to.have.length(0);
          leading.set(identity, leadership);
          terms++;
          await new Promise<void>(resolve => {
            leadership.signal.addEventListener('abort', () => resolve(), { once: true });
            if (index === 0) clock.after(40_000, () => void leadership.release().then(resolve));
          });
          leading.delete(identity);
        }
      };

      let failure: unknown;
      for (const [index] of processes.entries()) {
        leadForever(`p${index}`, index).catch((error: unknown) => {
          if (!end.signal.aborted) failure ??= error;
        });
      }
      await clock.advance(180_000);
      end.abort();
      if (failure !== undefined) throw failure;
      return terms;
    };
    let terms = 0;
    const property = fc.asyncProperty(fc.array(process, { minLength: 2, maxLength: 3 }), async processes => {
      terms += await run(processes);
    });
    await fc.assert(property, propertyOptions(60));
    expect(terms, 'terms of leadership').to.be.greaterThan(30);
  });
});
