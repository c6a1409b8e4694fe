import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/server.ts';

/** What a request to a sandbox came to. */
export interface TestReply {
  status: number;
  headers: Headers;
  /** The parsed JSON; undefined when there was no body. */
  body: any; // oxlint-disable-line typescript/no-explicit-any -- tests reach into replies of every shape
  text: string;
}

/** A sandbox whose time passes only by `pass`. */
export interface TestSandbox {
  sandbox: Sandbox;
  /** Sends a request with a valid token; a body goes as JSON. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<TestReply>;
  post(path: string, body?: unknown): Promise<TestReply>;
  /** The body of what a GET is answered with. */
  read(path: string): Promise<TestReply['body']>;
  /** The id of a new droplet that has booted. */
  droplet(changes?: Record<string, unknown>): Promise<number>;
  /** Lets so many milliseconds pass. */
  pass(ms: number): void;
  /** The time it is. */
  now(): number;
}

export const TEST_START = Date.parse('2026-01-01T00:00:00Z');
export const TEST_BOOT_MS = 10_000;
export const TEST_KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBEX0ZQ6mYQZ1c3XQbJ8dJm0V6cQ9JZ8yS5XoTz0Hk1w someone';

/** The same numbers at every run. */
export function seededRandom(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A body for POST /v2/droplets. */
export const dropletBody = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: 'shop-web1',
  region: 'nyc3',
  size: 's-1vcpu-1gb',
  image: 'debian-13-x64',
  ...changes,
});

/** Starts a sandbox on any port, with a clock that stands at TEST_START and a boot of TEST_BOOT_MS. */
export async function startTestSandbox(
  options: Partial<SandboxOptions> = {},
  start = TEST_START,
): Promise<TestSandbox> {
  let time = start;
  const sandbox = await startSandbox({
    port: 0,
    bootDelayMs: TEST_BOOT_MS,
    now: () => time,
    random: seededRandom(),
    ...options,
  });
  const post = (path: string, body?: unknown): Promise<TestReply> => send(sandbox.url, 'POST', path, body);
  return {
    sandbox,
    send: (method, path, body, headers) => send(sandbox.url, method, path, body, headers),
    post,
    read: async path => (await send(sandbox.url, 'GET', path)).body,
    async droplet(changes) {
      const { body } = await post('/v2/droplets', dropletBody(changes));
      time += options.bootDelayMs ?? TEST_BOOT_MS;
      return body.droplet.id;
    },
    pass: ms => {
      time += ms;
    },
    now: () => time,
  };
}

async function send(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<TestReply> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: 'Bearer test-token', 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : undefined,
    text,
  };
}
