import { isIPv4 } from 'node:net';

/** Asks one echo service and answers with the body of its reply. Rejects when there is none. */
export type AskEcho = (url: string, signal: AbortSignal) => Promise<string>;

/** What an echo service answers is an address and nothing else. */
const LONGEST_ANSWER = 200;

/** So many services must have answered, so that none alone decides who may use SSH; one if only one was named. */
const ANSWERS_NEEDED = 2;

/**
 * The IPv4 address that the internet sees this machine under, by services that answer with the address they are
 * asked from. All are asked; those that answer must be enough, and must agree: with two ways out, or a proxy on one of
 * them, it would be a guess which of them droplets see. Rejects with a sentence that says what to do.
 */
export async function findOwnAddress(
  urls: readonly string[],
  ask: AskEcho,
  signal: AbortSignal,
): Promise<string> {
  const services = [...new Set(urls)];
  const answers = await Promise.all(
    services.map(async url => ({ url, address: await addressFrom(url, ask, signal) })),
  );
  signal.throwIfAborted();
  const answered = answers.filter(answer => answer.address !== undefined);
  const [address] = new Set(answered.map(answer => answer.address));
  const isEnough = answered.length >= Math.min(ANSWERS_NEEDED, services.length);
  if (address !== undefined && isEnough && answered.every(answer => answer.address === address))
    return address;
  const why =
    answered.length === 0
      ? `none of ${services.join(', ')} told it`
      : `${answered.map(answer => `${answer.url} told ${answer.address}`).join(', ')}${isEnough ? '' : ', and no other anything'}`;
  throw new AddressUnknown(
    `the address that droplets see this operator under could not be found out (${why}): set DROPFLEET_OPERATOR_IP to it; firewalls stay as they are until then`,
  );
}

/** Undefined for a service that cannot be asked, or whose answer is no address. */
async function addressFrom(url: string, ask: AskEcho, signal: AbortSignal): Promise<string | undefined> {
  const answer = await ask(url, signal).catch(() => '');
  const text = answer.slice(0, LONGEST_ANSWER).trim();
  return isIPv4(text) ? text : undefined;
}

/** The own address could not be found out; the message says what to do. */
class AddressUnknown extends Error {
  override readonly name = 'AddressUnknown';
}
