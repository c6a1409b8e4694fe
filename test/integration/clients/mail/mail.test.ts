import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { isDeliveryError, type DeliveryError } from '../../../../clients/delivery.ts';
import { createMailer, type Mail, type MailServer as Server } from '../../../../clients/mail/mail.ts';
import { SecretText } from '../../../../config/secret-text.ts';
import { LOGIN, startMailServer, type MailServer } from '../../../environment/mail-server.ts';
import { rejection } from '../../../fakes/rejection.ts';

const MAIL: Mail = {
  from: 'dropfleet <ops@example.com>',
  to: ['a@example.com', 'b@example.com'],
  subject: 'Größe',
  text: 'as text',
  html: '<b>as HTML</b>',
  messageId: '<1234@example.com>',
};
const signal = new AbortController().signal;

describe('a mail', () => {
  let server: MailServer;
  afterEach(() => server.stop());

  const at = ({ port }: { port: number }, changes: Partial<Server> = {}): Server => ({
    host: '127.0.0.1',
    port,
    secure: false,
    login: { username: LOGIN.username, password: new SecretText(LOGIN.password) },
    ...changes,
  });
  const send = (changes: Partial<Server> = {}) =>
    createMailer({ ca: server.ca }).send(at(server, changes), MAIL, signal);
  async function failure(changes: Partial<Server> = {}): Promise<DeliveryError> {
    const error = await rejection(send(changes));
    expect(isDeliveryError(error), inspect(error)).to.equal(true);
    expect(inspect(error)).not.to.contain(LOGIN.password);
    return error as DeliveryError;
  }

  it('goes by STARTTLS and with a login to everybody, as text and as HTML', async () => {
    server = await startMailServer();
    expect(await send()).to.deep.equal({ refused: [] });
    const [mail] = server.mails;
    expect(mail).to.include({ from: 'ops@example.com', isSafe: true });
    expect(mail!.to).to.deep.equal(MAIL.to);
    for (const part of ['as text', '<b>as HTML</b>', '<1234@example.com>', 'Auto-Submitted: auto-generated'])
      expect(mail!.raw).to.contain(part);
  });

  it('goes over TLS from the first byte where the server wants it so', async () => {
    server = await startMailServer({ secure: true });
    await send({ secure: true });
    expect(server.mails[0]!.isSafe).to.equal(true);
  });

  it('does not go in clear, and does not say the password to whoever offers no TLS', async () => {
    server = await startMailServer({ inClear: true });
    const error = await failure();
    expect(error.message).to.match(
      /^the mail server 127\.0\.0\.1:\d+ offers no TLS.*; check host, port and secure$/,
    );
    expect([error.isTransient, server.mails.length]).to.deep.equal([false, 0]);
  });

  it('does not go to a server whose certificate nobody knows', async () => {
    server = await startMailServer();
    const error = await rejection(createMailer().send(at(server), MAIL, signal));
    expect(error.message).to.contain('has a certificate that is not trusted');
    expect(server.mails).to.deep.equal([]);
  });

  it('with a wrong password fails for good, and the password is not told', async () => {
    server = await startMailServer();
    const login = { username: LOGIN.username, password: new SecretText('canary-wrong') };
    const error = await failure({ login });
    expect(error.isTransient).to.equal(false);
    expect(error.message).to.match(
      /refused the login: .*; check username and the variable that password_env names$/,
    );
    expect(error.message).to.contain('[secret]').and.not.to.contain('canary-wrong');
  });

  it('that some recipients are refused goes to the others, and says whom not', async () => {
    server = await startMailServer();
    server.refuse('b@example.com', 550);
    expect(await send()).to.deep.equal({ refused: ['b@example.com'] });
    expect(server.mails[0]!.to).to.deep.equal(['a@example.com']);
  });

  it('that nobody may get now is one to try again, and one that nobody may ever get is not', async () => {
    server = await startMailServer();
    for (const [status, isTransient] of [
      [450, true],
      [550, false],
    ] as const) {
      for (const address of MAIL.to) server.refuse(address, status);
      const error = await failure();
      expect([error.isTransient, error.message]).to.deep.equal([isTransient, error.message]);
      expect(error.message).to.match(/refused the sender or the recipients: .*; check from and recipients$/);
    }
  });

  it('is one to try again when nobody listens', async () => {
    server = await startMailServer();
    await server.stop();
    const error = await failure();
    expect(error.isTransient).to.equal(true);
    expect(error.message).to.contain('cannot be reached').and.to.contain('ECONNREFUSED');
    await server.start();
    await send();
  });

  it('is given up at once when it is not to be sent any more', async () => {
    server = await startMailServer();
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const stop = new AbortController();
    const { port } = silent.address() as AddressInfo;
    silent.once('connection', () => stop.abort(new Error('stopped')));
    const error = await rejection(createMailer().send(at({ port }), MAIL, stop.signal));
    expect(error.message).to.equal('stopped');
    silent.close();
  });
});
