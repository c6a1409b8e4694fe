import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { fleetKeys, type FleetKeys } from '../../../cli/world/fleet-keys.ts';
import { keysInFolder, keysInSecret, makeKey } from '../../../cli/world/ssh-key.ts';
import { CONFIG_MAPS, SECRETS } from '../../../clients/kubernetes/kinds.ts';
import { fingerprintOfLine } from '../../../clients/ssh/fingerprint.ts';
import type { FleetKey, KeyStore } from '../../../reconcilers/ssh-key/key-ring.ts';
import { aDroplet } from '../../builders/objects.ts';
import { fakeKubernetesClient, type FakeKubernetesClient } from '../../fakes/kubernetes-client.ts';
import { rejection } from '../../fakes/rejection.ts';

function itKeepsKeys(open: () => KeyStore): void {
  it('makes the first key once', async () => {
    const { current, ...rest } = await open().read();
    expect(current.publicKey).to.match(/^ssh-ed25519 \S+ dropfleet$/);
    expect(rest).to.deep.equal({});
    expect((await open().read()).current.publicKey).to.equal(current.publicKey);
  });

  it('keeps three keys, and as few as are left', async () => {
    const { current } = await open().read();
    const [next, previous] = [await makeKey(), await makeKey()];
    await open().write({ current, next, previous });
    const ring = await open().read();
    const kept = [ring.current, ring.next, ring.previous].map(key => key?.publicKey);
    expect(kept).to.deep.equal([current.publicKey, next.publicKey, previous.publicKey]);
    await open().write({ current: next });
    expect(Object.keys(await open().read())).to.deep.equal(['current']);
  });

  it('shows no private key to whoever prints it', async () => {
    const ring = await open().read();
    expect(inspect(ring, { depth: 9 }) + JSON.stringify(ring)).not.to.include('PRIVATE KEY');
  });
}

describe("The fleet's SSH keys in a folder", () => {
  let folder: string;
  let client: FakeKubernetesClient;
  beforeEach(() => void (client = fakeKubernetesClient()));
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'dropfleet-keys-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const store = () => fleetKeys(keysInFolder(join(folder, 'ssh')), client, 'dropfleet');
  const path = (name: string): string => join(folder, 'ssh', name);

  itKeepsKeys(store);

  it('are readable for their owner alone', async () => {
    await store().write({ current: await makeKey(), next: await makeKey(), previous: await makeKey() });
    for (const name of readdirSync(join(folder, 'ssh')))
      expect(statSync(path(name)).mode & 0o077).to.equal(0);
  });

  it('are what they have become when a promotion is cut off', async () => {
    const [old, young] = [await makeKey(), await makeKey()];
    await store().write({ current: old, next: young });
    copyFileSync(path('id_ed25519'), path('id_ed25519.previous'));
    expect(Object.keys(await store().read()), 'before').to.deep.equal(['current', 'next']);
    copyFileSync(path('id_ed25519.next'), path('id_ed25519'));
    const ring = await store().read();
    expect(ring.next, 'after').to.equal(undefined);
    expect([ring.current.publicKey, ring.previous?.publicKey]).to.deep.equal([
      young.publicKey,
      old.publicKey,
    ]);
    expect(readFileSync(path('id_ed25519.pub'), 'utf8').trim()).to.equal(old.publicKey);
  });

  it('are not recreated over a file that cannot be read', async () => {
    await store().read();
    writeFileSync(path('id_ed25519'), 'damaged');
    expect((await rejection(store().read())).message).to.match(
      /id_ed25519 cannot be read: it is no private key/,
    );
    expect(readFileSync(path('id_ed25519'), 'utf8')).to.equal('damaged');
    writeFileSync(path('id_ed25519'), '');
    expect((await rejection(store().read())).message).to.match(/id_ed25519 cannot be read: it is no private/);
    rmSync(path('id_ed25519'));
    const known = fingerprintOfLine(readFileSync(path('id_ed25519.pub'), 'utf8'));
    const { message } = await rejection(store().read());
    expect(message).to.include(`SSH key ${known} is missing`).and.to.include('id_ed25519 is gone');
  });

  itHoldsThemToTheRecord(
    () => client,
    store,
    () => rmSync(join(folder, 'ssh'), { recursive: true, force: true }),
  );
});

describe("The fleet's SSH keys in a Secret", () => {
  let client: FakeKubernetesClient;
  beforeEach(() => void (client = fakeKubernetesClient()));
  const store = () => fleetKeys(keysInSecret(client, 'dropfleet'), client, 'dropfleet');
  const secret = 'dropfleet/dropfleet-ssh';
  itKeepsKeys(store);

  it('are not recreated when the Secret has lost one', async () => {
    const { current } = await store().read();
    await client.patch(SECRETS, secret, { data: { id_ed25519: null } });
    const { message } = await rejection(store().read());
    expect(message)
      .to.include(`SSH key ${fingerprintOf(current)} is missing`)
      .and.to.include('--from-file=id_ed25519=FILE');
    expect(client.stored(SECRETS, secret)!.data).to.have.all.keys('id_ed25519.pub');
  });

  it('are told to be unreadable when the Secret holds something else', async () => {
    await store().read();
    await client.patch(SECRETS, secret, { data: { id_ed25519: btoa('damaged') } });
    expect((await rejection(store().read())).message).to.include(
      'id_ed25519 of the Secret dropfleet/dropfleet-ssh cannot be read',
    );
  });

  it('are those of the replica that was first', async () => {
    const { current } = await store().read();
    await client.delete(CONFIG_MAPS, 'dropfleet/dropfleet-fleet');
    const missing = await rejection(client.get(SECRETS, 'dropfleet/none'));
    for (const _look of ['find', 'trace', 'make']) client.failNext('get', missing, { kind: 'Secret' });
    expect((await store().read()).current.publicKey).to.equal(current.publicKey);
    expect(recordOf(client)).to.equal(fingerprintOf(current));
  });

  itHoldsThemToTheRecord(
    () => client,
    store,
    async () => {
      if (client.stored(SECRETS, secret)) await client.delete(SECRETS, secret);
    },
  );
});

