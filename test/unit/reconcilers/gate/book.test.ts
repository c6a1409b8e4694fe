import { expect } from 'chai';
import { uidsWithServers } from '../../../../reconcilers/gate/book.ts';
import { aDroplet, activeStatus } from '../../../builders/objects.ts';

describe('What a project has to lose', () => {
  it('is its Droplets that have a server or asked for one, and none that was only just made', () => {
    const droplets = [
      aDroplet('shop-master', { status: activeStatus(1) }),
      aDroplet('shop-web1', { status: { server: { nonce: 'n1' }, phase: 'Creating' } }),
      aDroplet('shop-web2', { status: { phase: 'Pending' } }),
      aDroplet('shop-web3'),
    ];
    expect(uidsWithServers(droplets)).to.deep.equal(['uid-shop-master', 'uid-shop-web1']);
  });
});
