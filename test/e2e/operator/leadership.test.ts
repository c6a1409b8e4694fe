import { expect } from 'chai';
import { describeOnApiServers } from '../../environment/api-server.ts';
import {
  openOperatorWorld,
  type OperatorWorld,
  type RunningOperator,
} from '../../environment/operator-world.ts';

describeOnApiServers('Two operators of one fleet', server => {
  let world: OperatorWorld;
  let first: RunningOperator;
  let second: RunningOperator;

  before(async () => {
    world = await openOperatorWorld(server());
    await world.writeCsv('shop,2,s-1vcpu-1gb,s-1vcpu-1gb');
    first = world.startOperator({ identity: 'first' });
    await world.until('a leader', () => first.cloudCalls.length > 0);
    second = world.startOperator({ identity: 'second' });
  });
  after(() => world.close());

  it("do not get into each other's way: one acts, the other waits", async () => {
    const waiting = `waiting: operator first leads from namespace ${world.namespace}`;
    await world.until('the second to wait', () => second.log.some(({ message }) => message === waiting));
    await world.untilReady('shop', 2);
    expect(second.cloudCalls).to.deep.equal([]);
    expect(world.effects()).to.deep.equal({ created: 2, destroyed: 0 });
  });

  it('relieve each other: the second takes over what the first left', async () => {
    await first.stop();
    const calls = first.cloudCalls.length;
    await world.writeCsv('shop,3,s-1vcpu-1gb,s-1vcpu-1gb');
    await world.untilReady('shop', 3);
    expect(second.cloudCalls.filter(operation => operation === 'createDroplet')).to.have.length(1);
    expect(first.cloudCalls).to.have.length(calls);
    expect(world.effects()).to.deep.equal({ created: 3, destroyed: 0 });
  });
});

describeOnApiServers('Operators in two namespaces of one API', server => {
  let worlds: OperatorWorld[] = [];
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.close();
  });

  it('never work at once: the second waits until the first has gone', async () => {
    const [here, there] = (worlds = [await openOperatorWorld(server()), await openOperatorWorld(server())]);
    const lease = `leader-of-both-${here!.namespace}`;
    for (const world of worlds) await world.writeCsv('shop,1,s-1vcpu-1gb,s-1vcpu-1gb');
    const first = here!.startOperator({ identity: 'first', lease });
    await here!.until('a leader', () => first.cloudCalls.length > 0);
    const second = there!.startOperator({ identity: 'second', lease });
    const waiting = `waiting: operator first leads from namespace ${here!.namespace}`;
    await there!.until('the second to wait', () => second.log.some(({ message }) => message === waiting));
    await here!.untilReady('shop', 1);
    expect(second.cloudCalls).to.deep.equal([]);
    await first.stop();
    await there!.untilReady('shop', 1);
    expect([here!.effects().created, there!.effects().created]).to.deep.equal([1, 1]);
    expect(second.log.filter(({ message }) => message === waiting)).to.have.length(1);
  });
});
