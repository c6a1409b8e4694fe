import { expect } from 'chai';
import { describeOnApiServers } from '../../environment/api-server.ts';
import { openStillWorld, type StillWorld } from './still-world.ts';

/**
 * What a test may ask of the cloud in all: 50 droplets, two firewalls, the sizes, the key twice, and a list now and
 * then.
 */
const MOST_CALLS_FOR_50 = 60;
const MINUTE = 60_000;

describeOnApiServers('The traffic of an operator', server => {
  it(`needs at most ${MOST_CALLS_FOR_50} calls of the cloud for 50 droplets that boot in 32 s`, async () => {
    const world = await openStillWorld(server());
    try {
      await world.writeCsv(['shop,50,s-1vcpu-1gb,s-1vcpu-1gb']);
      await world.operate(operator => world.passUntilReady(operator, 1));
      const calls = world.cloudCalls();
      console.log(`      ${total(calls)} calls: ${JSON.stringify(calls)}`);
      expect(calls['droplets.create']).to.equal(50);
      expect(calls['firewalls.create']).to.equal(2);
      expect(total(calls)).to.be.at.most(MOST_CALLS_FOR_50);
    } finally {
      await world.close();
    }
  });

  describe('with a fleet of 200 droplets that is as it should be', () => {
    let world: StillWorld;

    before(async function () {
      this.timeout(300_000);
      world = await openStillWorld(server());
      await world.writeCsv(['shop,100,s-2vcpu-2gb,s-1vcpu-1gb', 'blog,100,s-1vcpu-1gb,s-1vcpu-1gb']);
      await world.operate(async operator => {
        await world.passUntilReady(operator, 2);
        await world.pass(operator, MINUTE);
      });
    });

    after(() => world.close());

    it('is one list of droplets a minute, one of firewalls in ten, and no write to Kubernetes', async () => {
      await world.operate(async operator => {
        await world.pass(operator, MINUTE);
        world.forgetCloudCalls();
        const before = operator.traffic.kubernetesWrites.length;
        await world.pass(operator, 10 * MINUTE);
        expect(world.cloudCalls()).to.deep.equal({ 'droplets.list': 10, 'firewalls.list': 1 });
        expect(operator.traffic.kubernetesWrites.slice(before)).to.deep.equal([]);
      });
    });

    it('changes nothing when the operator is started again', async () => {
      world.forgetCloudCalls();
      await world.operate(async operator => {
        await world.pass(operator, 5 * MINUTE);
        expect(world.cloudCalls()).to.deep.equal({
          'sizes.list': 1,
          'droplets.list': 6,
          'firewalls.list': 1,
        });
        expect(operator.traffic.kubernetesWrites).to.deep.equal([]);
      });
    });
  });
});

const total = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
