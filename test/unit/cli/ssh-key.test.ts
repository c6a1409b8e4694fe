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
import { keysInFolder, keysInSecret, makeKey } from '../../../cli/world/ssh-key.ts';
import { SECRETS } from '../../../clients/kubernetes/kinds.ts';
import type { KeyStore } from '../../../reconcilers/ssh-key/key-ring.ts';
import { fakeKubernetesClient } from '../../fakes/kubernetes-client.ts';
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
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'dropfleet-keys-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const store = () => keysInFolder(join(folder, 'ssh'));
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

  it('are not made anew over a file that cannot be read', async () => {
    await store().read();
    writeFileSync(path('id_ed25519'), 'damaged');
    expect((await rejection(store().read())).message).to.match(
      /id_ed25519 cannot be read: it is no private key/,
    );
    expect(readFileSync(path('id_ed25519'), 'utf8')).to.equal('damaged');
    rmSync(path('id_ed25519'));
    expect((await rejection(store().read())).message).to.match(/id_ed25519 is gone: put it back/);
  });
});

describe("The fleet's SSH keys in a Secret", () => {
  let client: ReturnType<typeof fakeKubernetesClient>;
  beforeEach(() => void (client = fakeKubernetesClient()));
  itKeepsKeys(() => keysInSecret(client, 'dropfleet'));

  it('are not made anew when the Secret has lost one', async () => {
    const store = keysInSecret(client, 'dropfleet');
    await store.read();
    await client.patch(SECRETS, 'dropfleet/dropfleet-ssh', { data: { id_ed25519: null } });
    expect((await rejection(store.read())).message).to.include('dropfleet/dropfleet-ssh has no id_ed25519');
  });
});
