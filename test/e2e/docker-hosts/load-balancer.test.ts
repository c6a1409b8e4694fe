import { expect } from 'chai';
import { systemClock } from '../../../clients/clock.ts';
import { fingerprintOfLine } from '../../../clients/ssh/fingerprint.ts';
import { generateKeyPair } from '../../../clients/ssh/key-pair.ts';
import { createSshPool } from '../../../clients/ssh/pool.ts';
import type { SshHost, SshPool } from '../../../clients/ssh/ssh.ts';
import { renderUserData } from '../../../reconcilers/host/render.ts';
import { convergeLoadBalancer } from '../../../reconcilers/load-balancer/converge.ts';
import { DEBIAN } from '../../../reconcilers/load-balancer/layout.ts';
import type { LbStatus } from '../../../reconcilers/load-balancer/lb-status.ts';
import { createPacing } from '../../../reconcilers/load-balancer/pacing.ts';
import { createQuarantine } from '../../../reconcilers/load-balancer/quarantine.ts';
import type { HostSpec } from '../../../sandbox/hosts/driver.ts';
import { balancingFor } from '../../builders/load-balancer.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import { openDockerDroplets, type DockerDroplets } from '../../environment/docker-droplets.ts';
import { rejection } from '../../fakes/rejection.ts';

const PATIENCE_MS = 300_000;

/** A master as cloud-init leaves it, with systemd and the distribution's nginx, and a web behind it. */
describe('A docker droplet that balances', function () {
  this.timeout(PATIENCE_MS);
  const { signal } = new AbortController();
  const memory = { pacing: createPacing(systemClock, 0), quarantine: createQuarantine(systemClock) };
  let droplets: DockerDroplets;
  let pool: SshPool;
  let host: SshHost;
  let master: HostSpec;
  let web: HostSpec;

  before(async () => {
    droplets = await openDockerDroplets();
    const [hostKey, login] = await Promise.all([generateKeyPair('host'), generateKeyPair('dropfleet')]);
    const userData = renderUserData({ role: 'master', engine: 'docker' }, hostKey, login.publicKey);
    master = droplets.spec(1, { name: 'shop-master', userData });
    web = droplets.spec(2, { name: 'shop-web1' });
    await Promise.all([master, web].map(spec => droplets.hosts.converge(spec, signal)));
    await droplets.ssh(
      web,
      `echo hello >/srv/index.html; echo well >/srv/health
      systemd-run --working-directory=/srv python3 -m http.server 8123
      until curl -sf 127.0.0.1:8123/health; do sleep 0.1; done`,
    );
    pool = createSshPool({ clock: systemClock, random: Math.random });
    host = pool.host({
      address: master.addresses.public,
      port: droplets.hosts.sshPort,
      user: 'dropfleet',
      privateKey: { reveal: () => login.privateKey },
      hostKeys: [fingerprintOfLine(hostKey.publicKey)],
    });
    await host.succeed(['cloud-init', 'status', '--wait'], { timeoutMs: PATIENCE_MS });
    await converge('v1');
  });
  after(async () => {
    pool?.close();
    await droplets?.end();
  });

  const converge = (version: string) => {
    const endpoints = { 'shop-web1': `${web.addresses.private}:8123` };
    const site = aServiceDeployment('shop-prod-site', endpoints, { status: { version } });
    return convergeLoadBalancer({ key: 'shop', host, layout: DEBIAN, signal }, balancingFor(site), memory);
  };
  const asRoot = (script: string) => host.succeed(['sudo', '-n', 'sh', '-c', script]);
  const get = async (path: string): Promise<[number, string]> => {
    const response = await fetch(`http://${master.addresses.public}${path}`);
    return [response.status, await response.text()];
  };
  const isServed = async (): Promise<void> => {
    expect(await get('/shop/prod/site/')).to.deep.equal([200, 'hello\n']);
    expect(await get('/health')).to.deep.equal([200, 'ok\n']);
  };

  it('answers from outside what it balances, and leads to the web over the private network', async () => {
    await isServed();
    expect(await get('/shop/prod/site/health')).to.deep.equal([200, 'well\n']);
    const [code, body] = await get('/lb-status');
    expect(code).to.equal(200);
    const [site] = (JSON.parse(body) as LbStatus).projects[0]!.services;
    expect(site).to.deep.include({ path: '/shop/prod/site/', version: 'v1', state: 'routed' });
    expect(site!.servers[0]).to.include({ droplet: 'shop-web1', state: 'in' });
  });

  it('takes the next version by a reload: its master process stays', async () => {
    const pid = async () => (await asRoot('cat /run/nginx.pid')).stdout;
    const before = await pid();
    expect(await converge('v2')).to.include({ state: 'running', isNew: true });
    expect(await pid()).to.equal(before);
    expect(await converge('v2')).to.include({ isNew: false });
  });

  const harm = {
    'its service was stopped': 'systemctl stop nginx',
    'its processes were killed': 'pkill -KILL nginx; sleep 0.5',
    'its main file was replaced and it failed to start':
      'rm /etc/nginx/nginx.conf; echo x >/etc/nginx/nginx.conf; systemctl restart nginx || true',
    'the current configuration was edited':
      'sed -i s/8123/8124/ /etc/nginx/dropfleet/current/services/*; systemctl reload nginx',
    'all of the configuration was removed': 'rm -rf /etc/nginx/dropfleet',
  };
  for (const [what, script] of Object.entries(harm))
    it(`serves again after the next look when ${what}`, async () => {
      await asRoot(script);
      expect(await converge('v2')).to.include({ state: 'running', isNew: true });
      await isServed();
      expect((await host.succeed(['systemctl', 'is-active', 'nginx'])).stdout).to.equal('active\n');
    });

  it('serves on while its disk is full, says so, and takes the next version when there is room', async () => {
    await droplets.hosts.setFault(master.id, { type: 'disk-full' });
    const error = await rejection(converge('v3'));
    expect(error.message).to.match(/cannot write the configuration \(.*No space left on device\)/);
    await isServed();
    await droplets.hosts.clearFaults(master.id);
    expect(await converge('v3')).to.include({ state: 'running', isNew: true });
  });

  it('says why nginx does not start while another program has its port, and serves when that is gone', async () => {
    await asRoot('systemctl stop nginx; systemd-run --unit=intruder python3 -m http.server 80');
    await asRoot('until curl -s -o /dev/null 127.0.0.1; do sleep 0.1; done');
    expect((await rejection(converge('v3'))).message).to.contain('Address already in use');
    await asRoot('systemctl stop intruder');
    expect(await converge('v3')).to.include({ state: 'running' });
    await isServed();
  });

  it('serves by itself after a reboot, with nothing to be done', async () => {
    await droplets.hosts.restart(master, 'hard');
    expect(await converge('v3')).to.include({ state: 'running', isNew: false });
    await isServed();
  });
});
