import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Effect } from '../../../../reconcilers/gate/effect.ts';
import {
  FLEET_TAKEN,
  judge,
  WINDOW_MS,
  type PolicyInput,
  type Request,
  type Verdict,
} from '../../../../reconcilers/gate/policy.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';
import { admission, destroy, destroyFirst, prune, rebuy, request, uidsOf } from './effects.ts';

const FLEET = { shop: 3, blog: 1, wiki: 1 };
const STANDING = { reason: 'AccountChanged', message: 'another account' };
const DOUBT = { reason: 'Duplicate', message: 'somebody else made it' };

function verdictOf(
  requests: Request[],
  parts: Partial<PolicyInput> & { sizes?: Record<string, number> } = {},
): Verdict {
  return verdictsOf(requests, parts).get(requests[0]!.group)!;
}

function verdictsOf(
  requests: Request[],
  { sizes = FLEET, ...parts }: Partial<PolicyInput> & { sizes?: Record<string, number> },
) {
  return judge({
    requests,
    admitted: [],
    held: new Set(),
    droplets: uidsOf(sizes),
    fleetSize: Object.values(sizes).reduce((sum, n) => sum + n, 0),
    ...parts,
  });
}

const reasonOf = (verdict: Verdict): string => (verdict.type === 'hold' ? verdict.reason : verdict.type);

