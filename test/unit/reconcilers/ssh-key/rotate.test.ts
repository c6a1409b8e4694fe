import { expect } from 'chai';
import { ConnectionLost } from '../../../../clients/ssh/errors.ts';
import { generateKeyPair } from '../../../../clients/ssh/key-pair.ts';
import { SecretText } from '../../../../config/secret-text.ts';
import { letsIn } from '../../../../reconcilers/ssh-key/authorized-keys.ts';
import type { FleetKey, KeyRing } from '../../../../reconcilers/ssh-key/key-ring.ts';
import { rotateKey, RotationHeld, type Rotation } from '../../../../reconcilers/ssh-key/rotate.ts';
import { aCondition, aDroplet } from '../../../builders/objects.ts';
import { fakeCloud, type FakeCloud } from '../../../fakes/cloud.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { fakeSsh, type FakeSsh } from '../../../fakes/ssh.ts';

const AUTHORIZED_KEYS = '/home/dropfleet/.ssh/authorized_keys';
const PERSON = 'ssh-rsa AAAAB3Nza a person';

const makeKey = async (): Promise<FleetKey> => {
  const { privateKey, publicKey } = await generateKeyPair('dropfleet');
  return { publicKey, privateKey: new SecretText(privateKey) };
};

const configured = (name: string, address: string) =>
  aDroplet(name, {
    status: {
      server: { publicAddress: address },
      host: { keyFingerprint: `SHA256:${address}` },
      conditions: [aCondition('Configured', 'True')],
    },
  });

describe('A key rotation', () => {
  let first: FleetKey;
  let ring: KeyRing;
  let ssh: FakeSsh;
  let cloud: FakeCloud;
  let rotation: Rotation;
  let steps: string[];

  before(async () => {
    first = await makeKey();
  });
  beforeEach(async () => {
    ring = { current: first };
    ssh = fakeSsh();
    cloud = fakeCloud();
    steps = [];
    for (const address of ['10.0.0.1', '10.0.0.2']) addHost(address);
    await cloud.createKey('dropfleet-mine', first.publicKey);
    rotation = {
      store: {
        read: async () => ring,
        write: async written => void (ring = written),
      },
      makeKey,
      droplets: [configured('shop-master', '10.0.0.1'), configured('shop-web1', '10.0.0.2')],
      ssh,
      sshPort: 22,
      cloud,
      keyName: 'dropfleet-mine',
      onStep: ({ type }) => void steps.push(type),
    };
  });

  function addHost(address: string): void {
    const files = new Map([[AUTHORIZED_KEYS, `${PERSON}\n${first.publicKey}\n`]]);
    ssh.hosts.set(address, {
      hostKey: `SHA256:${address}`,
      files,
      letsIn: key => letsIn(files.get(AUTHORIZED_KEYS)!, key),
      answer: ([program, path]) => (program === 'cat' ? { stdout: files.get(path!)! } : undefined),
    });
  }
  const authorizedKeys = (): string[] =>
    [...ssh.hosts.values()].map(({ files }) => files.get(AUTHORIZED_KEYS)!);
  const keysAtCloud = (): string[] => [...cloud.keys.values()].map(({ publicKey }) => publicKey);

  it('leaves one new key, on every host and at the cloud, beside those of persons', async () => {
    await rotateKey(rotation);
    const { current, ...rest } = ring;
    expect(rest).to.deep.equal({});
    expect(current.publicKey).not.to.equal(first.publicKey);
    const expected = `${PERSON}\n${current.publicKey}\n`;
    expect(authorizedKeys()).to.deep.equal([expected, expected]);
    expect(keysAtCloud()).to.deep.equal([current.publicKey]);
  });

  it('is held by a host that cannot be asked, and goes on when it can', async () => {
    const host = ssh.hosts.get('10.0.0.2')!;
    ssh.hosts.delete('10.0.0.2');
    const error = await rejection(rotateKey(rotation));
    expect(error).to.be.instanceOf(RotationHeld);
    expect(error.message).to.include('default/shop-web1: 10.0.0.2 port 22 cannot be reached');
    expect(ring.current).to.equal(first);
    ssh.hosts.set('10.0.0.2', host);
    await rotateKey(rotation);
    expect(ring.current).not.to.equal(first);
    expect(steps.filter(type => type === 'make')).to.have.length(1);
  });

  it('is held by a droplet that is not Configured, as its host key may still follow from the old key', async () => {
    const droplets = [
      ...rotation.droplets,
      aDroplet('shop-web2', { status: { server: { publicAddress: '10.0.0.3' } } }),
    ];
    const error = await rejection(rotateKey({ ...rotation, droplets }));
    expect(error.message).to.include('default/shop-web2: it is not Configured');
    expect(ring.current).to.equal(first);
  });

  it('locks nobody out and ends well, wherever it is cut off', async () => {
    for (let cut = 1; ; cut++) {
      ring = { current: first };
      for (const address of ssh.hosts.keys()) addHost(address);
      let effects = 0;
      const cutOff = (): void => {
        if (++effects === cut) throw new ConnectionLost('cut off');
      };
      const mortal: Rotation = {
        ...rotation,
        onStep: cutOff,
        store: {
          ...rotation.store,
          async write(written) {
            await rotation.store.write(written);
            cutOff();
          },
        },
      };
      const outcome = await rotateKey(mortal).catch((error: unknown) => error);
      for (const text of authorizedKeys())
        expect(letsIn(text, ring.current.publicKey), `cut ${cut}`).to.equal(true);
      await rotateKey(rotation);
      for (const text of authorizedKeys()) expect(text).to.equal(`${PERSON}\n${ring.current.publicKey}\n`);
      if (outcome === undefined) return expect(cut).to.be.greaterThan(10);
    }
  });

  it('is not put off by a command that was lost after its effect', async () => {
    for (let lost = 0; lost < 3; lost++) {
      ssh.failNext(new ConnectionLost('lost'), { afterEffect: true });
      await rejection(rotateKey(rotation));
    }
    await rotateKey(rotation);
    expect(authorizedKeys().every(text => letsIn(text, ring.current.publicKey))).to.equal(true);
  });
});
