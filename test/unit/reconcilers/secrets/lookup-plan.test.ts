import { expect } from 'chai';
import * as fc from 'fast-check';
import {
  lookupIn,
  placesOf,
  resolveSecret,
  type Held,
  type SecretPlace,
  type SeenSecret,
  type WantedSecret,
} from '../../../../reconcilers/secrets/lookup-plan.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

const DB_PASSWORD: WantedSecret = { project: 'my-shop', environment: 'prod', name: 'DB_PASSWORD' };
const say = (place: SecretPlace): string =>
  'variable' in place ? place.variable : `${place.secret}/${place.key}`;
const describeAll = (wanted: WantedSecret): string[] => placesOf(wanted).map(say);

/** Places by their words, with whether they are empty. */
const resolve = (wanted: WantedSecret, held: Record<string, Held>) =>
  resolveSecret(wanted, place => held[say(place)]);
const set: Held = { source: '.env', isEmpty: false };
const empty: Held = { source: 'environment', isEmpty: true };

describe('A secret', () => {
  // Written down by hand, as it is promised in README.md.
  const PRIORITY = [
    'MY_SHOP_PROD_DB_PASSWORD',
    'my-shop-prod/DB_PASSWORD',
    'MY_SHOP_DB_PASSWORD',
    'my-shop/DB_PASSWORD',
    'PROD_DB_PASSWORD',
    'DB_PASSWORD',
  ];

  it('is looked for by four names, the most specific first, each in variables before Secrets', () => {
    expect(describeAll(DB_PASSWORD)).to.deep.equal(PRIORITY);
  });

  for (const [i, first] of PRIORITY.entries())
    it(`comes from ${first} when nothing before that is set, whatever comes after`, () => {
      const held = Object.fromEntries(PRIORITY.slice(i).map(place => [place, set]));
      expect(say(resolve(DB_PASSWORD, held).from!)).to.equal(first);
    });

  it('is not taken from what is empty, and that is told', () => {
    const held = { MY_SHOP_PROD_DB_PASSWORD: empty, DB_PASSWORD: set };
    expect(resolve(DB_PASSWORD, held)).to.deep.include({
      from: { variable: 'DB_PASSWORD', source: '.env' },
      empty: [{ variable: 'MY_SHOP_PROD_DB_PASSWORD', source: 'environment' }],
    });
  });

  it('is missing when all that holds it is empty', () => {
    const { from, empty: passedOver } = resolve(DB_PASSWORD, { 'my-shop/DB_PASSWORD': empty });
    expect({ from, passedOver: passedOver.map(say) }).to.deep.equal({
      from: undefined,
      passedOver: ['my-shop/DB_PASSWORD'],
    });
  });

  it('is looked for once in a variable that two levels mean', () => {
    expect(describeAll({ project: 'prod', environment: 'prod', name: 'KEY' })).to.deep.equal([
      'PROD_PROD_KEY',
      'prod-prod/KEY',
      'PROD_KEY',
      'prod/KEY',
      'KEY',
    ]);
  });

  it('always comes from the first place that is not empty', () => {
    const state = fc.constantFrom(undefined, empty, set);
    const wanted = fc.record({
      project: fc.constantFrom('shop', 'my-shop', 'prod', 'a-prod-b'),
      environment: fc.constantFrom('prod', 'uat', 'test'),
      name: fc.constantFrom('KEY', 'PROD_KEY', '_'),
    });
    const states = fc.array(state, { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(wanted, states, (wanted, states) => {
        const places = describeAll(wanted);
        const held = new Map(places.map((place, i) => [place, states[i]]));
        const { from, empty: passedOver } = resolveSecret(wanted, place => held.get(say(place)));
        const first = places.findIndex(place => held.get(place)?.isEmpty === false);
        expect(from && say(from)).to.equal(places[first]);
        const before = first < 0 ? places : places.slice(0, first);
        expect(passedOver.map(say)).to.deep.equal(before.filter(place => held.get(place)?.isEmpty));
      }),
      propertyOptions(500),
    );
  });
});

describe('What a place of a secret holds', () => {
  const seen = (name: string, project: string | undefined, ...keys: string[]): SeenSecret => ({
    name,
    ...(project !== undefined && { project }),
    keys: new Map(keys.map(key => [key, { isEmpty: key === 'BLANK' }])),
  });
  const variables = (name: string): Held | undefined => (name === 'SET' ? set : undefined);
  const lookup = lookupIn('shop', variables, [
    seen('shop-prod', 'shop', 'KEY', 'BLANK'),
    seen('shop-uat', 'shop-uat', 'KEY'),
    seen('shop', undefined, 'KEY'),
  ]);

  it('is what the variable says, or the key of the Secret', () => {
    expect(lookup({ variable: 'SET' })).to.deep.equal(set);
    expect(lookup({ variable: 'UNSET' })).to.equal(undefined);
    expect(lookup({ secret: 'shop-prod', key: 'KEY' })).to.deep.equal({
      source: 'kubernetes',
      isEmpty: false,
    });
    expect(lookup({ secret: 'shop-prod', key: 'BLANK' })).to.include({ isEmpty: true });
    expect(lookup({ secret: 'shop-prod', key: 'key' })).to.equal(undefined);
    expect(lookup({ secret: 'elsewhere', key: 'KEY' })).to.equal(undefined);
  });

  it("is nothing in a Secret that is another project's, or nobody's", () => {
    expect(lookup({ secret: 'shop-uat', key: 'KEY' })).to.equal(undefined);
    expect(lookup({ secret: 'shop', key: 'KEY' })).to.equal(undefined);
  });
});
