import { readdir, readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { systemClock } from '../../../clients/clock.ts';
import { isAuthenticationRefused } from '../../../clients/ssh/errors.ts';
import { generateKeyPair } from '../../../clients/ssh/key-pair.ts';
import { createSshPool } from '../../../clients/ssh/pool.ts';
import { HOST_USER } from '../../../reconcilers/host/desired.ts';
import { startSandbox } from '../../../sandbox/server.ts';
import { aCondition } from '../../builders/objects.ts';
import { openWorkplace, runDropfleet, type Workplace } from '../../environment/dropfleet.ts';
import { canMakeUsers, makeHostUser, type HostUser } from '../../environment/host-user.ts';
import { startSshd, type Sshd } from '../../environment/sshd.ts';
import { rejection } from '../../fakes/rejection.ts';
import { writeDroplets, writeKey } from './known-droplets.ts';

describe('dropfleet init --rotate-key', () => {
  let user: HostUser | undefined;
  let sshd: Sshd;
  let sandbox: Awaited<ReturnType<typeof startSandbox>>;
  let place: Workplace;

  before(async function () {
    if (!canMakeUsers()) this.skip();
    user = makeHostUser(HOST_USER);
    const pair = await generateKeyPair('fleet');
    user.letIn(pair.publicKey);
    sshd = await startSshd({ user: HOST_USER, pair, config: ['AuthorizedKeysFile .ssh/authorized_keys'] });
    sandbox = await startSandbox({ port: 0 });
    place = await openWorkplace([], {
      DO_TOKEN: 'any',
      DIGITALOCEAN_API_URL: sandbox.url,
      DROPFLEET_SSH_PORT: `${sshd.port}`,
    });
    await writeKey(place, pair);
    await writeDroplets(place, {
      'shop-master': {
        server: { publicAddress: '127.0.0.1' },
        host: { keyFingerprint: sshd.access.hostKeys[0]! },
        conditions: [aCondition('Configured', 'True')],
      },
    });
  });
  after(async () => {
    if (user === undefined) return;
    await place.remove();
    await sshd.close();
    await sandbox.close();
    user.remove();
  });

  it('puts a new key in the place of the old one, which opens nothing any more', async () => {
    const { code, stdout, stderr } = await runDropfleet(place, 'init', '--rotate-key');
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(stdout.trim().split('\n')).to.deep.equal([
      'making a new key',
      'default/shop-master: letting the new key in',
      'default/shop-master: logging in with the new key',
      'giving the new key to DigitalOcean',
      'using the new key from now on',
      'default/shop-master: letting the old key in no more',
      'deleting the old key here and at DigitalOcean',
      'The SSH key is replaced; the old one opens nothing any more.',
    ]);
    const pool = createSshPool({ clock: systemClock, random: Math.random });
    expect(isAuthenticationRefused(await rejection(pool.host(sshd.access).hostKey()))).to.equal(true);
    pool.close();
    expect((await runDropfleet(place, 'ssh', 'master', '--', 'whoami')).stdout).to.equal(`${HOST_USER}\n`);
  });

  it('keeps the new key alone, here and at DigitalOcean', async () => {
    const folder = place.path('.dropfleet', 'digitalocean', 'ssh');
    expect(await readdir(folder)).to.have.members(['id_ed25519', 'id_ed25519.pub']);
    const publicKey = (await readFile(`${folder}/id_ed25519.pub`, 'utf8')).trim();
    const reply = await fetch(`${sandbox.url}/v2/account/keys`, { headers: { authorization: 'Bearer any' } });
    const { ssh_keys: keys } = (await reply.json()) as { ssh_keys: { public_key: string }[] };
    expect(keys.map(key => key.public_key)).to.deep.equal([publicKey]);
  });
});
