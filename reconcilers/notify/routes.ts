import { createHash } from 'node:crypto';
import { DeliveryError } from '../../clients/delivery.ts';
import type { Mailer } from '../../clients/mail/mail.ts';
import type { sendSms } from '../../clients/sms/sms.ts';
import type { HiddenText } from '../../clients/ssh/ssh.ts';
import type { postWebhook } from '../../clients/webhook/webhook.ts';
import type { EmailConfig } from '../../config/email-config.ts';
import type { NotificationConfig } from '../../config/notification-config.ts';
import type { SmsConfig } from '../../config/sms-config.ts';
import type { WebhookConfig } from '../../config/webhook-config.ts';
import type { SecretVariables } from '../secrets/values.ts';
import type { Digest } from './digest-plan.ts';
import type { Heartbeat } from './heartbeat-plan.ts';
import type { Channel } from './notice.ts';
import { renderWebhook } from './render-webhook.ts';
import { renderHeartbeat, renderMail, renderSms, type MailText, type Sender } from './render.ts';

/** What hands messages over. */
export interface Transports {
  mail: Mailer;
  sms: typeof sendSms;
  webhook: typeof postWebhook;
}

/** One way to one or more people, which works or fails as a whole. */
export interface Route {
  /** What the outbox knows it by. */
  name: string;
  channel: Channel;
  /** What it is called before people, without a secret: `mail to 2`, `SMS to ...0009`. */
  label: string;
  /**
   * Sends a digest. Answers with what is to be remarked of it nevertheless.
   *
   * @param id tells this message from others; the same one again is the same message.
   * @throws DeliveryError when nobody got it.
   */
  send(digest: Digest, id: string, signal: AbortSignal): Promise<string | undefined>;
  /** Sends a heartbeat, where this route carries any. */
  beat?: (heartbeat: Heartbeat, id: string, signal: AbortSignal) => Promise<string | undefined>;
}

/** What routes are made with. */
export interface RouteParts {
  sender: Sender;
  transports: Transports;
  /** Where the passwords are that the files name. */
  variables: Pick<SecretVariables, 'valueOf'>;
  now: () => number;
}

/** The ways to people that the files name. What they need besides is looked for only when something is sent. */
export const routesOf = (
  { email, sms, webhook }: Pick<NotificationConfig, 'email' | 'sms' | 'webhook'>,
  parts: RouteParts,
): Route[] => [
  ...(email ? [mailRoute(email, parts)] : []),
  ...(sms ? sms.recipients.map(to => smsRoute(sms, to, parts)) : []),
  ...(webhook ? [webhookRoute(webhook, parts)] : []),
];

function mailRoute(config: EmailConfig, { sender, transports, variables }: RouteParts): Route {
  const { from, recipients: to } = config;
  async function send(text: MailText, id: string, signal: AbortSignal): Promise<string | undefined> {
    const { login, ...server } = config.smtp;
    const password =
      login && ('password' in login ? login.password : valueOf(login.passwordVariable, variables));
    const full = { ...server, ...(login && { login: { username: login.username, password: password! } }) };
    const { refused } = await transports.mail.send(
      full,
      { from, to, ...text, messageId: messageId(id, from) },
      signal,
    );
    if (refused.length === 0) return undefined;
    return `the mail server refused ${refused.join(', ')}; check recipients in email_config.json`;
  }
  return {
    name: 'mail',
    channel: 'mail',
    label: `mail to ${to.length === 1 ? to[0] : `${to.length} recipients`}`,
    send: (digest, id, signal) => send(renderMail(digest, sender), id, signal),
    beat: (heartbeat, id, signal) => send(renderHeartbeat(heartbeat, sender), id, signal),
  };
}

/** A message that is sent again because nobody knows whether it arrived can be told by it. */
const messageId = (id: string, from: string): string =>
  `<${hash(id)}@${/@([^\s@<>]+)>?$/.exec(from)?.[1] ?? 'dropfleet'}>`;

function smsRoute(config: SmsConfig, to: string, { sender, transports, variables }: RouteParts): Route {
  return {
    // Of the outbox anybody who may read ConfigMaps could else make an address book.
    name: `sms-${hash(to).slice(0, 12)}`,
    channel: 'sms',
    label: `SMS to ...${to.slice(-4)}`,
    async send(digest, _id, signal) {
      const sid = valueOf(config.accountVariable, variables);
      const token = valueOf(config.tokenVariable, variables);
      const message = { from: config.from, to, body: renderSms(digest, sender) };
      await transports.sms({ apiUrl: config.apiUrl, sid, token }, message, signal);
      return undefined;
    },
  };
}

function webhookRoute({ address, form }: WebhookConfig, parts: RouteParts): Route {
  const { sender, transports, variables, now } = parts;
  return {
    name: 'webhook',
    channel: 'webhook',
    label: `webhook (${'body' in form ? 'own body' : form.template})`,
    async send(digest, _id, signal) {
      const url = 'url' in address ? address.url : valueOf(address.variable, variables);
      await transports.webhook(url, renderWebhook(digest, sender, form, now()), signal);
      return undefined;
    },
  };
}

function valueOf(name: string, variables: Pick<SecretVariables, 'valueOf'>): HiddenText {
  const value = variables.valueOf(name);
  if (value !== undefined) return value;
  throw new DeliveryError(`${name} is not set; put it into .env or the environment`, false);
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
