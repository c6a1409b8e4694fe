import { expect } from 'chai';
import { isConditionTrue } from '../../../crds/conditions.ts';
import { RECOVER_ANNOTATION } from '../../../crds/names.ts';
import { describeOnStandalone } from '../../environment/api-server.ts';
import { openHealthFleet, type HealthFleet } from '../../environment/health-fleet.ts';
import { startLoad } from '../../environment/raw-load.ts';

const PATIENCE_MS = 700_000;
const SERVERS = ['master', 'web1', 'web2'];
/** How fast the fleet's time goes: as its own; while nobody answers anyway; while the machine needs its own time. */
const [PACE, FAST, SLOW] = [5, 60, 1];

// One fleet; what befalls one server after the other is what its budget of three recoveries a day allows.
describeOnStandalone('The health of a fleet', 'the hosts do not know which API server there is', server => {
  let fleet: HealthFleet;
  const until = (what: string, condition: () => boolean): Promise<void> => fleet.world.until(what, condition);
  const bought = (): number => fleet.world.effects().created;
  const past = (): string[] => SERVERS.flatMap(name => fleet.recoveries(name));
  const isReady = (name: string): boolean => isConditionTrue(fleet.droplet(name).status?.conditions, 'Ready');

  before(async function () {
    this.timeout(PATIENCE_MS); // the image may have to be built
    fleet = await openHealthFleet(server());
    await fleet.addRow('early');
  });
  after(async function () {
    this.timeout(PATIENCE_MS);
    await fleet?.close();
  });

  it('gives a frozen web its life back by a power cycle, and tells of it', async function () {
    this.timeout(PATIENCE_MS);
    const id = fleet.idOf('web1');
    await fleet.fault('web1', { type: 'freeze' });
    await until('its quorum', () => fleet.health('web1')?.status === 'False');
    await until('its power cycle', () => fleet.droplet('web1').status?.recovery?.step === 'PowerCycle');
    const observers = ['shop-master', 'shop-web2', 'witness'];
    expect(await fleet.votes()).to.deep.equal(observers.map(observer => `vote-${id}-${observer}`));
    await until('its power', () => fleet.droplet('web1').status?.server?.cycledFor !== undefined);
    // How long it may take to come back goes by the clock, and how long it takes by the machine.
    fleet.clock.setSpeed(SLOW);
    await until('its return', () => fleet.health('web1')?.status === 'True');
    fleet.clock.setSpeed(PACE);
    await until('its recovery', () => fleet.health('web1')?.reason === 'Recovered' && fleet.serves('web1'));
    expect(fleet.recoveries('web1')).to.deep.equal([`PowerCycle ${id} Recovered`]);
    expect(fleet.idOf('web1')).to.equal(id);
    const subjects = await fleet.untilTold(/Recovered: shop-web1/);
    expect(subjects[0]).to.contain('Recovery started: shop-web1');
    expect(subjects.join('\n')).to.not.contain('Resolved');
  });

  it('does nothing about a web that only the master cannot reach', async function () {
    this.timeout(PATIENCE_MS);
    const [created, before] = [bought(), past()];
    await fleet.fault('web2', { type: 'cut', peer: fleet.idOf('master') });
    await fleet.untilVotes(
      `vote-${fleet.idOf('master')}-shop-web2`,
      `vote-${fleet.idOf('web2')}-shop-master`,
    );
    await fleet.pass(60_000);
    expect(fleet.health('web2')).to.include({ status: 'True', reason: 'Suspected' });
    await fleet.heal('web2');
    await fleet.untilVotes();
    await until('no suspicion', () =>
      ['master', 'web2'].every(name => fleet.health(name)?.reason === 'Healthy'),
    );
    expect(past()).to.deep.equal(before);
    expect(bought()).to.equal(created);
  });

  it('only tells, once, that nothing can be reached any more, and that it can again', async function () {
    this.timeout(PATIENCE_MS);
    const [effects, before, mails] = [fleet.world.effects(), past(), fleet.told().length];
    const calls = fleet.operator.cloudCalls.length;
    await Promise.all(SERVERS.map(name => fleet.fault(name, { type: 'cut', peer: 'operator' })));
    fleet.clock.setSpeed(FAST);
    await until('one to be lost', () => !SERVERS.every(isReady));
    fleet.clock.setSpeed(SLOW);
    await until('all to be lost', () => !SERVERS.some(isReady));
    fleet.clock.setSpeed(FAST);
    await fleet.untilTold(/failure/);
    await fleet.pass(600_000);
    expect(SERVERS.map(name => fleet.health(name)?.status)).to.deep.equal(['True', 'True', 'True']);
    expect(fleet.told().slice(mails)).to.deep.equal(['[dropfleet test] 3 failure']);
    fleet.clock.setSpeed(PACE);
    await Promise.all(SERVERS.map(name => fleet.heal(name)));
    await until('peace', () =>
      SERVERS.every(name => fleet.health(name)?.reason === 'Healthy' && isReady(name)),
    );
    // Each is told to be back, with those that are back by then.
    await fleet.untilTold(/resolved/i);
    const [, ...after] = fleet.told().slice(mails);
    expect(after.filter(subject => !/resolved/i.test(subject))).to.deep.equal([]);
    // A snapshot falls due by the clock, and is taken once all are back.
    const isHarmless = (call: string): boolean => /^(list|get|tagSnapshot|snapshotDroplet)/.test(call);
    const acts = fleet.operator.cloudCalls.slice(calls).filter(call => !isHarmless(call));
    expect(acts).to.deep.equal([]);
    expect(past()).to.deep.equal(before);
    expect(fleet.world.effects()).to.deep.equal(effects);
  });

  it('replaces a web that its network left after its power cycle, without a lost request', async function () {
    this.timeout(PATIENCE_MS);
    const id = fleet.idOf('web1');
    const load = startLoad({ ...fleet.echo(), connections: 4, methods: ['GET'] });
    try {
      await fleet.fault('web1', { type: 'cut' });
      await until('its replacement', () => fleet.droplet('web1').status?.recovery?.step === 'Replace');
      await until('its recovery', () => fleet.health('web1')?.reason === 'Recovered' && fleet.serves('web1'));
    } finally {
      await load.stop();
    }
    expect(fleet.idOf('web1')).to.not.equal(id);
    expect(fleet.recoveries('web1')).to.deep.equal([`Replace ${id} Recovered`, `PowerCycle ${id} Recovered`]);
    expect(load.report().reasons).to.deep.equal({});
  });

  it('asks a person about a dead master, then replaces it from its snapshot, with the rows of its database', async function () {
    this.timeout(PATIENCE_MS);
    await until('its snapshot', () => fleet.droplet('master').status?.snapshot !== undefined);
    await fleet.addRow('late');
    const id = fleet.idOf('master');
    await fleet.fault('master', { type: 'crash' });
    await until('the question', () => fleet.health('master')?.reason === 'ApprovalNeeded');
    expect(fleet.health('master')?.message).to.match(
      /"dropfleet recover shop-master" replaces it, when a person decides so\. Its newest snapshot was [\d dhm]+ old then: what was written since would be lost$/,
    );
    await fleet.untilTold(/Approval needed: shop-master|1 approval needed/);
    expect(fleet.recoveries('master')).to.deep.equal([]);

    const calls = fleet.operator.cloudCalls.length;
    await fleet.world.kubectl.succeed('annotate', 'droplet', 'shop-master', `${RECOVER_ANNOTATION}=${id}`);
    await until('its recovery', () => fleet.health('master')?.reason === 'Recovered');
    await until('service', () => ['web1', 'web2'].every(name => fleet.serves(name)));
    expect(fleet.recoveries('master')).to.deep.equal([`Replace ${id} Recovered`]);
    const [powerOff, ...others] = fleet.operator.cloudCalls
      .slice(calls)
      .filter(call => /^(powerOff|create|delete)Droplet$/.test(call));
    expect([powerOff, ...others]).to.deep.equal(['powerOffDroplet', 'createDroplet']);
    expect(await fleet.world.owner.getDroplet(id)).to.include({ status: 'off' });
    await fleet.untilRows('early');
  });
});