describe('The policy', () => {
  const one = (parts: Partial<Request> = {}, effect: Partial<Effect> = {}): Request =>
    request('shop', [destroy('shop-web1', effect)], parts);

  describe('lets the first line that holds decide', () => {
    it('holds everything while the standing is in doubt, even what was let through or confirmed', () => {
      expect(reasonOf(verdictOf([one()], { standing: STANDING }))).to.equal('AccountChanged');
      expect(reasonOf(verdictOf([one({ confirmed: true })], { standing: STANDING }))).to.equal(
        'AccountChanged',
      );
      const admitted = [admission(destroy('shop-web1'))];
      expect(reasonOf(verdictOf([one()], { standing: STANDING, admitted }))).to.equal('AccountChanged');
    });

    it('lets a server be taken over from another API, and from nothing else that is in doubt', () => {
      const takeOver = request('shop', [destroy('shop-web1', { verb: 'take-over', cause: 'adopted' })]);
      const taken = { reason: FLEET_TAKEN, message: 'of another API' };
      expect(verdictOf([takeOver], { standing: taken })).to.deep.equal({ type: 'pass' });
      expect(reasonOf(verdictOf([takeOver], { standing: STANDING }))).to.equal('AccountChanged');
      const both = request('shop', [...takeOver.effects, destroy('shop-web2')]);
      expect(reasonOf(verdictOf([both], { standing: taken }))).to.equal(FLEET_TAKEN);
    });

    it('passes what was let through before, whatever else speaks against it', () => {
      const admitted = [admission(destroy('shop-web1'))];
      const held = new Set([admitted[0]!.key]);
      expect(verdictOf([one({ ageMs: 0 }, { doubt: DOUBT })], { admitted, held })).to.deep.equal({
        type: 'pass',
      });
    });

    it('passes what a person confirmed, doubted, held and too much as it is', () => {
      const all = destroyFirst('shop', 3, { doubt: DOUBT });
      const held = new Set(['destroy uid-shop-web1']);
      expect(verdictOf([request('shop', all, { confirmed: true, ageMs: 0 })], { held })).to.deep.equal({
        type: 'pass',
      });
    });

    it('holds what is doubted, with the doubt', () => {
      expect(verdictOf([one({}, { doubt: DOUBT })])).to.deep.equal({ type: 'hold', ...DOUBT });
    });

    it('does not ask about the doubt of what was let through', () => {
      const effects = [destroy('shop-web1', { doubt: DOUBT }), destroy('shop-web2')];
      const admitted = [admission(effects[0]!)];
      expect(verdictOf([request('shop', effects)], { admitted })).to.deep.equal({ type: 'pass' });
    });

    it('holds what a limit held before, although the limit would let it through', () => {
      const held = new Set(['destroy uid-shop-web1']);
      expect(verdictOf([one()], { held })).to.deep.include({ type: 'hold', reason: 'Held', wasHeld: true });
    });

    it('waits for what comes with it, as long as the youngest of the group is not believed', () => {
      const requests = [one(), request('shop', [destroy('shop-web2')], { asker: 'other', ageMs: 500 })];
      expect(verdictOf(requests)).to.deep.equal({ type: 'wait', ms: 1_500 });
    });

    it('passes what is none of this', () => {
      expect(verdictOf([one()])).to.deep.equal({ type: 'pass' });
      const power = request('shop', [destroy('shop-web1', { verb: 'power-off', cause: 'resize' })]);
      expect(verdictOf([power])).to.deep.equal({ type: 'pass' });
    });
  });

  describe('limits what is destroyed within ten minutes', () => {
    it('to two droplets of a small fleet, whoever asks', () => {
      expect(reasonOf(verdictOf([request('shop', destroyFirst('shop', 2))]))).to.equal('pass');
      const both = [
        request('shop', destroyFirst('shop', 2)),
        request('csv', [destroy('blog-master', { cause: 'row removed' })]),
      ];
      const verdicts = verdictsOf(both, {});
      expect([...verdicts.values()].map(reasonOf)).to.deep.equal(['LargeDeletion', 'LargeDeletion']);
    });

    it('but not what a restore drill made, which counts for nobody, and nobody for it', () => {
      const copy = (id: number) => destroy('shop-web1', { cause: 'drill', server: id });
      const copies = [1, 2, 3, 4].map(copy);
      expect(reasonOf(verdictOf([request('drill', copies)]))).to.equal('pass');
      const admitted = copies.map(effect => admission(effect));
      expect(reasonOf(verdictOf([request('shop', destroyFirst('shop', 2))], { admitted }))).to.equal('pass');
      const full = destroyFirst('shop', 2).map(effect => admission(effect));
      expect(reasonOf(verdictOf([request('drill', [copy(5)])], { admitted: full }))).to.equal('pass');
      expect(reasonOf(verdictOf([request('drill', copies)], { standing: STANDING }))).to.equal(
        'AccountChanged',
      );
    });

    it('to three tenths of a large one', () => {
      const sizes = { shop: 20, blog: 1 };
      expect(reasonOf(verdictOf([request('shop', destroyFirst('shop', 6))], { sizes }))).to.equal('pass');
      expect(reasonOf(verdictOf([request('shop', destroyFirst('shop', 7))], { sizes }))).to.equal(
        'LargeDeletion',
      );
    });

    it('of which the share is taken with those that were destroyed a moment ago', () => {
      const sizes = { shop: 14 };
      // Six of twenty went and are gone: the limit is still six, and not four of fourteen.
      const gone = destroyFirst('old', 6).map(effect => admission(effect));
      expect(
        reasonOf(verdictOf([request('shop', destroyFirst('shop', 1))], { sizes, admitted: gone })),
      ).to.equal('LargeDeletion');
      const five = gone.slice(0, 5);
      const said = verdictOf([request('shop', destroyFirst('shop', 1))], {
        sizes: { shop: 15 },
        admitted: five,
      });
      expect(reasonOf(said)).to.equal('pass');
    });

    it('counting what was let through unconfirmed, until ten minutes have passed', () => {
      const recent = (parts: object) => destroyFirst('blog', 1).map(effect => admission(effect, parts));
      const two = [request('shop', destroyFirst('shop', 2))];
      expect(reasonOf(verdictOf(two, { admitted: recent({}) }))).to.equal('LargeDeletion');
      expect(reasonOf(verdictOf(two, { admitted: recent({ ageMs: WINDOW_MS - 1 }) }))).to.equal(
        'LargeDeletion',
      );
      expect(reasonOf(verdictOf(two, { admitted: recent({ ageMs: WINDOW_MS }) }))).to.equal('pass');
      expect(reasonOf(verdictOf(two, { admitted: recent({ confirmed: true }) }))).to.equal('pass');
    });

    it('counting neither what is confirmed nor what is held already', () => {
      const confirmed = request('csv', destroyFirst('blog', 1), { confirmed: true });
      expect(reasonOf(verdictOf([request('shop', destroyFirst('shop', 2)), confirmed]))).to.equal('pass');
      const doubted = request('duplicates', [destroy('wiki-master', { cause: 'duplicate', doubt: DOUBT })]);
      expect(reasonOf(verdictOf([request('shop', destroyFirst('shop', 2)), doubted]))).to.equal('pass');
    });

    it('and counting a Droplet once, however often its end is asked for', () => {
      const requests = [
        request('csv', destroyFirst('shop', 2, { cause: 'row shrank' })),
        request('shop', destroyFirst('shop', 2)),
      ];
      expect(reasonOf(verdictOf(requests))).to.equal('pass');
    });

    it('to one whole project', () => {
      const whole = (...names: string[]) =>
        request(
          'csv',
          names.map(name => destroy(`${name}-master`)),
        );
      expect(reasonOf(verdictOf([whole('blog')]))).to.equal('pass');
      expect(reasonOf(verdictOf([whole('blog', 'wiki')]))).to.equal('LargeDeletion');
      const admitted = [admission(destroy('blog-master'))];
      expect(reasonOf(verdictOf([whole('wiki')], { admitted }))).to.equal('LargeDeletion');
      expect(reasonOf(verdictOf([whole('wiki')], { admitted: [admission(destroy('shop-web1'))] }))).to.equal(
        'pass',
      );
    });

    it('which ends with its last droplet also when a person confirmed the others, gone or not', () => {
      const rest = [request('shop', [destroy('shop-web2')]), request('blog', [destroy('blog-master')])];
      const admitted = destroyFirst('shop', 2).map(effect => admission(effect, { confirmed: true }));
      expect(reasonOf(verdictOf(rest, { admitted }))).to.equal('LargeDeletion');
      expect(reasonOf(verdictOf(rest))).to.equal('pass');
    });

    it('and stops nothing else by it', () => {
      const power = request('blog', [destroy('blog-master', { verb: 'power-off', cause: 'resize' })]);
      const verdicts = verdictsOf([request('shop', destroyFirst('shop', 3)), power], {});
      expect(reasonOf(verdicts.get('blog')!)).to.equal('pass');
    });
  });

  describe('limits what a recovery replaces', () => {
    const replace = (name: string) => request(name, [aBuy(name, 'recovery')]);
    const aBuy = (name: string, cause: Effect['cause']): Effect => ({
      verb: 'buy',
      cause,
      project: 'default/shop',
      name,
      uid: `uid-${name}`,
      server: 7,
    });

    it('to two of a small fleet, and says so', () => {
      const verdicts = judge({
        requests: ['a', 'b', 'c'].map(replace),
        admitted: [],
        held: new Set(),
        droplets: new Map(),
        fleetSize: 5,
      });
      expect(verdicts.get('a')).to.include({ type: 'hold', reason: 'Storm', isLimit: true });
      expect(verdicts.get('a'))
        .to.have.property('message')
        .that.matches(/^would replace 3 of 5 droplets within ten minutes/);
    });

    it('to none while others vanish', () => {
      const vanished = ['b', 'c'].map(name => request(name, [aBuy(name, 'vanished')]));
      const verdicts = judge({
        requests: [replace('a'), ...vanished],
        admitted: [],
        held: new Set(),
        droplets: new Map(),
        fleetSize: 50,
      });
      expect(verdicts.get('a')).to.include({ type: 'hold', reason: 'Storm' });
    });
  });

  describe('buys nothing for a storm', () => {
    it('but one server in place of one that vanished', () => {
      expect(reasonOf(verdictOf([request('shop', [rebuy('shop-web1')])]))).to.equal('pass');
      expect(reasonOf(verdictOf([request('shop', [rebuy('shop-web1'), rebuy('shop-web2')])]))).to.equal(
        'Storm',
      );
    });

    it('and counts the last ten minutes, and what of it is held', () => {
      const last = [request('blog', [rebuy('blog-master')])];
      expect(reasonOf(verdictOf(last, { admitted: [admission(rebuy('shop-web1'))] }))).to.equal('Storm');
      const before = request('shop', [rebuy('shop-web1'), rebuy('shop-web2')]);
      const held = new Set([
        'buy uid-shop-web1 1',
        ...before.effects.map(({ uid, server }) => `buy ${uid} ${server}`),
      ]);
      const verdicts = verdictsOf([...last, before], { held });
      expect(reasonOf(verdicts.get('blog')!)).to.equal('Storm');
    });

    it('and lets first servers be bought meanwhile', () => {
      const first = request('wiki', [destroy('wiki-master', { verb: 'buy', cause: 'new' })]);
      const storm = request('shop', [rebuy('shop-web1'), rebuy('shop-web2')]);
      expect(reasonOf(verdictsOf([storm, first], {}).get('wiki')!)).to.equal('pass');
    });
  });

  describe('spreads the removal of old snapshots over time', () => {
    const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
    const pruned = (n: number, ageMs: number) =>
      prune('blog-master', range(n)).map(effect => admission(effect, { ageMs }));
    const two = request('snapshots', prune('shop-master', [100, 101]));

    it('ten within ten minutes, and the next when the first of them are ten minutes ago', () => {
      expect(verdictOf([two], { admitted: pruned(8, 60_000) })).to.deep.equal({ type: 'pass' });
      const admitted = [...pruned(9, 60_000).slice(1), ...pruned(1, 500_000)];
      expect(verdictOf([two], { admitted })).to.deep.equal({ type: 'wait', ms: 100_000 });
      expect(verdictOf([two], { admitted: pruned(10, WINDOW_MS) })).to.deep.equal({ type: 'pass' });
    });

    it('and holds more than that at once, until a person confirms it', () => {
      const many = request('snapshots', prune('shop-master', range(11)));
      expect(reasonOf(verdictOf([many]))).to.equal('LargePruning');
      expect(verdictOf([{ ...many, confirmed: true }])).to.deep.equal({ type: 'pass' });
    });

    it('without a word on droplets: neither counts for the other', () => {
      const end = request('shop', [destroy('shop-web1'), destroy('shop-web2')]);
      expect(verdictOf([end, two], { admitted: pruned(10, 60_000) })).to.deep.equal({ type: 'pass' });
      const admitted = destroyFirst('shop', 2).map(effect => admission(effect));
      expect(verdictOf([two], { admitted })).to.deep.equal({ type: 'pass' });
    });
  });

  it('says how many of how many, and what is allowed', () => {
    const admitted = [admission(destroy('blog-master'))];
    const verdict = verdictOf([request('shop', destroyFirst('shop', 3))], { admitted });
    expect(verdict).to.deep.include({ type: 'hold', isLimit: true });
    expect((verdict as { message: string }).message).to.equal(
      'would destroy 4 of 5 droplets and 2 whole projects within ten minutes (1 already); the limit without a confirmation is 2 droplets and 1 whole project',
    );
    const storm = verdictOf([request('shop', [rebuy('shop-web1'), rebuy('shop-web2')])]);
    expect((storm as { message: string }).message).to.match(
      /^2 servers vanished within ten minutes \(shop-web1, shop-web2\), and none is created in their place: /,
    );
  });

  it('never lets through, at one time or in turn, more than the limit', () => {
    const names = [...uidsOf({ shop: 8, blog: 3, wiki: 1 }).values()]
      .flat()
      .map(uid => uid.slice('uid-'.length));
    const asked = fc.array(
      fc.tuple(fc.constantFrom(...names), fc.constantFrom('a', 'b', 'c'), fc.boolean()),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(asked, all => {
        const byGroup = Map.groupBy(all, ([, group]) => group);
        let admitted = all
          .filter(([, , before]) => before)
          .slice(0, 3)
          .map(([name]) => admission(destroy(name)));
        const before = new Set(admitted.map(({ key }) => key)).size;
        for (const group of byGroup.keys()) {
          const requests = [...byGroup].map(([name, members]) =>
            request(
              name,
              members.map(([droplet]) => destroy(droplet)),
            ),
          );
          const sizes = { shop: 8, blog: 3, wiki: 1 };
          const passed = verdictsOf(requests, { sizes, admitted }).get(group)!.type === 'pass';
          if (passed)
            admitted = [...admitted, ...byGroup.get(group)!.map(([name]) => admission(destroy(name)))];
          byGroup.delete(group);
        }
        expect(new Set(admitted.map(({ key }) => key)).size).to.be.at.most(Math.max(before, 3));
      }),
      propertyOptions(500),
    );
  });
});
