import { expect } from 'chai';
import { createHealthRig } from './health-rig.ts';

describe('The health controller', () => {
  it('says that all are healthy, and who observes whom, once monitors run', async () => {
    const { pass, healthOf, dropletOf } = createHealthRig();
    await pass(5_000);
    expect(healthOf('shop-web1')).to.equal('True Healthy');
    expect(dropletOf('shop-web1').status).to.deep.include({
      monitors: ['shop-master', 'shop-web2'],
      monitoredBy: ['shop-master', 'shop-web2', 'witness'],
    });
  });

  it('writes nothing about a fleet that stays healthy', async () => {
    const { pass, said } = createHealthRig();
    await pass(5_000);
    const before = said().length;
    await pass(600_000);
    expect(said()).to.have.length(before);
  });

  it('power-cycles a web that two of three observers cannot reach for 45 s', async () => {
    const { pass, healthOf, dropletOf } = createHealthRig();
    const votes = { 'shop-web1': ['shop-master', 'shop-web2'] };
    await pass(40_000, votes);
    expect(healthOf('shop-web1')).to.equal('False Suspected');
    expect(dropletOf('shop-web1').status?.recovery).to.equal(undefined);
    await pass(5_000, votes);
    expect(healthOf('shop-web1')).to.equal('False Recovering');
    expect(dropletOf('shop-web1').status?.recovery).to.deep.include({
      serverID: 2,
      step: 'PowerCycle',
      cause: 'unreachable for shop-master and shop-web2',
    });
  });
});
