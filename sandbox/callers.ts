import type { IncomingMessage } from 'node:http';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Why a request is not answered; undefined when it is. Any token will do here, and user data runs as root: a web page
 * must not get at the sandbox through its reader's browser, be it by a name of its own that leads to this machine, which
 * the Host tells, or by a form, which the Origin tells.
 */
export function refusalOf({ headers, socket }: IncomingMessage): string | undefined {
  const { host, origin } = headers;
  const name = host === undefined ? 'localhost' : URL.parse(`http://${host}`)?.hostname;
  if (name === undefined || !(LOOPBACK.test(name) || name === hostOf(socket.localAddress)))
    return `The sandbox is not known as ${JSON.stringify(host)}: use localhost, or the address that it listens on.`;
  if (origin !== undefined && URL.parse(origin)?.host !== host)
    return 'The sandbox answers no page of another origin.';
  return undefined;
}

/** An address as it stands in a URL. */
function hostOf(address = ''): string {
  const plain = address.replace(/^::ffff:/, '');
  return plain.includes(':') ? `[${plain}]` : plain;
}
