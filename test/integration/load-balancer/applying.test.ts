import { expect } from 'chai';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { convergeLoadBalancer } from '../../../reconcilers/load-balancer/converge.ts';
import type { Host } from '../../../reconcilers/load-balancer/apply.ts';
import type { LbStatus } from '../../../reconcilers/load-balancer/lb-status.ts';
import { createPacing } from '../../../reconcilers/load-balancer/pacing.ts';
import { createQuarantine } from '../../../reconcilers/load-balancer/quarantine.ts';
import type { Balancing } from '../../../reconcilers/read-model/balancing.ts';
import { balancingFor } from '../../builders/load-balancer.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import { ask } from '../../environment/ask.ts';
import { startBackend, type Backend } from '../../environment/backends.ts';
import { startLocalMaster, type LocalMaster } from '../../environment/local-nginx.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { rejection } from '../../fakes/rejection.ts';

describe('The load balancer of a master', () => {
  let master: LocalMaster;
  let site: Backend;
  let converge: (
    balancing: Balancing,
    changes?: { host?: Host; listen?: string },
  ) => ReturnType<typeof convergeLoadBalancer>;
  let clock: ReturnType<typeof fakeClock>;

  before(async () => {
    site = await startBackend('127.0.0.2', (_request, response) => response.end('site'));
  });
  after(() => site?.close());
  beforeEach(async () => {
    master = await startLocalMaster();
    clock = fakeClock();
    const memory = { pacing: createPacing(clock), quarantine: createQuarantine(clock) };
    const { signal } = new AbortController();
    converge = async (balancing, { host = master.host, listen = master.layout.listen } = {}) => {
      const layout = { ...master.layout, listen };
      const go = () =>
        convergeLoadBalancer({ key: 'default/shop-master', host, layout, signal }, balancing, memory);
      const first = await go();
      if (first.state !== 'waiting') return first;
      await clock.advance(first.ms);
      return await go();
    };
    await converge(version('v1'));
    master.commands();
  });
  afterEach(() => master?.close());

  const version = (name: string, ...others: Parameters<typeof balancingFor>): Balancing =>
    balancingFor(
      aServiceDeployment('shop-prod-site', { 'shop-web1': site.address }, { status: { version: name } }),
      ...others,
    );
  const api = (address: string) => aServiceDeployment('shop-prod-api', { 'shop-web2': address });
  const status = async () => JSON.parse((await ask(master.port, '/lb-status')).body) as LbStatus;
  const isServed = async () => (await ask(master.port, '/shop/prod/site/')).body === 'site';

  it('is looked at once and not touched while nothing changes', async () => {
    expect(await converge(version('v1'))).to.include({ state: 'running', isNew: false });
    expect(master.commands()).to.deep.equal(['facts']);
  });

  it('takes a change in four steps after the look', async () => {
    await converge(version('v2'));
    expect(master.commands()).to.deep.equal(['facts', 'facts', 'stage', 'activate', 'verify', 'prune']);
    expect((await status()).projects[0]!.services[0]!.version).to.equal('v2');
  });

  it('shares one reload between changes that come within two seconds', async () => {
    const memory = { pacing: createPacing(clock), quarantine: createQuarantine(clock) };
    const { host, layout } = master;
    const { signal } = new AbortController();
    const convergeTo = (name: string) =>
      convergeLoadBalancer({ key: 'default/shop-master', host, layout, signal }, version(name), memory);
    expect(await convergeTo('v2')).to.deep.equal({ state: 'waiting', ms: 2_000 });
    await clock.advance(1_500);
    expect(await convergeTo('v3')).to.deep.equal({ state: 'waiting', ms: 500 });
    await clock.advance(500);
    expect(await convergeTo('v4')).to.include({ state: 'running', isNew: true });
    expect(await convergeTo('v5')).to.deep.equal({ state: 'waiting', ms: 2_000 });
    expect(master.commands().filter(name => name === 'activate')).to.have.length(1);
  });

  it('keeps the last three generations', async () => {
    for (const name of ['v2', 'v3', 'v4', 'v5']) await converge(version(name));
    const folders = (await readdir(master.layout.home)).filter(name => name.startsWith('g-'));
    expect(folders).to.have.length(3);
  });

  it('leaves out the one service that nginx refuses, says so, and serves the others', async () => {
    // An nginx that lacks a parameter which the renderer believes it has.
    const host = damaging(master.host, '127.0.0.9:9 max_fails=0', '127.0.0.9:9 max_fuels=0');
    const outcome = await converge(version('v2', api('127.0.0.9:9')), { host });
    expect(outcome).to.include({ state: 'running', isNew: true });
    const services = (await status()).projects[0]!.services.map(({ path, state }) => `${path} ${state}`);
    expect(services).to.deep.equal(['/shop/prod/api/ quarantined', '/shop/prod/site/ routed']);
    expect((await status()).projects[0]!.services[0]!.message).to.match(/invalid parameter "max_fuels=0"/);
    expect(await isServed()).to.equal(true);
    expect((await ask(master.port, '/shop/prod/api/')).status).to.equal(503);

    master.commands();
    await converge(version('v2', api('127.0.0.9:9')), { host });
    expect(master.commands()).to.deep.equal(['facts']);
    await converge(version('v2', api('127.0.0.9:10')), { host });
    expect((await status()).projects[0]!.services[0]!.state).to.equal('routed');
  });

  it('says what nginx refuses, and goes on as it is, when it is no service', async () => {
    const host = damaging(master.host, 'server_tokens off', 'server_tokens odd');
    const error = await rejection(converge(version('v2'), { host }));
    expect(error.message).to.match(/^nginx rejected the configuration: invalid value "odd"/);
    expect(master.commands()).to.not.include('activate');
    expect(await isServed()).to.equal(true);
  });

  it('goes back to what served before when nginx tests a configuration well and cannot run it', async () => {
    const before = (await status()).generation;
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    try {
      const error = await rejection(converge(version('v2'), { listen: `127.0.0.1:${port}` }));
      expect(error.message).to.match(/Address already in use.*previous configuration restored$/);
    } finally {
      other.close();
    }
    expect(await master.byHand(`readlink ${master.layout.home}/current`)).to.equal(`g-${before}\n`);
    expect((await status()).generation).to.equal(before);
    expect(await converge(version('v1'))).to.include({ state: 'running', isNew: false });
  });

  it('says that the disk is full, leaves no half of anything, and goes on when there is room', async () => {
    const shim = join(dirname(dirname(master.layout.home)), 'bin/tar');
    const half =
      '#!/bin/sh\ncat | /bin/tar "$@" --exclude services\necho "tar: No space left on device" >&2\nexit 2\n';
    await writeFile(shim, half, { mode: 0o755 });
    const error = await rejection(converge(version('v2')));
    expect(error.message).to.match(/cannot write the configuration \(tar: No space left on device\)$/);
    expect((await readdir(master.layout.home)).filter(name => name.startsWith('g-'))).to.have.length(1);
    expect(await isServed()).to.equal(true);
    await master.byHand(`rm ${shim}`);
    expect(await converge(version('v2'))).to.include({ state: 'running', isNew: true });
  });

  describe('broken by hand', () => {
    const inCurrent = (command: string): string => `cd ${master.layout.home}/current && ${command}`;
    const cases: Record<string, () => string> = {
      'by a stop': () => 'systemctl stop nginx',
      'by the death of its processes': () =>
        'p=$(cat ../nginx.pid); kill -STOP $p; pkill -KILL -P $p; kill -KILL $p',
      'by another main file': () => `rm ${master.layout.main} && echo nonsense > ${master.layout.main}`,
      'by an edited file': () => inCurrent('sed -i s/8192/abc/ nginx.conf'),
      'by an edited file that nginx has read': () =>
        inCurrent(
          `sed -i s/127.0.0.2/127.0.0.9/ services/*.conf && nginx -c ${master.layout.main} -s reload`,
        ),
      'by an emptied file': () => inCurrent(': > services/prod-site.http.conf'),
      'by a removed file': () => inCurrent('rm services/prod-site.server.conf'),
      'by an added file': () => inCurrent('echo nonsense > services/mine.conf'),
      'by the loss of the whole folder': () => `rm -rf ${master.layout.home}`,
      'by a symlink that leads nowhere': () => `ln -sfn nowhere ${master.layout.home}/current`,
    };
    for (const [how, command] of Object.entries(cases))
      it(`${how}, serves again after the next look`, async () => {
        await master.byHand(`cd ${dirname(master.layout.main)}; ${command()}`);
        expect(await converge(version('v1'))).to.include({ state: 'running', isNew: true });
        expect(await isServed()).to.equal(true);
        await master.byHand(`nginx -c ${master.layout.main} -s reload`);
        expect(await converge(version('v1'))).to.include({ isNew: false });
      });

    it('by another program on its port, says so until that is gone', async () => {
      await master.byHand('systemctl stop nginx');
      const other = createServer((_request, response) => response.end('mine now')).listen(
        master.port,
        '127.0.0.1',
      );
      await once(other, 'listening');
      try {
        const error = await rejection(converge(version('v1')));
        expect(error.message).to.match(/nginx reload failed .*Address already in use/);
      } finally {
        other.close();
        other.closeAllConnections();
      }
      expect(await converge(version('v1'))).to.include({ isNew: true });
      expect(await isServed()).to.equal(true);
    });
  });
});

/** A host that gets other bytes than were sent; they must be as many, so that the archive stays whole. */
const damaging = (host: Host, sent: string, got: string): Host => ({
  run(argv, options) {
    const { stdin } = options;
    if (!(stdin instanceof Uint8Array)) return host.run(argv, options);
    const text = Buffer.from(stdin).toString('latin1').replaceAll(sent, got);
    return host.run(argv, { ...options, stdin: Buffer.from(text, 'latin1') });
  },
});
