import { expect } from 'chai';
import type { DropletRequest } from '../../../../clients/digitalocean/cloud.ts';
import { CloudError } from '../../../../clients/digitalocean/errors.ts';
import { isConflict, KubernetesError } from '../../../../clients/kubernetes/errors.ts';
import { fingerprintOfLine } from '../../../../clients/ssh/fingerprint.ts';
import { DROPLETS } from '../../../../clients/kubernetes/kinds.ts';
import { nonceOf, nonceTag, retiredAtTag, retiredTag } from '../../../../crds/cloud-tags.ts';
import { findCondition } from '../../../../crds/conditions.ts';
import { keyOf } from '../../../../crds/meta.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import { CONFIRMATION_REQUIRED, DROPLET_FINALIZER, LOAD_BALANCER_FINALIZER } from '../../../../crds/names.ts';
import { Waiting } from '../../../../reconcilers/outcome.ts';
import { DROPLET } from '../../../../reconcilers/droplet/concern.ts';
import { reconcileDroplet } from '../../../../reconcilers/droplet/reconcile.ts';
import { firstHostKey } from '../../../../reconcilers/host/first-host-key.ts';
import { pinnedHostKeys } from '../../../../reconcilers/read-model/host-keys.ts';
import { aCondition, aDroplet, aProject, activeStatus } from '../../../builders/objects.ts';
import { refusal } from '../../../fakes/cloud.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { fakeHosts } from '../host/host-rig.ts';
import { createRig, tagsFor } from '../reconcile-rig.ts';

