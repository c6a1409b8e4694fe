import { expect } from 'chai';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { LbStatus } from '../../../reconcilers/load-balancer/lb-status.ts';
import { balancingFor } from '../../builders/load-balancer.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import { ask, type Question } from '../../environment/ask.ts';
import { startBackend, type Backend } from '../../environment/backends.ts';
import { startLocalMaster, type LocalMaster } from '../../environment/local-nginx.ts';
import { convergerOf } from '../../environment/reload-rig.ts';

describe('A master with nginx', () => {
  let master: LocalMaster;
  let site: Backend;
  let api: Backend;

  before(async () => {
    site = await startBackend('127.0.0.2', (incoming, response) => {
      const { pathname, searchParams } = new URL(incoming.url!, 'http://backend');
      if (!pathname.endsWith('/redirect')) return response.end('site');
      response.setHeader('set-cookie', `id=1; Path=${searchParams.get('cookie') ?? '/'}`);
      response.writeHead(302, { location: searchParams.get('to')! }).end();
    });
    api = await startBackend('127.0.0.3', (_incoming, response) => response.end('api'));
    master = await startLocalMaster();
    await convergerOf(master)(
      balancingFor(
        aServiceDeployment(
          'shop-prod-site',
          { 'shop-web1': site.address },
          { spec: { domains: ['www.example.com'], healthCheck: { path: '/up?deep=1' } } },
        ),
        aServiceDeployment('shop-prod-api', { 'shop-web2': api.address }),
        aServiceDeployment('shop-uat-site', {}, { spec: { domains: ['uat.example.com'] } }),
      ),
    );
  });
  beforeEach(() => {
    site.requests();
    api.requests();
  });
  after(() => Promise.all([master?.close(), site?.close(), api?.close()]));

  const get = (path: string, question?: Question) => ask(master.port, path, question);
  /** What the site was asked for when a client asks for that under its route. */
  const passedOn = async (rest: string): Promise<string | undefined> => {
    await get(`/shop/prod/site${rest}`);
    return site.requests()[0]?.url;
  };

  it('says that it is well', async () => {
    expect(await get('/health')).to.deep.include({ status: 200, body: 'ok\n' });
  });

  it('tells in JSON what it balances, and by which generation', async () => {
    const { headers, body } = await get('/lb-status');
    expect(headers).to.include({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    const status = JSON.parse(body) as LbStatus;
    expect((await get('/lb-status/generation')).body).to.equal(`g-${status.generation}`);
    expect(status.projects[0]!.services.map(({ path, state }) => `${path} ${state}`)).to.deep.equal([
      '/shop/prod/api/ routed',
      '/shop/prod/site/ routed',
      '/shop/uat/site/ unavailable',
    ]);
    expect(status.projects[0]!.services[1]!.servers).to.deep.equal([
      { droplet: 'shop-web1', address: site.address, state: 'in' },
    ]);
  });

  it('routes by project, environment and service, and nothing else', async () => {
    expect((await get('/shop/prod/site/')).body).to.equal('site');
    expect((await get('/shop/prod/api/')).body).to.equal('api');
    for (const path of [
      '/',
      '/shop/',
      '/shop/prod/',
      '/shop/prod/siteX/',
      '/shop/test/site/',
      '/blog/prod/site/',
    ])
      expect((await get(path)).status, path).to.equal(404);
  });

  it('sends a client that forgot the last slash to it, with its query and its method', async () => {
    const { status, headers } = await get('/shop/prod/site?a=1', { method: 'POST', body: 'x' });
    expect([status, headers.location]).to.deep.equal([308, '/shop/prod/site/?a=1']);
  });

  for (const [rest, expected] of Object.entries({
    '/': '/',
    '/a/b?c=/d/../e': '/a/b?c=/d/../e',
    '/a%2Fb': '/a%2Fb',
    '/a%20b%3Fc%23d%25': '/a%20b%3Fc%23d%25',
    '/%C3%A4/\u{7e}x;y=1,2': '/%C3%A4/~x;y=1,2',
    '//a//b': '//a//b',
    '/proxy/https://example.com/': '/proxy/https://example.com/',
    '/a%0Ab': '/a%0Ab',
    '/?x=%0D%0Aevil:1': '/?x=%0D%0Aevil:1',
    '/shop/prod/site/x': '/shop/prod/site/x',
    '/...': '/...',
    '/.well-known/x': '/.well-known/x',
  }))
    it(`passes ${rest} on as ${expected}`, async () => {
      expect(await passedOn(rest)).to.equal(expected);
    });

  for (const [rest, expected] of Object.entries({
    '/a/../b': '/b',
    '/a/%2e%2e/b': '/b',
    '/a%2f..%2fb': '/b',
    '/a/./b?q=1': '/a/b?q=1',
    '/a%0A/../b%20c': '/b%20c',
  }))
    it(`resolves ${rest} to ${expected} before it passes it on`, async () => {
      expect(await passedOn(rest)).to.equal(expected);
    });

  it('lets no path that a service is asked for lead out of its route', async () => {
    expect((await get('/shop/prod/site/../api/x')).body).to.equal('api');
    expect(api.requests()[0]!.url).to.equal('/x');
    expect((await get('/shop/prod/site/%2e%2e/api/..%2f../')).status).to.equal(404);
    expect((await get('/shop/prod/site/../../../../etc/passwd')).status).to.equal(400);
    for (const odd of [
      '//shop/prod/site/x',
      '/shop//prod/site/x',
      '/%73hop/prod/site/x',
      '/x/../shop/prod/site/x',
    ]) {
      expect((await get(odd)).body, odd).to.equal('site');
      expect(site.requests()[0]!.url, odd).to.equal('/x');
    }
  });

  it('answers 400 to a zero byte', async () => {
    expect((await get('/shop/prod/site/%00')).status).to.equal(400);
    expect(site.requests()).to.deep.equal([]);
  });

  it("asks the service's own health check", async () => {
    expect((await get('/shop/prod/site/health?other=1')).body).to.equal('site');
    expect(site.requests()[0]!.url).to.equal('/up?deep=1');
    await get('/shop/prod/api/health');
    expect(api.requests()[0]!.url).to.equal('/health');
  });

  it('tells the service whom it serves, and believes nothing that the client says of it', async () => {
    const lies = {
      'X-Forwarded-For': '1.2.3.4',
      'X-Real-IP': '1.2.3.4',
      Forwarded: 'for=1.2.3.4',
      Proxy: 'evil',
    };
    await get('/shop/prod/site/', {
      headers: { Host: 'shop.example.org', 'X-Forwarded-Prefix': '/x', ...lies },
    });
    const { headers } = site.requests()[0]!;
    expect(headers).to.include({
      host: 'shop.example.org',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'shop.example.org',
      'x-forwarded-port': `${master.port}`,
      'x-forwarded-prefix': '/shop/prod/site',
      'x-forwarded-proto': 'http',
      'x-real-ip': '127.0.0.1',
    });
    expect(headers).to.not.have.any.keys('forwarded', 'proxy');
    expect(headers['x-request-id']).to.match(/^[0-9a-f]{32}$/);
  });

  for (const [to, expected] of Object.entries({
    '/login': '/shop/prod/site/login',
    '/login?next=/a': '/shop/prod/site/login?next=/a',
    '/shop/prod/site/login': '/shop/prod/site/login',
    '/shop/prod/sites': '/shop/prod/site/shop/prod/sites',
    'http://shop.example.org/login': 'http://shop.example.org/shop/prod/site/login',
    'http://shop.example.org/shop/prod/site/login': 'http://shop.example.org/shop/prod/site/login',
    'https://shop.example.org/login': 'https://shop.example.org/shop/prod/site/login',
    'https://elsewhere.example.com/login': 'https://elsewhere.example.com/login',
    '//elsewhere.example.com/login': '//elsewhere.example.com/login',
    sibling: 'sibling',
  }))
    it(`sends a redirect to ${to} to ${expected}`, async () => {
      const path = `/shop/prod/site/redirect?to=${encodeURIComponent(to)}`;
      const { headers } = await get(path, { headers: { Host: 'shop.example.org' } });
      expect(headers.location).to.equal(expected);
    });

  it("keeps a service's cookies to its own route", async () => {
    const cookie = async (path: string) =>
      (await get(`/shop/prod/site/redirect?to=/&cookie=${path}`)).headers['set-cookie']![0];
    expect(await cookie('/')).to.equal('id=1; Path=/shop/prod/site/');
    expect(await cookie('/admin')).to.equal('id=1; Path=/shop/prod/site/admin');
    expect(await cookie('/shop/prod/site/')).to.equal('id=1; Path=/shop/prod/site/');
  });

  it('leads a host name to its service, with paths and redirects as they are', async () => {
    const headers = { Host: 'www.example.com' };
    await get('/a%2Fb/../c?d', { headers });
    const { url, headers: got } = site.requests()[0]!;
    expect(url).to.equal('/a%2Fb/../c?d');
    expect(got).to.not.have.property('x-forwarded-prefix');
    expect((await get('/redirect?to=/login', { headers })).headers.location).to.equal('/login');
    expect((await get('/health', { headers })).body).to.equal('site');
  });

  it('says what is missing when a service has no server', async () => {
    for (const [path, headers] of [
      ['/shop/uat/site/x', {}],
      ['/shop/uat/site', {}],
      ['/shop/uat/site/health', {}],
      ['/', { Host: 'uat.example.com' }],
    ] as const)
      expect(await get(path, { headers }), path).to.deep.include({
        status: 503,
        body: 'shop/uat/site is not available: no server is in rotation yet\n',
      });
  });

  describe('asked for an upgrade', () => {
    const upgrade = (protocol: string): Promise<IncomingMessage | [IncomingMessage, Socket]> => {
      const headers = { Connection: 'Upgrade', Upgrade: protocol };
      const asked = request({
        port: master.port,
        host: '127.0.0.1',
        path: '/shop/prod/site/ws',
        headers,
      }).end();
      return new Promise((resolve, reject) => {
        asked.on('response', response => resolve(response.resume()));
        asked.on('upgrade', (response, socket, head) => {
          socket.unshift(head);
          resolve([response, socket]);
        });
        asked.on('error', reject);
      });
    };

    it('lets a WebSocket through in both directions, and over a reload', async () => {
      site.server.once('upgrade', (incoming: IncomingMessage, socket: Socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        socket.write(`hello ${incoming.url}`);
        socket.on('data', chunk => socket.write(`you said ${chunk.toString()}`));
      });
      const [, socket] = (await upgrade('websocket')) as [IncomingMessage, Socket];
      const heard = async () => String(((await once(socket, 'data')) as [Buffer])[0]);
      expect(await heard()).to.equal('hello /ws');
      await master.byHand(`nginx -c ${master.layout.main} -s reload`);
      socket.write('one');
      expect(await heard()).to.equal('you said one');
      socket.destroy();
    });

    it('hides any other upgrade from the service', async () => {
      expect(await upgrade('h2c')).to.have.property('statusCode', 200);
      expect(site.requests()[0]!.headers).to.not.have.any.keys('upgrade');
    });
  });
});
