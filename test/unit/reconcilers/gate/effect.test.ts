import { expect } from 'chai';
import { contentOfEffect, describeEffects } from '../../../../reconcilers/gate/effect.ts';
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
