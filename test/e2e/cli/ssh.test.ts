import { readdir } from 'node:fs/promises';
import { expect } from 'chai';
import { generateKeyPair } from '../../../clients/ssh/key-pair.ts';
import { HOST_USER } from '../../../reconcilers/host/desired.ts';
import { startStandalone } from '../../../standalone/server.ts';
import { openWorkplace, runDropfleet, type Ending, type Workplace } from '../../environment/dropfleet.ts';
import { canMakeUsers, makeHostUser, type HostUser } from '../../environment/host-user.ts';
import { startSshd, type Sshd } from '../../environment/sshd.ts';
import { writeDroplets, writeKey } from './known-droplets.ts';

describe('dropfleet ssh', () => {
  let user: HostUser | undefined;
  let sshd: Sshd;
  let place: Workplace;
  const run = (...args: string[]): Promise<Ending> => runDropfleet(place, 'ssh', ...args);

  before(async function () {
    if (!canMakeUsers()) this.skip();
    user = makeHostUser(HOST_USER);
    const pair = await generateKeyPair('fleet');
    sshd = await startSshd({ user: HOST_USER, pair });
    place = await openWorkplace([], {
      DO_TOKEN: 'any',
      DIGITALOCEAN_API_URL: 'http://127.0.0.1:1',
      DROPFLEET_SSH_PORT: `${sshd.port}`,
    });
    await writeKey(place, pair);
    const server = { publicAddress: '127.0.0.1' };
    await writeDroplets(place, {
      'shop-web1': { server, host: { keyFingerprint: sshd.access.hostKeys[0]! } },
      'shop-master': {},
      'blog-master': { server },
      'blog-web2': { server, host: { keyFingerprint: 'SHA256:of-another-machine' } },
    });
  });
  after(async () => {
    if (user === undefined) return;
    await place.remove();
    await sshd.close();
    user.remove();
  });

  it('runs a command on the droplet and ends as it ended', async () => {
    const { code, stdout } = await run('shop-web1', '--', 'whoami; exit 7');
    expect({ code, stdout }).to.deep.equal({ code: 7, stdout: `${HOST_USER}\n` });
  });

  // The cloud of this place answers nobody, either.
  it('logs in while another process holds the state', async () => {
    const api = await startStandalone({
      stateDir: place.path('.dropfleet', 'digitalocean', 'kubernetes'),
      port: 0,
    });
    try {
      expect((await run('shop-web1', '--', 'whoami')).stdout).to.equal(`${HOST_USER}\n`);
    } finally {
      await api.close();
    }
  });

  it('knows a droplet by as much of its name as one project alone has', async () => {
    expect((await run('web1', '--', 'echo', '-n', 'here')).stdout).to.equal('here');
    const { code, stderr } = await run('master');
    expect({ code, stderr }).to.deep.equal({
      code: 1,
      stderr: 'dropfleet: master may be any of blog-master, shop-master: give the whole name\n',
    });
  });

  it('leaves neither the key nor the host key behind', async () => {
    expect(await readdir(place.path('.dropfleet', 'digitalocean'))).to.have.members(['kubernetes', 'ssh']);
  });

  it('does not log in where another host key is shown than the pinned one', async () => {
    const before = sshd.logins();
    const { code, stderr } = await run('web2', '--', 'true');
    expect(code).to.equal(1);
    expect(stderr).to.include('SHA256:of-another-machine is expected, so nothing was sent to it');
    expect(sshd.logins()).to.equal(before);
  });

  it('says what is missing of a droplet that cannot be logged in to', async () => {
    expect((await run('shop-master')).stderr).to.include('shop-master has no address yet');
    expect((await run('blog-master')).stderr).to.include('the host key of blog-master is not known');
    expect((await run('shop-wep1')).stderr).to.include(
      'there is no droplet shop-wep1; did you mean "shop-web1"?',
    );
  });

  it('says what to install where there is no ssh program', async () => {
    const bare = { ...place, env: { ...place.env, PATH: '/nowhere' } };
    const { stderr } = await runDropfleet(bare, 'ssh', 'web1');
    expect(stderr).to.match(/^dropfleet: the ssh program cannot be started .* install OpenSSH's client/);
  });
});
