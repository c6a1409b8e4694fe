import { expect } from 'chai';
import { createServerInformer } from '../../../../clients/digitalocean/server-informer.ts';
import { UnreadableItems } from '../../../../clients/digitalocean/errors.ts';
import { CONFIG_MAPS, DROPLETS } from '../../../../clients/kubernetes/kinds.ts';
import { apiTag, fleetTag, projectRoleTag, uidTag } from '../../../../crds/cloud-tags.ts';
import { FLEET_CONFIG_MAP } from '../../../../crds/names.ts';
import { writeFleetRecord, type FleetRecord } from '../../../../reconcilers/fleet-record/fleet-record.ts';
import { guardedCloud } from '../../../../reconcilers/gate/guarded-cloud.ts';
import { FLEET_TAKEN } from '../../../../reconcilers/gate/policy.ts';
import { createStanding, examineStanding, type Identity } from '../../../../reconcilers/gate/standing.ts';
import { isWaiting } from '../../../../reconcilers/outcome.ts';
import { activeDroplets } from '../../../builders/objects.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeCloud } from '../../../fakes/cloud.ts';
import { fakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { fakeLogger } from '../../../fakes/logger.ts';
import { rejection } from '../../../fakes/rejection.ts';

const NAMESPACE = 'dropfleet';
const IDENTITY: Identity = { fleet: 'shop', api: 'api-1', machine: 'm1@web' };
const RECORD: FleetRecord = { fleet: 'shop', api: 'api-1', machine: 'm1@web', account: 'account-1' };

async function start({
  record,
  servers = 0,
  ...identity
}: { record?: FleetRecord; servers?: number } & Partial<Identity> = {}) {
  const droplets = servers === 0 ? [] : activeDroplets('shop', servers);
  const client = fakeKubernetesClient(droplets);
  if (record !== undefined) await writeFleetRecord(client, NAMESPACE, record);
  const clock = fakeClock();
  const cloud = fakeCloud();
  const log = fakeLogger();
  const informer = createServerInformer({ cloud, tag: fleetTag('shop'), clock, log, random: () => 0.5 });
  const standing = createStanding({
    kubernetes: client,
    cloud,
    servers: informer,
    droplets: { list: () => client.storedAll(DROPLETS) },
    namespace: NAMESPACE,
    identity: { ...IDENTITY, ...identity },
    otherFleets: () => Promise.resolve(['old']),
    clock,
    log,
  });
  const { signal } = new AbortController();
  client.calls.length = 0;
  return {
    client,
    clock,
    cloud,
    informer,
    log,
    standing,
    problem: () => standing.problem(signal),
    reason: async () => (await standing.problem(signal))?.reason,
    otherFleet: (project: string) => standing.otherFleetWith(project, signal),
    recorded: () => client.stored(CONFIG_MAPS, `${NAMESPACE}/${FLEET_CONFIG_MAP}`)?.data,
  };
}

/** A server of one of the Droplets. */
const own = (name: string) => ({ tags: [fleetTag('shop'), uidTag(`uid-${name}`)] });

describe('The standing of a fleet', () => {
  it('is in no doubt where nothing is on record yet and there are no servers, and is written down', async () => {
    const { reason, recorded } = await start();
    expect(await reason()).to.equal(undefined);
    expect(recorded()).to.deep.equal(RECORD);
  });

  it('is in no doubt where everything is as it is on record; that is asked once, and nothing is written', async () => {
    const { client, cloud, clock, reason } = await start({ record: RECORD, servers: 2 });
    expect(await reason()).to.equal(undefined);
    await clock.advance(3_600_000);
    expect(await reason()).to.equal(undefined);
    expect(client.calls.map(({ verb }) => verb)).to.deep.equal(['get']);
    expect(cloud.count('getAccount')).to.equal(1);
  });

  const others: [string, FleetRecord, RegExp][] = [
    [
      'AccountChanged',
      { account: 'account-0' },
      /belongs to the DigitalOcean account account-0, and DO_TOKEN is of the account account-1/,
    ],
    ['ApiChanged', { api: 'api-0' }, /belongs to the Kubernetes API api-0, and this one is api-1/],
    ['MachineChanged', { machine: 'm0@web' }, /belongs to the machine m0@web, and this is m1@web/],
    ['FleetRenamed', { fleet: 'old' }, /name is old, and DROPFLEET_FLEET says shop.*Put it back/],
  ];
  for (const [reasonExpected, other, message] of others)
    it(`is ${reasonExpected} when the record says something else, and that stays on record`, async () => {
      const { problem, recorded } = await start({ record: { ...RECORD, ...other } });
      const said = await problem();
      expect(said?.reason).to.equal(reasonExpected);
      expect(said?.message).to.match(message);
      expect(recorded()).to.deep.equal({ ...RECORD, ...other });
    });

  it('knows a machine by its id, whatever it is called', async () => {
    const { reason } = await start({ record: { ...RECORD, machine: 'm1@renamed' } });
    expect(await reason()).to.equal(undefined);
  });

  it('says of the record what would accept it, and heals when a person wrote that', async () => {
    const { client, clock, log, problem } = await start({ record: { ...RECORD, account: 'account-0' } });
    const said = (await problem())!;
    const patch = /kubectl -n dropfleet patch configmap dropfleet-fleet -p '(\{.*\})'/.exec(
      said.message,
    )![1]!;
    await client.patch(CONFIG_MAPS, `${NAMESPACE}/${FLEET_CONFIG_MAP}`, JSON.parse(patch));
    expect((await problem())?.reason).to.equal('AccountChanged');
    await clock.advance(10_000);
    expect(await problem()).to.equal(undefined);
    expect(log.lines.map(({ level }) => level)).to.deep.equal(['error', 'warn']);
  });

  it('offers no way to accept another name: its servers would be left behind', async () => {
    const { problem } = await start({ record: { ...RECORD, fleet: 'old' } });
    expect(await problem()).to.not.have.property('accept');
  });

  it('is told once, and not at each question', async () => {
    const { clock, log, problem } = await start({ record: { ...RECORD, api: 'api-0' } });
    for (let i = 0; i < 3; i++) {
      await problem();
      await clock.advance(10_000);
    }
    expect(log.lines).to.have.length(1);
  });

  it('is asked again when something strange was seen, and not more often than every ten seconds', async () => {
    const { clock, cloud, reason, standing } = await start({ record: RECORD });
    await reason();
    standing.doubt();
    await reason();
    expect(cloud.count('getAccount')).to.equal(1);
    await clock.advance(10_000);
    (cloud.account as { uuid: string }).uuid = 'account-2';
    standing.doubt();
    expect(await reason()).to.equal('AccountChanged');
  });

  it('is told as it was last found without a question to anybody, and not at all before', async () => {
    const { client, cloud, reason, standing } = await start({ record: { ...RECORD, account: 'account-2' } });
    expect(standing.lastProblem()).to.equal(undefined);
    expect([client.calls, cloud.calls]).to.deep.equal([[], []]);
    expect(await reason()).to.equal('AccountChanged');
    const asked = [client.calls.length, cloud.calls.length];
    expect(standing.lastProblem()?.reason).to.equal('AccountChanged');
    expect([client.calls.length, cloud.calls.length]).to.deep.equal(asked);
  });

  it('is DropletsUnreadable while the list holds what cannot be read, as the fleet itself tells', async () => {
    const { cloud, informer, log, problem, standing } = await start({ record: RECORD });
    const failure = { operation: 'listDroplets', message: 'unreadable' };
    cloud.failNext('listDroplets', new UnreadableItems(failure, [], [{ id: 8, marks: undefined }]));
    await informer.refresh();
    expect(await problem()).to.deep.equal({ reason: 'DropletsUnreadable', message: 'unreadable' });
    await rejection(guardedCloud(cloud, standing).deleteDroplet(7));
    expect(cloud.count('deleteDroplet')).to.equal(0);
    expect(log.lines.filter(({ level }) => level === 'error')).to.deep.equal([]);
    await informer.refresh();
    expect(await problem()).to.equal(undefined);
  });

  it('cannot be known while the account or the record cannot be read', async () => {
    const { client, cloud, problem } = await start({ record: RECORD });
    cloud.failNext('getAccount', new Error('401'));
    expect((await rejection(problem())).message).to.equal('401');
    client.failNext('get', new Error('no route'));
    expect((await rejection(problem())).message).to.equal('no route');
    expect(await problem()).to.equal(undefined);
  });

  it('knows how many droplets the account may have, once it was asked', async () => {
    const { problem, standing } = await start();
    expect(standing.dropletLimit()).to.equal(undefined);
    await problem();
    expect(standing.dropletLimit()).to.equal(25);
  });

  describe('of which the account is not on record', () => {
    const { account: _account, ...record } = RECORD;

    it('waits for the first list where there are servers', async () => {
      const { problem } = await start({ record, servers: 2 });
      expect(isWaiting(await rejection(problem()))).to.equal(true);
    });

    it('is in no doubt when the account has one of them, which is written down', async () => {
      const { cloud, informer, reason, recorded } = await start({ record, servers: 2 });
      cloud.addDroplet(own('shop-web1'));
      await informer.refresh();
      expect(await reason()).to.equal(undefined);
      expect(recorded()).to.deep.equal(RECORD);
    });

    it('is AccountUnknown when it has none of them, though it has others', async () => {
      const { cloud, informer, problem, recorded } = await start({ record, servers: 2 });
      cloud.addDroplet(own('another'));
      await informer.refresh();
      const said = await problem();
      expect(said?.reason).to.equal('AccountUnknown');
      expect(said?.message).to.contain('none of its 2 servers');
      expect(recorded()).to.deep.equal(record);
    });
  });

  describe('that servers of another Kubernetes API share its name with', () => {
    const theirs = { name: 'their-web1', tags: [fleetTag('shop'), apiTag('api-9'), uidTag('theirs')] };

    it('is FleetTaken, until the list has none of them', async () => {
      const { clock, cloud, informer, problem, reason } = await start({ record: RECORD });
      await informer.refresh();
      expect(await reason()).to.equal(undefined);
      const server = cloud.addDroplet(theirs);
      await clock.advance(5_000);
      await informer.refresh();
      const said = await problem();
      expect(said?.reason).to.equal(FLEET_TAKEN);
      expect(said?.message).to.match(
        /^1 servers? of the fleet shop belong to another Kubernetes API, api-9: their-web1 \(\d+\)/,
      );
      cloud.droplets.delete(server.id);
      await clock.advance(5_000);
      await informer.refresh();
      expect(await reason()).to.equal(undefined);
    });

    it('is in no doubt for servers that name this API, or none', async () => {
      const { cloud, informer, reason } = await start({ record: RECORD });
      cloud.addDroplet({ tags: [fleetTag('shop'), apiTag('api-1')] });
      cloud.addDroplet({ tags: [fleetTag('shop')] });
      await informer.refresh();
      expect(await reason()).to.equal(undefined);
    });

    it('names five of them at most', async () => {
      const { cloud, informer, problem } = await start({ record: RECORD });
      for (let i = 0; i < 7; i++) cloud.addDroplet(theirs);
      await informer.refresh();
      expect((await problem())?.message).to.contain(' and 2 more.');
    });
  });

  describe('that has no server yet', () => {
    const otherServers = { tags: [fleetTag('old'), projectRoleTag('old', 'shop', 'web')] };

    it('knows of the other fleets that have servers of a project, by one list of each', async () => {
      const { cloud, otherFleet } = await start({ record: RECORD });
      cloud.addDroplet(otherServers);
      cloud.addDroplet({ tags: [projectRoleTag('shop', 'wiki', 'web'), 'dropfleet:bad:tag:web:x'] });
      expect(await otherFleet('shop')).to.equal('old');
      expect(await otherFleet('wiki')).to.equal(undefined);
      expect(cloud.count('listDroplets')).to.equal(1);
    });

    it('asks nothing where it has one', async () => {
      const { cloud, otherFleet } = await start({ record: RECORD, servers: 1 });
      cloud.addDroplet(otherServers);
      expect(await otherFleet('shop')).to.equal(undefined);
      expect(cloud.count('listDroplets')).to.equal(0);
    });
  });

  it('is the same to a command, which writes nothing', () => {
    const seen = { droplets: [], servers: [], namespace: NAMESPACE, identity: IDENTITY };
    expect(examineStanding({ ...seen, record: RECORD, account: 'account-1' })).to.equal(undefined);
    const said = examineStanding({ ...seen, record: RECORD, account: 'account-2' });
    expect(said?.reason).to.equal('AccountChanged');
    expect(said?.accept).to.deep.equal({ account: 'account-2' });
  });
});
