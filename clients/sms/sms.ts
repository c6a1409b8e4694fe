import { DeliveryError, isPassing, post, quoteReply } from '../delivery.ts';
import type { HiddenText } from '../ssh/ssh.ts';

/** An account of an API that sends text messages as Twilio's does. */
export interface SmsAccount {
  /** Without a slash at the end. */
  apiUrl: string;
  sid: HiddenText;
  token: HiddenText;
}

/** One text message to one person. */
export interface TextMessage {
  /** A number in E.164 form, or a sender name. */
  from: string;
  /** A number in E.164 form. */
  to: string;
  body: string;
}

/**
 * Hands one text message over; the API queues it. One whose answer was lost may come twice, as the API takes no key
 * by which it could tell.
 *
 * @throws DeliveryError when it was not taken.
 */
export async function sendSms(
  { apiUrl, sid, token }: SmsAccount,
  { from, to, body }: TextMessage,
  signal: AbortSignal,
): Promise<void> {
  const account = sid.reveal();
  const login = Buffer.from(`${account}:${token.reveal()}`).toString('base64');
  const url = `${apiUrl}/2010-04-01/Accounts/${encodeURIComponent(account)}/Messages.json`;
  const who = `the SMS API ${new URL(apiUrl).host}`;
  const reply = await post(
    url,
    {
      headers: {
        authorization: `Basic ${login}`,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: new URLSearchParams({ To: to, From: from, Body: body }).toString(),
      who,
    },
    signal,
  );
  if (reply.status >= 200 && reply.status < 300) return;
  const said = quoteReply(readRefusal(reply.text), account, token.reveal(), login);
  const isTransient = isPassing(reply.status);
  throw new DeliveryError(`${who} answered ${reply.status}: ${said}; ${nextStep(reply.status)}`, isTransient);
}

function nextStep(status: number): string {
  if (isPassing(status)) return 'it is tried again';
  return status === 401 || status === 403
    ? 'check the variables that account_sid_env and auth_token_env name'
    : 'check from and recipients in sms_config.json';
}

/** Twilio's refusals are JSON: `{code, message, more_info, status}`; a gateway's are not. */
function readRefusal(text: string): string {
  try {
    const { code, message } = JSON.parse(text) as { code?: unknown; message?: unknown };
    if (typeof message === 'string') return typeof code === 'number' ? `${message} (${code})` : message;
  } catch {
    // It says what it says.
  }
  return text === '' ? 'nothing more' : text;
}