const { absenceMs, launchGraceMs, pollMs, refusedMs } = DROPLET.timings;
const KEY = 'default/shop-web1';
const unborn = aDroplet('shop-web1');
const active = aDroplet('shop-web1', { status: activeStatus(7) });
const doomed = (droplet: Droplet): Droplet => ({
  ...droplet,
  metadata: { ...droplet.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
});

async function start(droplet: Droplet) {
  const rig = createRig([aProject('shop', { spec: { servers: 2 } }), droplet]);
  await rig.informer.refresh();
  const stored = (): Droplet | undefined => rig.client.stored(DROPLETS, KEY);
  const reconcile = () => reconcileDroplet(rig.context, KEY, stored(), rig.run);
  const addServer = (id: number, parts = {}) =>
    rig.cloud.addDroplet({ id, tags: tagsFor(droplet), ...parts });
  return { ...rig, stored, reconcile, addServer };
}

/** A Droplet whose server is listed and runs. */
async function startActive(droplet = active) {
  const rig = await start(droplet);
  rig.addServer(7);
  await rig.informer.refresh();
  await rig.reconcile();
  rig.client.calls.length = 0;
  rig.cloud.calls.length = 0;
  return rig;
}

describe('Reconciling a Droplet', () => {
  it('asks for a server with the nonce that was written before', async () => {
    const { cloud, reconcile, stored } = await start(unborn);
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: pollMs });
    const [server] = cloud.droplets.values();
    expect(nonceOf(server!.tags)).to.equal('nonce1');
    expect(stored()!.status).to.include({ phase: 'Creating' });
    expect(stored()!.status!.server).to.include({ nonce: 'nonce1', id: server!.id });
  });

  it('puts back the tags that somebody took off, and the tag itself when the account has lost it', async () => {
    const { cloud, informer, reconcile, events } = await startActive();
    const whose = tagsFor(active).filter(
      tag => tag === 'dropfleet:fleet' || tag.startsWith('dropfleet-uid:'),
    );
    cloud.changeDroplet(7, { tags: ['a-persons', ...whose] });
    await informer.refresh();
    cloud.failNext('tagDroplet', refusal(404, 'not found'));
    await reconcile();
    expect(cloud.droplets.get(7)!.tags).to.have.members(['a-persons', ...tagsFor(active)]);
    expect(cloud.tags.size).to.equal(1);
    expect(events).to.include('Tagged shop-web1');
  });

  it('asks for nothing when the nonce cannot be written', async () => {
    const { client, cloud, reconcile } = await start(unborn);
    client.failNext('patch', new Error('the disk is full'));
    await rejection(reconcile());
    expect(cloud.count('createDroplet')).to.equal(0);
  });

  it('asks for nothing by an object that is not the newest', async () => {
    const { client, cloud, context, run } = await start(unborn);
    const old = client.stored(DROPLETS, KEY)!;
    await client.patch(
      DROPLETS,
      KEY,
      { status: { server: { nonce: 'anothers' } } },
      { subresource: 'status' },
    );
    expect(isConflict(await rejection(reconcileDroplet(context, KEY, old, run)))).to.equal(true);
    expect(cloud.count('createDroplet')).to.equal(0);
    expect(client.stored(DROPLETS, KEY)!.status).to.deep.equal({ server: { nonce: 'anothers' } });
  });

  it('adopts the server of a request whose reply was lost', async () => {
    const { cloud, informer, reconcile, stored } = await start(unborn);
    cloud.failNext('createDroplet', refusal(504, 'Gateway Time-out'), { applied: true });
    await rejection(reconcile());
    const [server] = cloud.droplets.keys();
    await informer.refresh();
    await reconcile();
    expect(stored()!.status!.server!.id).to.equal(server);
    expect(cloud.count('createDroplet')).to.equal(1);
  });

  it('waits out the grace before it asks again, and then uses another nonce', async () => {
    const { clock, cloud, informer, reconcile, stored } = await start(unborn);
    cloud.failNext(
      'createDroplet',
      new CloudError({ operation: 'createDroplet', message: 'timed out', code: 'TIMED_OUT' }),
    );
    await rejection(reconcile());
    await clock.advance(launchGraceMs);
    await informer.refresh();
    await reconcile();
    expect(cloud.count('createDroplet')).to.equal(1);
    await clock.advance(1_000);
    await reconcile();
    expect(cloud.count('createDroplet'), 'on the word of a list from within the grace').to.equal(1);
    await informer.refresh();
    await reconcile();
    expect(cloud.count('createDroplet')).to.equal(2);
    expect(stored()!.status!.server!.nonce).to.equal('nonce2');
  });

  it('forgets the nonce when the cloud surely made no server, and says what it was told', async () => {
    const { cloud, reconcile, stored } = await start(unborn);
    cloud.failNext('createDroplet', refusal(422, 'creating this droplet will exceed your droplet limit'));
    const error = await rejection(reconcile());
    expect(error).to.be.instanceOf(Waiting).and.include({ afterMs: refusedMs });
    expect(stored()!.status).to.include({ phase: 'Failed' }).and.not.have.nested.property('server.nonce');
    const ready = findCondition(stored()!.status!.conditions, 'Ready');
    expect(ready).to.include({ status: 'False', reason: 'Refused' });
    expect(ready!.message).to.match(
      /droplet limit \(size s-1vcpu-1gb, image \S+, region nyc3\); fix what it names\. .*--force" retries now$/,
    );
  });

  it('asks for nothing that the account has no room for', async () => {
    const rig = await start(unborn);
    rig.cloud.account.dropletLimit = 0;
    await rig.context.standing.problem(rig.run.signal);
    expect(await rig.reconcile()).to.deep.equal({ requeueAfterMs: refusedMs });
    expect(findCondition(rig.stored()!.status!.conditions, 'Ready')).to.include({ reason: 'AccountLimit' });
    expect(rig.cloud.count('createDroplet')).to.equal(0);
  });

  it('names the servers that are kept though they were replaced, where they take the last places', async () => {
    const startFull = async () => {
      const rig = await start(unborn);
      const tags = ['dropfleet:fleet', retiredTag('uid-shop-web9'), retiredAtTag(0)];
      rig.cloud.addDroplet({ id: 99, name: 'shop-web9', status: 'off', tags });
      await rig.informer.refresh();
      return {
        ...rig,
        ready: () => findCondition(rig.stored()!.status!.conditions, 'Ready')!.message,
      };
    };
    const refused = await startFull();
    refused.cloud.failNext('createDroplet', refusal(422, 'this will exceed your droplet limit'));
    await rejection(refused.reconcile());
    expect(refused.ready()).to.match(
      /count too, though they are off: 99 \(the former shop-web9.* retries now$/,
    );
    const known = await startFull();
    known.cloud.account.dropletLimit = 1;
    await known.context.standing.problem(known.run.signal);
    await known.reconcile();
    expect(known.ready()).to.match(/^droplet limit reached: .*count too, though they are off: 99 /);
    expect(known.cloud.count('createDroplet')).to.equal(0);
  });

  it('asks for none in the place of one that was refused for want of room, before a while has gone by', async () => {
    const { clock, cloud, context, reconcile } = await start(unborn);
    cloud.failNext(
      'createDroplet',
      refusal(422, 'creating this/these droplet(s) will exceed your droplet limit'),
    );
    await rejection(reconcile());
    expect(context.room.shortage('default/shop-web2')).to.match(/others the rest/);
    await clock.advance(refusedMs);
    expect(context.room.shortage('default/shop-web2')).to.equal(undefined);
  });

  it('forgets it also when the object is deleted while the cloud is asked, which then waits for nothing', async () => {
    const { client, cloud, context, run, reconcile, stored } = await start(unborn);
    cloud.failNext('createDroplet', refusal(422, 'no such size'));
    let isFirst = true;
    const wrote = (): void => {
      if (isFirst) void client.delete(DROPLETS, KEY);
      isFirst = false;
    };
    const error = await rejection(reconcileDroplet(context, KEY, stored(), { ...run, wrote }));
    expect(error.message).to.include('no such size');
    expect(stored()!.metadata).to.have.property('deletionTimestamp');
    expect(stored()!.status).to.not.have.property('server');
    await reconcile();
    expect(stored()).to.equal(undefined);
  });

  it('costs neither a write nor a call while nothing changes', async () => {
    const { client, cloud, reconcile } = await startActive();
    expect(await reconcile()).to.equal(undefined);
    expect([client.calls, cloud.calls]).to.deep.equal([[], []]);
  });

  it('asks the cloud about a server that a list lacks, and keeps it when it is there', async () => {
    const { cloud, informer, reconcile } = await startActive();
    const [tags] = [cloud.droplets.get(7)!.tags];
    cloud.changeDroplet(7, { tags: [] });
    await informer.refresh();
    cloud.changeDroplet(7, { tags });
    await reconcile();
    expect(cloud.count('getDroplet')).to.equal(1);
    expect(cloud.count('createDroplet')).to.equal(0);
  });

  for (const tags of [
    [],
    ['a-persons'],
    ['dropfleet:fleet'],
    ['dropfleet:fleet', 'dropfleet-uid:uid-shop-web2'],
  ])
    it(`touches no server whose tags are ${JSON.stringify(tags)}, though its id is in the status`, async () => {
      const rig = await startActive();
      rig.cloud.changeDroplet(7, { tags, status: 'off', size: 's-2vcpu-4gb' });
      await rig.informer.refresh();
      await rig.reconcile();
      expect(rig.stored()!.status).to.nested.include({ phase: 'Failed', 'server.id': 7 });
      expect(findCondition(rig.stored()!.status!.conditions, 'Ready')).to.include({ reason: 'NotOurs' });
      await rig.client.delete(DROPLETS, KEY);
      await rig.reconcile();
      await rig.clock.advance(1e9);
      await rig.informer.refresh();
      await rig.reconcile();
      const changes = rig.cloud.calls.filter(({ operation }) => !/^(get|list)/.test(operation));
      expect(changes).to.deep.equal([]);
      expect(rig.stored(), 'it may be its server, which is paid for').to.not.equal(undefined);
    });

  it('heals a status that names another server than its own, and leaves that other alone', async () => {
    const { addServer, client, cloud, events, informer, reconcile, stored } = await startActive();
    addServer(8);
    cloud.changeDroplet(8, { tags: ['a-persons'] });
    await client.patch(DROPLETS, KEY, { status: { server: { id: 8 } } }, { subresource: 'status' });
    await reconcile();
    expect(stored()!.status!.server!.id).to.equal(7);
    expect(events).to.include('Adopted shop-web1');
    await client.delete(DROPLETS, KEY);
    await reconcile();
    expect([...cloud.droplets.keys()]).to.deep.equal([8]);
    await informer.refresh();
    await reconcile();
    expect(stored()).to.equal(undefined);
  });

  it('believes that a server is gone only when the cloud has said so for long', async () => {
    const { clock, cloud, informer, reconcile, stored } = await startActive();
    const server = cloud.droplets.get(7)!;
    cloud.droplets.delete(7);
    await informer.refresh();
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: pollMs });
    expect(findCondition(stored()!.status!.conditions, 'Ready')).to.include({
      status: 'False',
      reason: 'Missing',
    });
    await clock.advance(absenceMs - 1);
    await reconcile();
    expect(cloud.count('createDroplet')).to.equal(0);
    cloud.droplets.set(7, server);
    await reconcile();
    expect(stored()!.status).to.nested.include({ phase: 'Active', 'server.id': 7 });
    cloud.droplets.delete(7);
    await informer.refresh();
    await reconcile();
    await clock.advance(absenceMs - 1);
    await reconcile();
    expect(cloud.count('createDroplet'), 'the time begins anew').to.equal(0);
  });

  it('makes a new server in place of one that the cloud has no more', async () => {
    const { clock, cloud, events, informer, reconcile, stored } = await startActive();
    cloud.droplets.delete(7);
    await informer.refresh();
    await reconcile();
    await clock.advance(absenceMs);
    await reconcile();
    expect(cloud.count('createDroplet')).to.equal(1);
    expect(stored()!.status!.server!.formerIDs).to.deep.equal([7]);
    expect(stored()!.status!.server!.id).to.equal([...cloud.droplets.keys()][0]);
    expect(events).to.include('Vanished shop-web1');
  });

  it('keeps the oldest of several servers and destroys the others that answered to requests of its own', async () => {
    const { addServer, cloud, informer, reconcile, stored } = await start(unborn);
    for (const id of [9, 7, 8]) {
      addServer(id);
      cloud.changeDroplet(id, { tags: [...tagsFor(unborn), nonceTag(`nonce${id}`)] });
    }
    await informer.refresh();
    await reconcile();
    expect([...cloud.droplets.keys()]).to.deep.equal([7]);
    expect(stored()!.status!.server!.id).to.equal(7);
  });

  it('tells of a duplicate that is held by the condition that is for it', async () => {
    const { addServer, cloud, informer, reconcile, stored } = await startActive();
    addServer(8);
    await informer.refresh();
    await reconcile();
    expect([...cloud.droplets.keys()]).to.have.members([7, 8]);
    const { conditions } = stored()!.status!;
    expect(findCondition(conditions, CONFIRMATION_REQUIRED)?.message).to.contain(
      'droplet 8 carries the tags',
    );
    expect(conditions!.map(({ type }) => type)).to.not.include('hold');
    expect(stored()!.status!.phase).to.equal('Active');
  });

  for (const old of [{ status: 'off' }, { locked: true }] as const)
    it(`does not take back what was reached because an old list says ${JSON.stringify(old)}`, async () => {
      const { client, cloud, informer, reconcile } = await startActive();
      cloud.changeDroplet(7, old);
      await informer.refresh();
      cloud.changeDroplet(7, { status: 'active', locked: false });
      await reconcile();
      expect(client.writes()).to.deep.equal([]);
      expect(cloud.count('powerOnDroplet')).to.equal(0);
    });

  it('powers a server on that somebody has switched off', async () => {
    const { cloud, informer, reconcile, stored } = await startActive();
    cloud.changeDroplet(7, { status: 'off' });
    await informer.refresh();
    await reconcile();
    expect(cloud.count('powerOnDroplet')).to.equal(1);
    expect(stored()!.status!.phase).to.equal('PoweringOn');
  });

  it('changes nothing while the project is suspended', async () => {
    const { cloud, context, run, stored } = await start(unborn);
    const projects = { ...context.projects, get: () => aProject('shop', { spec: { suspend: true } }) };
    await reconcileDroplet({ ...context, projects }, KEY, stored(), run);
    expect(cloud.count('createDroplet')).to.equal(0);
  });

  it('does nothing before the first list of the fleet, and says why', async () => {
    const { client, clock, cloud, context, run } = createRig([unborn]);
    const failed = rejection(reconcileDroplet(context, KEY, client.stored(DROPLETS, KEY), run));
    await clock.advance(pollMs);
    expect(await failed)
      .to.be.instanceOf(Waiting)
      .and.include({ afterMs: pollMs });
    expect(cloud.calls).to.deep.equal([]);
    const { conditions } = client.stored<Droplet>(DROPLETS, KEY)!.status!;
    expect(findCondition(conditions, 'Ready')).to.include({ status: 'False', reason: 'CloudUnreachable' });
  });

  it('keeps saying that a server runs while the cloud is silent', async () => {
    const { client, cloud, informer, reconcile } = await startActive();
    cloud.changeDroplet(7, { locked: true });
    await informer.refresh();
    cloud.failNext(
      'getDroplet',
      new CloudError({ operation: 'getDroplet', message: 'no route', code: 'EHOSTUNREACH' }),
    );
    expect((await rejection(reconcile())).message).to.equal('no route');
    expect(client.writes()).to.deep.equal([]);
  });
});

