import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';
import type { SecretText } from '../../config/secret-text.ts';

/** Who asks. */
export interface Visitor {
  /** The address that the connection comes from. */
  remoteAddress: string | undefined;
  headers: IncomingHttpHeaders;
}

/** Why somebody may not see the page. */
export interface Refusal {
  status: 401 | 403;
  message: string;
  /** The browser is to ask for the token. */
  asks?: true;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const LOOPBACK_NAME = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** What proxies add: who comes through one on this machine comes from elsewhere. */
const PROXIED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const;

/**
 * Whether somebody may see the page. By the first line that holds:
 *
 *     a page of another site asks                             | no
 *     this machine asks, under a name of its own (a page of   | yes
 *       another site that got itself such an address has none) |
 *     the token comes with it, as a password or a bearer's    | yes
 *     there is a token                                        | no: it is asked for
 *     anything else                                           | no
 *
 * @param token DROPFLEET_PAGE_TOKEN.
 */
export function refusalOf(visitor: Visitor, token: SecretText | undefined): Refusal | undefined {
  if (isOfAnotherSite(visitor)) return { status: 403, message: 'pages of other sites may not read this one' };
  if (isLocal(visitor)) return undefined;
  if (token === undefined)
    return {
      status: 403,
      message:
        'the page is shown on loopback alone: use "kubectl port-forward" or "ssh -L", or set DROPFLEET_PAGE_TOKEN',
    };
  if (isEqual(givenIn(visitor.headers), token.reveal())) return undefined;
  return { status: 401, message: 'the password is the value of DROPFLEET_PAGE_TOKEN', asks: true };
}

function isOfAnotherSite({ headers: { origin, host } }: Visitor): boolean {
  return origin !== undefined && URL.parse(origin)?.host !== host?.toLowerCase();
}

function isLocal({ remoteAddress = '', headers }: Visitor): boolean {
  const address = remoteAddress.replace(/^::ffff:/, '');
  const isLoopback = LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  const isProxied = PROXIED.some(name => headers[name] !== undefined);
  return isLoopback && !isProxied && LOOPBACK_NAME.test(headers.host ?? '');
}

/** Of `Bearer TOKEN`, and of `Basic` with any user and the token as password: browsers ask for that by themselves. */
function givenIn({ authorization = '' }: IncomingHttpHeaders): string {
  const [, scheme, value] = /^(bearer|basic) +(\S+)$/i.exec(authorization) ?? [];
  if (scheme === undefined || value === undefined) return '';
  if (scheme.toLowerCase() === 'bearer') return value;
  const text = Buffer.from(value, 'base64').toString();
  return text.slice(text.indexOf(':') + 1);
}

/** By digests of one length: how long the comparison takes tells nothing. */
const isEqual = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
