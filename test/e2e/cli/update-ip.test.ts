import { expect } from 'chai';
import { readFile, writeFile } from 'node:fs/promises';
import { systemClock } from '../../../clients/clock.ts';
import { createCloud, type HttpCloud } from '../../../clients/digitalocean/http-client.ts';
import { createKubernetesClient } from '../../../clients/kubernetes/http-client.ts';
import { loadConnection } from '../../../clients/kubernetes/kubeconfig.ts';
import { PROJECTS } from '../../../clients/kubernetes/kinds.ts';
import { createEmulatedDriver } from '../../../sandbox/hosts/emulated/driver.ts';
import { startSandbox, type Sandbox } from '../../../sandbox/server.ts';
import {
  openWorkplace,
  runDropfleet,
  startDropfleet,
  type RunningCommand,
  type Workplace,
} from '../../environment/dropfleet.ts';

/** Whoever comes from this machine is seen under it by emulated hosts. */
const HERE = '127.0.0.1';
const OLD = '192.0.2.1';
const ELSEWHERE = '198.51.100.9';
/** A comment, an order and a quote that must stay. */
const ENV = `# Secrets\nDROPFLEET_FLEET=mine\nADMIN_IP="${OLD}" # the office\nADDITIONAL_IPS=\n`;

// A daemon keeps a master and a web, whose hosts are emulated ones behind real firewalls of the sandbox.
describe('dropfleet update-ip', function () {
  this.timeout(180_000);
  let place: Workplace;
  let sandbox: Sandbox;
  let cloud: HttpCloud;
  let daemon: RunningCommand;

  const updateIp = (ip: string) => runDropfleet(place, 'update-ip', ip);
  const envFile = () => readFile(place.path('.env'), 'utf8');
  /** Whom each firewall lets in by SSH, besides the operator. */
  const admins = async (): Promise<string[][]> =>
    (await cloud.listFirewalls()).map(({ inbound }) =>
      inbound.find(rule => rule.tags.length > 0)!.addresses.filter(address => address !== HERE),
    );

  before(async () => {
    place = await openWorkplace(['shop,2,,']);
    const hosts = await createEmulatedDriver({
      folder: place.path('hosts'),
      clock: systemClock,
      random: Math.random,
      bootMs: 50,
    });
    sandbox = await startSandbox({ port: 0, bootDelayMs: 200, hosts });
    cloud = createCloud({ token: 'owner', apiUrl: sandbox.url, clock: systemClock, random: Math.random });
    Object.assign(place.env, {
      DIGITALOCEAN_API_URL: sandbox.url,
      DO_TOKEN: 'any',
      DROPFLEET_SSH_PORT: String(hosts.sshPort),
    });
    await writeFile(place.path('.env'), ENV);
    daemon = startDropfleet(place, 'up');
    await daemon.says(/^2 of 2 droplets Ready/m, 120_000);
  });
  after(async () => {
    await daemon.stop();
    cloud.close();
    await sandbox.close();
    await place.remove();
  });

  it('finds the firewalls open to those whom the environment names, and to the operator', async () => {
    expect(await admins()).to.deep.equal([[OLD], [OLD]]);
  });

  it('never takes an address that nobody comes from: everything is as before', async () => {
    const { code, stderr } = await updateIp(ELSEWHERE);
    expect(stderr).to.match(
      /^dropfleet: 198\.51\.100\.9 could not be proved, so SSH is open as before \(droplets see this machine under 127\.0\.0\.1; run this command on a machine that has the new address\)\n$/,
    );
    expect(code).to.equal(1);
    expect(await admins()).to.deep.equal([[OLD], [OLD]]);
    expect(await envFile()).to.equal(ENV);
  });

  it('takes a network that this machine is in, drops the old address, and keeps the rest of .env', async () => {
    const { code, stdout, stderr } = await updateIp('127.0.0.5/24');
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(stdout).to.match(/sees it under 127\.0\.0\.1\.\nADMIN_IP is 127\.0\.0\.0\/24 now\.\n$/);
    expect(await admins()).to.deep.equal([['127.0.0.0/24'], ['127.0.0.0/24']]);
    expect(await envFile()).to.equal(ENV.replace(OLD, '127.0.0.0/24'));
  });

  it('has nothing to do a second time', async () => {
    const { code, stdout } = await updateIp('127.0.0.0/24');
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: 'ADMIN_IP is 127.0.0.0/24 already.\n' });
    const again = await runDropfleet(place, 'update-ip', '127.0.0.0/24', '--output', 'json');
    expect(JSON.parse(again.stdout)).to.deep.equal({ adminIp: '127.0.0.0/24' });
  });

  it('holds after the daemon was started again', async () => {
    await daemon.stop();
    daemon = startDropfleet(place, 'up');
    await daemon.says(/^2 of 2 droplets Ready/m);
    expect((await runDropfleet(place, 'plan')).stdout).to.match(/^Nothing to do/m);
    expect(await admins()).to.deep.equal([['127.0.0.0/24'], ['127.0.0.0/24']]);
  });

  describe('while a project is suspended', () => {
    /** By kubectl's own way, over the API of the daemon. */
    const suspend = async (project: string, isSuspended: boolean): Promise<void> => {
      const kubeconfig = place.path('.dropfleet', 'digitalocean', 'kubernetes', 'kubeconfig');
      const connection = await loadConnection({ kubeconfig, env: {} });
      const client = createKubernetesClient(connection, { clock: systemClock, callTimeoutMs: 5_000 });
      await client.patch(PROJECTS, `default/${project}`, { spec: { suspend: isSuspended } });
      await client.close();
    };
    /** The administrators whom the firewalls of that project let in. */
    const adminsOf = async (project: string): Promise<string[]> =>
      (await cloud.listFirewalls())
        .filter(({ name }) => name.includes(`.${project}.`))
        .flatMap(({ inbound }) => inbound.find(rule => rule.tags.length > 0)!.addresses)
        .filter(address => address !== HERE);

    before(async () => {
      await place.writeCsv('shop,2,,', 'blog,1,,');
      await daemon.says(/^3 of 3 droplets Ready/m);
    });

    it('goes on for the others, and says whose firewalls keep their old rule', async () => {
      await suspend('blog', true);
      const { code, stdout, stderr } = await updateIp('127.0.0.0/16');
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(stdout).to.match(
        /ADMIN_IP is 127\.0\.0\.0\/16 now\.\nblog: suspended, so the firewalls there keep their old rule until/,
      );
      expect(await adminsOf('shop')).to.deep.equal(['127.0.0.0/16', '127.0.0.0/16']);
      expect(await adminsOf('blog')).to.deep.equal(['127.0.0.0/24']);
    });

    it('refuses when all of them are, names them, and changes nothing', async () => {
      await suspend('shop', true);
      const before = await envFile();
      const { code, stdout, stderr } = await updateIp('127.0.0.0/24');
      expect(stderr).to.match(
        /^dropfleet: no changes made: every project that has droplets is suspended \(blog, shop\), .*kubectl patch project blog /,
      );
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
      expect(await envFile()).to.equal(before);
      expect(await adminsOf('shop')).to.deep.equal(['127.0.0.0/16', '127.0.0.0/16']);
    });
  });

  for (const [ip, sentence] of [
    ['home', /"home" must be an IPv4 or IPv6 address, or a network/],
    ['0.0.0.0/0', /must not let the whole world in/],
    ['2001:db8::7', /is an IPv6 address, and droplets are reached by IPv4 only/],
  ] as const)
    it(`refuses ${ip} in a sentence`, async () => {
      const { code, stderr } = await updateIp(ip);
      expect(stderr).to.match(sentence);
      expect(code).to.equal(2);
    });
});

describe('With DigitalOcean itself, dropfleet', () => {
  it('refuses a private ADMIN_IP, under which no droplet sees anybody', async () => {
    const place = await openWorkplace(['shop,1,,'], { DO_TOKEN: 'any', ADMIN_IP: '192.168.1.7' });
    try {
      const { code, stderr } = await runDropfleet(place, 'plan');
      expect(stderr).to.match(/^dropfleet: ADMIN_IP is 192\.168\.1\.7, a private address that droplets/);
      expect(code).to.equal(1);
    } finally {
      await place.remove();
    }
  });
});
