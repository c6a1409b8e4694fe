import { createTransport } from 'nodemailer';
import { DeliveryError, quoteReply } from '../delivery.ts';
import type { HiddenText } from '../ssh/ssh.ts';

/** One mail, as text and as HTML. */
export interface Mail {
  /** An address, or `Name <address>`. */
  from: string;
  to: readonly string[];
  subject: string;
  text: string;
  html: string;
  /** `<word@domain>`: who gets the mail twice can tell by it. */
  messageId: string;
}

/** Who takes mail from us. */
export interface MailServer {
  host: string;
  port: number;
  /** TLS from the first byte; otherwise STARTTLS, and nothing is said before it. */
  secure: boolean;
  login?: { username: string; password: HiddenText };
}

/** The way to mail servers. */
export interface Mailer {
  /**
   * Hands one mail over, on a connection of its own. Answers with the addresses that the server did not take, while it
   * took others.
   *
   * @throws DeliveryError when it took none.
   */
  send(server: MailServer, mail: Mail, signal: AbortSignal): Promise<{ refused: readonly string[] }>;
}

/** Milliseconds. Nodemailer's own are minutes, in which nothing else would be sent. */
const TIMEOUTS = {
  dnsTimeout: 10_000,
  connectionTimeout: 15_000,
  greetingTimeout: 15_000,
  socketTimeout: 30_000,
  // The server has taken the mail by then, and owes nothing.
  socketCloseTimeout: 0,
};

/** @param ca certificates to trust instead of the system's, for tests. */
export const createMailer = ({ ca }: { ca?: string } = {}): Mailer => ({
  async send({ login, ...server }, mail, signal) {
    const transport = createTransport({
      ...server,
      ...TIMEOUTS,
      requireTLS: !server.secure,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(login && { auth: { user: login.username, pass: login.password.reveal() } }),
      ...(ca !== undefined && { tls: { ca } }),
    });
    try {
      // Automatic replies to what nobody reads would come every quarter of an hour.
      const headers = { 'Auto-Submitted': 'auto-generated' };
      const { rejected } = await transport.sendMail({ ...mail, to: [...mail.to], headers, signal });
      return { refused: rejected };
    } catch (error) {
      signal.throwIfAborted();
      throw toDeliveryError(error, { ...server, ...(login && { login }) });
    } finally {
      transport.close();
    }
  },
});

interface SmtpFailure extends Error {
  code?: string;
  responseCode?: number;
  response?: string;
}

function toDeliveryError(error: unknown, server: MailServer): DeliveryError {
  const { code = '', responseCode, response, message } = error as SmtpFailure;
  const password = server.login?.password.reveal() ?? '';
  const said = quoteReply(response ?? message, password, Buffer.from(password).toString('base64'));
  const reason = responseCode === undefined && /certificate/i.test(message) ? 'ECERTIFICATE' : code;
  const { cause, next, isPermanent } = EXPLANATIONS[reason] ?? UNREACHABLE;
  // 4xx: not now. 5xx: not so (RFC 5321, 4.2.1). Without a reply it is the network, or the configuration.
  const isTransient = responseCode === undefined ? !isPermanent : responseCode < 500;
  return new DeliveryError(
    `the mail server ${server.host}:${server.port} ${cause}: ${said}; ${next}`,
    isTransient,
  );
}

interface Explanation {
  /** In words that follow the server's name. */
  cause: string;
  next: string;
  /** It does not pass by itself. */
  isPermanent: boolean;
}

const UNREACHABLE: Explanation = {
  cause: 'cannot be reached',
  next: 'check host, port and secure, and the network',
  isPermanent: false,
};

/** By nodemailer's codes, and one of our own. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  EAUTH: {
    cause: 'refused the login',
    next: 'check username and the variable that password_env names',
    isPermanent: true,
  },
  ENOAUTH: { cause: 'takes no such login', next: 'check username and password_env', isPermanent: true },
  ETLS: { cause: 'offers no TLS', next: 'check host, port and secure', isPermanent: true },
  ECERTIFICATE: {
    cause: 'has a certificate that is not trusted',
    next: 'check host, or name the file of its CA in NODE_EXTRA_CA_CERTS',
    isPermanent: true,
  },
  EENVELOPE: {
    cause: 'refused the sender or the recipients',
    next: 'check from and recipients',
    isPermanent: true,
  },
  EMESSAGE: { cause: 'refused the mail', next: 'ask who runs it', isPermanent: true },
};
