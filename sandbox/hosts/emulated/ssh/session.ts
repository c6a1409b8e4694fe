import type { ServerChannel, Session } from 'ssh2';
import type { Machine, Process } from '../model.ts';
import { execute } from '../shell/execute.ts';
import { bytesOf } from '../shell/process.ts';
import { createInput, type Input, type Output } from '../shell/streams.ts';
import { runTerminal, terminalOutput } from './terminal.ts';

/** What a session needs of its machine. */
export interface SessionContext {
  readonly machine: Machine;
  /** Aborted when the machine ends. */
  readonly signal: AbortSignal;
  readonly user: string;
  /** `SSH_CONNECTION`: the client's address and port, the server's address and port. */
  readonly connection: string;
  /** Resolves when everything the machine did so far outlives this process. */
  readonly settled: () => Promise<void>;
}

/** What was asked for before the command. */
interface Wishes {
  readonly env: Record<string, string>;
  hasTerminal: boolean;
}

/** Answers what is asked in a session: a command or a shell. */
export function serveSession(session: Session, context: SessionContext): void {
  const wishes: Wishes = { env: {}, hasTerminal: false };
  session.on('env', (accept, _reject, { key, val }) => {
    // sshd lets only these through by default.
    if (key === 'LANG' || key.startsWith('LC_')) wishes.env[key] = val;
    accept?.();
  });
  session.on('pty', accept => {
    wishes.hasTerminal = true;
    accept?.();
  });
  session.on('window-change', accept => accept?.());
  session.on('exec', (accept, _reject, { command }) => {
    void serve(session, accept(), context, wishes, process =>
      run({ ...process, args: [process.user.shell, '-c', command] }),
    );
  });
  session.on('shell', accept => {
    void serve(session, accept(), context, wishes, process =>
      wishes.hasTerminal ? runTerminal(process, context.settled) : run(process),
    );
  });
}

/** Runs a program of the user's with the channel as its streams, and passes its exit status on. */
async function serve(
  session: Session,
  channel: ServerChannel,
  context: SessionContext,
  { env, hasTerminal }: Wishes,
  work: (process: Process) => Promise<number>,
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
  const status = await work({
    ...process,
    env: { ...process.env, ...env, SSH_CONNECTION: context.connection },
    ...streamsOf(channel, hasTerminal),
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

function streamsOf(
  channel: ServerChannel,
  hasTerminal: boolean,
): Pick<Process, 'input' | 'output' | 'error'> {
  const input = inputFrom(channel);
  const output = outputTo(channel, channel);
  // A terminal has one screen.
  if (hasTerminal) return { input, output: terminalOutput(output), error: terminalOutput(output) };
  return { input, output, error: outputTo(channel.stderr as unknown as ServerChannel, channel) };
}

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
