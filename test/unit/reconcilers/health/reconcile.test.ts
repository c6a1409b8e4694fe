import { expect } from 'chai';
import { LEASES, PROJECTS } from '../../../../clients/kubernetes/kinds.ts';
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

  it('leaves a server that one observer alone accuses Ready', async () => {
    const { pass, healthOf } = createHealthRig();
    await pass(120_000, { 'shop-web1': ['shop-master'] });
    expect(healthOf('shop-web1')).to.equal('True Suspected');
  });

  it('says at once who cannot reach a server, and takes it back when they can', async () => {
    const { pass, dropletOf } = createHealthRig();
    await pass(5_000, { 'shop-web1': ['shop-master'] });
    expect(dropletOf('shop-web1').status?.suspectedBy).to.deep.equal(['shop-master']);
    await pass(35_000);
    expect(dropletOf('shop-web1').status).not.to.have.property('suspectedBy');
  });

  it('does nothing about a server that its own monitor has answers of', async () => {
    const { pass, vouch, healthOf, dropletOf } = createHealthRig();
    for (let i = 0; i < 12; i++) {
      await vouch('shop-web1');
      await pass(5_000, { 'shop-web1': ['shop-master', 'shop-web2'] });
    }
    expect(healthOf('shop-web1')).to.equal('False Partitioned');
    expect(dropletOf('shop-web1').status?.recovery).to.equal(undefined);
  });

  it('recovers a dead master by itself whose data and address outlive it', async () => {
    const { pass, healthOf, client } = createHealthRig();
    const status = {
      dataVolume: { nonce: 'n', name: 'fleet-shop-data', id: 'v', sizeGB: 10, serverID: 1 },
      reservedIP: { address: '198.51.100.1', serverID: 1 },
    };
    await client.patch(PROJECTS, 'default/shop', { status }, { subresource: 'status' });
    await pass(125_000, { 'shop-master': ['shop-web1', 'shop-web2'] });
    expect(healthOf('shop-master')).to.equal('False Recovering');
  });

  it('asks a person about a dead master, and says what would be lost', async () => {
    const { pass, healthOf, messageOf } = createHealthRig();
    await pass(125_000, { 'shop-master': ['shop-web1', 'shop-web2'] });
    expect(healthOf('shop-master')).to.equal('False ApprovalNeeded');
    expect(messageOf('shop-master')).to.equal(
      'unreachable for shop-web1 and shop-web2; no recovery: "dropfleet recover shop-master" replaces it, when a ' +
        'person decides so. It has no snapshot: all that was on it would be lost',
    );
  });

  it('asks a person once as much was done by itself as may be', async () => {
    const { clock, pass, healthOf, messageOf, setStatus } = createHealthRig();
    const at = new Date(clock.now()).toISOString();
    const past = { serverID: 2, step: 'Replace', startedAt: at, endedAt: at } as const;
    setStatus('shop-web1', { recoveries: [1, 2].map(() => ({ ...past, result: 'Recovered' })) });
    const votes = { 'shop-web1': ['shop-master', 'shop-web2'] };
    await pass(50_000, votes);
    expect(healthOf('shop-web1')).to.equal('False ApprovalNeeded');
    expect(messageOf('shop-web1')).to.match(
      /6 hours are the limit; "dropfleet recover shop-web1" replaces it/,
    );
    setStatus('shop-web1', { recoveries: [1, 2].map(() => ({ ...past, result: 'Failed' })) });
    await pass(5_000, votes);
    expect(healthOf('shop-web1')).to.equal('False RecoveryFailed');
  });

  it('follows a person who names the server, once, whatever observers say', async () => {
    const { pass, name, dropletOf } = createHealthRig();
    await name('shop-master', 1);
    await pass(5_000);
    expect(dropletOf('shop-master').status?.recovery).to.deep.include({ serverID: 1, step: 'Replace' });
    await pass(5_000);
    expect(dropletOf('shop-master').metadata.annotations).to.deep.equal({});
  });

  it('takes off the word of a person who names another server', async () => {
    const { pass, name, dropletOf } = createHealthRig();
    await name('shop-web1', 77);
    await pass(5_000);
    expect(dropletOf('shop-web1').status?.recovery).to.equal(undefined);
    expect(dropletOf('shop-web1').metadata.annotations).to.deep.equal({});
  });

  it('begins nothing when the API knows that the votes were taken back', async () => {
    const { pass, client, dropletOf } = createHealthRig();
    const votes = { 'shop-web1': ['shop-master', 'shop-web2'] };
    await pass(40_000, votes);
    await client.delete(LEASES, 'default/vote-2-shop-master');
    await pass(5_000);
    expect(dropletOf('shop-web1').status?.recovery).to.equal(undefined);
  });

  it('says nothing where no monitors run', async () => {
    const { clock, reconcileOnce, said, healthOf } = createHealthRig();
    await reconcileOnce();
    await clock.advance(400_000);
    await reconcileOnce();
    expect(said()).to.deep.equal([]);
    expect(healthOf('shop-web1')).to.equal(undefined);
  });

  it('replaces a web that is still dead two minutes after its power was cut, by its newest snapshot', async () => {
    const { pass, setStatus, dropletOf, healthOf } = createHealthRig();
    const votes = { 'shop-web1': ['shop-master', 'shop-web2'] };
    await pass(50_000, votes);
    setStatus('shop-web1', { snapshot: { id: '77', createdAt: '2025-12-31T00:00:00Z' } });
    setStatus('shop-web1', {}, 'Provisioned');
    await pass(115_000, votes);
    expect(dropletOf('shop-web1').status?.recovery?.step).to.equal('PowerCycle');
    await pass(15_000, votes);
    expect(dropletOf('shop-web1').status?.recovery).to.deep.include({
      step: 'Replace',
      image: '77',
      serverID: 2,
    });
    expect(dropletOf('shop-web1').status?.recoveries).to.have.length(1);
    expect(healthOf('shop-web1')).to.equal('False Recovering');
  });

  it('calls a recovery well that left another server, Ready and without votes', async () => {
    const { pass, name, setStatus, dropletOf, healthOf, events, reconcileOnce } = createHealthRig();
    await name('shop-web1', 2);
    await pass(5_000);
    setStatus('shop-web1', { server: { id: 50 }, host: { serverID: 50 } });
    await pass(30_000);
    expect(dropletOf('shop-web1').status?.recovery).to.equal(undefined);
    expect(dropletOf('shop-web1').status?.recoveries?.[0]).to.deep.include({
      result: 'Recovered',
      serverID: 2,
    });
    expect(healthOf('shop-web1')).to.equal('True Recovered');
    expect(events).to.include('Recovered shop-web1');
    // It is news for ten minutes, and somebody has to look then.
    expect((await reconcileOnce())?.requeueAfterMs).to.be.within(1, 600_000);
    await pass(600_000);
    expect(healthOf('shop-web1')).to.equal('True Healthy');
    expect(await reconcileOnce()).to.equal(undefined);
  });
});
