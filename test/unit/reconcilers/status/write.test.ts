import { expect } from 'chai';
import { isConflict, isNotFound } from '../../../../clients/kubernetes/errors.ts';
import { DROPLETS, PROJECTS } from '../../../../clients/kubernetes/kinds.ts';
import { findCondition } from '../../../../crds/conditions.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import type { KubernetesObject } from '../../../../crds/meta.ts';
import { writeDropletStatus, writeProjectStatus } from '../../../../reconcilers/status/write.ts';
import { aCondition, aDroplet, aProject, activeStatus } from '../../../builders/objects.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { rejection } from '../../../fakes/rejection.ts';

const KEY = 'default/shop-web1';
const OK = { status: 'True', reason: 'Ok', message: 'fine' } as const;
const FAILED = { status: 'False', reason: 'Failed', message: 'not fine' } as const;

function start(status = activeStatus(7)) {
  const client = fakeKubernetesClient();
  const droplet = client.seed(aDroplet('shop-web1', { status }));
  const project = client.seed(aProject('shop'));
  const written: KubernetesObject[] = [];
  const stop = new AbortController();
  return {
    client,
    context: { kubernetes: client, clock: fakeClock() },
    droplet,
    project,
    written,
    stop,
    writer: { signal: stop.signal, wrote: (object: KubernetesObject) => void written.push(object) },
    stored: () => client.stored(DROPLETS, KEY)!,
    condition: (type: string) => findCondition(client.stored(DROPLETS, KEY)!.status!.conditions, type),
  };
}

