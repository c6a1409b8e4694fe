import { expect } from 'chai';
import { createServer, get as httpGet, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Registry } from 'prom-client';
import {
  isListenError,
  startHttp,
  type HttpOptions,
  type HttpServer,
} from '../../../../controllers/runtime/http.ts';
import { rejection } from '../../../fakes/rejection.ts';

const HOST = '127.0.0.1';

describe('The HTTP port', () => {
  let closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function start(options: Partial<HttpOptions> = {}): Promise<HttpServer> {
    const server = await startHttp({
      host: HOST,
      port: 0,
      allowNextPort: false,
      registry: new Registry(),
      healthz: {},
      readyz: {},
      ...options,
    });
    closers.push(() => server.close());
    return server;
  }

  async function get(server: HttpServer, path: string, method = 'GET') {
    const response = await fetch(`http://${HOST}:${server.port}${path}`, { method });
    return { status: response.status, text: await response.text(), headers: response.headers };
  }

  /** A port that is taken by somebody else. */
  async function takePort(): Promise<number> {
    const other: Server = createServer();
    await new Promise<void>(resolve => other.listen(0, HOST, resolve));
    closers.push(() => new Promise(resolve => other.close(() => resolve())));
    return (other.address() as AddressInfo).port;
  }

  it('shows the metrics of its registry', async () => {
    const registry = new Registry();
    new Counter({ name: 'hits_total', help: 'Hits', registers: [registry] }).inc(3);
    const { status, text, headers } = await get(await start({ registry }), '/metrics');
    expect(status).to.equal(200);
    expect(headers.get('content-type')).to.match(/^text\/plain; version=0\.0\.4/);
    expect(text).to.contain('hits_total 3');
  });

  it('answers ok when every check passes, and lists them when asked', async () => {
    const server = await start({ readyz: { caches: () => undefined } });
    expect(await get(server, '/readyz')).to.deep.include({ status: 200, text: 'ok' });
    expect((await get(server, '/readyz?verbose')).text).to.equal(
      '[+]ping ok\n[+]caches ok\nreadyz check passed\n',
    );
  });

  it('answers 500 and says what fails', async () => {
    const server = await start({ readyz: { caches: () => 'waiting for Droplet' } });
    expect(await get(server, '/readyz')).to.deep.include({
      status: 500,
      text: '[+]ping ok\n[-]caches failed: waiting for Droplet\nreadyz check failed\n',
    });
    expect((await get(server, '/healthz')).status).to.equal(200);
  });

  it('asks one check alone by its subpath', async () => {
    const server = await start({ readyz: { caches: () => 'waiting', other: () => undefined } });
    expect((await get(server, '/readyz/other')).status).to.equal(200);
    expect((await get(server, '/readyz/caches')).status).to.equal(500);
    expect((await get(server, '/readyz/nothing')).status).to.equal(404);
    expect((await get(server, '/readyz/constructor')).status).to.equal(404);
  });

  it('takes a check that throws for failed, and keeps the reason to itself', async () => {
    const check = (): undefined => {
      throw new Error('token abc is wrong');
    };
    const { status, text } = await get(await start({ healthz: { api: check } }), '/healthz');
    expect(status).to.equal(500);
    expect(text).not.to.contain('abc');
  });

  it('knows nothing else, and takes no writes', async () => {
    const server = await start();
    expect((await get(server, '/')).status).to.equal(404);
    expect((await get(server, '/healthz/ping/more')).status).to.equal(404);
    expect((await get(server, '/metrics', 'POST')).status).to.equal(405);
  });

  it('tells nobody who comes by a name of his own that leads here', async () => {
    const { port } = await start();
    expect(await statusOf(port, 'rebound.example')).to.equal(403);
    expect(await statusOf(port, `localhost:${port}`)).to.equal(200);
  });

  it('has in a cluster whatever name it is given', async () => {
    const { port } = await start({ host: '0.0.0.0' });
    expect(await statusOf(port, 'dropfleet-metrics.dropfleet.svc:8080')).to.equal(200);
  });

  it('steps over a taken port when it may, and tells the port that it took', async () => {
    const taken = await takePort();
    const server = await start({ port: taken, allowNextPort: true });
    expect(server.port).to.be.greaterThan(taken);
    expect((await get(server, '/healthz')).status).to.equal(200);
  });

  it('says which port is taken when it may not', async () => {
    const port = await takePort();
    const error = await rejection(start({ port }));
    expect(error).to.satisfy(isListenError);
    expect(error).to.include({ port, code: 'EADDRINUSE' });
    expect(error.message).to.equal(
      `cannot serve metrics and health on 127.0.0.1:${port}: another program listens there; stop it, or choose another port`,
    );
  });

  it('closes even while a client keeps its connection', async () => {
    const server = await start();
    await get(server, '/healthz');
    await server.close();
    expect(await rejection(get(server, '/healthz'))).to.be.instanceOf(TypeError);
  });
});

/** fetch lets nobody say what the Host is. */
function statusOf(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpGet({ host: HOST, port, path: '/metrics', agent: false, headers: { host } }, response => {
      response.resume();
      resolve(response.statusCode);
    }).once('error', reject);
  });
}
