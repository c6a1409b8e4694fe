import { expect } from 'chai';
import { quoteCommand } from '../../../../clients/ssh/quote.ts';
import { pullPublishedImage } from '../../../../reconcilers/build/commands.ts';
import { aHost } from '../../../builders/hosts.ts';
import type { HostSpec } from '../../../../sandbox/hosts/driver.ts';
import { openEmulatedWorld, type EmulatedWorld } from './world.ts';

const NGINX = `events {}
http {
    map $request_uri $dropfleet_path {
        default "";
        "~^/[a-z0-9-]+/[a-z]+/[a-z0-9-]+(?<dropfleet_rest>/.*)$" $dropfleet_rest;
    }
    proxy_next_upstream_tries 2;
    upstream shop.uat.web {
        server 10.116.0.3:9999 max_fails=0;
        server 10.116.0.3:18001 max_fails=0;
        keepalive 32;
    }
    server {
        listen 80 default_server;
        location /shop/uat/web/ {
            rewrite "(?s)^/shop/uat/web(/.*)$" $1 break;
            proxy_pass http://shop.uat.web$dropfleet_path;
        }
    }
    server {
        listen 8001;
        location / { proxy_pass http://shop.uat.web; }
    }
}
`;
const CONTAINERFILE =
  'FROM debian:bookworm-slim\nENV DROPFLEET_SERVICE=web DROPFLEET_VERSION=v1 KEY=hidden\nEXPOSE 80\n';
const IMAGE = '10.116.0.2:5000/dropfleet/shop:x';

describe('Containers of emulated hosts', function () {
  this.timeout(30_000);
  let world: EmulatedWorld;
  let master: HostSpec;
  let web: HostSpec;

  /** What a command prints; rejects when it fails. */
  async function ask(host: HostSpec, command: string, input?: string): Promise<string> {
    const { code, stdout, stderr } = await world.ssh(host, [command], input);
    expect(code, stderr).to.equal(0);
    return stdout.trimEnd();
  }

  const answerOf = async (host: HostSpec, url: string): Promise<Record<string, unknown>> =>
    JSON.parse(await ask(host, `curl -fsS ${url}`)) as Record<string, unknown>;

  const run = (name: string, options = ''): Promise<string> =>
    ask(web, `podman run -d --name ${name} --restart always -p 10.116.0.3:18001:80 ${options} ${IMAGE}`);

  before(async () => {
    world = await openEmulatedWorld({ publicRange: '127.29.0.0/16' });
    const privateRange = '10.116.0.0/20';
    const spec = { authorizedKeys: [world.publicKey] };
    master = aHost({
      ...spec,
      name: 'shop-master',
      addresses: { public: '127.29.0.2', private: '10.116.0.2', privateRange, reserved: undefined },
    });
    web = aHost({
      ...spec,
      id: 2,
      addresses: { public: '127.29.0.3', private: '10.116.0.3', privateRange, reserved: undefined },
    });
    for (const host of [master, web]) await world.driver.converge(host, new AbortController().signal);
    await ask(master, 'apt-get install -y docker-cli docker.io docker-registry nginx');
    await ask(web, 'apt-get install -y podman && mkdir -p /etc/containers/registries.conf.d');
    await ask(
      master,
      `cat >/etc/docker/daemon.json && systemctl reload docker`,
      '{"insecure-registries":["10.116.0.2:5000"]}',
    );
    await ask(
      web,
      'cat >/etc/containers/registries.conf.d/x.conf',
      '[[registry]]\nlocation = "10.116.0.2:5000"\ninsecure = true\n',
    );
    await ask(master, `docker build -q -t ${IMAGE} - && docker push -q ${IMAGE}`, CONTAINERFILE);
    await ask(master, 'cat >/etc/nginx/nginx.conf && systemctl reload nginx', NGINX);
  });

  after(() => world.close());
  afterEach(() => ask(web, 'podman rm -f c'));

  it('come to other machines by the registry, under the same id', async () => {
    await ask(web, `podman pull -q ${IMAGE}`);
    const id = await ask(master, `docker image inspect --format '{{.Id}}' ${IMAGE}`);
    expect(`sha256:${await ask(web, `podman image inspect --format '{{.Id}}' ${IMAGE}`)}`).to.equal(id);
  });

  it('come from private registries by the script that logs in, which leaves nothing of the login', async () => {
    const pull = quoteCommand(
      pullPublishedImage('docker', 'shop', 'registry.example.com/private:v1', '', 'ci'),
    );
    expect(await ask(master, pull, 's3cret')).to.match(/^image\tsha256:[0-9a-f]{64}\t/);
    const { code, stderr } = await world.ssh(master, [pull], '');
    expect([code, stderr.trim()]).to.deep.equal([
      77,
      'Error response from daemon: unauthorized: incorrect username or password',
    ]);
    expect(await ask(master, 'sudo ls /run/dropfleet')).to.not.contain('login');
  });

  it('cannot be pulled where the registry does not run', async () => {
    await ask(master, 'systemctl stop docker-registry');
    const { code, stderr } = await world.ssh(web, [`podman pull ${IMAGE}`]);
    await ask(master, 'systemctl start docker-registry');
    expect(code).to.equal(125);
    expect(stderr).to.match(/dial tcp 10\.116\.0\.2:5000: connect: connection refused/);
    await ask(web, `podman pull ${IMAGE}`);
  });

  it('answer on their port to the machines of their network, and tell nothing that may be secret', async () => {
    await run('c');
    const answer = await answerOf(master, 'http://10.116.0.3:18001/a/b');
    expect(answer).to.deep.equal({
      service: 'web',
      version: 'v1',
      container: 'c',
      host: 'shop-web1',
      method: 'GET',
      path: '/a/b',
      bytes: 0,
      note: 'an emulated container: no code is run',
    });
  });

  it('answer through nginx, which asks the next server when one refuses', async () => {
    await run('c');
    for (const url of ['http://127.0.0.1/shop/uat/web/x%2Fy?a=b', 'http://10.116.0.2/shop/uat/web/x%2Fy'])
      expect((await answerOf(master, url))['path']).to.equal('/x%2Fy');
    const posted = JSON.parse(await ask(web, 'curl -fsS -d four http://10.116.0.2:8001/post')) as object;
    expect({ ...posted, note: '' }).to.deep.equal({
      ...(await answerOf(web, 'http://10.116.0.2:8001/post')),
      method: 'POST',
      bytes: 4,
      note: '',
    });
  });

  it('leave nginx to say 502 when none is there', async () => {
    expect(
      await ask(master, `curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/shop/uat/web/`),
    ).to.equal('502');
  });

  it('are unhealthy where that is rehearsed', async () => {
    await run('c', '-e DROPFLEET_REHEARSE=never-healthy');
    expect(await ask(web, `curl -s -o /dev/null -w '%{http_code}' http://10.116.0.3:18001/health`)).to.equal(
      '503',
    );
  });

  it('run again after a boot with the environment that they had', async () => {
    await ask(web, 'echo A=1 >/run/env');
    await run('c', '--env-file /run/env');
    await world.driver.restart(web, 'hard');
    expect(await ask(web, 'cat /run/env 2>/dev/null || podman exec c printenv A')).to.equal('1');
    expect((await answerOf(master, 'http://10.116.0.3:18001/'))['container']).to.equal('c');
  });

  it('go on in the next life of the sandbox', async () => {
    const id = await run('c');
    await world.reopen();
    for (const host of [master, web]) await world.driver.converge(host, new AbortController().signal);
    expect(await ask(web, `podman ps -q --no-trunc`)).to.equal(id);
    expect((await answerOf(master, 'http://127.0.0.1/shop/uat/web/'))['container']).to.equal('c');
  });

  it('keep their port to themselves', async () => {
    await run('c');
    const { code, stderr } = await world.ssh(web, [`podman run -d --name d -p 10.116.0.3:18001:80 ${IMAGE}`]);
    await ask(web, 'podman rm -f d');
    expect(code).to.equal(126);
    expect(stderr).to.match(/listen tcp4 10\.116\.0\.3:18001: bind: address already in use/);
  });
});

