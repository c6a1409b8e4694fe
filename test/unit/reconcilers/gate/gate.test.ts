import { expect } from 'chai';
import { KubernetesError } from '../../../../clients/kubernetes/errors.ts';
import { CONFIG_MAPS, DROPLETS } from '../../../../clients/kubernetes/kinds.ts';
import { CONFIRM_ANNOTATION } from '../../../../crds/names.ts';
import type { Answer } from '../../../../reconcilers/gate/gate.ts';
import { forgoing } from '../../../../reconcilers/gate/effect.ts';
import type { Run } from '../../../../reconcilers/run.ts';
import { takeOffExpired } from '../../../../reconcilers/gate/gate.ts';
import { createLedger } from '../../../../reconcilers/gate/ledger.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { admission, destroy, destroyFirst, rebuy } from './effects.ts';
import { SETTLE_MS, startGate } from './gate-rig.ts';

const conflict = () =>
  new KubernetesError('modified', { method: 'PATCH', path: '/' }, { code: 409, reason: 'Conflict' });

const held = (answer: Answer): Extract<Answer, { type: 'hold' }> => {
  expect(answer.type).to.equal('hold');
  return answer as Extract<Answer, { type: 'hold' }>;
};

describe('The gate', () => {
  it('passes what asks for nothing, without a look at anything', async () => {
    const { askOf, begin, client, run } = startGate();
    expect(await begin().ask(askOf('shop', []), run)).to.deep.equal({ type: 'pass' });
    expect(client.calls).to.deep.equal([]);
  });

  it('passes a little, once it is on record', async () => {
    const { askOf, begin, recorded, run } = startGate();
    expect(await begin().ask(askOf('shop', [destroy('shop-web1')]), run)).to.deep.equal({ type: 'pass' });
    expect(recorded().admitted.map(({ key, confirmed }) => [key, confirmed])).to.deep.equal([
      ['destroy uid-shop-web1', false],
    ]);
  });

  it('gives no pass that it could not write down, and gives it when it can', async () => {
    const { askOf, begin, client, recorded, run } = startGate();
    const gate = begin();
    client.failNext('create', new Error('no route'), { kind: 'ConfigMap' });
    const ask = askOf('shop', [destroy('shop-web1')]);
    expect((await rejection(gate.ask(ask, run))).message).to.equal('no route');
    expect(recorded().admitted).to.deep.equal([]);
    expect((await gate.ask(ask, run)).type).to.equal('pass');
    expect(recorded().admitted).to.have.length(1);
  });

  it('lets be done after a crash what was on record before it, and counts it', async () => {
    const { askOf, begin, run } = startGate();
    await begin().ask(askOf('shop', destroyFirst('shop', 2)), run);
    const next = begin();
    const again = askOf('shop', destroyFirst('shop', 2), { believedAfterMs: SETTLE_MS });
    expect((await next.ask(again, run)).type).to.equal('pass');
    expect(held(await next.ask(askOf('blog', [destroy('blog-master')]), run)).reason).to.equal(
      'LargeDeletion',
    );
  });

  it('judges again by what somebody else let through meanwhile', async () => {
    const { askOf, begin, client, clock, recorded, run } = startGate();
    const gate = begin();
    await gate.ask(askOf('power', [destroy('blog-master', { verb: 'power-off', cause: 'power' })]), run);
    const other = createLedger({ kubernetes: client, namespace: 'dropfleet', clock });
    await other.load(run.signal);
    const { ageMs: _age, ...entry } = admission(destroy('x-web1', { cause: 'orphan', uid: '', server: 7 }));
    await other.write({ admit: [entry] }, run.signal);
    expect(held(await gate.ask(askOf('shop', destroyFirst('shop', 2)), run)).reason).to.equal(
      'LargeDeletion',
    );
    expect(recorded().admitted.map(({ key }) => key)).to.deep.equal(['destroy server 7']);
  });

  it('waits with a destruction for what comes with it', async () => {
    const { askOf, begin, clock, run } = startGate();
    const gate = begin();
    const ask = (name: string) =>
      gate.ask(askOf('shop', [destroy(name)], { asker: name, believedAfterMs: SETTLE_MS }), run);
    expect(await ask('shop-web1')).to.deep.equal({ type: 'wait', ms: SETTLE_MS });
    await clock.advance(1_500);
    expect(await ask('shop-web2')).to.deep.equal({ type: 'wait', ms: SETTLE_MS });
    expect(await ask('shop-master')).to.deep.equal({ type: 'wait', ms: SETTLE_MS });
    await clock.advance(SETTLE_MS);
    for (const name of ['shop-web1', 'shop-web2', 'shop-master'])
      expect(held(await ask(name)).message).to.contain('would destroy 3 of 4 droplets');
  });

  it('begins the wait again for what is asked for besides, and not for a part of it', async () => {
    const { askOf, begin, clock, run } = startGate({ shop: 9 });
    const gate = begin();
    const ask = (n: number) =>
      gate.ask(askOf('shop', destroyFirst('shop', n), { believedAfterMs: SETTLE_MS }), run);
    await ask(1);
    await clock.advance(SETTLE_MS);
    expect(await ask(2)).to.deep.equal({ type: 'wait', ms: SETTLE_MS });
    await clock.advance(SETTLE_MS);
    expect(await ask(1)).to.deep.equal({ type: 'pass' });
  });

  describe('that holds something', () => {
    /** Three droplets of shop are asked for by one, which is too many. */
    async function startHeld() {
      const rig = startGate();
      const gate = rig.begin();
      const ask = (n = 3) =>
        gate.ask(rig.askOf('shop', destroyFirst('shop', n), { objects: [rig.project('shop')] }), rig.run);
      return { ...rig, gate, ask, answer: held(await ask()) };
    }

    it('says why, what, and how to let it through', async () => {
      const { answer } = await startHeld();
      expect(answer.message).to.match(
        /^held: destroy 3 droplets of shop: shop-master, shop-web1, shop-web2; would destroy 3 of 4 droplets within ten minutes; the limit without a confirmation is 2 droplets and 1 whole project\. To allow it, run "dropfleet confirm" or "kubectl annotate -n default project shop --overwrite dropfleet\.io\/confirm='destroy 3 droplets of shop: .* until 2026-01-02T00:00:00Z \([0-9a-f]{10}\)'"$/,
      );
    });

    it('writes it down for people, once', async () => {
      const { ask, answer, client, gate, recorded } = await startHeld();
      expect(gate.holds()).to.have.length(1);
      expect(recorded().held).to.deep.equal([
        {
          group: 'shop',
          reason: 'LargeDeletion',
          message: gate.holds()[0]!.message,
          effects: 'destroy 3 droplets of shop: shop-master, shop-web1, shop-web2',
          confirmation: answer.confirmation,
          objects: [{ kind: 'Project', namespace: 'default', name: 'shop' }],
        },
      ]);
      client.calls.length = 0;
      expect(held(await ask())).to.deep.equal(answer);
      expect(client.writes()).to.deep.equal([]);
    });

    it('tells of it by one line and one Event, and of repeats by none', async () => {
      const { ask, clock, events, log } = await startHeld();
      await ask();
      await clock.advance(60_000);
      await ask();
      const lines = log.lines.filter(({ level }) => level === 'warn');
      expect(lines).to.have.length(1);
      expect(lines[0]!.message).to.match(
        /^held: destroy 3 droplets of shop: .*\. Run "dropfleet confirm" to allow it$/,
      );
      expect(events).to.have.length(1);
      expect(events[0]).to.match(/^Warning LargeDeletion shop: held: destroy 3 droplets/);
    });

    it('tells of it although it cannot be written down', async () => {
      const { askOf, begin, client, events, run } = startGate();
      client.failNext('create', new Error('no route'), { kind: 'ConfigMap' });
      await rejection(begin().ask(askOf('shop', destroyFirst('shop', 3)), run));
      expect(events).to.have.length(1);
    });

    it('goes on holding it when the limit would let it through', async () => {
      const { askOf, begin, clock, run } = startGate();
      const gate = begin();
      await gate.ask(askOf('blog', [destroy('blog-master')]), run);
      const ask = () => gate.ask(askOf('shop', destroyFirst('shop', 2)), run);
      const first = held(await ask());
      await clock.advance(600_000);
      expect(held(await ask())).to.deep.equal(first);
    });

    it('goes on holding the rest when a part is taken back: that is a reason to wonder, and none to go on', async () => {
      const { ask, askOf, gate, run } = await startHeld();
      expect(held(await ask(2)).reason).to.equal('LargeDeletion');
      expect(held(await ask(1)).reason).to.equal('LargeDeletion');
      expect(await gate.ask(askOf('shop', []), run)).to.deep.equal({ type: 'pass' });
      expect(gate.holds()).to.deep.equal([]);
    });

    it('judges a file again that a person has mended in part', async () => {
      const { askOf, begin, recorded, run } = startGate();
      const gate = begin();
      const ask = (n: number) => gate.ask(askOf('csv', destroyFirst('shop', n), { isRevocable: true }), run);
      held(await ask(3));
      expect(await ask(2)).to.deep.equal({ type: 'pass' });
      expect([gate.holds(), recorded().held]).to.deep.equal([[], []]);
    });

    it('judges again what was held for a standing or a doubt that is over', async () => {
      const { askOf, begin, run, standing } = startGate();
      const gate = begin();
      const ask = (parts = {}) => gate.ask(askOf('shop', [destroy('shop-web1', parts)]), run);
      standing.problem = { reason: 'AccountChanged', message: 'another account' };
      expect(held(await ask()).reason).to.equal('AccountChanged');
      delete standing.problem;
      expect(held(await ask({ doubt: { reason: 'Duplicate', message: 'a copy' } })).reason).to.equal(
        'Duplicate',
      );
      expect((await ask()).type).to.equal('pass');
    });

    it('names the limit again after a standing that came between', async () => {
      const { ask, answer, standing } = await startHeld();
      standing.problem = { reason: 'AccountChanged', message: 'another account' };
      expect(held(await ask()).reason).to.equal('AccountChanged');
      delete standing.problem;
      expect(held(await ask()).message).to.equal(answer.message);
    });

    it('forgets it when it is taken back, and lets others know who waited with it', async () => {
      const { askOf, gate, recorded, run, woken } = await startHeld();
      await gate.ask(askOf('shop', [], { group: '' }), run);
      expect([gate.holds(), recorded().held]).to.deep.equal([[], []]);
      expect(woken).to.deep.equal([]);
    });

    it('lets it through by its confirmation, takes that off, and keeps what was confirmed on record', async () => {
      const { answer, ask, confirm, project, recorded } = await startHeld();
      await confirm('shop', answer.confirmation);
      expect(await ask()).to.deep.equal({ type: 'pass' });
      expect(project('shop').metadata.annotations).to.not.have.property(CONFIRM_ANNOTATION);
      expect(recorded().admitted.map(({ confirmed }) => confirmed)).to.deep.equal([true, true, true]);
      expect(recorded().held).to.deep.equal([]);
    });

    it('goes on holding it when what was confirmed could not be written down and is something else now', async () => {
      const { answer, ask, client, confirm, gate, recorded } = await startHeld();
      await confirm('shop', answer.confirmation);
      client.failNext('patch', new Error('no route'), { kind: 'ConfigMap' });
      expect((await rejection(ask())).message).to.equal('no route');
      expect(held(await ask(2)).reason).to.equal('LargeDeletion');
      expect(gate.holds()).to.have.length(1);
      expect(recorded().admitted).to.deep.equal([]);
      expect(await ask()).to.deep.equal({ type: 'pass' });
      expect([gate.holds(), recorded().held]).to.deep.equal([[], []]);
    });

    it('takes no notice of the confirmation of something else', async () => {
      const { answer, ask, confirm, project } = await startHeld();
      await confirm(
        'shop',
        answer.confirmation.replace('destroy 3', 'destroy 9').replace(/\(.*\)$/, '(0123456789)'),
      );
      held(await ask());
      await confirm('shop', 'yes');
      held(await ask());
      expect(project('shop').metadata.annotations).to.have.property(CONFIRM_ANNOTATION, 'yes');
    });

    it('offers it again when the time of the confirmation is over, and takes the old one no more', async () => {
      const { answer, ask, clock, confirm, recorded } = await startHeld();
      await confirm('shop', answer.confirmation);
      await clock.advance(24 * 3_600_000);
      const renewed = held(await ask());
      expect(renewed.confirmation).to.contain('until 2026-01-03T00:00:00Z');
      expect(recorded().held[0]).to.have.property('confirmation', renewed.confirmation);
    });

    it('uses a confirmation once, also when it could not be taken off, and after a restart', async () => {
      const { answer, ask, askOf, begin, client, clock, confirm, project, run } = await startHeld();
      await confirm('shop', answer.confirmation);
      client.failNext('patch', conflict(), { kind: 'Project' });
      expect((await ask()).type).to.equal('pass');
      expect(project('shop').metadata.annotations).to.have.property(CONFIRM_ANNOTATION, answer.confirmation);
      // It was never carried out, and is over.
      await clock.advance(600_000);
      client.failNext('patch', conflict(), { kind: 'Project' });
      held(await ask());
      expect(project('shop').metadata.annotations).to.have.property(CONFIRM_ANNOTATION);
      const next = begin();
      await next.ask(askOf('wake', [destroy('blog-master', { verb: 'power-off' })]), run);
      await clock.advance(600_000);
      held(await next.ask(askOf('shop', destroyFirst('shop', 3)), run));
      expect(project('shop').metadata.annotations).to.not.have.property(CONFIRM_ANNOTATION);
    });

    it('goes on when an answer to taking it off is lost, as the record has it', async () => {
      const { answer, ask, client, confirm } = await startHeld();
      await confirm('shop', answer.confirmation);
      client.failNext('patch', new Error('reset'), { kind: 'Project' });
      expect((await rejection(ask())).message).to.equal('reset');
      expect((await ask()).type).to.equal('pass');
    });
  });

  it('asks one confirmation for a group, and wakes the others of it', async () => {
    const { askOf, begin, confirm, project, run, woken } = startGate();
    const gate = begin();
    const ask = (name: string) =>
      gate.ask(askOf('deleted shop', [destroy(name)], { asker: name, objects: [project('shop')] }), run);
    const names = ['shop-web1', 'shop-web2', 'shop-master'];
    // Each is let through alone, were they not asked for together.
    const doubt = { reason: 'Orphans', message: 'there may be one' };
    const buy = (name: string) =>
      gate.ask(
        askOf('new shop', [destroy(name, { verb: 'buy', cause: 'new', doubt })], {
          asker: name,
          objects: [project('shop')],
        }),
        run,
      );
    for (const name of names) held(await buy(name));
    const last = held(await buy('shop-master'));
    woken.length = 0;
    await confirm('shop', last.confirmation);
    expect((await buy('shop-web1')).type).to.equal('pass');
    expect(woken).to.deep.equal([['shop-web2', 'shop-master']]);
    // What was confirmed together is let through for all of them, although the confirmation is gone.
    for (const name of ['shop-web2', 'shop-master']) expect((await buy(name)).type).to.equal('pass');
    expect((await ask('shop-web1')).type).to.equal('pass');
  });

  describe('of the servers of a project some of which hold data', () => {
    const effects = destroyFirst('shop', 3).map((effect, i) =>
      i === 0 ? { ...effect, data: true as const } : effect,
    );
    const forgone = (gate: ReturnType<ReturnType<typeof startGate>['begin']>, run: Run) =>
      gate.hasPassed(
        effects.map(effect => forgoing(effect)),
        run.signal,
      );

    it('lets none go without a last snapshot by a confirmation that does not say so', async () => {
      const { askOf, begin, confirm, run } = startGate();
      const gate = begin();
      const { confirmation, message } = held(await gate.ask(askOf('shop', effects), run));
      expect(message).to.include('Takes a last snapshot first of what holds data');
      await confirm('shop', confirmation);
      expect((await gate.ask(askOf('shop', effects), run)).type).to.equal('pass');
      expect(await gate.hasPassed([forgoing(effects[0]!)], run.signal)).to.equal(false);
    });

    it('lets exactly those that hold data go without by one that does, also after a restart', async () => {
      const { askOf, begin, confirm, run } = startGate();
      const gate = begin();
      await gate.ask(askOf('shop', effects), run);
      await confirm('shop', gate.holds()[0]!.withoutSnapshot!);
      expect((await gate.ask(askOf('shop', effects), run)).type).to.equal('pass');
      const next = begin();
      expect(await next.hasPassed([forgoing(effects[0]!)], run.signal)).to.equal(true);
      expect(await forgone(next, run)).to.equal(false);
    });
  });

  it('keeps a confirmation on another object that was given for something else', async () => {
    const { askOf, begin, client, confirm, project, run } = startGate();
    const gate = begin();
    const droplet = () => client.stored(DROPLETS, 'default/shop-web1')!;
    const ask = () =>
      gate.ask(askOf('shop', destroyFirst('shop', 3), { objects: [droplet(), project('shop')] }), run);
    const { confirmation } = held(await ask());
    await confirm('shop', 'something else until 2026-01-09T00:00:00Z (0123456789)');
    await client.patch(DROPLETS, 'default/shop-web1', {
      metadata: { annotations: { [CONFIRM_ANNOTATION]: confirmation } },
    });
    expect((await ask()).type).to.equal('pass');
    expect(project('shop').metadata.annotations).to.have.property(CONFIRM_ANNOTATION);
    expect(droplet().metadata.annotations).to.not.have.property(CONFIRM_ANNOTATION);
  });

  it('answers one after the other, so that two at once do not both get the last of the limit', async () => {
    const { askOf, begin, run } = startGate();
    const gate = begin();
    const asks = [askOf('shop', destroyFirst('shop', 2)), askOf('blog', [destroy('blog-master')])];
    const answers = await Promise.all(asks.map(ask => gate.ask(ask, run)));
    expect(answers.map(({ type }) => type)).to.deep.equal(['pass', 'hold']);
  });

  it('asks the standing each time, and decides nothing while that cannot be known', async () => {
    const { askOf, begin, recorded, run, standing } = startGate();
    const gate = begin();
    standing.failure = new Error('no route');
    await rejection(gate.ask(askOf('shop', [destroy('shop-web1')]), run));
    expect(recorded().admitted).to.deep.equal([]);
    delete standing.failure;
    expect((await gate.ask(askOf('shop', [destroy('shop-web1')]), run)).type).to.equal('pass');
  });

  it('decides nothing while the ledger cannot be read', async () => {
    const { askOf, begin, client, run } = startGate();
    client.failNext('get', new Error('no route'), { kind: 'ConfigMap' });
    await rejection(begin().ask(askOf('shop', [destroy('shop-web1')]), run));
    expect(client.stored(CONFIG_MAPS, 'dropfleet/dropfleet-gate')).to.equal(undefined);
  });

  it('takes an admission that was never carried out for none when it is over', async () => {
    const { askOf, begin, clock, run } = startGate({ shop: 6 });
    const gate = begin();
    const all = askOf('csv', destroyFirst('shop', 2));
    await gate.ask(all, run);
    await clock.advance(600_000);
    held(await gate.ask(askOf('csv', destroyFirst('shop', 4)), run));
  });

  it('takes what it let through for asked no more', async () => {
    const { askOf, begin, clock, run } = startGate();
    const gate = begin();
    await gate.ask(askOf('shop', destroyFirst('shop', 2)), run);
    await clock.advance(600_000);
    expect((await gate.ask(askOf('blog', [destroy('blog-master')]), run)).type).to.equal('pass');
  });

  it('counts what is still under way however long that takes, and from its end on', async () => {
    const { askOf, begin, client, clock, run } = startGate();
    const gate = begin();
    const ask = () => gate.ask(askOf('shop', destroyFirst('shop', 2)), run);
    await ask();
    for (const name of ['shop-master', 'shop-web1']) await client.delete(DROPLETS, `default/${name}`);
    await clock.advance(900_000);
    const blog = () => gate.ask(askOf('blog', [destroy('blog-master')]), run);
    held(await blog());
    expect((await ask()).type).to.equal('pass');
    await clock.advance(599_000);
    held(await blog());
  });

  it('wakes those whose hold became another by what somebody else asks', async () => {
    const { askOf, begin, run, woken } = startGate();
    const gate = begin();
    const ask = (name: string) =>
      gate.ask(askOf(`vanished ${name}`, [rebuy(name)], { asker: name, believedAfterMs: 75_000 }), run);
    expect((await ask('shop-web1')).type).to.equal('wait');
    expect(held(await ask('blog-master')).reason).to.equal('Storm');
    expect(woken).to.deep.equal([['shop-web1']]);
    expect(held(await ask('shop-web1')).reason).to.equal('Storm');
  });

  describe('takes off a confirmation', () => {
    it('whose time is over, and none that holds', async () => {
      const { client, clock, confirm, project, run } = startGate();
      await confirm('shop', 'destroy all until 2026-01-01T01:00:00Z (0123456789)');
      await takeOffExpired(client, project('shop'), clock.now(), run);
      expect(project('shop').metadata.annotations).to.have.property(CONFIRM_ANNOTATION);
      await takeOffExpired(client, project('shop'), clock.now() + 3_600_000, run);
      expect(project('shop').metadata.annotations).to.not.have.property(CONFIRM_ANNOTATION);
    });
  });
});
