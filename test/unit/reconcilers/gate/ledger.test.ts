import { expect } from 'chai';
import { CONFIG_MAPS, type ConfigMap } from '../../../../clients/kubernetes/kinds.ts';
import { GATE_CONFIG_MAP } from '../../../../crds/names.ts';
import { createLedger, readLedger, type HeldEntry } from '../../../../reconcilers/gate/ledger.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { admission, destroy } from './effects.ts';

const NAMESPACE = 'dropfleet';
const KEY = `${NAMESPACE}/${GATE_CONFIG_MAP}`;

const entry = (name: string) => {
  const { ageMs: _age, ...rest } = admission(destroy(name));
  return rest;
};
const held: HeldEntry = {
  group: 'project default/shop',
  reason: 'LargeDeletion',
  message: 'too many',
  effects: 'destroy 3 droplets of shop',
  confirmation: 'destroy 3 droplets of shop until then (abc)',
  objects: [{ kind: 'Project', namespace: 'default', name: 'shop' }],
};

async function start(data?: Record<string, string>) {
  const metadata = { name: GATE_CONFIG_MAP, namespace: NAMESPACE };
  const map: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, ...(data && { data }) };
  const client = fakeKubernetesClient(data === undefined ? [] : [map]);
  const clock = fakeClock();
  const { signal } = new AbortController();
  /** A process that begins now. */
  const begin = async () => {
    const ledger = createLedger({ kubernetes: client, namespace: NAMESPACE, clock });
    await ledger.load(signal);
    return ledger;
  };
  const keys = (ledger: Awaited<ReturnType<typeof begin>>) => ledger.admitted().map(({ key }) => key);
  return { client, clock, signal, begin, keys, ledger: await begin() };
}