describe('Reconciling a Droplet that is being deleted', () => {
  it('keeps the finalizer until the cloud itself has no server any more', async () => {
    const { cloud, informer, reconcile, stored } = await startActive(doomed(active));
    expect(cloud.droplets.size, 'the first look destroys').to.equal(0);
    expect(stored()!.metadata.finalizers).to.have.length(1);
    await informer.refresh();
    await reconcile();
    expect(stored()).to.equal(undefined);
  });

  it('tries again when the cloud is busy with the server', async () => {
    const { addServer, cloud, informer, reconcile, stored } = await start(doomed(active));
    addServer(7);
    await informer.refresh();
    cloud.failNext('deleteDroplet', refusal(422, 'Droplet already has a pending event.'));
    expect(await rejection(reconcile()))
      .to.be.instanceOf(Waiting)
      .and.include({ afterMs: pollMs });
    expect(stored()!.status!.phase).to.equal('Deleting');
    await reconcile();
    expect(cloud.droplets.size).to.equal(0);
  });

  it('waits for a server that may still show up, and destroys it', async () => {
    const launched = { server: { nonce: 'nonce0', launchedAt: '2026-01-01T00:00:00Z' } };
    const droplet = doomed(aDroplet('shop-web1', { status: launched }));
    const { addServer, clock, cloud, informer, reconcile, stored } = await start(droplet);
    await reconcile();
    addServer(7);
    await clock.advance(pollMs);
    await informer.refresh();
    await reconcile();
    expect(cloud.droplets.size).to.equal(0);
    await clock.advance(launchGraceMs);
    await informer.refresh();
    await reconcile();
    expect(stored()).to.equal(undefined);
  });

  it('releases at once one that no server was ever asked for', async () => {
    const { cloud, reconcile, stored } = await start(doomed(unborn));
    await reconcile();
    expect(stored()).to.equal(undefined);
    expect(cloud.count('deleteDroplet')).to.equal(0);
  });

  it('leaves the object alone that another gave the same name meanwhile', async () => {
    const { client, reconcile } = await start(doomed(unborn));
    const conflict = new KubernetesError(
      'modified',
      { method: 'PATCH', path: '/' },
      { code: 409, reason: 'Conflict' },
    );
    client.failNext('patch', conflict);
    expect(await rejection(reconcile())).to.equal(conflict);
    expect(client.writes()).to.have.length(1);
  });

  it('forgets an object that is gone', async () => {
    const { client, context, cloud, run } = await start(unborn);
    cloud.calls.length = 0;
    expect(await reconcileDroplet(context, keyOf(unborn), undefined, run)).to.equal(undefined);
    expect([client.calls, cloud.calls]).to.deep.equal([[], []]);
  });
});

