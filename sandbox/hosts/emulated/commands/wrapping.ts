import type { Process, Program } from '../model.ts';
import { execute } from '../shell/execute.ts';
import { absolutePath, bytesOf, fail } from '../shell/process.ts';
import { readAll } from '../shell/streams.ts';
import { readOptions } from './options.ts';

/** Runs its operands as they are: what it would change is nothing to an emulated host. */
const wrapper =
  (options: readonly string[], isSkipped: (operand: string) => boolean = () => false): Program =>
  process => {
    const { operands } = readOptions(process.args.slice(1), options, { stopAtOperand: true });
    const args = isSkipped(operands[0] ?? '') ? operands.slice(1) : operands;
    return execute({ ...process, args }, process.args[0]!);
  };

/** The locks of each machine, by the file that stands for one: who waits comes after the last. */
const locks = new WeakMap<Process['machine'], Map<string, Promise<unknown>>>();

/** `flock FILE COMMAND...`, `-c`, `-n`: one at a time, and nobody holds a lock when the command is over. */
const flock: Program = async process => {
  const known = [
    'n|nonblock',
    'w=|timeout=',
    'x|exclusive',
    's|shared',
    'E=',
    'c=|command=',
    'o',
    'F|no-fork',
  ];
  const options = readOptions(process.args.slice(1), known, { stopAtOperand: true });
  const [file = '', ...rest] = options.operands;
  // With a descriptor (`flock 9`) the lock would last as long as the shell, which has no other to wait for here.
  if (/^\d+$/.test(file)) return 0;
  const command = rest[0] === '-c' ? ['/bin/sh', '-c', rest[1] ?? ''] : rest;
  const held = locks.get(process.machine) ?? new Map<string, Promise<unknown>>();
  locks.set(process.machine, held);
  const path = absolutePath(process, file);
  const before = held.get(path);
  if (before !== undefined && options.has('n')) return Number(options.value('E') ?? 1);
  if (process.files.find(path) === undefined) process.files.write(path, new Uint8Array());
  const run = (before ?? Promise.resolve()).then(() => execute({ ...process, args: command }, 'flock'));
  const settled = run.catch(() => undefined);
  held.set(path, settled);
  try {
    return await run;
  } finally {
    if (held.get(path) === settled) held.delete(path);
  }
};

/** `xargs COMMAND...` with all words at once, or `-n N`, `-r`, `-0`. */
const xargs: Program = async process => {
  const options = readOptions(process.args.slice(1), ['r|no-run-if-empty', 'n=', '0|null', 'd=', 'P='], {
    stopAtOperand: true,
  });
  const text = (await readAll(process.input)).toString();
  const words = text
    .split(options.has('0') ? '\0' : options.value('d') === '\\n' ? '\n' : /\s+/)
    .filter(word => word !== '');
  const command = options.operands.length === 0 ? ['echo'] : options.operands;
  const size = Number(options.value('n') ?? Math.max(words.length, 1));
  let status = 0;
  for (let at = 0; at < Math.max(words.length, options.has('r') ? 0 : 1); at += size) {
    const args = [...command, ...words.slice(at, at + size)];
    if ((await execute({ ...process, args }, 'xargs')) !== 0) status = 123;
  }
  return status;
};

/** `realpath [-e|-m] PATH...`. */
const realpath: Program = async process => {
  const options = readOptions(process.args.slice(1), [
    'e|canonicalize-existing',
    'm|canonicalize-missing',
    's',
    'q',
    'z',
  ]);
  let status = 0;
  for (const name of options.operands) {
    const path = absolutePath(process, name);
    const isMissing = options.has('e') && process.files.find(path) === undefined;
    if (isMissing) status = await fail(process, `${name}: No such file or directory`);
    else await process.output.write(bytesOf(`${process.files.realPath(path)}\n`));
  }
  return status;
};

/** What runs another program in its own way, and where a path leads. */
export const WRAPPING: Readonly<Record<string, Program>> = {
  chrt: wrapper(['i', 'b', 'o'], operand => /^\d+$/.test(operand)),
  flock,
  ionice: wrapper(['c=|class=', 'n=|classdata=', 't']),
  nice: wrapper(['n=|adjustment=']),
  nohup: wrapper([]),
  realpath,
  setsid: wrapper(['w|wait', 'f|fork', 'c|ctty']),
  stdbuf: wrapper(['i=', 'o=', 'e=']),
  xargs,
};
