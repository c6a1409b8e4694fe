import { expect } from 'chai';
import { isAborted } from '../../../../clients/digitalocean/errors.ts';
import { createTransport, type Transport } from '../../../../clients/digitalocean/transport.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeLogger } from '../../../fakes/logger.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { scriptedServer, type ScriptedServer } from './scripted-server.ts';

describe('The transport', () => {
  const clock = fakeClock();
  let server: ScriptedServer;
  let transport: Transport;

  beforeEach(async () => {
    const reset = String(clock.now() / 1000 - 5);
    const headers = { 'ratelimit-remaining': '12', 'ratelimit-reset': reset, 'retry-after': 'soon' };
    server = await scriptedServer(() => ({ status: 200, headers, json: { id: 1 } }));
    const apiUrl = `${server.url}/digitalocean/`;
    transport = createTransport({ token: 't', apiUrl, clock, callTimeoutMs: 1_000 });
  });

  afterEach(async () => {
    transport.close();
    await server.close();
  });

  it('puts /v2 behind the path of the API, and reads what a reply says of the limits', async () => {
    const reply = await transport.send({ operation: 'getDroplet', method: 'GET', path: '/droplets/1' });
    expect(server.received[0]!.path).to.equal('/digitalocean/v2/droplets/1');
    expect(reply).to.deep.equal({ status: 200, data: { id: 1 }, remaining: 12 });
  });

  it('believes no reply that asks for more than five minutes, and says so once', async () => {
    const [reset, retryAfter] = [String(clock.now() / 1000 + 4e9), '3000000'];
    const headers = { 'ratelimit-remaining': '0', 'ratelimit-reset': reset, 'retry-after': retryAfter };
    const other = await scriptedServer(() => ({ status: 429, headers }));
    const log = fakeLogger();
    const patient = createTransport({ token: 't', apiUrl: other.url, clock, callTimeoutMs: 1_000, log });
    try {
      await patient.send({ operation: 'getDroplet', method: 'GET', path: '/' });
      const reply = await patient.send({ operation: 'getDroplet', method: 'GET', path: '/' });
      expect(reply).to.include({ resetMs: 300_000, retryAfterMs: 300_000 });
      expect(log.lines.map(({ message }) => message)).to.deep.equal([
        'DigitalOcean asks for a wait of 4000000000 s: it is asked again in 300 s',
      ]);
    } finally {
      patient.close();
      await other.close();
    }
  });

  it('declares a body only when there is one', async () => {
    await transport.send({ operation: 'deleteDroplet', method: 'DELETE', path: '/droplets/1' });
    await transport.send({
      operation: 'createKey',
      method: 'POST',
      path: '/account/keys',
      body: { name: 'k' },
    });
    expect(server.received.map(({ headers, body }) => [headers['content-type'], body])).to.deep.equal([
      [undefined, ''],
      ['application/json', '{"name":"k"}'],
    ]);
  });

  it('takes no word of a reply for the token when the token is a word', async () => {
    const company = { name: 'company', tags: ['dropfleet:any'] };
    const other = await scriptedServer(() => ({ status: 200, json: company }));
    const sandboxed = createTransport({ token: 'any', apiUrl: other.url, clock, callTimeoutMs: 1_000 });
    try {
      const { data } = await sandboxed.send({ operation: 'getDroplet', method: 'GET', path: '/' });
      expect(data).to.deep.equal(company);
    } finally {
      sandboxed.close();
      await other.close();
    }
  });

  it('sends nothing when its signal is aborted already, and leaves no timer behind', async () => {
    const request = {
      operation: 'getDroplet',
      method: 'GET',
      path: '/',
      signal: AbortSignal.abort(),
    } as const;
    expect(isAborted(await rejection(transport.send(request)))).to.equal(true);
    expect([server.received.length, clock.pending()]).to.deep.equal([0, 0]);
  });
});
