import { expect } from 'chai';
import { contentOfEffect, describeEffects, keyOfEffect } from '../../../../reconcilers/gate/effect.ts';
import { destroy, prune } from './effects.ts';

describe('The words for effects', () => {
  it('tell snapshots from droplets', () => {
    expect(describeEffects([...prune('shop-master', [1, 2, 3]), destroy('shop-web1')])).to.equal(
      'destroy 3 snapshots of shop: shop-master, shop-master, shop-master; destroy 1 droplet of shop: shop-web1',
    );
  });

  it('name the very snapshot in a confirmation', () => {
    const [one, other] = prune('shop-master', [1, 2]).map(contentOfEffect);
    expect(one).to.equal('prune shop-master uid-shop-master 1 -');
    expect(other).not.to.equal(one);
  });
});

describe('What effects are remembered by', () => {
  const drill = { cause: 'drill', server: 99 } as const;

  it('never is the end of a Droplet for that of the server of its drill, nor its purchase', () => {
    expect(keyOfEffect(destroy('shop-web1', drill))).to.equal('destroy server 99');
    expect(keyOfEffect(destroy('shop-web1'))).to.equal('destroy uid-shop-web1');
    const buys = (['new', 'vanished', 'recovery', 'drill'] as const).map(cause =>
      keyOfEffect(destroy('shop-web1', { verb: 'buy', cause })),
    );
    expect(buys.slice(0, 3)).to.not.include(buys[3]);
  });
});
