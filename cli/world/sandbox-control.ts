import { join } from 'node:path';
import { CommandFailure } from '../failure.ts';
import { SANDBOX_PORT, type GlobalOptions } from '../options.ts';
import { findDaemon } from './daemon-file.ts';

/** What commands take that talk to a sandbox that runs. */
export interface SandboxOptions extends GlobalOptions {
  /** Where it is; without it, the one of `dropfleet up`, else that of `dropfleet sandbox`. */
  url?: string;
}

/** A docker host that crashed has to boot. */
const TIMEOUT = 120_000;

/**
 * Asks the sandbox's own API, below /sandbox. Rejects with CommandFailure: with the sandbox's words when it
 * refuses, and with what to do when there is none.
 */
export async function askSandbox<T>(
  options: SandboxOptions,
  method: 'GET' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<T> {
  const url = await sandboxUrl(options);
  const response = await fetch(new URL(`/sandbox/${path}`, url), {
    method,
    signal: AbortSignal.timeout(TIMEOUT),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch(() => undefined);
  const reply = await response?.json().catch(() => undefined);
  if (response === undefined || typeof reply !== 'object')
    throw new CommandFailure(
      `no sandbox answers at ${url}: start one with "dropfleet up" or "dropfleet sandbox", or name its address with --url`,
    );
  if (!response.ok) throw new CommandFailure((reply as { message: string }).message, 2);
  return reply as T;
}

async function sandboxUrl({ url, stateDir }: SandboxOptions): Promise<string> {
  if (url !== undefined) return url;
  const daemon = await findDaemon(join(stateDir, 'sandbox'));
  return daemon?.sandboxUrl ?? `http://127.0.0.1:${SANDBOX_PORT}`;
}
