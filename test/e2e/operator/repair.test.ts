import { expect } from 'chai';
import { isConditionTrue } from '../../../crds/conditions.ts';
import { dropletNames } from '../../../crds/names.ts';
import { describeOnApiServers } from '../../environment/api-server.ts';
import {
  openOperatorWorld,
  type OperatorWorld,
  type RunningOperator,
} from '../../environment/operator-world.ts';

const LARGE = 's-1vcpu-2gb';

// One fleet's life: each step finds what the ones before it left.
describeOnApiServers('A fleet that somebody else changes', server => {
  let world: OperatorWorld;
  let operator: RunningOperator;
  const idOf = (name: string): number => world.droplet(name)!.status!.server!.id!;
  const patch = (spec: object): Promise<string> =>
    world.kubectl.succeed('patch', 'project', 'shop', '--type=merge', '-p', JSON.stringify({ spec }));
  const isSeen = (): boolean => {
    const { metadata, status } = world.project('shop')!;
    return status?.observedGeneration === metadata.generation;
  };

  before(async () => {
    world = await openOperatorWorld(server());
    await world.writeCsv('shop,3,s-1vcpu-1gb,s-1vcpu-1gb');
    operator = world.startOperator();
    await world.untilReady('shop', 3);
    // From here on the Project is a person's, so that kubectl may change it.
    await operator.stop();
    await world.kubectl.succeed('label', 'project', 'shop', 'dropfleet.io/source-');
    operator = world.startOperator({ csv: false });
    await world.until('a look at the cloud', () => operator.cloudCalls.includes('listDroplets'));
  });
  after(() => world.close());

  it('gets another server for one that was destroyed', async () => {
    const lost = idOf('shop-web1');
    await world.owner.deleteDroplet(lost);
    await world.until(
      'another server',
      () => ![lost, undefined].includes(world.droplet('shop-web1')?.status?.server?.id),
    );
    await world.untilReady('shop', 3);
    expect(world.effects()).to.deep.equal({ created: 4, destroyed: 1 });
    const described = await world.kubectl.succeed('describe', 'droplet', 'shop-web1');
    expect(described).to.match(new RegExp(`Warning +Vanished .* droplet ${lost} is gone`));
  });

  it('is powered on when it was powered off', async () => {
    const id = idOf('shop-web2');
    await world.owner.powerOffDroplet(id);
    await world.until('a request for power', () => operator.cloudCalls.includes('powerOnDroplet'));
    await world.until('word of it', () => world.droplet('shop-web2')!.status!.phase === 'PoweringOn');
    await world.until('power', () => world.droplet('shop-web2')!.status!.phase === 'Active');
    await world.untilReady('shop', 3);
    expect((await world.owner.getDroplet(id)).status).to.equal('active');
    expect(world.effects().created).to.equal(4);
  });

  it('is resized one server at a time', async () => {
    const names = dropletNames('shop', 3);
    const isDown = (name: string): boolean =>
      !isConditionTrue(world.droplet(name)?.status?.conditions, 'Ready');
    let most = 0;
    await patch({ masterSpec: LARGE, webSpec: LARGE });
    await world.until('all large', () => {
      most = Math.max(most, names.filter(isDown).length);
      return names.every(name => world.droplet(name)!.status!.server!.size === LARGE && !isDown(name));
    });
    expect(most).to.equal(1);
    await world.untilReady('shop', 3);
    const servers = await world.owner.listDroplets('dropfleet:test');
    expect(servers.map(({ size, status }) => `${size} ${status}`)).to.deep.equal(
      Array.from({ length: 3 }, () => `${LARGE} active`),
    );
    expect(world.effects()).to.deep.equal({ created: 4, destroyed: 1 });
  });

  it('says why when a size cannot be had, and goes on running', async () => {
    await patch({ webSpec: 's-1vcpu-512mb-10gb' });
    await world.until('a refusal', () => world.droplet('shop-web2')!.status!.phase === 'Failed');
    const text = await world.kubectl.succeed('describe', 'droplet', 'shop-web2');
    expect(text).to.match(/disks cannot shrink/);
    expect((await world.owner.getDroplet(idOf('shop-web2'))).status).to.equal('active');
    await patch({ webSpec: LARGE });
    await world.untilReady('shop', 3);
  });

  it('is not touched while its Project is suspended', async () => {
    await patch({ suspend: true });
    await world.until('word of the suspension', isSeen);
    const before = operator.cloudCalls.length;
    await world.owner.deleteDroplet(idOf('shop-web1'));
    await patch({ servers: 5, masterSpec: 's-2vcpu-2gb' });
    await world.until('word of the change', isSeen);
    await world.until('word of the loss', () => world.droplet('shop-web1')!.status!.phase === 'Pending');
    const calls = new Set(operator.cloudCalls.slice(before));
    expect([...calls].filter(operation => !/^(list|get)/.test(operation))).to.deep.equal([]);
    expect(world.dropletNames()).to.deep.equal(dropletNames('shop', 3));
  });

  it('catches up when its Project is resumed', async () => {
    await patch({ suspend: false });
    // Another one vanished a moment ago: two of them are no accident, and nothing is bought in their place by itself.
    await world.letThrough('shop-web1');
    await world.untilReady('shop', 5);
    expect(world.effects()).to.deep.equal({ created: 7, destroyed: 2 });
    expect(world.droplet('shop-master')!.status!.server!.size).to.equal('s-2vcpu-2gb');
  });
});
