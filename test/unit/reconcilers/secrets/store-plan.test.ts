import { expect } from 'chai';
import { lookupIn, resolveSecret, type SeenSecret } from '../../../../reconcilers/secrets/lookup-plan.ts';
import { planStore } from '../../../../reconcilers/secrets/store-plan.ts';

type Key = 'a person' | 'a deploy' | 'empty';

const aSecret = (name: string, keys: Record<string, Key>, project = 'shop'): SeenSecret => ({
  name,
  project,
  keys: new Map(
    Object.entries(keys).map(([key, by]) => [
      key,
      { isEmpty: by === 'empty', ...(by === 'a deploy' && { isStored: true as const }) },
    ]),
  ),
});

/** The plan for the secret KEY of shop in prod; `environment` is what the operator does not see. */
function plan(variables: Record<string, 'environment' | '.env'>, secrets: readonly SeenSecret[] = []) {
  const { store, remove, conflicts, missing } = planStore({
    project: 'shop',
    environment: 'prod',
    names: ['KEY'],
    variables: name => {
      const source = variables[name];
      return source === undefined ? undefined : { source, isEmpty: false };
    },
    isSeen: source => source !== 'environment',
    secrets,
  });
  return {
    ...(store.length > 0 && { store: store.map(({ variable }) => variable) }),
    ...(remove.length > 0 && { remove }),
    ...(conflicts.length > 0 && { conflicts: conflicts.map(({ variable }) => variable) }),
    ...(missing.length > 0 && { missing: missing.map(({ name }) => name) }),
  };
}

describe('What a deploy brings along', () => {
  it('is what only the command sees, by the most specific name', () => {
    expect(plan({ KEY: 'environment' })).to.deep.equal({ store: ['KEY'] });
    expect(plan({ KEY: 'environment', SHOP_PROD_KEY: 'environment' })).to.deep.equal({
      store: ['SHOP_PROD_KEY'],
    });
    expect(plan({ KEY: '.env' })).to.deep.equal({});
    expect(plan({ KEY: 'environment', SHOP_KEY: '.env' })).to.deep.equal({});
    expect(plan({ KEY: 'environment' }, [aSecret('shop', { KEY: 'a person' })])).to.deep.equal({});
  });

  it('replaces what an earlier deploy brought along, and an empty key', () => {
    for (const key of ['a deploy', 'empty'] as const)
      expect(plan({ KEY: 'environment' }, [aSecret('shop-prod', { KEY: key })])).to.deep.equal({
        store: ['KEY'],
      });
  });

  it('is taken back when the value is elsewhere by now, and kept when it is nowhere else', () => {
    const stored = aSecret('shop-prod', { KEY: 'a deploy' });
    expect(plan({ KEY: '.env' }, [stored])).to.deep.equal({ remove: ['KEY'] });
    expect(plan({}, [stored, aSecret('shop', { KEY: 'a person' })])).to.deep.equal({ remove: ['KEY'] });
    expect(plan({}, [stored])).to.deep.equal({});
  });

  it('never replaces a key that a person wrote', () => {
    const secrets = [aSecret('shop-prod', { KEY: 'a person' })];
    expect(plan({ SHOP_PROD_KEY: 'environment' }, secrets)).to.deep.equal({ conflicts: ['SHOP_PROD_KEY'] });
    expect(plan({ KEY: 'environment' }, secrets)).to.deep.equal({});
  });

  it('is missing when nothing has it, or only an empty key', () => {
    expect(plan({})).to.deep.equal({ missing: ['KEY'] });
    expect(plan({}, [aSecret('shop-prod', { KEY: 'empty' })])).to.deep.equal({ missing: ['KEY'] });
  });

  it("wins over all that the operator sees, as the command's own environment does", () => {
    const lookup = lookupIn('shop', () => ({ source: '.env', isEmpty: false }), [
      aSecret('shop-prod', { KEY: 'a deploy' }),
    ]);
    const { from } = resolveSecret({ project: 'shop', environment: 'prod', name: 'KEY' }, lookup);
    expect(from).to.deep.equal({ secret: 'shop-prod', key: 'KEY', source: 'kubernetes' });
  });
});
