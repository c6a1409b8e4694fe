import { once } from 'node:events';
import { constants } from 'node:os';
import type { ClientChannel } from 'ssh2';
import type { Clock } from '../clock.ts';
import { commandTimedOut, describeCommand, lost, stopped, tooLong } from './failures.ts';
import { keepAll, keepTail } from '../kept-output.ts';
import type { CommandResult, HostAccess, RunOptions } from './ssh.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_OUTPUT_BYTES = 1024 * 1024;

/** A command and where it runs. */
export interface Command extends RunOptions {
  readonly access: HostAccess;
  readonly argv: readonly string[];
}

/**
 * Sees a command through: feeds its stdin and takes its output until its channel closes. What ends it early
 * (time, the caller, too much output) rejects at once; the channel is then told to end and left alone.
 * @param opening what `Connection.exec` answered for it; its rejection is passed on as it is.
 */
export function followCommand(
  opening: Promise<ClientChannel>,
  command: Command,
  clock: Clock,
): Promise<CommandResult> {
  const { access, argv, signal, timeoutMs = DEFAULT_TIMEOUT_MS } = command;
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      cancelTimeout();
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: unknown): void => {
      settle();
      reject(error);
    };
    const giveUp = (error: unknown): void => {
      fail(error);
      // A channel that is still being opened is told as soon as it is there.
      opening.then(abandon, () => undefined);
    };
    const onAbort = (): void => giveUp(stopped(access, describeCommand(argv)));
    const cancelTimeout = clock.after(timeoutMs, () => giveUp(commandTimedOut(access, argv, timeoutMs)));
    signal?.addEventListener('abort', onAbort, { once: true });
    opening
      .then(channel => exchange(channel, command, giveUp))
      .then(result => {
        settle();
        resolve(result);
      }, fail);
  });
}

/** What ssh2 keeps to itself of a channel. */
interface Internals {
  outgoing: { id: number; state: string };
  _client: { _protocol: { signal(channel: number, name: string): void } };
}

/** Asks the process to end, and closes its input and output. */
function abandon(channel: ClientChannel): void {
  // `channel.signal` sends nothing any more when stdin has ended, which the protocol does not ask for.
  const { outgoing, _client: client } = channel as unknown as Internals;
  if (outgoing.state === 'open' || outgoing.state === 'eof') client._protocol.signal(outgoing.id, 'TERM');
  channel.close();
  // ssh2 tells of the end only when all that came before it was read.
  channel.resume();
  channel.stderr.resume();
}

async function exchange(
  channel: ClientChannel,
  { access, argv, stdin, onOutput, maxOutputBytes = DEFAULT_OUTPUT_BYTES }: Command,
  giveUp: (error: unknown) => void,
): Promise<CommandResult> {
  const closed = ended(channel);
  // Writing to a channel that was closed meanwhile; its end is what matters.
  channel.on('error', () => undefined);
  const stdout =
    onOutput === undefined
      ? keepAll(channel, maxOutputBytes, () => giveUp(tooLong(access, argv, maxOutputBytes)))
      : passOn(channel, onOutput, giveUp);
  const stderr = keepTail(channel.stderr, maxOutputBytes);
  feed(channel, stdin, closed).catch(giveUp);
  const [code, signalName] = await closed;
  if (code === undefined) throw lost(access, describeCommand(argv));
  const stdoutBytes = stdout();
  return {
    code: code ?? 128 + (constants.signals[signalName as NodeJS.Signals] ?? 0),
    stdout: stdoutBytes.toString('utf8'),
    stdoutBytes,
    stderr: stderr().toString('utf8'),
  };
}

/** Hands the stream on, at the pace of who takes it; nothing of it is kept. */
function passOn(
  channel: ClientChannel,
  onOutput: NonNullable<RunOptions['onOutput']>,
  giveUp: (error: unknown) => void,
): () => Buffer {
  channel.on('data', (chunk: Buffer) => {
    const taken = onOutput(chunk);
    if (taken === undefined) return;
    channel.pause();
    taken.catch(giveUp).finally(() => channel.resume());
  });
  return () => Buffer.alloc(0);
}

/** Exit code and signal, when everything was read; neither when the connection is gone. */
async function ended(channel: ClientChannel): Promise<[code?: number | null, signal?: string]> {
  const stderrEnded = once(channel.stderr, 'end');
  const exit = await new Promise<[number?, string?]>(resolve => {
    channel.once('close', (...how: [number?, string?]) => resolve(how));
  });
  await stderrEnded;
  return exit;
}

/** Writes stdin at the host's pace. A command that ends without reading all of it is no failure of ours. */
async function feed(
  channel: ClientChannel,
  stdin: RunOptions['stdin'] = '',
  closed: Promise<unknown>,
): Promise<void> {
  const chunks = typeof stdin === 'string' || stdin instanceof Uint8Array ? [stdin] : stdin;
  for await (const chunk of chunks) {
    if (!channel.writable) return;
    if (!channel.write(chunk)) await Promise.race([once(channel, 'drain'), closed]);
  }
  channel.end();
}
