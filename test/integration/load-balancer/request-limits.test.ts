import { expect } from 'chai';
import { request } from 'node:http';
import { balancingFor } from '../../builders/load-balancer.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import { ask } from '../../environment/ask.ts';
import { startBackend, type Backend } from '../../environment/backends.ts';
import { startLocalMaster, type LocalMaster } from '../../environment/local-nginx.ts';
import { convergerOf } from '../../environment/reload-rig.ts';

const MEGABYTE = 1024 ** 2;

describe('The limits of a service at its load balancer', () => {
  let master: LocalMaster;
  let backend: Backend;

  before(async () => {
    backend = await startBackend('127.0.0.2', (incoming, response) => {
      // It never answers there.
      if (incoming.url!.endsWith('/silent')) return;
      incoming.resume().on('end', () => response.end('taken'));
    });
    master = await startLocalMaster();
    const at = { 'shop-web1': backend.address };
    await convergerOf(master)(
      balancingFor(
        aServiceDeployment('shop-prod-usual', at),
        aServiceDeployment('shop-prod-small', at, {
          spec: { maxBodyMegabytes: 1, readTimeoutSeconds: 1, domains: ['small.example.com'] },
        }),
        aServiceDeployment('shop-prod-large', at, { spec: { maxBodyMegabytes: 70 } }),
      ),
    );
  });
  after(() => Promise.all([master?.close(), backend?.close()]));

  /** The status of a POST of so many bytes. */
  const post = (path: string, bytes: number, host = 'localhost'): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { host, 'content-length': bytes };
      const sent = request({ port: master.port, path, method: 'POST', headers }, response => {
        response.resume();
        resolve(response.statusCode!);
        sent.destroy();
      });
      sent.on('error', reject);
      sent.end(Buffer.alloc(bytes));
    });

  it('are its own: what is too large for one is taken by another', async () => {
    expect(await post('/shop/prod/small/', MEGABYTE)).to.equal(200);
    expect(await post('/shop/prod/small/', MEGABYTE + 1)).to.equal(413);
    expect(await post('/', MEGABYTE + 1, 'small.example.com')).to.equal(413);
    expect(await post('/shop/prod/usual/', MEGABYTE + 1)).to.equal(200);
    expect(await post('/shop/prod/usual/', 65 * MEGABYTE)).to.equal(413);
    expect(await post('/shop/prod/large/', 65 * MEGABYTE)).to.equal(200);
  });

  it('end a request over which the service is silent for longer', async () => {
    expect((await ask(master.port, '/shop/prod/small/silent')).status).to.equal(504);
  });
});
