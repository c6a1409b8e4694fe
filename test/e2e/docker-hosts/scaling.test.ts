import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { systemClock } from '../../../clients/clock.ts';
import { SERVICE_DEPLOYMENTS } from '../../../clients/kubernetes/kinds.ts';
import { createSshPool } from '../../../clients/ssh/pool.ts';
import type { SshPool } from '../../../clients/ssh/ssh.ts';
import { SecretText } from '../../../config/secret-text.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import { hostOf } from '../../../reconcilers/host/access.ts';
import type { LbStatus } from '../../../reconcilers/load-balancer/lb-status.ts';
import { DROPLET } from '../../../reconcilers/droplet/concern.ts';
import type { HostTimings } from '../../../reconcilers/host/timings.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import { describeOnStandalone } from '../../environment/api-server.ts';
import { openTestHosts } from '../../environment/docker-droplets.ts';
import {
  openOperatorWorld,
  type OperatorWorld,
  type RunningOperator,
} from '../../environment/operator-world.ts';
import { startLoad, type LoadReport } from '../../environment/raw-load.ts';

const PATIENCE_MS = 300_000;
const TIMINGS: HostTimings = {
  retryMs: 500,
  slowestRetryMs: 5_000,
  resyncMs: 60_000,
  firstBootWaitMs: 20_000,
};
const PORT = 8123;
/** A program that takes a second over each request and answers what it was sent. */
const PROGRAM = `
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
class Slow(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def answer(self, body):
        time.sleep(1)
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.answer(parse_qs(urlsplit(self.path).query)['word'][0].encode())
    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers['Content-Length'])))
ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer(('', ${PORT}), Slow).serve_forever()
`;
/** Starts it, now and with its machine. */
const INSTALL = `cat >/srv/slow.py
printf '%s\\n' [Service] 'ExecStart=/usr/bin/python3 /srv/slow.py' [Install] WantedBy=multi-user.target \
  >/etc/systemd/system/slow.service
systemctl enable --now slow
until curl -sf '127.0.0.1:${PORT}/?word=up'; do sleep 0.1; done`;

/** A master with real nginx before webs whose every request is under way for a second. */
describeOnStandalone('A project under load', 'the hosts do not know which API server there is', server => {
  let world: OperatorWorld;
  let operator: RunningOperator;
  let shell: SshPool;

  const droplet = (name: string): Droplet => world.droplet(`shop-${name}`)!;

  before(async function () {
    this.timeout(600_000); // the image may have to be built
    const driver = await openTestHosts(`scaling-${randomBytes(4).toString('hex')}`);
    world = await openOperatorWorld(server(), {
      driver: { ...driver, close: () => driver.reset().then(() => driver.close()) },
      timings: TIMINGS,
      drainMs: DROPLET.timings.drainMs,
      patienceMs: 120_000,
    });
    shell = createSshPool({ clock: systemClock, random: Math.random });
    await world.writeCsv('shop,4,s-1vcpu-1gb,s-1vcpu-1gb');
    operator = world.startOperator();
    await world.untilReady('shop', 4);
    await Promise.all(['web1', 'web2', 'web3'].map(install));
    await deploy('web1', 'web2', 'web3');
  });
  after(async function () {
    this.timeout(PATIENCE_MS);
    shell?.close();
    await world?.close();
  });

  async function install(name: string): Promise<void> {
    const { sshPort } = world.sandbox.hosts!;
    const way = { ssh: shell, port: sshPort, privateKey: new SecretText(world.sshKey.privateKey) };
    await hostOf(way, droplet(name))!.succeed(['sudo', '-n', 'sh', '-c', INSTALL], { stdin: PROGRAM });
  }
  async function deploy(...webs: string[]): Promise<void> {
    const endpoints = webs.map(name => [
      `shop-${name}`,
      `${droplet(name).status!.server!.privateAddress!}:${PORT}`,
    ]);
    const site = aServiceDeployment('shop-prod-site', Object.fromEntries(endpoints));
    const { metadata, spec, status, ...type } = site;
    const service = { ...type, metadata: { name: metadata.name, namespace: world.namespace }, spec };
    await world.kubernetes.create(SERVICE_DEPLOYMENTS, service, {});
    const key = `${world.namespace}/${metadata.name}`;
    await world.kubernetes.patch(SERVICE_DEPLOYMENTS, key, { status }, { subresource: 'status' });
    await untilTaken(...webs);
  }
  /** Until just these webs get requests, as the master itself says. */
  async function untilTaken(...webs: string[]): Promise<void> {
    for (let taken: string[] = []; taken.join() !== webs.join(); taken = await takers())
      await new Promise(resolve => setTimeout(resolve, 100));
  }
  async function takers(): Promise<string[]> {
    const response = await fetch(`http://${droplet('master').status!.server!.publicAddress}/lb-status`);
    const { projects } = (await response.json()) as LbStatus;
    const servers = projects[0]!.services.flatMap(service => service.servers);
    return servers.filter(({ state }) => state === 'in').map(server => server.droplet.replace('shop-', ''));
  }

  /** Loads the master while that happens, and before and after. */
  async function loadWhile(happens: () => Promise<void>): Promise<LoadReport> {
    const host = droplet('master').status!.server!.publicAddress!;
    const load = startLoad({ host, port: 80, path: '/shop/prod/site/', connections: 24 });
    const more = async (requests: number): Promise<void> => {
      const goal = load.report().total + requests;
      while (load.report().total < goal) await new Promise(resolve => setTimeout(resolve, 100));
    };
    await more(72);
    const start = performance.now();
    await happens();
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    await more(72);
    const report = await load.stop();
    const cutOff = operator.log.filter(({ message }) => message.includes('drain timed out'));
    expect(cutOff, 'servers that were not waited for').to.deep.equal([]);
    console.log(`      ${report.failed} of ${report.total} requests failed; it took ${seconds} s`);
    return report;
  }

  it('loses no request when it is scaled from three webs to two', async function () {
    this.timeout(PATIENCE_MS);
    const report = await loadWhile(async () => {
      await world.writeCsv('shop,3,s-1vcpu-1gb,s-1vcpu-1gb');
      await world.untilReady('shop', 3);
    });
    expect(report.reasons).to.deep.equal({});
    expect(await takers()).to.deep.equal(['web1', 'web2']);
  });

  it('loses no request when its webs are resized, one after the other, and puts each back', async function () {
    this.timeout(PATIENCE_MS);
    const report = await loadWhile(async () => {
      await world.writeCsv('shop,3,s-1vcpu-1gb,s-1vcpu-2gb');
      await world.until('both webs in their new size', () =>
        ['web1', 'web2'].every(name => droplet(name).status!.server!.size === 's-1vcpu-2gb'),
      );
      await world.untilReady('shop', 3);
      await untilTaken('web1', 'web2');
    });
    expect(report.reasons).to.deep.equal({});
  });
});
