import { inspect } from 'node:util';
import { expect } from 'chai';
import { isDeliveryError, type DeliveryError } from '../../../clients/delivery.ts';
import { sendSms } from '../../../clients/sms/sms.ts';
import { postWebhook } from '../../../clients/webhook/webhook.ts';
import { SecretText } from '../../../config/secret-text.ts';
import { refusal, startMessageServer, type MessageServer } from '../../environment/message-server.ts';
import { rejection } from '../../fakes/rejection.ts';

const SID = 'ACcanary0';
const TOKEN = 'canary-t0ken';
const signal = new AbortController().signal;

describe('over HTTP', () => {
  let server: MessageServer;
  beforeEach(async () => (server = await startMessageServer()));
  afterEach(() => server.close());

  const sms = () =>
    sendSms(
      { apiUrl: server.url, sid: new SecretText(SID), token: new SecretText(TOKEN) },
      { from: '+15005550006', to: '+15005550009', body: 'Held: shop & more' },
      signal,
    );
  const hook = () =>
    postWebhook(new SecretText(`${server.url}/services/T0/canary-path`), { text: 'Größe' }, signal);

  async function failure(sent: Promise<unknown>): Promise<DeliveryError> {
    const error = await rejection(sent);
    expect(isDeliveryError(error), inspect(error)).to.equal(true);
    expect(inspect(error)).not.to.contain('canary');
    return error as DeliveryError;
  }

  it("a text message is a form, by the account's login", async () => {
    await sms();
    const [{ path, headers, body } = expect.fail()] = server.posts;
    expect(path).to.equal(`/2010-04-01/Accounts/${SID}/Messages.json`);
    expect(headers.authorization).to.equal(`Basic ${Buffer.from(`${SID}:${TOKEN}`).toString('base64')}`);
    expect(Object.fromEntries(new URLSearchParams(body))).to.deep.equal({
      To: '+15005550009',
      From: '+15005550006',
      Body: 'Held: shop & more',
    });
  });

  it('a text message that is refused says why, by the words of the API, and whether it may pass', async () => {
    for (const [status, code, words, next, isTransient] of [
      [
        401,
        20003,
        `Authenticate ${TOKEN}`,
        'check the variables that account_sid_env and auth_token_env name',
        false,
      ],
      [400, 21211, "The 'To' number is not valid", 'check from and recipients in sms_config.json', false],
      [429, 20429, 'Too Many Requests', 'it is tried again', true],
    ] as const) {
      server.answer(refusal(status, code, words));
      const error = await failure(sms());
      const said = words.replace(TOKEN, '[secret]');
      expect(error.message).to.match(/^the SMS API 127\.0\.0\.1:\d+ answered/);
      expect(error.message.replace(/^.*? answered/, '')).to.equal(` ${status}: ${said} (${code}); ${next}`);
      expect(error.isTransient).to.equal(isTransient);
    }
  });

  it('a gateway that answers no JSON, and nobody at all, are passing', async () => {
    server.answer({ status: 502, body: '<h1>Bad Gateway</h1>' });
    expect(await failure(sms())).to.include({ isTransient: true });
    await server.close();
    const error = await failure(sms());
    expect([error.isTransient, error.message]).to.deep.equal([true, error.message]);
    expect(error.message).to.contain('did not answer (ECONNREFUSED)');
    server = await startMessageServer();
  });

  it('a webhook is JSON, and its failure does not tell its address', async () => {
    await hook();
    expect(server.posts[0]!.headers['content-type']).to.equal('application/json');
    expect(JSON.parse(server.posts[0]!.body)).to.deep.equal({ text: 'Größe' });
    server.answer({ status: 404, body: 'no service at services/T0/canary-path' });
    expect(await failure(hook())).to.include({ isTransient: false });
    await failure(postWebhook(new SecretText('canary'), {}, signal));
  });
});
