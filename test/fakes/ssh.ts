import { Duplex } from 'node:stream';
import {
  commandFailed,
  commandTimedOut,
  describeCommand,
  forwardRefused,
  keyMismatch,
  keyUnknown,
  loginRefused,
  stopped,
  tooLong,
  unreachable,
} from '../../clients/ssh/failures.ts';
import { publicKeyOf } from '../../clients/ssh/key-pair.ts';
import { quoteCommand } from '../../clients/ssh/quote.ts';
import type { CommandResult, HostAccess, RunOptions, SshHost, SshPool } from '../../clients/ssh/ssh.ts';

/** What a command does on a fake host; `hang` never ends. */
type Answer = Partial<Pick<CommandResult, 'code' | 'stdout' | 'stderr'>> | 'hang';

/** A machine that answers by a script. */
interface FakeHost {
  /** The fingerprint of its host key. */
  hostKey: string;
  /** Whether that public key (type and base64) may log in; any may by default. */
  letsIn?: (publicKey: string) => boolean;
  /** What it says to a command; undefined for one that no test expects, which then fails the test. */
  answer?: (argv: readonly string[], stdin: string) => Answer | undefined;
  /** By path. */
  readonly files: Map<string, string>;
}

/** Something that was done on a host. */
interface RecordedCall {
  address: string;
  argv: readonly string[];
}

/** Hosts by address, for tests to script, break and question. An address without one cannot be reached. */
export interface FakeSsh extends SshPool {
  readonly hosts: Map<string, FakeHost>;
  /** Commands and, as `write PATH`, files; in order. */
  readonly calls: RecordedCall[];
  /** The next call rejects with the error; with `afterEffect` it takes place all the same. */
  failNext(error: Error, options?: { afterEffect: boolean }): void;
}

/** No host at all. */
export function fakeSsh(): FakeSsh {
  const hosts = new Map<string, FakeHost>();
  const calls: RecordedCall[] = [];
  const failures: { error: Error; afterEffect: boolean }[] = [];
  let isClosed = false;

  function logIn(access: HostAccess, doing: string, signal: AbortSignal | undefined): FakeHost {
    if (signal?.aborted) throw stopped(access, doing);
    if (access.hostKeys.length === 0) throw keyUnknown(access);
    const host = hosts.get(access.address);
    if (isClosed || host === undefined) throw unreachable(access, 'nothing is there');
    if (!access.hostKeys.includes(host.hostKey)) throw keyMismatch(access, host.hostKey);
    if (host.letsIn !== undefined && !host.letsIn(publicKeyOf(access.privateKey.reveal())))
      throw loginRefused(access, access.user);
    return host;
  }

  async function perform<R>(
    access: HostAccess,
    argv: readonly string[],
    effect: () => R,
  ): Promise<Awaited<R>> {
    calls.push({ address: access.address, argv });
    const failure = failures.shift();
    if (failure !== undefined && !failure.afterEffect) throw failure.error;
    const result = await effect();
    if (failure !== undefined) throw failure.error;
    return result;
  }

  function hostAt(access: HostAccess): SshHost {
    async function run(argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
      quoteCommand(argv);
      const host = logIn(access, describeCommand(argv), options.signal);
      const stdin = await readAll(options.stdin);
      return await perform(access, argv, () => {
        const answer = host.answer?.(argv, stdin);
        if (answer === undefined) throw new Error(`No test expects ${describeCommand(argv)} on a host.`);
        return answer === 'hang' ? hang(access, argv, options) : resultOf(access, argv, answer, options);
      });
    }
    return {
      run,
      async succeed(argv, options) {
        const result = await run(argv, options);
        if (result.code !== 0) throw commandFailed(access, describeCommand(argv), result);
        return result;
      },
      async writeFile(path, content, _attributes, { signal } = {}) {
        const host = logIn(access, `writing ${path}`, signal);
        await perform(access, ['write', path], () => host.files.set(path, Buffer.from(content).toString()));
      },
      async forward(address, port, { signal } = {}) {
        const target = `${address} port ${port}`;
        logIn(access, target, signal);
        if (!hosts.has(address))
          throw forwardRefused(access, target, { message: 'Connection refused', code: 2 });
        return await perform(access, ['forward', target], () => Duplex.from([Buffer.from(target)]));
      },
      async hostKey({ signal } = {}) {
        return `ssh-ed25519 ${logIn(access, 'the login', signal).hostKey}`;
      },
    };
  }

  return {
    hosts,
    calls,
    failNext: (error, { afterEffect } = { afterEffect: false }) => void failures.push({ error, afterEffect }),
    host: hostAt,
    close: () => void (isClosed = true),
  };
}

function resultOf(
  access: HostAccess,
  argv: readonly string[],
  { code = 0, stdout = '', stderr = '' }: Exclude<Answer, 'hang'>,
  { maxOutputBytes = 1024 * 1024 }: RunOptions,
): CommandResult {
  const stdoutBytes = Buffer.from(stdout);
  if (stdoutBytes.length > maxOutputBytes) throw tooLong(access, argv, maxOutputBytes);
  return { code, stdout, stdoutBytes, stderr };
}

/** Time stands still here: a command whose caller cannot stop it has used its time up at once. */
function hang(
  access: HostAccess,
  argv: readonly string[],
  { timeoutMs = 60_000, signal }: RunOptions,
): Promise<never> {
  if (signal === undefined) return Promise.reject(commandTimedOut(access, argv, timeoutMs));
  return new Promise((_, reject) => {
    const stop = (): void => reject(stopped(access, describeCommand(argv)));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}

async function readAll(stdin: RunOptions['stdin'] = ''): Promise<string> {
  if (typeof stdin === 'string' || stdin instanceof Uint8Array) return Buffer.from(stdin).toString();
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}