const fingerprintOf = ({ publicKey }: FleetKey): string => fingerprintOfLine(publicKey);
const recordOf = (client: FakeKubernetesClient): string | undefined =>
  client.stored(CONFIG_MAPS, 'dropfleet/dropfleet-fleet')?.data?.sshKey;

function itHoldsThemToTheRecord(
  clientOf: () => FakeKubernetesClient,
  open: () => FleetKeys,
  lose: () => void | Promise<void>,
): void {
  /** What it says, having written nothing. */
  async function refusal(ask: (keys: FleetKeys) => Promise<unknown>): Promise<string> {
    const client = clientOf();
    client.calls.length = 0;
    const { message } = await rejection(ask(open()));
    expect(client.writes()).to.deep.equal([]);
    return message;
  }
  const read = (keys: FleetKeys) => keys.read();
  const find = (keys: FleetKeys) => keys.find();
  const acceptLoss = (keys: FleetKeys) => keys.acceptLoss();

  it('are made by whoever starts, not by whoever looks', async () => {
    expect(await open().find()).to.equal(undefined);
    expect(clientOf().writes()).to.deep.equal([]);
  });

  it('are recorded when the first is made, and when one is first seen', async () => {
    const client = clientOf();
    const { current } = await open().read();
    expect(recordOf(client), 'made').to.equal(fingerprintOf(current));
    await client.delete(CONFIG_MAPS, 'dropfleet/dropfleet-fleet');
    await open().find();
    expect(recordOf(client), 'looked at').to.equal(undefined);
    await open().read();
    expect(recordOf(client), 'seen').to.equal(fingerprintOf(current));
    client.calls.length = 0;
    await open().read();
    expect(client.writes(), 'known').to.deep.equal([]);
  });

  it('are not recreated when they are lost, and it is said which one to bring back', async () => {
    const { current } = await open().read();
    await lose();
    for (const ask of [read, find])
      expect(await refusal(ask))
        .to.include(`SSH key ${fingerprintOf(current)} is missing`)
        .and.to.include('dropfleet init --rotate-key --accept-loss');
  });

  it('are not made where a server may know one that no record names', async () => {
    const client = clientOf();
    client.seed(aDroplet('shop-web1'));
    await open().read();
    await client.delete(CONFIG_MAPS, 'dropfleet/dropfleet-fleet');
    await lose();
    client.seed(aDroplet('shop-master', { status: { server: { id: 7 } } }));
    expect(await refusal(read)).to.match(/SSH key is missing: .* is gone/);
  });

  it('are refused when somebody put another one there', async () => {
    const { current } = await open().read();
    await lose();
    const other = await putAnother(clientOf(), open);
    await writeRecord(clientOf(), fingerprintOf(current));
    for (const ask of [read, find])
      expect(await refusal(ask)).to.include(
        `is the SSH key ${fingerprintOf(other)}, but the fleet's is ${fingerprintOf(current)}`,
      );
  });

  it('are the ones of a rotation in whichever place it is cut off', async () => {
    const client = clientOf();
    const { current: old } = await open().read();
    const young = await makeKey();
    await open().write({ current: old, next: young });
    expect(recordOf(client)).to.equal(fingerprintOf(old));
    client.failNext('patch', new Error('cut off'), { kind: 'ConfigMap' });
    await rejection(open().write({ current: young, previous: old }));
    expect(recordOf(client)).to.equal(fingerprintOf(old));
    expect((await open().find())!.current.publicKey).to.equal(young.publicKey);
    await open().read();
    expect(recordOf(client)).to.equal(fingerprintOf(young));
    await open().write({ current: young });
    expect((await open().read()).current.publicKey).to.equal(young.publicKey);
  });

  it('are others once the loss is accepted: a new one, or the one that was put there', async () => {
    const { current: lost } = await open().read();
    await lose();
    const { current: made } = await open().acceptLoss();
    expect(fingerprintOf(made)).to.not.equal(fingerprintOf(lost));
    expect((await open().read()).current.publicKey).to.equal(made.publicKey);
    await writeRecord(clientOf(), fingerprintOf(lost));
    expect((await open().acceptLoss()).current.publicKey).to.equal(made.publicKey);
    expect(recordOf(clientOf())).to.equal(fingerprintOf(made));
  });

  it('are not given up while nothing is lost', async () => {
    expect(await refusal(acceptLoss)).to.include('none was made yet');
    await open().read();
    expect(await refusal(acceptLoss)).to.include("is the fleet's own");
  });
}

async function putAnother(client: FakeKubernetesClient, open: () => FleetKeys): Promise<FleetKey> {
  await client.delete(CONFIG_MAPS, 'dropfleet/dropfleet-fleet');
  return (await open().read()).current;
}

async function writeRecord(client: FakeKubernetesClient, sshKey: string): Promise<void> {
  await client.patch(CONFIG_MAPS, 'dropfleet/dropfleet-fleet', { data: { sshKey } });
}
