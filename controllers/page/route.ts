import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SecretText } from '../../config/secret-text.ts';
import type { Route } from '../runtime/route.ts';
import { refusalOf, type Refusal } from './admission.ts';
import { isAsset, readAsset } from './assets.ts';
import type { Feed } from './feed.ts';

/** What the page is made of. */
export interface PageOptions {
  /** Who is not on this machine needs it; nobody else may look when absent. */
  token?: SecretText;
  /** The fleet as JSON, in one line. */
  read: () => string;
  feed: Feed;
}

/** Nothing but what comes from here runs or is loaded, nothing is framed, and nobody is told where somebody comes from. */
const SECURITY = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache',
};

/** `/`, the page; `/fleet`, what it shows, as JSON; `/fleet/stream`, the same again and again as it changes. */
export function createPageRoute({ token, read, feed }: PageOptions): Route {
  return {
    answer(request, response, { pathname }) {
      const isFleet = pathname === '/fleet' || pathname === '/fleet/stream';
      if (!isFleet && !isAsset(pathname)) return false;
      const { remoteAddress } = request.socket;
      const refusal = refusalOf({ remoteAddress, headers: request.headers }, token);
      if (refusal !== undefined) refuse(response, refusal);
      else if (pathname === '/fleet/stream') stream(request, response, feed);
      else if (isFleet) sendFleet(response, read());
      else sendAsset(request, response, pathname).catch(() => response.destroy());
      return true;
    },
  };
}

function refuse(response: ServerResponse, { status, message, asks }: Refusal): void {
  response.writeHead(status, {
    ...SECURITY,
    'content-type': 'text/plain; charset=utf-8',
    ...(asks && { 'www-authenticate': 'Basic realm="dropfleet", charset="UTF-8"' }),
  });
  response.end(`${message}\n`);
}

function sendFleet(response: ServerResponse, text: string): void {
  response.writeHead(200, { ...SECURITY, 'content-type': 'application/json' });
  response.end(`${text}\n`);
}

async function sendAsset(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  const { type, content, etag } = await readAsset(path);
  const isKnown = request.headers['if-none-match'] === etag;
  response.writeHead(isKnown ? 304 : 200, { ...SECURITY, 'content-type': type, etag });
  response.end(isKnown ? undefined : content);
}

function stream(request: IncomingMessage, response: ServerResponse, feed: Feed): void {
  response.writeHead(200, {
    ...SECURITY,
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    // nginx and its like would gather what should be seen at once.
    'x-accel-buffering': 'no',
  });
  if (request.method === 'HEAD') return void response.end();
  // A browser tries again by itself, after so many ms.
  response.write('retry: 2000\n\n');
  if (!feed.join(response)) response.end();
}
