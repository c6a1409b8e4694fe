import { DeliveryError, isPassing, post, quoteReply } from '../delivery.ts';
import type { HiddenText } from '../ssh/ssh.ts';

/**
 * Posts one JSON value. Of the address, errors name the host alone: Slack's and Discord's are secrets by their path.
 *
 * @throws DeliveryError unless the answer is 2xx.
 */
export async function postWebhook(url: HiddenText, value: unknown, signal: AbortSignal): Promise<void> {
  const address = url.reveal();
  const parsed = URL.parse(address);
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol))
    throw new DeliveryError('the address of the webhook is none; it must begin with https://', false);
  const who = `the webhook at ${parsed.host}`;
  const headers = { 'content-type': 'application/json', 'user-agent': 'dropfleet' };
  const { status, text } = await post(address, { headers, body: JSON.stringify(value), who }, signal);
  if (status >= 200 && status < 300) return;
  const said = quoteReply(text === '' ? 'nothing more' : text, address, parsed.pathname.slice(1));
  const next = isPassing(status) ? 'it is tried again' : 'check its address and template';
  throw new DeliveryError(`${who} answered ${status}: ${said}; ${next}`, isPassing(status));
}
