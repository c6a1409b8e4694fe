import { expect } from 'chai';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { parse, stringify } from 'yaml';
import { createTlsIdentity } from '../../../standalone/certificates.ts';
import {
  startStandalone,
  type StandaloneOptions,
  type StandaloneServer,
} from '../../../standalone/server.ts';
import { rejection } from '../../fakes/rejection.ts';
import { ApiClient, type Watch } from './api-client.ts';

const SECRETS = '/api/v1/secrets';

describe('The standalone API lets in', () => {
  let stateDir: string;
  let server: StandaloneServer;
  let api: ApiClient;

  const start = async (options: Partial<StandaloneOptions> = {}): Promise<void> => {
    server = await startStandalone({ stateDir, port: 0, ...options });
    api = new ApiClient(server.kubeconfig);
  };
  beforeEach(() => (stateDir = mkdtempSync(join(tmpdir(), 'dropfleet-safety-'))));
  afterEach(async () => {
    api.close();
    await server.close();
    rmSync(stateDir, { recursive: true });
  });

  const file = (name: string): string => readFileSync(join(stateDir, name), 'utf8');
  /** A client of the kubeconfig, changed as given. */
  const clientWith = (user: object): ApiClient => {
    const config = parse(file('kubeconfig')) as { users: object[] };
    const path = join(stateDir, 'changed-kubeconfig');
    writeFileSync(path, stringify({ ...config, users: [{ name: 'changed', user }] }));
    return new ApiClient(path);
  };
  const statusFor = async (user: object): Promise<number> => {
    const client = clientWith(user);
    try {
      // Twice: the second time over a resumed TLS session.
      const first = await client.get(SECRETS, { headers: { connection: 'close' } });
      const second = await client.get(SECRETS);
      expect(second.status).to.equal(first.status);
      return first.status;
    } finally {
      client.close();
    }
  };
  const base64 = (text: string): string => Buffer.from(text).toString('base64');

  it('who has the token', async () => {
    await start();
    expect(await statusFor({ token: server.token })).to.equal(200);
    expect(await statusFor({ token: `${server.token}x` })).to.equal(401);
    expect(await statusFor({ token: '' })).to.equal(401);
  });

  it("who has the client's certificate and its key, and with no certificate of anybody else", async () => {
    await start();
    const certificateOf = ({ certificate, key }: { certificate: string; key: string }): object => ({
      'client-certificate-data': base64(certificate),
      'client-key-data': base64(key),
    });
    const client = { certificate: file('client.crt'), key: file('client.key') };
    expect(await statusFor(certificateOf(client))).to.equal(200);
    const own = { certificate: file('tls.crt'), key: file('tls.key') };
    expect(await statusFor(certificateOf(own))).to.equal(401);
    expect(await statusFor(certificateOf(createTlsIdentity(Date.now()).client))).to.equal(401);
  });

  it('nobody else, except to ask whether it is well and which version it is', async () => {
    await start();
    const anonymous = async (path: string): Promise<number> =>
      (await api.get(path, { anonymous: true })).status;
    for (const path of ['/healthz', '/livez', '/readyz', '/version'])
      expect(await anonymous(path)).to.equal(200);
    for (const path of ['/', '/api', '/apis', '/openapi/v3', '/backup', '/healthz/', '/nothing', SECRETS]) {
      expect(await anonymous(path), path).to.equal(401);
    }
    const review = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    expect((await api.post(review, {}, { anonymous: true })).status).to.equal(401);
    const { body, text } = await api.get(SECRETS, { anonymous: true });
    expect(body).to.include({ kind: 'Status', reason: 'Unauthorized', code: 401 });
    expect(text).not.to.contain(server.token);
  });

  it('nobody as somebody else', async () => {
    await start();
    const { status, body } = await api.get(SECRETS, { headers: { 'Impersonate-User': 'mallory' } });
    expect(status).to.equal(403);
    expect(body.message).to.contain('one user');
  });

  it('only so many watches, and the next one again when one has ended', async () => {
    await start({ limits: { watches: 3 } });
    const path = '/api/v1/configmaps?watch=true';
    const open: Watch[] = [];
    for (let i = 0; i < 3; i++) open.push(await api.watch(path));
    const { status, headers, body } = await api.get(path);
    expect(status).to.equal(429);
    expect(headers).to.include({ 'retry-after': '1' });
    expect(body.message).to.equal('3 watches are open, which is as many as may be; try again later');
    expect((await api.get(SECRETS)).status).to.equal(200);
    open.shift()!.close();
    for (;;) {
      const response = await api.open('GET', path);
      response.destroy();
      if (response.statusCode === 200) break;
    }
    for (const watch of open) watch.close();
  });

  it('only so many connections, and says so on the next one', async () => {
    await start({ limits: { connections: 2 } });
    const agents = [1, 2, 3].map(() => new Agent({ keepAlive: true, ca: file('ca.crt') }));
    const ask = (agent: Agent): Promise<number> =>
      new Promise((resolve, reject) => {
        request(`${server.url}/readyz`, { agent }, answer => {
          answer.resume().once('end', () => resolve(answer.statusCode!));
        })
          .once('error', reject)
          .end();
      });
    expect([await ask(agents[0]!), await ask(agents[1]!), await ask(agents[2]!)]).to.deep.equal([
      200, 200, 429,
    ]);
    agents[0]!.destroy();
    while ((await ask(agents[2]!)) !== 200);
    for (const agent of agents) agent.destroy();
  });

  it('no connection for long that says nothing, or never ends what it says', async () => {
    await start({ limits: { patienceMs: 100 } });
    const silent = connectPlain(server.port, '127.0.0.1');
    const tls = (): TLSSocket => connect({ port: server.port, host: '127.0.0.1', ca: file('ca.crt') });
    const mute = tls();
    const halfHead = tls();
    halfHead.write('GET /readyz HTTP/1.1\r\nHost: x\r\n');
    const halfBody = tls();
    halfBody.write(
      `POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.token}\r\nContent-Length: 100\r\n\r\n{`,
    );
    const ended = [silent, mute, halfHead, halfBody].map(async socket => {
      socket.on('error', () => undefined);
      socket.resume();
      await once(socket, 'close');
    });
    await Promise.all(ended);
    expect((await api.get('/readyz')).status).to.equal(200);
  });

  it('nobody from outside of the machine, unless told otherwise', async () => {
    await start();
    const other = Object.values(networkInterfaces())
      .flatMap(addresses => addresses ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal);
    const address = other?.address ?? '127.0.0.2';
    const refused = connectPlain(server.port, address);
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNREFUSED');
    const token = server.token;
    await server.close();
    await start({ address });
    expect(server.url).to.contain(`https://${address}:`);
    expect(server.token).to.equal(token);
    expect((await api.get(SECRETS)).status).to.equal(200);
    const elsewhere = startStandalone({ stateDir: join(stateDir, 'other'), port: 0, address: '192.0.2.1' });
    expect((await rejection(elsewhere)).message).to.contain('192.0.2.1 cannot be listened on');
  });

  it('nobody who reads its files, but their owner', async () => {
    await start();
    const names = ['standalone.db', 'standalone.db-wal', 'token', 'tls.key', 'client.key', 'kubeconfig'];
    for (const name of names) expect(statSync(join(stateDir, name)).mode & 0o777, name).to.equal(0o600);
  });
});
