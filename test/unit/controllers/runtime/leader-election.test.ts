import { expect } from 'chai';
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
import { rejection } from '../../../fakes/rejection.ts';

const KEY = 'system/dropfleet';
const never = new AbortController().signal;

type Client = Pick<FakeKubernetesClient, 'get' | 'list' | 'create' | 'replace'>;

const contender = (client: Client, clock: Clock) => ({
  client,
  clock,
  log: fakeLogger(),
  random: () => 0,
  namespace: 'system',
  name: 'dropfleet',
});

const contend = (client: Client, clock: Clock, identity: string, signal = never): Promise<Leadership> =>
  acquireLeadership({ ...contender(client, clock), identity }, signal);

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

  it('puts its labels on the lease, beside those that are there', async () => {
    client.seed<Lease>({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'dropfleet', namespace: 'system', labels: { team: 'shop' } },
      spec: {},
    });
    const options = { ...contender(client, clock), identity: 'a', labels: { 'dropfleet.io/fleet': 'f' } };
    await acquireLeadership(options, never);
    expect(client.stored(LEASES, KEY)!.metadata.labels).to.deep.equal({
      team: 'shop',
      'dropfleet.io/fleet': 'f',
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
    expect(options.log.lines.map(({ message }) => message)).to.deep.equal([
      'waiting: operator a leads from namespace system',
    ]);
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
      'lost the leadership (lease dropfleet): the lease could not be renewed for 10 s; start it again, and it waits for its turn',
    );
  });

  it('counts its time from when the renewal was sent, not from when it was answered', async () => {
    let delayMs = 0;
    const slow: Client = {
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
    expect((leadership.signal.reason as Error).message).to.contain(
      'operator thief leads from namespace system',
    );
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

  it('lets the next one begin at once though a renewal was written that it does not know of', async () => {
    const leadership = await contend(client, clock, 'a');
    client.failNext('replace', unreachable(), { afterEffect: true });
    await clock.advance(2000);
    await leadership.release();
    expect(leaseOf(client)).to.include({ holderIdentity: '' });
  });

  it('leaves a lease alone at its release that somebody else got meanwhile', async () => {
    const leadership = await contend(client, clock, 'a');
    await client.patch(LEASES, KEY, { spec: { holderIdentity: 'thief' } });
    await leadership.release();
    expect(leaseOf(client)).to.include({ holderIdentity: 'thief' });
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
});
