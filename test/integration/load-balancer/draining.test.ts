import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { observeDrain } from '../../../reconcilers/draining/commands.ts';
import { parseDrainFacts, type DrainFacts } from '../../../reconcilers/draining/facts.ts';
import { balancingFor } from '../../builders/load-balancer.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import { ask } from '../../environment/ask.ts';
import { startBackend, type Backend } from '../../environment/backends.ts';
import { startLocalMaster, type LocalMaster } from '../../environment/local-nginx.ts';
import { convergerOf } from '../../environment/reload-rig.ts';

const PATH = '/shop/prod/site/';
const [STAYS, LEAVES] = ['127.0.0.2', '127.0.0.3'] as const;

/** A program whose answers the test gives. */
async function startSlowBackend(host: string) {
  const waiting: ServerResponse[] = [];
  const backend = await startBackend(host, (_request, response) => void waiting.push(response));
  const nextRequest = async (): Promise<ServerResponse> => {
    while (waiting.length === 0) await once(backend.server, 'request');
    return waiting.shift()!;
  };
  return { ...backend, nextRequest };
}

describe('What a master tells of the requests that are under way to a server', () => {
  let master: LocalMaster;
  let stays: Awaited<ReturnType<typeof startSlowBackend>>;
  let leaves: typeof stays;
  const open: Socket[] = [];

  beforeEach(async () => {
    master = await startLocalMaster();
    [stays, leaves] = await Promise.all([startSlowBackend(STAYS), startSlowBackend(LEAVES)]);
    await route(stays, leaves);
  });
  afterEach(async () => {
    for (const socket of open.splice(0)) socket.destroy();
    await Promise.all([master.close(), stays.close(), leaves.close()]);
  });

  const route = async (...backends: Backend[]): Promise<void> => {
    const endpoints = backends.map(({ address }) => [`shop-web${address.split(':')[0]!.at(-1)}`, address]);
    const site = aServiceDeployment('shop-prod-site', Object.fromEntries(endpoints));
    await convergerOf(master)(balancingFor(site));
  };
  async function probe(): Promise<DrainFacts> {
    const { signal } = new AbortController();
    const { stdout } = await master.host.run(observeDrain(master.layout, [STAYS, LEAVES]), { signal });
    return parseDrainFacts(stdout)!;
  }
  /** Until what nginx tells is so: it takes note of an end within moments. */
  async function until(isSo: (facts: DrainFacts) => boolean): Promise<void> {
    while (!isSo(await probe()));
  }
  const connectionsTo = ({ connections }: DrainFacts) => [connections.get(STAYS), connections.get(LEAVES)];
  const isKnownToEnd = ({ oldWorkers }: DrainFacts): boolean => oldWorkers > 0;

  it('is nothing, when there is none', async () => {
    await until(({ oldWorkers }) => oldWorkers === 0);
    expect(connectionsTo(await probe())).to.deep.equal([0, 0]);
  });

  it('is an old worker and a connection until the last answer was given, and nothing then', async () => {
    await route(leaves);
    const asked = ask(master.port, PATH);
    const response = await leaves.nextRequest();
    await route(stays);
    await until(isKnownToEnd);
    expect(connectionsTo(await probe())).to.deep.equal([0, 1]);
    response.end('late');
    expect((await asked).body).to.equal('late');
    await until(({ oldWorkers }) => oldWorkers === 0);
    expect(connectionsTo(await probe())).to.deep.equal([0, 0]);
  });

  it('is an old worker, and no connection to it, while a WebSocket to another server goes on', async () => {
    await route(stays);
    stays.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    });
    const client = connect(master.port, '127.0.0.1');
    open.push(client);
    client.write(`GET ${PATH} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    await once(client, 'data');
    await route(stays, leaves);
    await until(isKnownToEnd);
    expect(connectionsTo(await probe())).to.deep.equal([1, 0]);
  });

  it('is not what the server itself asks the master for', async () => {
    const client = connect({ port: master.port, host: '127.0.0.1', localAddress: LEAVES });
    open.push(client);
    client.write(`GET ${PATH} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await Promise.race([stays.nextRequest(), leaves.nextRequest()]);
    const [toStays, toLeaves] = connectionsTo(await probe());
    expect(toStays! + toLeaves!).to.equal(1);
  });

  it('is no word of an end where it cannot be seen', async () => {
    const { signal } = new AbortController();
    const argv = observeDrain(master.layout, []).map(word =>
      word.replace('command -v ss', 'command -v no-ss'),
    );
    const { stdout } = await master.host.run(argv, { signal });
    expect(parseDrainFacts(stdout)).to.equal(undefined);
  });
});
