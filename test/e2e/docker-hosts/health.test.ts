import { expect } from 'chai';
import { findCondition, isConditionTrue } from '../../../crds/conditions.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import type { Condition } from '../../../crds/meta.ts';
import type { HostFault } from '../../../sandbox/hosts/driver.ts';
import { describeOnStandalone } from '../../environment/api-server.ts';
import { openHealthFleet, type HealthFleet } from '../../environment/health-fleet.ts';
import { startLoad } from '../../environment/raw-load.ts';

const PATIENCE_MS = 600_000;

// One fleet; what befalls one server after the other is what its budget of three recoveries a day allows.
describeOnStandalone('The health of a fleet', 'the hosts do not know which API server there is', server => {
  let fleet: HealthFleet;

  const droplet = (name: string): Droplet => fleet.world.droplet(`shop-${name}`)!;
  const idOf = (name: string): number => droplet(name).status!.server!.id!;
  const health = (name: string): Condition | undefined =>
    findCondition(droplet(name).status?.conditions, 'Healthy');
  const isReady = (name: string): boolean => isConditionTrue(droplet(name).status?.conditions, 'Ready');
  const steps = (name: string): string[] =>
    (droplet(name).status?.recoveries ?? []).map(
      ({ step, serverID, result }) => `${step} ${serverID} ${result}`,
    );
  const bought = (): number => fleet.world.effects().created;
  const fault = (name: string, what: HostFault): Promise<void> =>
    fleet.world.sandbox.hosts!.setFault(idOf(name), what);
  const until = (what: string, condition: () => boolean): Promise<void> => fleet.world.until(what, condition);
  const serves = (name: string): boolean => fleet.serving().includes(`shop-${name}`) && isReady(name);

  before(async function () {
    this.timeout(PATIENCE_MS); // the image may have to be built
    fleet = await openHealthFleet(server());
  });
  after(async function () {
    this.timeout(PATIENCE_MS);
    await fleet?.close();
  });

  it('replaces a web that died, and that a power cycle did not help, without a lost request, and tells of it', async function () {
    this.timeout(PATIENCE_MS);
    const id = idOf('web1');
    const host = droplet('master').status!.server!.publicAddress!;
    const path = '/shop/prod/api/echo';
    const load = startLoad({ host, port: 80, path, connections: 4, methods: ['GET'] });
    try {
      await fault('web1', { type: 'crash' });
      await until('its quorum', () => health('web1')?.status === 'False');
      await until('its power cycle', () => droplet('web1').status?.recovery?.step === 'PowerCycle');
      const observers = ['shop-master', 'shop-web2', 'witness'];
      expect(await fleet.votes()).to.deep.equal(observers.map(observer => `vote-${id}-${observer}`));
      // It runs again, and nobody reaches it.
      await fault('web1', { type: 'cut' });
      await until('its replacement', () => droplet('web1').status?.recovery?.step === 'Replace');
      await until('its recovery', () => health('web1')?.reason === 'Recovered' && serves('web1'));
    } finally {
      await load.stop();
    }
    expect(idOf('web1')).to.not.equal(id);
    expect(steps('web1')).to.deep.equal([`Replace ${id} Recovered`, `PowerCycle ${id} Failed`]);
    expect(load.report().reasons).to.deep.equal({});
    const subjects = await fleet.untilTold(/Recovered: shop-web1/);
    expect(subjects[0]).to.contain('Recovery started: shop-web1');
    expect(subjects.join('\n')).to.not.contain('Resolved');
  });

  it('does nothing about a web that only the master cannot reach', async function () {
    this.timeout(PATIENCE_MS);
    const created = bought();
    await fault('web2', { type: 'cut', peer: idOf('master') });
    await fleet.untilVotes(`vote-${idOf('master')}-shop-web2`, `vote-${idOf('web2')}-shop-master`);
    await fleet.pass(60_000);
    expect(health('web2')).to.include({ status: 'True', reason: 'Suspected' });
    await fleet.world.sandbox.hosts!.clearFaults(idOf('web2'));
    await fleet.untilVotes();
    await until('no suspicion', () => ['master', 'web2'].every(name => health(name)?.reason === 'Healthy'));
    expect([...steps('web2'), ...steps('master')]).to.deep.equal([]);
    expect(bought()).to.equal(created);
  });

  it('gives a frozen web its life back by a power cycle', async function () {
    this.timeout(PATIENCE_MS);
    const id = idOf('web2');
    await fault('web2', { type: 'freeze' });
    await until('its recovery', () => health('web2')?.reason === 'Recovered' && serves('web2'));
    expect(steps('web2')).to.deep.equal([`PowerCycle ${id} Recovered`]);
    expect(idOf('web2')).to.equal(id);
  });
});
