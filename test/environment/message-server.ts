import { EventEmitter, once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { startBackend } from './backends.ts';

/** A POST as it came. */
export interface ReceivedPost {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

interface Reply {
  status: number;
  body: string;
}

/** An HTTP server that takes text messages as Twilio's API does, and webhooks on every other path. */
export interface MessageServer {
  readonly url: string;
  /** In order of arrival. */
  readonly posts: readonly ReceivedPost[];
  /** Resolves once so many have come. */
  received(count: number): Promise<void>;
  /** What it answers from now on; without it, it takes everything. */
  answer(reply?: Reply | ((path: string) => Reply)): void;
  close(): Promise<void>;
}

/** Starts one on loopback. */
export async function startMessageServer(): Promise<MessageServer> {
  const posts: ReceivedPost[] = [];
  let reply: Reply | ((path: string) => Reply) | undefined;
  const arrivals = new EventEmitter();
  const backend = await startBackend('127.0.0.1', (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      const body = Buffer.concat(chunks).toString('utf8');
      posts.push({ path, headers: request.headers, body });
      arrivals.emit('post');
      const { status, body: text } =
        (typeof reply === 'function' ? reply(path) : reply) ?? taken(path, new URLSearchParams(body));
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    });
  });
  return {
    url: `http://${backend.address}`,
    posts,
    async received(count) {
      while (posts.length < count) await once(arrivals, 'post');
    },
    answer: next => void (reply = next),
    close: () => backend.close(),
  };
}

/** As Twilio's documentation of the Message resource has it. */
function taken(path: string, form: URLSearchParams): Reply {
  const account = /^\/2010-04-01\/Accounts\/(AC[^/]+)\/Messages\.json$/.exec(path)?.[1];
  if (account === undefined) return { status: 200, body: 'ok' };
  const sid = 'SM0123456789abcdef0123456789abcdef';
  const message = {
    account_sid: account,
    api_version: '2010-04-01',
    body: form.get('Body'),
    date_created: 'Thu, 01 Jan 2026 00:00:00 +0000',
    date_sent: null,
    direction: 'outbound-api',
    error_code: null,
    error_message: null,
    from: form.get('From'),
    num_segments: '1',
    sid,
    status: 'queued',
    to: form.get('To'),
    uri: `/2010-04-01/Accounts/${account}/Messages/${sid}.json`,
  };
  return { status: 201, body: JSON.stringify(message) };
}

/** As Twilio refuses. */
export const refusal = (status: number, code: number, message: string): Reply => ({
  status,
  body: JSON.stringify({ code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status }),
});