describe('systemd-run on an emulated host', function () {
  this.timeout(30_000);
  let world: EmulatedWorld;
  let host: HostSpec;
  const show = (): Promise<string> =>
    world
      .ssh(host, [`systemctl show -p ActiveState,Result,ExecMainStatus --value u`])
      .then(({ stdout }) => stdout.trim().replaceAll('\n', ' '));

  before(async () => {
    world = await openEmulatedWorld({ publicRange: '127.30.0.0/16' });
    host = aHost({
      authorizedKeys: [world.publicKey],
      addresses: { ...aHost().addresses, public: '127.30.0.2' },
    });
    await world.driver.converge(host, new AbortController().signal);
  });

  after(() => world.close());

  it('runs what outlives the session, until it is stopped', async () => {
    await world.ssh(host, ['systemd-run -q --unit=u sleep 3600']);
    expect(await show()).to.equal('active success 0');
    await world.ssh(host, ['systemctl stop u']);
    expect(await show()).to.equal('inactive success 0');
  });

  it('remembers a failure until it is reset, and its output in the journal', async () => {
    await world.ssh(host, [`systemd-run -q --wait --unit=u sh -c 'echo said; exit 3'`]);
    expect(await show()).to.equal('failed exit-code 3');
    expect((await world.ssh(host, ['journalctl -u u -o cat'])).stdout).to.match(/^said$/m);
    await world.ssh(host, ['systemctl reset-failed u']);
    expect(await show()).to.equal('inactive success 0');
  });

  it('refuses a second unit of the same name', async () => {
    await world.ssh(host, ['systemd-run -q --unit=u sleep 3600']);
    const { code, stderr } = await world.ssh(host, ['systemd-run -q --unit=u true']);
    await world.ssh(host, ['systemctl stop u']);
    expect(code).to.equal(1);
    expect(stderr).to.match(/Unit u\.service was already loaded/);
  });

  it('leaves nothing behind after a boot', async () => {
    await world.ssh(host, ['systemd-run -q --unit=u sleep 3600']);
    await world.driver.restart(host, 'hard');
    expect(await show()).to.equal('inactive success 0');
  });
});