describe('Reconciling a Droplet whose host will be configured', () => {
  async function startWithHosts(droplet: Droplet) {
    const rig = await start(droplet);
    const { hosts } = fakeHosts();
    const context = { ...rig.context, hosts };
    const reconcile = () => reconcileDroplet(context, KEY, rig.stored(), rig.run);
    const fingerprintFor = (nonce: string): string => fingerprintOfLine(firstHostKey(hosts, nonce).publicKey);
    return { ...rig, reconcile, fingerprintFor };
  }

  it('pins the host key of the user data before the server is asked for', async () => {
    const { client, cloud, fingerprintFor, reconcile, stored } = await startWithHosts(unborn);
    await reconcile();
    const request = cloud.calls.find(({ operation }) => operation === 'createDroplet')!
      .args[0] as DropletRequest;
    expect(request.userData).to.match(/^#cloud-config\n/);
    expect(pinnedHostKeys(stored()!)).to.deep.equal({ current: fingerprintFor('nonce1') });
    expect(JSON.stringify(client.calls)).to.not.contain('PRIVATE KEY');
  });

  it('knows the host key of a server whose request was given up, and that shows up all the same', async () => {
    const { addServer, cloud, fingerprintFor, informer, reconcile, stored } = await startWithHosts(unborn);
    cloud.failNext('createDroplet', refusal(422, 'no'));
    await rejection(reconcile());
    addServer(7, { tags: [...tagsFor(unborn), nonceTag('earlier')] });
    await informer.refresh();
    await reconcile();
    expect(stored()!.status!.server!.nonce).to.equal('earlier');
    expect(pinnedHostKeys(stored()!)).to.deep.equal({ current: fingerprintFor('earlier') });
  });

  it('does not take its own server for a second answer when its id was taken out of the status, and a list lacked it', async () => {
    const had = aDroplet('shop-web1', {
      status: activeStatus(8, { nonce: 'its' }),
    });
    const { addServer, client, cloud, informer, reconcile, stored } = await startWithHosts(had);
    await client.patch(DROPLETS, KEY, { status: { server: { id: null } } }, { subresource: 'status' });
    addServer(7, { tags: [...tagsFor(had), nonceTag('earlier')] });
    await informer.refresh();
    await reconcile();
    expect(stored()!.status!.server).to.include({ id: 7, nonce: 'its' });
    addServer(8, { tags: [...tagsFor(had), nonceTag('its')] });
    await informer.refresh();
    await reconcile();
    expect([...cloud.droplets.keys()]).to.have.members([7, 8]);
    expect(findCondition(stored()!.status!.conditions, CONFIRMATION_REQUIRED)).to.include({
      status: 'True',
      reason: 'Duplicate',
    });
  });

  it('is not Ready as soon as the server runs', async () => {
    const { addServer, informer, reconcile, stored } = await startWithHosts(aDroplet('shop-web1'));
    addServer(7);
    await informer.refresh();
    await reconcile();
    expect(stored()!.status!.phase).to.equal('Active');
    const ready = findCondition(stored()!.status!.conditions, 'Ready');
    expect(ready).to.include({ status: 'False', reason: 'Connecting' });
  });

  it('no longer calls a server reachable that is off', async () => {
    const conditions = ['Provisioned', 'Reachable', 'Configured', 'Ready'].map(type =>
      aCondition(type, 'True'),
    );
    const status = { ...activeStatus(7), conditions };
    const running = aDroplet('shop-web1', { status });
    const { addServer, informer, reconcile, stored } = await startWithHosts(running);
    addServer(7, { status: 'off' });
    await informer.refresh();
    await reconcile();
    const types = stored()!.status!.conditions!.map(({ type }) => type);
    expect(types).to.have.members(['Provisioned', 'Configured', 'Ready']);
  });

  it('forgets what was said of the host when there is a new server', async () => {
    const conditions = ['Provisioned', 'Reachable', 'Configured', 'Ready'].map(type =>
      aCondition(type, 'True'),
    );
    const status = {
      ...activeStatus(7),
      host: { serverID: 7, keyFingerprint: 'SHA256:old', nextKeyFingerprint: 'SHA256:next' },
    };
    const old = aDroplet('shop-web1', { status: { ...status, conditions } });
    const { addServer, clock, cloud, fingerprintFor, informer, reconcile, stored } =
      await startWithHosts(old);
    addServer(7);
    await informer.refresh();
    cloud.droplets.delete(7);
    await informer.refresh();
    await reconcile();
    await clock.advance(absenceMs);
    await reconcile();
    const types = stored()!.status!.conditions!.map(({ type }) => type);
    expect(types).to.have.members(['Provisioned', 'Ready']);
    expect(pinnedHostKeys(stored()!)).to.deep.equal({ current: fingerprintFor('nonce1') });
  });
});

describe('Reconciling a Droplet that the load balancer sends requests to', () => {
  const { drainMs } = DROPLET.timings;
  const held = aDroplet('shop-web1', {
    status: activeStatus(7),
    metadata: { finalizers: [DROPLET_FINALIZER, LOAD_BALANCER_FINALIZER] },
  });
  const balancing = aDroplet('shop-master', {
    status: {
      ...activeStatus(1),
      conditions: [aCondition('Provisioned', 'True'), aCondition('LoadBalancerReady', 'True')],
    },
  });

  async function startHeld({ master = balancing, project = {}, hasHosts = true } = {}) {
    const rig = createRig([
      aProject('shop', { spec: { servers: 2 }, ...project }),
      ...(master === undefined ? [] : [master]),
      doomed(held),
    ]);
    const { hosts } = fakeHosts();
    const context = { ...rig.context, ...(hasHosts && { hosts }) };
    rig.cloud.addDroplet({ id: 7, tags: tagsFor(held) });
    await rig.informer.refresh();
    await rig.context.standing.problem(rig.run.signal);
    rig.cloud.calls.length = 0;
    const stored = (): Droplet | undefined => rig.client.stored(DROPLETS, KEY);
    const reconcile = () => reconcileDroplet(context, KEY, stored(), rig.run);
    return { ...rig, stored, reconcile };
  }

  it('leaves the server running and says so once, at no call and no further write', async () => {
    const { client, clock, cloud, reconcile, stored } = await startHeld();
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: pollMs });
    expect(stored()!.status!.phase).to.equal('Draining');
    const ready = findCondition(stored()!.status!.conditions, 'Ready');
    expect(ready).to.include({ status: 'False', reason: 'Draining' });
    client.calls.length = 0;
    await clock.advance(pollMs);
    await reconcile();
    expect([cloud.calls, client.writes()]).to.deep.equal([[], []]);
  });

  it('destroys the server when the load balancer has deregistered it', async () => {
    const { client, cloud, reconcile, stored } = await startHeld();
    await reconcile();
    const { uid, resourceVersion } = stored()!.metadata;
    const metadata = { uid, resourceVersion, finalizers: [DROPLET_FINALIZER] };
    await client.patch(DROPLETS, KEY, { metadata });
    await reconcile();
    expect(cloud.droplets.size).to.equal(0);
  });

  it('destroys it without that when its time is up, says so, and lets the object go', async () => {
    const { clock, cloud, events, informer, reconcile, stored } = await startHeld();
    await reconcile();
    await clock.advance(drainMs - 1_000);
    await reconcile();
    expect(cloud.droplets.size).to.equal(1);
    await clock.advance(1_000);
    await reconcile();
    expect(cloud.droplets.size).to.equal(0);
    expect(events).to.include('DrainTimedOut shop-web1');
    await informer.refresh();
    await reconcile();
    expect(stored()).to.equal(undefined);
  });

  const status = balancing.status!;
  const nobody: Record<string, Parameters<typeof startHeld>[0]> = {
    'the whole project is deleted': { project: { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } } },
    'the project is suspended': { project: { spec: { suspend: true } } },
    'its master is deleted too': { master: doomed(balancing) },
    'its master does not run': {
      master: { ...balancing, status: { ...status, conditions: [aCondition('LoadBalancerReady', 'True')] } },
    },
    'its master was never configured': {
      master: { ...balancing, status: { ...status, conditions: [aCondition('Provisioned', 'True')] } },
    },
    'no hosts are looked after': { hasHosts: false },
  };
  for (const [when, parts] of Object.entries(nobody))
    it(`waits for nobody when ${when}`, async () => {
      const { cloud, reconcile } = await startHeld(parts);
      await reconcile();
      expect(cloud.droplets.size).to.equal(0);
    });
});
