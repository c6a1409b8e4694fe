import type { Process } from '../model.ts';
import { runLine } from '../shell/interpreter.ts';
import { bytesOf } from '../shell/process.ts';
import { createShellState } from '../shell/state.ts';
import { emptyInput, type Output } from '../shell/streams.ts';

/** A terminal turns a newline into a new line: back to the left as well. */
export const terminalOutput = (output: Output): Output => ({
  ...output,
  write: data =>
    output.write(Buffer.from(Buffer.from(data).toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')),
});

const INTERRUPT = '\x03';
const END = '\x04';
const ERASE = '\x7f';

/**
 * A shell for a person: a prompt, and lines that are edited with the backspace key alone. Resolves with the exit
 * status when the person leaves.
 */
export async function runTerminal(process: Process, settled: () => Promise<void>): Promise<number> {
  const state = createShellState(process, process.user.shell, []);
  const say = (text: string): Promise<void> => process.output.write(bytesOf(text));
  const keys = keysOf(process);
  for (;;) {
    const { name, uid } = process.user;
    const host = Buffer.from(process.machine.files.read('/etc/hostname')).toString().trim();
    await say(`${name}@${host}:${state.cwd}${uid === 0 ? '#' : '$'} `);
    const line = await editLine(keys, say);
    if (line === undefined) return state.status;
    // What a command reads is the end of file: the keyboard stays with the prompt.
    state.process = { ...process, input: emptyInput };
    if (await runLine(state, line)) return state.status;
    await settled();
  }
}

/** The line that is typed; undefined when the person wants to leave. */
async function editLine(
  keys: AsyncIterator<string>,
  say: (text: string) => Promise<void>,
): Promise<string | undefined> {
  let line = '';
  for (;;) {
    const { value: key, done } = (await keys.next()) as IteratorResult<string, undefined>;
    if (done || (key === END && line === '')) return undefined;
    if (key === '\r' || key === '\n') {
      await say('\n');
      return line;
    }
    if (key === INTERRUPT) {
      await say('^C\n');
      return '';
    }
    if (key === ERASE || key === '\b') {
      if (line !== '') await say('\b \b');
      line = line.slice(0, -1);
    } else if (key >= ' ') {
      line += key;
      await say(key);
    }
  }
}

async function* keysOf({ input }: Process): AsyncGenerator<string, undefined> {
  for (let chunk = await input.read(); chunk !== undefined; chunk = await input.read())
    yield* Buffer.from(chunk).toString();
}