describe('The ledger', () => {
  it('knows after a restart what was let through and held, and which confirmations were used', async () => {
    const { begin, keys, ledger, signal } = await start();
    await ledger.write({ admit: [entry('shop-web1')], held: [held], used: 'abc' }, signal);
    await ledger.write({ admit: [entry('shop-web2')] }, signal);
    const next = await begin();
    expect(keys(next)).to.deep.equal(['destroy uid-shop-web1', 'destroy uid-shop-web2']);
    expect(next.held()).to.deep.equal([held]);
    expect(next.used()).to.deep.equal(['abc']);
  });

  it('counts what an earlier process let through as if it had just happened, whatever time is written there', async () => {
    const { begin, clock, ledger, signal } = await start();
    await ledger.write({ admit: [entry('shop-web1')] }, signal);
    await clock.advance(500_000);
    expect(ledger.admitted()[0]!.ageMs).to.equal(500_000);
    const next = await begin();
    expect(next.admitted()[0]!.ageMs).to.equal(0);
    await clock.advance(1_000);
    expect(next.admitted()[0]!.ageMs).to.equal(1_000);
  });

  it('reads once, and again only after somebody else wrote', async () => {
    const { client, ledger, signal } = await start();
    await ledger.load(signal);
    await ledger.write({ admit: [entry('shop-web1')] }, signal);
    expect(client.calls.map(({ verb }) => verb)).to.deep.equal(['get', 'create']);
  });

  it('loses nothing when two write at once, or in turn', async () => {
    const { begin, keys, ledger, signal } = await start();
    const other = await begin();
    await Promise.all([
      ledger.write({ admit: [entry('shop-web1')], used: 'abc' }, signal),
      other.write({ admit: [entry('shop-web2')], used: 'def' }, signal),
    ]);
    await ledger.write({ admit: [entry('shop-web3')] }, signal);
    await other.write({ admit: [entry('shop-web4')] }, signal);
    const next = await begin();
    expect(keys(next)).to.have.members([1, 2, 3, 4].map(n => `destroy uid-shop-web${n}`));
    expect(next.used()).to.have.members(['abc', 'def']);
  });

  it('asks again for the change after somebody else wrote, and writes nothing when there is none any more', async () => {
    const { begin, keys, client, ledger, signal } = await start();
    const other = await begin();
    await other.write({ admit: [entry('shop-web1')] }, signal);
    client.calls.length = 0;
    const seen: string[][] = [];
    await ledger.write(() => {
      seen.push(keys(ledger));
      return seen.length === 1 ? { admit: [entry('shop-web2')] } : undefined;
    }, signal);
    expect(seen).to.deep.equal([[], ['destroy uid-shop-web1']]);
    expect(keys(await begin())).to.deep.equal(['destroy uid-shop-web1']);
  });

  it('makes the ConfigMap again when somebody removed it, with what it did itself', async () => {
    const { begin, client, keys, ledger, signal } = await start();
    await ledger.write({ admit: [entry('shop-web1')] }, signal);
    await client.delete(CONFIG_MAPS, KEY);
    await ledger.write({ admit: [entry('shop-web2')] }, signal);
    expect(keys(await begin())).to.deep.equal(['destroy uid-shop-web1', 'destroy uid-shop-web2']);
  });

  it('takes off what is over, by what is known when it is written', async () => {
    const { begin, clock, keys, ledger, signal } = await start();
    await ledger.write({ admit: [entry('shop-web1')] }, signal);
    await clock.advance(600_000);
    await ledger.write({ admit: [entry('shop-web2')], isOver: ({ ageMs }) => ageMs >= 600_000 }, signal);
    expect(keys(await begin())).to.deep.equal(['destroy uid-shop-web2']);
  });

  it('begins the time of what is let through, the first time or again, with that', async () => {
    const { clock, ledger, signal } = await start();
    const again = { admit: [entry('shop-web1')], isOver: () => true };
    await ledger.write(again, signal);
    await clock.advance(600_000);
    await ledger.write(again, signal);
    expect(ledger.admitted()[0]!.ageMs).to.equal(0);
    await clock.advance(1_000);
    ledger.renew(['destroy uid-shop-web1', 'destroy of nothing that it knows']);
    expect(ledger.admitted().map(({ ageMs }) => ageMs)).to.deep.equal([0]);
  });

  it('fails when it cannot write, and knows nothing of what it could not', async () => {
    const { client, keys, ledger, signal } = await start();
    client.failNext('create', new Error('no route'));
    const failure = await rejection(ledger.write({ admit: [entry('shop-web1')] }, signal));
    expect(failure.message).to.equal('no route');
    expect(keys(ledger)).to.deep.equal([]);
  });

  it('knows of what was written although the answer was lost, after the conflict that this makes', async () => {
    const { begin, client, keys, ledger, signal } = await start();
    client.failNext('create', new Error('reset'), { afterEffect: true });
    await rejection(ledger.write({ admit: [entry('shop-web1')] }, signal));
    await ledger.write({ admit: [entry('shop-web2')] }, signal);
    expect(keys(await begin())).to.deep.equal(['destroy uid-shop-web1', 'destroy uid-shop-web2']);
  });

  it('decides nothing while it cannot be read', async () => {
    const { client, signal } = await start();
    const ledger = createLedger({ kubernetes: client, namespace: NAMESPACE, clock: fakeClock() });
    client.failNext('get', new Error('no route'));
    expect((await rejection(ledger.load(signal))).message).to.equal('no route');
    await ledger.load(signal);
    expect(ledger.admitted()).to.deep.equal([]);
  });

  describe('of what somebody edited', () => {
    const good = { ...entry('shop-web1'), at: '2026-01-01T00:00:00Z' };

    it('keeps what is an entry, and nothing else', async () => {
      const { confirmed: _confirmed, ...half } = good;
      const admitted = JSON.stringify([null, 7, 'destroy', {}, { key: 'destroy all' }, half, good]);
      const { keys, ledger } = await start({
        admitted,
        held: JSON.stringify([null, {}, held]),
        used: '[1, null, "abc"]',
      });
      expect(keys(ledger)).to.deep.equal(['destroy uid-shop-web1']);
      expect(ledger.held()).to.deep.equal([held]);
      expect(ledger.used()).to.deep.equal(['abc']);
    });

    for (const text of ['', '{', 'null', '{"length": 9}', '"text"', '12'])
      it(`says nothing when it is ${JSON.stringify(text)}, and is rewritten`, async () => {
        const { begin, keys, ledger, signal } = await start({ admitted: text, held: text, used: text });
        expect([ledger.admitted(), ledger.held(), ledger.used()]).to.deep.equal([[], [], []]);
        await ledger.write({ admit: [entry('shop-web1')] }, signal);
        expect(keys(await begin())).to.deep.equal(['destroy uid-shop-web1']);
      });

    it('reads one of many thousand entries, and takes off those that are over', async () => {
      const many = Array.from({ length: 20_000 }, (_, i) => ({
        ...good,
        key: `destroy ${i}`,
        uid: String(i),
      }));
      const { ledger, signal } = await start({ admitted: JSON.stringify(many) });
      expect(ledger.admitted()).to.have.length(20_000);
      await ledger.write({ isOver: ({ key }) => key !== 'destroy 7' }, signal);
      expect(ledger.admitted().map(({ key }) => key)).to.deep.equal(['destroy 7']);
    });

    it('remembers no more than the last used confirmations', async () => {
      const used = JSON.stringify(Array.from({ length: 5_000 }, (_, i) => `hash${i}`));
      const { ledger, signal } = await start({ used });
      await ledger.write({ used: 'last' }, signal);
      expect(ledger.used()).to.have.length(200);
      expect(ledger.used().at(-1)).to.equal('last');
    });
  });

  it('can be read by a command, which makes and changes nothing', async () => {
    const { client, ledger, signal } = await start();
    expect(await readLedger(client, NAMESPACE)).to.deep.equal({ held: [], admitted: [] });
    await ledger.write({ admit: [entry('shop-web1')], held: [held] }, signal);
    client.calls.length = 0;
    const read = await readLedger(client, NAMESPACE);
    expect(read.held).to.deep.equal([held]);
    expect(read.admitted).to.deep.equal([{ ...entry('shop-web1'), ageMs: 0 }]);
    expect(client.writes()).to.deep.equal([]);
  });
});
