import { sleep as wait } from '../clock.ts';
import { isFileError } from '../files/file-error.ts';
import { DEFAULT_PATH } from '../machine.ts';
import type { Process, Program } from '../model.ts';
import { switchOption } from '../shell/builtins.ts';
import { execute, findProgram } from '../shell/execute.ts';
import { runToEnd } from '../shell/interpreter.ts';
import { absolutePath, bytesOf, fail, print } from '../shell/process.ts';
import { createShellState, ShellError } from '../shell/state.ts';
import { readAll } from '../shell/streams.ts';
import { readOptions } from './options.ts';

/** `sh -c SCRIPT [NAME [ARGUMENT...]]`, `sh FILE`, `sh -s`, each with the options of `set`. */
const sh: Program = async process => {
  const [own, ...args] = process.args as [string, ...string[]];
  const letters: string[] = [];
  while (args[0] !== undefined && /^-[a-z]+$/.test(args[0]))
    letters.push(...Array.from(args.shift()!.slice(1)));
  if (args[0] === '--') args.shift();
  const isCommand = letters.includes('c');
  // A script in a file is called by the file's name.
  const file = isCommand || letters.includes('s') ? undefined : args[0];
  const script = isCommand ? args.shift() : await scriptOf(process, args, letters.includes('s'));
  if (script === undefined)
    return fail(process, isCommand ? '-c requires an argument' : `cannot open ${args[0]}: No such file`, 2);
  const name = (isCommand ? args.shift() : file) ?? own;
  const state = createShellState(process.machine.fork(process), name, args);
  try {
    for (const letter of letters.filter(letter => !'csl'.includes(letter))) switchOption(state, letter, true);
  } catch (error) {
    if (error instanceof ShellError) return fail(process, error.message, 2);
    throw error;
  }
  return runToEnd(state, script);
};

/** From the file that the first operand names, else from standard input. */
async function scriptOf(process: Process, args: string[], fromInput: boolean): Promise<string | undefined> {
  if (fromInput || args[0] === undefined) return (await readAll(process.input)).toString();
  try {
    return Buffer.from(process.files.read(absolutePath(process, args.shift()!))).toString();
  } catch (error) {
    if (isFileError(error)) return undefined;
    throw error;
  }
}

const NAMED = /^([A-Za-z_][A-Za-z0-9_]*)=([^]*)$/;

const env: Program = async process => {
  const options = readOptions(process.args.slice(1), ['i', 'u='], { stopAtOperand: true });
  const variables: Record<string, string> = options.has('i') ? {} : { ...process.env };
  for (const name of options.values('u')) delete variables[name];
  const args = [...options.operands];
  for (let match = NAMED.exec(args[0] ?? ''); match !== null; match = NAMED.exec(args[0] ?? '')) {
    variables[match[1]!] = match[2]!;
    args.shift();
  }
  if (args.length > 0) return execute({ ...process, args, env: variables }, 'env');
  for (const [name, value] of Object.entries(variables)) await print(process, `${name}=${value}\n`);
  return 0;
};

/** Everybody whom /etc/sudoers.d lets become root without a password may run anything. */
const sudo: Program = async process => {
  const options = readOptions(process.args.slice(1), ['n', 'E', 'H', 'S', 'i', 'u=|user='], {
    stopAtOperand: true,
  });
  const { credentials, machine } = process;
  if (credentials.uid !== 0 && !isSudoer(process)) return fail(process, 'a password is required');
  const target = machine.login(options.value('u') ?? 'root', process.signal);
  if (target === undefined) return fail(process, `unknown user ${options.value('u')}`);
  const args = [...options.operands];
  const env: Record<string, string> = { ...target.env, PATH: DEFAULT_PATH, SUDO_USER: process.user.name };
  for (let match = NAMED.exec(args[0] ?? ''); match !== null; match = NAMED.exec(args[0] ?? '')) {
    env[match[1]!] = match[2]!;
    args.shift();
  }
  if (args.length === 0) return fail(process, 'a command is required');
  const { input, output, error, cwd } = process;
  return execute({ ...target, args, env, cwd, input, output, error }, 'sudo');
};

function isSudoer({ machine, user }: Process): boolean {
  const folder = '/etc/sudoers.d';
  if (machine.files.find('/usr/bin/sudo') === undefined || machine.files.find(folder) === undefined)
    return false;
  const rule = new RegExp(`^${user.name}\\s+ALL\\s*=.*NOPASSWD:\\s*ALL`, 'm');
  return machine.files
    .list(folder)
    .some(name => rule.test(Buffer.from(machine.files.read(`${folder}/${name}`)).toString()));
}

const sleep: Program = async process => {
  const units: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600 };
  const match = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(process.args[1] ?? '');
  if (match === null) return fail(process, `invalid time interval '${process.args[1] ?? ''}'`);
  const ms = Number(match[1]) * units[match[2]!]! * 1000;
  return (await wait(process.machine.clock, ms, process.signal)) ? 0 : 143;
};

/** `timeout SECONDS COMMAND`: 124 when the time was over first. */
const timeout: Program = async process => {
  const options = readOptions(process.args.slice(1), ['k=|kill-after=', 's=|signal='], {
    stopAtOperand: true,
  });
  const [seconds = '', ...args] = options.operands;
  const ended = new AbortController();
  const signal = AbortSignal.any([process.signal, ended.signal]);
  const cancel = process.machine.clock.after(Number.parseFloat(seconds) * 1000, () => ended.abort());
  const status = await execute({ ...process, args, signal }, 'timeout');
  cancel();
  return ended.signal.aborted ? 124 : status;
};

const which: Program = async process => {
  let status = 0;
  for (const name of process.args.slice(1)) {
    const path = findProgram(process, name);
    if (path === undefined) status = 1;
    else await process.output.write(bytesOf(`${path}\n`));
  }
  return status;
};

/** What runs other programs, or waits. */
export const RUNNING: Readonly<Record<string, Program>> = {
  sh,
  bash: sh,
  env,
  sudo,
  sleep,
  timeout,
  which,
  true: () => 0,
  false: () => 1,
};
