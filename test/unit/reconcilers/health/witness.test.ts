import { expect } from 'chai';
import { LEASES } from '../../../../clients/kubernetes/kinds.ts';
import { HEALTH } from '../../../../reconcilers/health/concern.ts';
import { createWitness } from '../../../../reconcilers/health/witness.ts';
import { activeStatus, aDroplet } from '../../../builders/objects.ts';
import { stallable } from '../../../environment/monitor-rig.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { fakeLogger } from '../../../fakes/logger.ts';

const WEB = aDroplet('shop-web1', { status: activeStatus(2) });

function createRig() {
  const clock = fakeClock();
  const client = fakeKubernetesClient();
  const api = stallable(client);
  const log = fakeLogger();
  const host: { answers: boolean | undefined } = { answers: false };
  const witness = createWitness({
    kubernetes: api.client,
    leases: { get: key => client.stored(LEASES, key) },
    namespace: 'default',
    clock,
    random: () => 0.5,
    log,
    timings: HEALTH.timings,
    answers: async () => host.answers,
  });
  const stop = new AbortController();
  const votes = (): string[] => client.storedAll(LEASES).map(({ metadata }) => metadata.name);
  return { clock, client, api, log, host, witness, stop, votes };
}

describe('The witness', () => {
  it('votes after three silences, as every observer does, and renews its vote', async () => {
    const { clock, client, witness, stop, votes } = createRig();
    witness.lookAt(WEB, stop.signal);
    await clock.advance(9_999);
    expect(votes()).to.deep.equal([]);
    await clock.advance(1);
    expect(votes()).to.deep.equal(['vote-2-witness']);
    await clock.advance(10_000);
    expect(client.writes().map(({ verb }) => verb)).to.deep.equal(['create', 'patch']);
  });

  it('says nothing of a server that it has no way to look at', async () => {
    const { clock, host, witness, stop, votes } = createRig();
    host.answers = undefined;
    witness.lookAt(WEB, stop.signal);
    await clock.advance(60_000);
    expect([votes(), witness.hasAnswered(2)]).to.deep.equal([[], false]);
  });

  it('says why it cannot vote, and votes with its next look that is due', async () => {
    const { clock, client, log, witness, stop, votes } = createRig();
    client.failNext('create', new Error('the quota is used up'));
    witness.lookAt(WEB, stop.signal);
    await clock.advance(10_000);
    expect(log.lines.map(({ message }) => message)).to.deep.equal([
      'the witness cannot vote: the quota is used up',
    ]);
    await clock.advance(10_000);
    expect(votes()).to.deep.equal(['vote-2-witness']);
  });

  it('goes on looking while the API does not answer', async () => {
    const { clock, api, host, witness, stop } = createRig();
    api.isStalled = true;
    witness.lookAt(WEB, stop.signal);
    await clock.advance(10_000);
    host.answers = true;
    await clock.advance(9_000);
    expect(witness.hasAnswered(2)).to.equal(true);
  });

  it('takes its vote back after two answers, and speaks for the server meanwhile', async () => {
    const { clock, host, witness, stop, votes } = createRig();
    witness.lookAt(WEB, stop.signal);
    await clock.advance(10_000);
    host.answers = true;
    await clock.advance(5_000);
    expect([votes().length, witness.hasAnswered(2)]).to.deep.equal([1, true]);
    await clock.advance(5_000);
    expect(votes()).to.deep.equal([]);
  });

  it('looks no more, and takes its vote back, once nobody else complains', async () => {
    const { clock, witness, stop, votes } = createRig();
    witness.lookAt(WEB, stop.signal);
    await clock.advance(10_000);
    witness.rest('default/shop-web1');
    await clock.advance(1);
    expect(votes()).to.deep.equal([]);
    expect(clock.pending()).to.equal(0);
  });

  it('ends with the leadership, and leaves its vote to expire', async () => {
    const { clock, witness, stop, votes } = createRig();
    witness.lookAt(WEB, stop.signal);
    await clock.advance(10_000);
    stop.abort();
    await clock.advance(1);
    expect([votes().length, clock.pending()]).to.deep.equal([1, 0]);
  });
});
