import { expect } from 'chai';
import { describeOnApiServers } from '../../environment/api-server.ts';
import { openStillWorld, type StillWorld } from './still-world.ts';

/** What a test may ask of the cloud in all: 50 droplets, the sizes, the key twice, and a list now and then. */
const MOST_CALLS_FOR_50 = 60;
const MINUTE = 60_000;

describeOnApiServers('The traffic of an operator', server => {
  it(`needs at most ${MOST_CALLS_FOR_50} calls of the cloud for 50 droplets that boot in 32 s`, async () => {
    const world = await openStillWorld(server());
    try {
      await world.writeCsv(['shop,50,s-1vcpu-1gb,s-1vcpu-1gb']);
      const operator = await world.startOperator();
      await world.passUntilReady(operator, 1);
      const calls = world.cloudCalls();
      console.log(`      ${total(calls)} calls: ${JSON.stringify(calls)}`);
      expect(calls['droplets.create']).to.equal(50);
      expect(total(calls)).to.be.at.most(MOST_CALLS_FOR_50);
      await world.stop(operator);
    } finally {
      await world.close();
    }
  });

  describe('with a fleet of 200 droplets that is as it should be', () => {
    let world: StillWorld;

    before(async function () {
      this.timeout(180_000);
      world = await openStillWorld(server());
      await world.writeCsv(['shop,100,s-2vcpu-2gb,s-1vcpu-1gb', 'blog,100,s-1vcpu-1gb,s-1vcpu-1gb']);
      const operator = await world.startOperator();
      await world.passUntilReady(operator, 2);
      await world.pass(operator, MINUTE);
      await world.stop(operator);
    });

    after(() => world.close());

    it('is one call of the cloud a minute, and no write to Kubernetes in ten', async () => {
      const operator = await world.startOperator();
      await world.pass(operator, MINUTE);
      world.forgetCloudCalls();
      operator.traffic.kubernetesWrites.length = 0;
      await world.pass(operator, 10 * MINUTE);
      expect(world.cloudCalls()).to.deep.equal({ 'droplets.list': 10 });
      expect(operator.traffic.kubernetesWrites).to.deep.equal([]);
      await world.stop(operator);
    });

    it('changes nothing when the operator is started again', async () => {
      world.forgetCloudCalls();
      const operator = await world.startOperator();
      await world.pass(operator, 5 * MINUTE);
      expect(world.cloudCalls()).to.deep.equal({ 'sizes.list': 1, 'droplets.list': 6 });
      expect(operator.traffic.kubernetesWrites).to.deep.equal([]);
      await world.stop(operator);
    });
  });
});

const total = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
