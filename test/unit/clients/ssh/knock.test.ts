import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { knock } from '../../../../clients/ssh/knock.ts';
import { fakeClock } from '../../../fakes/clock.ts';

/** A server on loopback that does that with whoever connects. */
async function listen(greet: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer(greet).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

describe('A knock at a host', () => {
  const servers: Server[] = [];
  const signal = new AbortController().signal;

  async function at(greet: (socket: Socket) => void) {
    const { server, port } = await listen(greet);
    servers.push(server);
    const clock = fakeClock();
    const options = { address: '127.0.0.1', port, clock, timeoutMs: 2_000, signal };
    return { clock, server, options };
  }

  afterEach(() => Promise.all(servers.splice(0).map(server => server[Symbol.asyncDispose]())));

  it('is answered by whoever says a word, and leaves nothing behind', async () => {
    const { clock, server, options } = await at(socket => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
    const connected = once(server, 'connection') as Promise<[Socket]>;
    expect(await knock(options)).to.equal(true);
    const [socket] = await connected;
    if (!socket.closed) await once(socket, 'close');
    expect(clock.pending()).to.equal(0);
  });

  it('is not answered by a port that accepts and says nothing until the time is up', async () => {
    const { clock, server, options } = await at(() => undefined);
    const connected = once(server, 'connection');
    let answer: boolean | undefined;
    const asked = knock(options).then(isThere => (answer = isThere));
    await connected;
    await clock.advance(1_999);
    expect(answer).to.equal(undefined);
    await clock.advance(1);
    expect(await asked).to.equal(false);
  });

  it('is not answered by who hangs up without a word', async () => {
    const { clock, options } = await at(socket => socket.end());
    expect(await knock(options)).to.equal(false);
    expect(clock.pending()).to.equal(0);
  });

  it('is not answered where nothing listens', async () => {
    const { server, clock, options } = await at(() => undefined);
    server.close();
    await once(server, 'close');
    expect(await knock(options)).to.equal(false);
    expect(clock.pending()).to.equal(0);
  });

  it('is given up when the signal aborts, before and after it began', async () => {
    const { clock, server, options } = await at(() => undefined);
    const stop = new AbortController();
    const connected = once(server, 'connection');
    const asked = knock({ ...options, signal: stop.signal });
    await connected;
    stop.abort();
    expect(await asked).to.equal(false);
    expect(await knock({ ...options, signal: stop.signal })).to.equal(false);
    expect(clock.pending()).to.equal(0);
  });
});
