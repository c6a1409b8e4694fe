import type { ServerChannel, Session } from 'ssh2';
import type { Machine } from '../machine.ts';
import { execute } from '../shell/execute.ts';
import { bytesOf, type Process } from '../shell/process.ts';
import { createInput, type Input, type Output } from '../shell/streams.ts';

/** What a session needs of its machine. */
export interface SessionContext {
  readonly machine: Machine;
  /** Aborted when the machine ends. */
  readonly signal: AbortSignal;
  readonly user: string;
  /** `SSH_CONNECTION`: the client's address and port, the server's address and port. */
  readonly connection: string;
  /** Resolves when everything the machine did so far outlives this process. */
  settled(): Promise<void>;
}

/** Answers what is asked in a session: a command or a shell. */
export function serveSession(session: Session, context: SessionContext): void {
  const env: Record<string, string> = {};
  session.on('env', (accept, _reject, { key, val }) => {
    // sshd lets only these through, unless told otherwise.
    if (key === 'LANG' || key.startsWith('LC_')) env[key] = val;
    accept?.();
  });
  session.on('pty', accept => accept?.());
  session.on('window-change', accept => accept?.());
  session.on('exec', (accept, _reject, { command }) => {
    void serveCommand(session, accept(), context, env, command);
  });
}

async function serveCommand(
  session: Session,
  channel: ServerChannel,
  context: SessionContext,
  env: Record<string, string>,
  command: string,
): Promise<void> {
  const ended = new AbortController();
  channel.once('close', () => ended.abort());
  session.on('signal', accept => {
    accept?.();
    ended.abort();
  });
  const signal = AbortSignal.any([ended.signal, context.signal]);
  const process = context.machine.login(context.user, signal);
  if (process === undefined) return void channel.end();
  const status = await run({
    ...process,
    args: [process.user.shell, '-c', command],
    env: { ...process.env, ...env, SSH_CONNECTION: context.connection },
    ...streamsOf(channel),
  });
  try {
    await context.settled();
  } catch {
    // What could be lost again is not reported as done.
    channel.close();
    return;
  }
  if (context.signal.aborted) return;
  channel.exit(status);
  channel.end();
}

/** The exit code of a program that went wrong in itself (sysexits: EX_SOFTWARE). */
const BROKEN = 70;

/** Runs a program; a fault in our own code is its fault, and ends no other machine. */
async function run(process: Process): Promise<number> {
  try {
    return await execute(process, 'sshd');
  } catch (error) {
    await process.error.write(bytesOf(`emulated host: ${(error as Error).stack}\n`));
    return BROKEN;
  }
}

const streamsOf = (channel: ServerChannel): Pick<Process, 'input' | 'output' | 'error'> => ({
  input: inputFrom(channel),
  output: outputTo(channel, channel),
  error: outputTo(channel.stderr as unknown as ServerChannel, channel),
});

function inputFrom(channel: ServerChannel): Input {
  let isOver = false;
  let wake = (): void => undefined;
  for (const event of ['readable', 'end', 'close'])
    channel.on(event, () => {
      if (event !== 'readable') isOver = true;
      wake();
    });
  return createInput({
    async read() {
      for (;;) {
        const chunk = channel.read() as Buffer | null;
        if (chunk !== null) return chunk;
        if (isOver) return undefined;
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
    },
    close: () => undefined,
  });
}

/** Writes to the channel or its standard error, waiting while the client's window is full. */
function outputTo(stream: ServerChannel, channel: ServerChannel): Output {
  return {
    async write(data) {
      if (!channel.writable || data.length === 0) return;
      if (stream.write(data)) return;
      await new Promise<void>(resolve => {
        const go = (): void => {
          stream.off('drain', go);
          channel.off('close', go);
          resolve();
        };
        stream.once('drain', go);
        channel.once('close', go);
      });
    },
    close: () => undefined,
  };
}
