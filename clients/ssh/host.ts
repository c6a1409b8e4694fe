import type { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import type { Clock } from '../clock.ts';
import type { ChannelSlots } from './channel-slots.ts';
import { followCommand } from './command.ts';
import { isChannelRefused, type ChannelRefused, type Connection } from './connection.ts';
import { commandFailed, describeCommand, forwardRefused, opensNoChannel, stopped } from './failures.ts';
import { quoteCommand } from './quote.ts';
import type { SharedConnection } from './shared-connection.ts';
import type { CommandResult, HostAccess, RunOptions, SshHost } from './ssh.ts';
import { writeFileCommand } from './write-file.ts';

/** The host at the end of that connection. */
export function createHost(access: HostAccess, shared: () => SharedConnection, clock: Clock): SshHost {
  async function run(argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    const line = quoteCommand(argv);
    return await withSlot(
      access,
      shared,
      describeCommand(argv),
      options.signal,
      async (connection, release) => {
        const opening = connection.exec(line);
        opening.then(channel => channel.once('close', release), release);
        return await followCommand(opening, { ...options, access, argv }, clock);
      },
    );
  }

  return {
    run,
    async succeed(argv, options) {
      const result = await run(argv, options);
      if (result.code !== 0) throw commandFailed(access, describeCommand(argv), result);
      return result;
    },
    async writeFile(path, content, attributes, options) {
      const stdin = Buffer.from(content);
      const argv = writeFileCommand(path, attributes, stdin.length, access.user === 'root');
      const result = await run(argv, { ...options, stdin });
      if (result.code !== 0) throw commandFailed(access, `writing ${path}`, result);
    },
    forward(address, port, { signal } = {}) {
      const target = `${address} port ${port}`;
      return withSlot(access, shared, target, signal, (connection, release) =>
        openForward(connection.forward(address, port), release, signal, {
          whenStopped: () => stopped(access, `connecting to ${target}`),
          whenRefused: refusal => forwardRefused(access, target, refusal),
        }),
      );
    },
    async hostKey({ signal } = {}) {
      const { connection } = await unlessAborted(shared().open(), signal, () => stopped(access, 'the login'));
      return connection.hostKey;
    },
  };
}

/**
 * Lets `use` work on the connection when a slot is free; it gives the slot back itself. When the host opened no
 * channel, nothing was started, and it is called again.
 */
async function withSlot<T>(
  access: HostAccess,
  shared: () => SharedConnection,
  doing: string,
  signal: AbortSignal | undefined,
  use: (connection: Connection, release: () => void) => Promise<T>,
): Promise<T> {
  for (let renewals = 0; ;) {
    const open = await unlessAborted(shared().open(), signal, () => stopped(access, doing));
    const release = await takeSlot(open.slots, signal, () => stopped(access, doing));
    try {
      return await use(open.connection, release);
    } catch (error) {
      if (!isChannelRefused(error)) throw error;
    }
    // sshd's MaxSessions is below our limit, so that one of the others must end first; or processes that outlived
    // their channels count, or the connection was about to end: a new one helps, once.
    if (open.slots.inUse > 0) open.slots.shrink();
    else if (renewals++ > 0) throw opensNoChannel(access);
    else open.discard();
  }
}

async function takeSlot(
  slots: ChannelSlots,
  signal: AbortSignal | undefined,
  whyNot: () => Error,
): Promise<() => void> {
  const release = await slots.take(signal).catch(() => {
    throw whyNot();
  });
  if (!signal?.aborted) return release;
  release();
  throw whyNot();
}

/** Opens the connection; where nobody waits for it any more, it is closed as soon as it is there. */
async function openForward(
  opening: Promise<ClientChannel>,
  release: () => void,
  signal: AbortSignal | undefined,
  { whenStopped, whenRefused }: { whenStopped: () => Error; whenRefused: (refusal: ChannelRefused) => Error },
): Promise<Duplex> {
  opening.then(channel => channel.once('close', release), release);
  try {
    return await unlessAborted(opening, signal, whenStopped);
  } catch (error) {
    // A target that swallows packets keeps sshd waiting for two minutes: that must not cost a slot.
    release();
    opening.then(
      channel => channel.resume().close(),
      () => undefined,
    );
    if (isChannelRefused(error) && error.isByHost) throw whenRefused(error);
    throw error;
  }
}

/** The promise's outcome, or a rejection as soon as the signal aborts; no listener stays behind. */
function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  whenAborted: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(whenAborted());
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const settle = (): void => signal?.removeEventListener('abort', onAbort);
    promise.then(resolve, reject).then(settle, settle);
  });
}
