import { expect } from 'chai';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { dropletBody, startTestSandbox, type TestSandbox } from '../../../builders/sandbox.ts';

describe("the sandbox's errors", () => {
  let test: TestSandbox;
  before(async () => {
    test = await startTestSandbox({ token: 'the-token' });
  });
  after(() => test.sandbox.close());

  const authorization = 'Bearer the-token';

  it('refuse a request without the token, and one with another', async () => {
    for (const given of ['', 'Bearer other', 'Basic the-token']) {
      const { status, body } = await test.send('GET', '/v2/account', undefined, { authorization: given });
      expect(status, given).to.equal(401);
      expect(body).to.include({ id: 'unauthorized', message: 'Unable to authenticate you.' });
    }
  });

  it('say in the words of the real API that there is no such thing', async () => {
    for (const path of [
      '/v2/droplets/1',
      '/v2/droplets/abc',
      '/v2/actions/0',
      '/v2/tags/%zz',
      '/v2/nothing',
    ]) {
      const { status, body } = await test.send('GET', path, undefined, { authorization });
      expect(status, path).to.equal(404);
      expect(body).to.include({
        id: 'not_found',
        message: 'The resource you were accessing could not be found.',
      });
    }
  });

  it('do not bring it down for a request that makes no sense', async () => {
    const { port } = test.sandbox;
    for (const [path, host] of [
      ['//', 'x'],
      ['/v2/account', 'a b'],
      ['http://[', 'x'],
    ] as const) {
      const outgoing = request({ port, path, headers: { host } });
      outgoing.end();
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
      response.resume();
      expect(response.statusCode, path).to.be.within(400, 404);
    }
    expect((await test.send('GET', '/v2/account', undefined, { authorization })).status).to.equal(200);
  });

  it('carry the id of their request, in the body and in a header', async () => {
    const { headers, body } = await test.send('GET', '/v2/droplets/1', undefined, { authorization });
    expect(body.request_id).to.match(/^[0-9a-f-]{36}$/);
    expect(headers.get('x-request-id')).to.equal(body.request_id);
  });

  it('refuse a body that is no JSON object, and one above a megabyte', async () => {
    for (const text of ['{', '[]', '"name"', 'null'])
      expect((await test.send('POST', '/v2/droplets', text, { authorization })).status, text).to.equal(400);
    const large = dropletBody({ user_data: 'x'.repeat(2 ** 20) });
    expect((await test.send('POST', '/v2/droplets', large, { authorization })).status).to.equal(413);
  });

  it('do not come from an empty body of type JSON, nor from a body on DELETE', async () => {
    const send = (method: string, path: string, body?: unknown): Promise<{ status: number }> =>
      test.send(method, path, body, { authorization });
    expect((await send('GET', '/v2/account')).status).to.equal(200);
    await send('POST', '/v2/tags', { name: 'web' });
    expect((await send('DELETE', '/v2/tags/web/resources', { resources: [] })).status).to.equal(204);
    expect((await send('DELETE', '/v2/tags/web')).status).to.equal(204);
  });

  it('do not come from a key that occurs twice: the last one counts', async () => {
    const text = JSON.stringify(dropletBody({ name: 'first' })).replace('{', '{"name":"ignored",');
    const { status, body } = await test.send('POST', '/v2/droplets', text, { authorization });
    expect(status).to.equal(202);
    expect(body.droplet.name).to.equal('first');
  });

  it('have a shape of their own for tags', async () => {
    const { status, body } = await test.send('POST', '/v2/tags', { name: 'a b' }, { authorization });
    expect(status).to.equal(400);
    expect(body.error).to.include('contains invalid characters');
    expect(body.messages).to.equal(null);
    expect(body.root_causes).to.have.length(1);
  });

  it('never hold the token', async () => {
    const { text } = await test.send('GET', '/v2/account', undefined, { authorization: 'Bearer secret-7' });
    expect(text).not.to.include('secret-7');
    expect(JSON.stringify(test.sandbox.ledger.calls)).not.to.include('the-token');
  });
});
