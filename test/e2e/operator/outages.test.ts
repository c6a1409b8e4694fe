import { expect } from 'chai';
import { findCondition } from '../../../crds/conditions.ts';
import { describeOnApiServers } from '../../environment/api-server.ts';
import {
  openOperatorWorld,
  type OperatorWorld,
  type RunningOperator,
} from '../../environment/operator-world.ts';

const row = (project: string, servers: number): string => `${project},${servers},s-1vcpu-1gb,s-1vcpu-1gb`;

// One fleet through two outages; nothing in either may make a server too many or too few.
describeOnApiServers('An outage', server => {
  let world: OperatorWorld;
  let operator: RunningOperator;
  const polls = (): number => operator.cloudCalls.filter(operation => operation === 'listDroplets').length;

  before(async () => {
    world = await openOperatorWorld(server());
    await world.writeCsv(row('blog', 1), row('shop', 3));
    operator = world.startOperator();
    await world.untilReady('blog', 1);
    await world.untilReady('shop', 3);
  });
  after(() => world.close());

  it('of the Kubernetes API stops all changes in the cloud', async () => {
    await world.gates.kubernetes.shut();
    await world.owner.deleteDroplet(world.droplet('shop-web1')!.status!.server!.id!);
    await world.writeCsv(row('blog', 2));
    const seen = polls();
    await world.until('two more looks at the cloud', () => polls() >= seen + 2);
    expect(world.effects()).to.deep.equal({ created: 4, destroyed: 1 });
  });

  it('of the Kubernetes API is made up for when it is over', async () => {
    await world.writeCsv(row('blog', 2), row('shop', 3));
    await world.gates.kubernetes.open();
    await world.untilReady('blog', 2);
    await world.untilReady('shop', 3);
    expect(world.effects()).to.deep.equal({ created: 6, destroyed: 1 });
  });

  it('of the cloud is told by what waits for it, and takes nothing back', async () => {
    await world.gates.cloud.shut();
    await world.writeCsv(row('blog', 3), row('shop', 2));
    const ready = (name: string) => findCondition(world.droplet(name)?.status?.conditions, 'Ready');
    await world.until('word of the outage', () => ready('blog-web2')?.reason === 'CloudUnreachable');
    await world.until('a doomed server', () =>
      Boolean(world.droplet('shop-web2')?.metadata.deletionTimestamp),
    );
    expect(ready('blog-web1')?.status).to.equal('True');
    expect(ready('shop-master')?.status).to.equal('True');
    expect(world.dropletNames()).to.contain('shop-web2');
    expect(world.effects()).to.deep.equal({ created: 6, destroyed: 1 });
  });

  it('of the cloud is made up for when it is over', async () => {
    await world.gates.cloud.open();
    await world.untilReady('blog', 3);
    await world.untilReady('shop', 2);
    expect(world.effects()).to.deep.equal({ created: 7, destroyed: 2 });
  });

  it('of the cloud is not mistaken for an empty fleet by an operator that starts in the midst of it', async () => {
    await operator.stop();
    await world.gates.cloud.shut();
    operator = world.startOperator();
    await world.until('a complaint', () =>
      operator.log.some(({ level, message }) => level === 'warn' && /list|cloud/.test(message)),
    );
    await world.gates.cloud.open();
    await world.until('a look at the cloud', () => polls() >= 3);
    await world.untilReady('blog', 3);
    await world.untilReady('shop', 2);
    expect(world.effects()).to.deep.equal({ created: 7, destroyed: 2 });
  });
});
