import { expect } from 'chai';
import type { CloudDroplet } from '../../../../clients/digitalocean/cloud.ts';
import { createAccountRoom } from '../../../../reconcilers/gate/account-room.ts';
import { aDroplet, activeDroplets, activeStatus } from '../../../builders/objects.ts';
import { fakeClock } from '../../../fakes/clock.ts';

const REFUSED_MS = 300_000;

/** An account for three droplets, of which this fleet has those that are listed and those that it asked for since. */
function anAccount(listed: number[], objects = [...activeDroplets('shop', 3), aDroplet('shop-web3')]) {
  const clock = fakeClock();
  const servers = listed.map(id => ({ id }) as CloudDroplet);
  const informer = { list: () => servers, get: (id: number) => servers.find(server => server.id === id) };
  const room = createAccountRoom({
    limit: () => 3,
    servers: informer,
    droplets: { list: () => objects },
    clock,
    refusedMs: REFUSED_MS,
  });
  return { clock, room, servers };
}

describe('The room in an account', () => {
  it('is used up when the fleet has as many as the account may have, listed or only asked for', () => {
    expect(anAccount([1, 2, 3]).room.shortage('default/shop-web9')).to.match(
      /may have 3 droplets, and this fleet has them all/,
    );
    expect(anAccount([1]).room.shortage('default/shop-web9')).to.match(/has them all/);
    const two = [...activeDroplets('shop', 2), aDroplet('shop-web2'), aDroplet('shop-web3')];
    expect(anAccount([1, 2], two).room.shortage('default/shop-web9')).to.equal(undefined);
  });

  it('counts no object that has no server', () => {
    const objects = ['web1', 'web2', 'web3', 'web4'].map(name => aDroplet(`shop-${name}`));
    expect(anAccount([], objects).room.shortage('default/shop-web9')).to.equal(undefined);
  });

  it('is taken by others as well when DigitalOcean says so, until one may try again', async () => {
    const objects = [
      aDroplet('shop-master', { status: activeStatus(1) }),
      aDroplet('shop-web1'),
      aDroplet('shop-web2'),
    ];
    const { clock, room, servers } = anAccount([1], objects);
    expect(room.shortage('default/shop-web9')).to.equal(undefined);
    room.refused('default/shop-web1');
    expect(room.shortage('default/shop-web9')).to.match(/this fleet has 1, others the rest/);
    servers.length = 0;
    objects[0] = aDroplet('shop-master');
    expect(room.shortage('default/shop-web9'), 'there is room for what went').to.equal(undefined);
    objects[0] = aDroplet('shop-master', { status: activeStatus(1) });
    expect(room.shortage('default/shop-web9')).to.not.equal(undefined);
    expect(room.shortage('default/shop-web1'), 'it has its own pause').to.equal(undefined);
    await clock.advance(REFUSED_MS);
    expect(room.shortage('default/shop-web9')).to.equal(undefined);
  });
});