describe("Writing a controller's part of a status", () => {
  it('costs no request when it is as it was', async () => {
    const { client, context, droplet, writer } = start();
    const { phase, server } = droplet.status!;
    const write = (read: Droplet) =>
      writeDropletStatus(context, 'droplet', read, { fields: { phase, server } }, writer);
    const read = await write(droplet);
    client.calls.length = 0;
    expect(await write(read)).to.equal(read);
    expect(client.calls).to.deep.equal([]);
  });

  it('lands beside what others wrote meanwhile, and Ready follows from both', async () => {
    const { client, condition, context, droplet, written, writer } = start();
    await client.patch(DROPLETS, KEY, { spec: { size: 'big' } });
    const failed = { conditions: { Configured: FAILED } };
    await writeDropletStatus(context, 'host', droplet, failed, writer);
    const reached = await writeDropletStatus(
      context,
      'host',
      droplet,
      { conditions: { Reachable: OK } },
      writer,
    );
    expect(condition('Configured')).to.include(FAILED);
    expect(condition('Reachable')).to.include(OK);
    expect(condition('Ready')).to.include(FAILED);
    expect(written.at(-1)).to.deep.equal(reached);
  });

  it('never loses what was done, whoever wrote in between', async () => {
    const { client, context, droplet, stored, writer } = start({ server: { nonce: 'n' }, phase: 'Creating' });
    await client.patch(DROPLETS, KEY, { metadata: { labels: { team: 'a' } } });
    const change = { fields: { server: { ...droplet.status!.server, id: 7 } } };
    await writeDropletStatus(context, 'droplet', droplet, change, writer);
    expect(stored().status!.server).to.deep.equal({ nonce: 'n', id: 7 });
  });

  it('takes back no request but the one that was read', async () => {
    const { client, context, droplet, stored, writer } = start({ server: { nonce: 'n' } });
    const theirs = { status: { server: { nonce: 'theirs' } } };
    await client.patch(DROPLETS, KEY, theirs, { subresource: 'status' });
    await writeDropletStatus(context, 'droplet', droplet, { fields: { server: {} } }, writer);
    expect(stored().status!.server).to.deep.equal({ nonce: 'theirs' });
  });

  it('fails where something outside is decided by it, and the object is not as it was read', async () => {
    const { client, context, droplet, stored, writer } = start();
    await client.patch(DROPLETS, KEY, { metadata: { labels: { team: 'a' } } });
    const change = { fields: { server: { nonce: 'mine' } } };
    const error = await rejection(writeDropletStatus(context, 'droplet', droplet, change, writer, 'fail'));
    expect(isConflict(error)).to.equal(true);
    expect(stored().status!.server!.nonce).to.equal('nonce7');
  });

  it('never lands on an object that was recreated under the name, or is gone', async () => {
    const { client, context, droplet, stored, writer } = start();
    await client.patch(DROPLETS, KEY, { metadata: { finalizers: null } });
    await client.delete(DROPLETS, KEY);
    const write = () =>
      writeDropletStatus(context, 'droplet', droplet, { fields: { phase: 'Failed' } }, writer);
    expect(isNotFound(await rejection(write()))).to.equal(true);
    client.seed(aDroplet('shop-web1', { metadata: { uid: 'another' } }));
    expect(isConflict(await rejection(write()))).to.equal(true);
    expect(stored()).to.not.have.property('status');
  });

  it('ends when the run does', async () => {
    const { client, context, droplet, stop, writer } = start();
    await client.patch(DROPLETS, KEY, { metadata: { labels: { team: 'a' } } });
    const written = writeDropletStatus(context, 'droplet', droplet, { fields: { phase: 'Failed' } }, writer);
    stop.abort();
    expect(await rejection(written)).to.equal(stop.signal.reason);
    expect(client.stored(DROPLETS, KEY)!.status!.phase).to.equal('Active');
  });

  it('drops what is about a former server, though its writer comes late', async () => {
    const { condition, context, droplet, stored, writer } = start();
    const conditions = { Reachable: OK, Configured: OK };
    const seen = { fields: { host: { serverID: 7, keyFingerprint: 'k' } }, conditions };
    await writeDropletStatus(context, 'host', droplet, seen, writer);
    const server = { ...droplet.status!.server, id: 8 };
    await writeDropletStatus(context, 'droplet', stored(), { fields: { server } }, writer);
    expect([condition('Reachable'), condition('Configured')]).to.deep.equal([undefined, undefined]);
    await writeDropletStatus(context, 'host', droplet, seen, writer);
    expect(condition('Configured')).to.equal(undefined);
  });

  it("keeps the other's word of a Project, whose Ready follows from both", async () => {
    const { client, context, project, writer } = start();
    const ready = () => findCondition(client.stored(PROJECTS, 'default/shop')!.status!.conditions, 'Ready');
    const FirewallReady = { status: 'False', reason: 'Refused', message: 'no' } as const;
    await writeProjectStatus(context, 'firewall', project, { conditions: { FirewallReady } }, writer);
    expect(ready()).to.include({ status: 'False', reason: 'Pending' });
    const DropletsReady = { status: 'True', reason: 'AllReady', message: '1 of 1' } as const;
    await writeProjectStatus(context, 'project', project, { conditions: { DropletsReady } }, writer);
    expect(ready()).to.include({ status: 'False', reason: 'FirewallRefused' });
    const applied = { FirewallReady: { ...OK, reason: 'Applied' } };
    await writeProjectStatus(context, 'firewall', project, { conditions: applied }, writer);
    expect(ready()).to.include({ status: 'True', reason: 'AllReady', message: '1 of 1' });
  });

  it('keeps the time of a condition until it flips', async () => {
    const before = aCondition('Configured', 'True');
    const { condition, context, droplet, writer } = start({ ...activeStatus(7), conditions: [before] });
    const host = { serverID: 7 };
    const write = (Configured: typeof OK | typeof FAILED) =>
      writeDropletStatus(context, 'host', droplet, { fields: { host }, conditions: { Configured } }, writer);
    await write(OK);
    expect(condition('Configured')).to.include({ ...OK, lastTransitionTime: before.lastTransitionTime });
    await context.clock.advance(1_000);
    await write(FAILED);
    expect(condition('Configured')!.lastTransitionTime).to.not.equal(before.lastTransitionTime);
  });
});
