import { expect } from 'chai';
import * as fc from 'fast-check';
import {
  confirmationOf,
  confirms,
  hashIn,
  isExpired,
  saysWithoutSnapshot,
} from '../../../../reconcilers/gate/confirmation.ts';
import type { Effect } from '../../../../reconcilers/gate/effect.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';
import { destroy, destroyFirst } from './effects.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const UNTIL = NOW + 3_600_000;

const effect: fc.Arbitrary<Effect> = fc.record({
  verb: fc.constantFrom('destroy', 'power-off', 'buy', 'take-over'),
  cause: fc.constantFrom('row shrank', 'deleted', 'vanished'),
  project: fc.constantFrom('default/shop', 'default/blog'),
  name: fc.constantFrom('shop-web1', 'shop-web2', 'blog-master'),
  uid: fc.uuid(),
  server: fc.nat(1_000_000),
  change: fc.constantFrom('9 to 2 servers', '9 to 3 servers'),
});
const effects = fc.uniqueArray(effect, { minLength: 1, maxLength: 6, selector: ({ uid }) => uid });

/** How one effect can be another. */
const CHANGES: Record<string, (effect: Effect) => Effect> = {
  uid: one => ({ ...one, uid: `${one.uid}0` }),
  name: one => ({ ...one, name: `${one.name}0` }),
  server: one => ({ ...one, server: one.server! + 1 }),
  verb: one => ({ ...one, verb: one.verb === 'buy' ? 'destroy' : 'buy' }),
  change: one => ({ ...one, change: '9 to 1 servers' }),
};

describe('A confirmation', () => {
  it('is a sentence with a time and a hash', () => {
    const [first, ...rest] = destroyFirst('shop', 3, { change: '9 to 6 servers' });
    expect(confirmationOf([first!, ...rest], UNTIL)).to.match(
      /^destroy 3 droplets of shop \(9 to 6 servers\): shop-master, shop-web1, shop-web2 until 2026-01-01T01:00:00Z \([0-9a-f]{10}\)$/,
    );
  });

  it('says in words, and by its hash, that no last snapshot is taken', () => {
    const all = destroyFirst('shop', 1);
    const [plain, without] = [confirmationOf(all, UNTIL), confirmationOf(all, UNTIL, true)];
    expect(without).to.include(': shop-master without a last snapshot until ');
    expect([plain, without].map(saysWithoutSnapshot)).to.deep.equal([false, true]);
    expect([plain, without].map(text => confirms(text, all, NOW))).to.deep.equal([true, true]);
    const added = plain.replace(' until', ' without a last snapshot until');
    const removed = without.replace(' without a last snapshot', '');
    expect([added, removed].map(text => confirms(text, all, NOW))).to.deep.equal([false, false]);
  });

  it('names five at most, and says of how many more it is', () => {
    expect(confirmationOf(destroyFirst('shop', 7), UNTIL)).to.contain('shop-web4 and 2 more until');
  });

  it('confirms what it was made of, in any order and with spaces around it, until its time', () => {
    fc.assert(
      fc.property(effects, fc.integer({ min: 1_000, max: 86_400_000 }), (all, ms) => {
        const text = confirmationOf(all, NOW + ms);
        expect(confirms(`  ${text}\n`, all.toReversed(), NOW)).to.equal(true);
        expect(confirms(text, all, NOW + ms)).to.equal(false);
        expect(isExpired(text, NOW)).to.equal(false);
        expect(isExpired(text, NOW + ms)).to.equal(true);
      }),
      propertyOptions(200),
    );
  });

  for (const [what, change] of Object.entries(CHANGES))
    it(`confirms nothing when a ${what} is another`, () => {
      fc.assert(
        fc.property(effects, fc.nat(), (all, n) => {
          const i = n % all.length;
          expect(confirms(confirmationOf(all, UNTIL), all.with(i, change(all[i]!)), NOW)).to.equal(false);
        }),
        propertyOptions(100),
      );
    });

  it('confirms neither more, nor less, nor nothing', () => {
    fc.assert(
      fc.property(effects, effect, (all, other) => {
        const text = confirmationOf(all, UNTIL);
        expect(confirms(text, [...all, other], NOW)).to.equal(false);
        expect(confirms(text, all.slice(1), NOW)).to.equal(false);
        expect(confirms(text, [], NOW)).to.equal(false);
      }),
      propertyOptions(100),
    );
  });

  it('confirms nothing when its time or its hash was edited', () => {
    const all = destroyFirst('shop', 2);
    const text = confirmationOf(all, UNTIL);
    expect(confirms(text.replace('T01:00:00Z', 'T09:00:00Z'), all, NOW)).to.equal(false);
    expect(confirms(text.replace(/\(.{10}\)$/, '(0000000000)'), all, NOW)).to.equal(false);
    expect(confirms(text.replace(/\(.{10}\)$/, '()'), all, NOW)).to.equal(false);
  });

  it('goes by the hash, not by the words before it', () => {
    const all = destroyFirst('shop', 2);
    const [, ending] = confirmationOf(all, UNTIL).split(' until ');
    expect(confirms(`yes, I am sure, until ${ending}`, all, NOW)).to.equal(true);
  });

  it('says nothing when it is garbage, and counts as expired', () => {
    const garbage = fc.oneof(
      fc.string(),
      fc.constantFrom('yes', 'true', '', 'until never (abc)', 'until  ()'),
    );
    fc.assert(
      fc.property(garbage, text => {
        expect(confirms(text, [destroy('shop-web1')], NOW)).to.equal(false);
        expect(confirms(text, [], NOW)).to.equal(false);
        expect(isExpired(text, NOW)).to.equal(true);
      }),
      propertyOptions(200),
    );
    expect(confirms(undefined, [destroy('shop-web1')], NOW)).to.equal(false);
  });

  it('is told from every other by its hash', () => {
    const all = destroyFirst('shop', 2);
    expect(hashIn(confirmationOf(all, UNTIL))).to.not.equal(hashIn(confirmationOf(all, UNTIL + 1_000)));
    expect(hashIn('yes')).to.equal(undefined);
  });
});
