import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { createTlsIdentity } from '../../standalone/certificates.ts';

/** A mail as it came over the wire. */
export interface ReceivedMail {
  from: string;
  to: string[];
  /** Its headers and parts, without the line breaks that its encoding put into long lines. */
  raw: string;
  /** It came over TLS, from somebody who had logged in. */
  isSafe: boolean;
}

/** A real SMTP server that takes one login, and does not keep what it says for itself. */
export interface MailServer {
  readonly port: number;
  /** What its certificate is signed by. */
  readonly ca: string;
  readonly mails: readonly ReceivedMail[];
  /** The first so many mails, as soon as they are there. */
  received(count: number): Promise<readonly ReceivedMail[]>;
  /** Answers these recipients with that status; without a status they are taken again. */
  refuse(address: string, status?: number): void;
  /** Ends it: its port refuses connections. */
  stop(): Promise<void>;
  /** On the same port. */
  start(): Promise<void>;
}

export const LOGIN = { username: 'dropfleet', password: 'canary-pa55word' };

interface ServerOptions {
  /** TLS from the first byte. */
  secure?: boolean;
  /** It offers no STARTTLS. */
  inClear?: boolean;
}

/** Starts one on loopback. */
export async function startMailServer({
  secure = false,
  inClear = false,
}: ServerOptions = {}): Promise<MailServer> {
  const { authority, server: own } = createTlsIdentity(Date.now());
  const mails: ReceivedMail[] = [];
  const refusals = new Map<string, number>();
  let waiting: { count: number; resolve: () => void }[] = [];
  let server: SMTPServer;
  let port = 0;

  const create = (): SMTPServer =>
    new SMTPServer({
      secure,
      key: own.key,
      cert: own.certificate,
      ...(inClear && { disabledCommands: ['STARTTLS'] }),
      disableReverseLookup: true,
      closeTimeout: 1,
      onAuth({ username, password }, _session, callback) {
        if (username === LOGIN.username && password === LOGIN.password) callback(null, { user: username });
        // As some servers do, it says more than it should.
        else callback(new Error(`no such login: ${password}`));
      },
      onRcptTo({ address }, _session, callback) {
        const status = refusals.get(address);
        if (status === undefined) callback();
        else callback(Object.assign(new Error('not this one'), { responseCode: status }));
      },
      onData(stream, session, callback) {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          mails.push({
            from: mailFrom === false ? '' : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            raw: Buffer.concat(chunks).toString('utf8').replaceAll('=\r\n', ''),
            isSafe: session.secure && session.user === LOGIN.username,
          });
          callback();
          for (const { resolve } of waiting.filter(({ count }) => mails.length >= count)) resolve();
          waiting = waiting.filter(({ count }) => mails.length < count);
        });
      },
    });

  async function start(): Promise<void> {
    server = create();
    server.on('error', () => undefined);
    const listener = server.listen(port, '127.0.0.1');
    await once(listener, 'listening');
    port = (listener.address() as AddressInfo).port;
  }

  await start();
  return {
    get port() {
      return port;
    },
    ca: authority,
    mails,
    received: count =>
      new Promise(resolve => {
        const done = (): void => resolve(mails.slice(0, count));
        if (mails.length >= count) done();
        else waiting.push({ count, resolve: done });
      }),
    refuse(address, status) {
      if (status === undefined) refusals.delete(address);
      else refusals.set(address, status);
    },
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve());
      }),
    start,
  };
}
