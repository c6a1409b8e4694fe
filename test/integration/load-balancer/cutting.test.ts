import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { cutConnections } from '../../../reconcilers/load-balancer/commands.ts';
import { parseCutResults } from '../../../reconcilers/load-balancer/cut-plan.ts';
import { balancingFor } from '../../builders/load-balancer.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import { ask } from '../../environment/ask.ts';
import { startBackend, type Backend } from '../../environment/backends.ts';
import { startLocalMaster, type LocalMaster } from '../../environment/local-nginx.ts';
import { convergerOf } from '../../environment/reload-rig.ts';

const PATH = '/shop/prod/site/';

describe('A request that waits for a server which is out of rotation', () => {
  let master: LocalMaster;
  let stays: Backend;
  let silent: Backend;
  let waiting: Promise<ServerResponse>;

  before(function () {
    // Only root may close other people's connections.
    if (process.getuid?.() !== 0) this.skip();
  });
  beforeEach(async () => {
    master = await startLocalMaster();
    stays = await startBackend('127.0.0.2');
    silent = await startBackend('127.0.0.3', () => undefined);
    waiting = once(silent.server, 'request').then(([, response]) => response as ServerResponse);
    await route(['shop-web2', silent]);
  });
  afterEach(() => Promise.all([master.close(), stays.close(), silent.close()]));

  const route = async (...backends: [string, Backend][]): Promise<void> => {
    const endpoints = backends.map(([name, { address }]) => [name, address]);
    await convergerOf(master)(
      balancingFor(aServiceDeployment('shop-prod-site', Object.fromEntries(endpoints))),
    );
  };
  async function cut() {
    const { signal } = new AbortController();
    const { stdout } = await master.host.run(cutConnections([silent.address]), { signal });
    return parseCutResults(stdout);
  }
  /** One by which nginx may reach either, and reaches the silent one. */
  async function askSilent(method: 'GET' | 'POST') {
    await route(['shop-web1', stays], ['shop-web2', silent]);
    let isThere = false;
    void waiting.then(() => (isThere = true));
    for (;;) {
      const answer = ask(master.port, PATH, { method, body: method === 'POST' ? 'x' : '' });
      const first = await Promise.race([answer.then(() => 'answered'), waiting.then(() => 'waits')]);
      if (first === 'waits' && isThere) return { answer };
    }
  }

  it('is sent to another at once, when it may be repeated', async () => {
    const { answer } = await askSilent('GET');
    await route(['shop-web1', stays]);
    silent.server.close();
    expect(await cut()).to.deep.equal([{ outcome: 'cut', endpoint: silent.address, connections: 1 }]);
    expect(await answer).to.include({ status: 200, body: '127.0.0.2' });
  });

  it('is told at once that it failed, when it may not be repeated', async () => {
    const { answer } = await askSilent('POST');
    silent.server.close();
    stays.requests();
    await cut();
    expect((await answer).status).to.equal(502);
    expect(stays.requests()).to.deep.equal([]);
  });

  it('goes on waiting where a new connection is taken: it may be slow, and not lost', async () => {
    const { answer } = await askSilent('GET');
    await route(['shop-web1', stays]);
    expect(await cut()).to.deep.equal([{ outcome: 'answers', endpoint: silent.address, connections: 1 }]);
    (await waiting).end('late');
    expect((await answer).body).to.equal('late');
  });

  it('costs nothing where none waits', async () => {
    expect(await cut()).to.deep.equal([{ outcome: 'cut', endpoint: silent.address, connections: 0 }]);
  });
});
