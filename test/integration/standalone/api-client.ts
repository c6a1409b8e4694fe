import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';
import { parse } from 'yaml';

/** Any object, loosely: tests look at what they mean. */
export interface Thing {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion: string;
    generation?: number;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
    ownerReferences?: unknown[];
    continue?: string;
    remainingItemCount?: number;
  };
  spec?: Record<string, unknown>;
  status?: unknown;
  items?: Thing[];
  message?: string;
  reason?: string;
  code?: number;
  data?: Record<string, string>;
  details?: { causes?: { field: string; message: string; reason: string }[]; kind?: string };
}

/** A whole answer. */
export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
  /** The body; of no use when it is not JSON. */
  body: Thing;
}

/** A watch that is open. */
export interface Watch {
  /** The next event; undefined once the server has ended the watch. */
  next(): Promise<{ type: string; object: Thing } | undefined>;
  close(): void;
}

/** What may be said besides method, path and body. */
export interface Extras {
  type?: string;
  accept?: string;
  /** Without credentials. */
  anonymous?: boolean;
  headers?: Record<string, string>;
}

interface Credentials {
  server: string;
  ca: string;
  token: string | undefined;
  cert: string | undefined;
  key: string | undefined;
}

/** Plain HTTPS requests to the API server that a kubeconfig names. */
export class ApiClient {
  readonly #credentials: Credentials;
  readonly #agent: Agent;

  constructor(kubeconfig: string) {
    this.#credentials = readCredentials(kubeconfig);
    const { ca, cert, key } = this.#credentials;
    this.#agent = new Agent({
      keepAlive: true,
      ca,
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
  }

  get(path: string, extras?: Extras): Promise<Answer> {
    return this.send('GET', path, undefined, extras);
  }

  post(path: string, body: unknown, extras?: Extras): Promise<Answer> {
    return this.send('POST', path, body, extras);
  }

  put(path: string, body: unknown, extras?: Extras): Promise<Answer> {
    return this.send('PUT', path, body, extras);
  }

  /** A merge patch, unless `type` says otherwise. */
  patch(path: string, body: unknown, extras?: Extras): Promise<Answer> {
    return this.send('PATCH', path, body, { type: 'application/merge-patch+json', ...extras });
  }

  delete(path: string, body?: unknown, extras?: Extras): Promise<Answer> {
    return this.send('DELETE', path, body, extras);
  }

  /** A string is sent as it is, anything else as JSON. */
  async send(method: string, path: string, body?: unknown, extras: Extras = {}): Promise<Answer> {
    const response = await this.open(method, path, body, extras);
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const isJson = (response.headers['content-type'] ?? '').startsWith('application/json');
    const parsed = isJson ? (JSON.parse(text) as Thing) : ({} as Thing);
    return { status: response.statusCode!, headers: response.headers, text, body: parsed };
  }

  /** Resolves when the server has sent the headers. */
  async watch(path: string, extras: Extras = {}): Promise<Watch> {
    const response = await this.open('GET', path, undefined, extras);
    const lines = createInterface({ input: response })[Symbol.asyncIterator]();
    return {
      async next() {
        const line = await lines.next();
        return line.done === true ? undefined : (JSON.parse(line.value) as { type: string; object: Thing });
      },
      close: () => void response.destroy(),
    };
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Sends a request; nothing of the answer is read until the caller does. */
  open(method: string, path: string, body?: unknown, extras: Extras = {}): Promise<IncomingMessage> {
    const { server, ca, token } = this.#credentials;
    const isAnonymous = extras.anonymous === true;
    const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
    const headers = {
      ...extras.headers,
      accept: extras.accept ?? 'application/json',
      ...(text === undefined
        ? {}
        : {
            'content-type': extras.type ?? 'application/json',
            // Node frames the body of a DELETE only when it is told the length.
            'content-length': Buffer.byteLength(text),
          }),
      ...(token === undefined || isAnonymous ? {} : { authorization: `Bearer ${token}` }),
    };
    return new Promise((resolve, reject) => {
      const agent = isAnonymous ? new Agent({ ca }) : this.#agent;
      const call = request(`${server}${path}`, { method, headers, agent }, resolve);
      call.once('error', reject);
      call.end(text);
    });
  }
}

interface Kubeconfig {
  clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
  users: [{ user: { token?: string; 'client-certificate-data'?: string; 'client-key-data'?: string } }];
}

function readCredentials(kubeconfig: string): Credentials {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const [{ cluster }] = clusters;
  const [{ user }] = users;
  const decode = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : Buffer.from(text, 'base64').toString();
  return {
    server: cluster.server,
    ca: decode(cluster['certificate-authority-data'])!,
    token: user.token,
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  };
}
