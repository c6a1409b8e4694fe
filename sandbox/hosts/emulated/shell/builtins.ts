import { execute, findProgram, NOT_FOUND } from './execute.ts';
import { absolutePath, bytesOf } from './process.ts';
import {
  exportedVariables,
  LoopJump,
  setVariable,
  ShellError,
  ShellExit,
  ShellReturn,
  type ShellState,
  type Variable,
} from './state.ts';

/** Runs text in the shell that called, as `eval` does. */
interface Evaluator {
  evaluate(state: ShellState, text: string): Promise<number>;
}

type Builtin = (state: ShellState, args: readonly string[], shell: Evaluator) => number | Promise<number>;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const print = (state: ShellState, text: string): Promise<void> => state.process.output.write(bytesOf(text));

const statusArgument = (state: ShellState, args: readonly string[]): number =>
  Number(args[0] ?? state.status) & 255;

const jump =
  (kind: 'break' | 'continue'): Builtin =>
  (_state, args) => {
    throw new LoopJump(kind, Number(args[0] ?? 1));
  };

/** `NAME` or `NAME=value` of export and readonly. */
const declaring =
  (mark: (variable: Variable) => void): Builtin =>
  (state, args) => {
    for (const argument of args.filter(arg => arg !== '-p')) {
      const [name, value] = splitAssignment(argument);
      if (!NAME.test(name)) throw new ShellError(`${name}: bad variable name`);
      if (value !== undefined) setVariable(state, name, value);
      const variable = state.variables.get(name) ?? { value: undefined, exported: false, readonly: false };
      mark(variable);
      state.variables.set(name, variable);
    }
    return 0;
  };

function splitAssignment(argument: string): [name: string, value: string | undefined] {
  const at = argument.indexOf('=');
  return at < 0 ? [argument, undefined] : [argument.slice(0, at), argument.slice(at + 1)];
}

const LETTERS: Record<string, string> = { errexit: 'e', noglob: 'f', nounset: 'u' };

const set: Builtin = (state, args) => {
  const rest = [...args];
  for (let option = rest[0]; option !== undefined && /^[-+][a-z]+$/.test(option); option = rest[0]) {
    rest.shift();
    const letters = option.slice(1) === 'o' ? [longOption(rest.shift())] : Array.from(option.slice(1));
    for (const letter of letters) switchOption(state, letter, option.startsWith('-'));
  }
  if (rest[0] === '--') state.positional = rest.slice(1);
  else if (rest.length > 0) state.positional = rest;
  return 0;
};

function longOption(name: string | undefined): string {
  const letter = LETTERS[name ?? ''];
  if (letter === undefined) throw new ShellError(`Illegal option -o ${name ?? ''}`);
  return letter;
}

/** Throws ShellError for one that dash does not have or that is not emulated. */
export function switchOption(state: ShellState, letter: string, on: boolean): void {
  if (!'efu'.includes(letter)) throw new ShellError(`Illegal option -${letter}`);
  if (on) state.options.add(letter);
  else state.options.delete(letter);
}

const unset: Builtin = (state, args) => {
  const isFunction = args[0] === '-f';
  for (const name of args.filter(arg => arg !== '-f' && arg !== '-v'))
    if (isFunction) state.functions.delete(name);
    else state.variables.delete(name);
  return 0;
};

const shift: Builtin = (state, args) => {
  const count = Number(args[0] ?? 1);
  if (count > state.positional.length) throw new ShellError("can't shift that many");
  state.positional = state.positional.slice(count);
  return 0;
};

const source: Builtin = async (state, args, shell) => {
  const text = Buffer.from(state.process.files.read(absolutePath({ cwd: state.cwd }, args[0] ?? '')));
  try {
    return await shell.evaluate(state, text.toString());
  } catch (error) {
    if (error instanceof ShellReturn) return error.status;
    throw error;
  }
};

const trap: Builtin = (state, args) => {
  const [action, ...conditions] = args;
  for (const condition of conditions)
    if (condition === 'EXIT' || condition === '0') state.exitTrap = action === '-' ? undefined : action;
  return 0;
};

/** Those that may end the shell or change it for good: an assignment before one stays. */
export const SPECIAL_BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  [':', () => 0],
  ['.', source],
  ['break', jump('break')],
  ['continue', jump('continue')],
  ['eval', (state, args, shell) => shell.evaluate(state, args.join(' '))],
  // The interpreter's own: it needs the redirections.
  ['exec', () => 0],
  [
    'exit',
    (state, args) => {
      throw new ShellExit(statusArgument(state, args));
    },
  ],
  ['export', declaring(variable => void (variable.exported = true))],
  ['readonly', declaring(variable => void (variable.readonly = true))],
  [
    'return',
    (state, args) => {
      throw new ShellReturn(statusArgument(state, args));
    },
  ],
  ['set', set],
  ['shift', shift],
  ['trap', trap],
  ['unset', unset],
]);

const cd: Builtin = (state, args) => {
  const target =
    args.find(arg => arg !== '--' && arg !== '-P' && arg !== '-L') ??
    state.variables.get('HOME')?.value ??
    '/';
  const path = absolutePath(
    { cwd: state.cwd },
    target === '-' ? (state.variables.get('OLDPWD')?.value ?? '/') : target,
  );
  if (state.process.files.find(path)?.type !== 'directory') throw new ShellError(`can't cd to ${target}`);
  setVariable(state, 'OLDPWD', state.cwd);
  state.cwd = state.process.files.realPath(path);
  setVariable(state, 'PWD', state.cwd);
  return 0;
};

const read: Builtin = async (state, args) => {
  const isRaw = args[0] === '-r';
  const names = isRaw ? args.slice(1) : args;
  const { line, ended } = await state.process.input.readLine();
  const text = isRaw ? line : line.replace(/\\(.)/g, '$1');
  const fields = splitLine(text, names.length, state.variables.get('IFS')?.value ?? ' \t\n');
  for (const [index, name] of names.entries()) setVariable(state, name, fields[index] ?? '');
  return ended ? 1 : 0;
};

/** The last name gets all that is left. */
function splitLine(line: string, count: number, separators: string): string[] {
  const blanks = Array.from(separators)
    .filter(character => ' \t\n'.includes(character))
    .join('');
  const trim = (text: string): string => trimEnds(text, blanks);
  const fields: string[] = [];
  let rest = trim(line);
  while (fields.length < count - 1 && rest !== '') {
    const end = Array.from(rest).findIndex(character => separators.includes(character));
    if (end < 0) break;
    fields.push(rest.slice(0, end));
    rest = trimEnds(rest.slice(blanks.includes(rest[end]!) ? end : end + 1), blanks);
  }
  return [...fields, rest];
}

function trimEnds(text: string, characters: string): string {
  let [start, end] = [0, text.length];
  while (start < end && characters.includes(text[start]!)) start += 1;
  while (end > start && characters.includes(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}

const command: Builtin = async (state, args) => {
  const process = { ...state.process, env: exportedVariables(state), cwd: state.cwd };
  if (args[0] !== '-v') return execute({ ...process, args }, state.name);
  const name = args[1] ?? '';
  const isOwn = SPECIAL_BUILTINS.has(name) || BUILTINS.has(name) || state.functions.has(name);
  const found = isOwn ? name : findProgram(process, name);
  if (found === undefined) return NOT_FOUND;
  await print(state, `${found}\n`);
  return 0;
};

const umask: Builtin = async (state, args) => {
  const { credentials } = state.process;
  if (args[0] === undefined) await print(state, `${credentials.umask.toString(8).padStart(4, '0')}\n`);
  else credentials.umask = Number.parseInt(args[0], 8);
  return 0;
};

const local: Builtin = (state, args) => {
  if (state.locals === undefined) throw new ShellError('not in a function');
  for (const argument of args) {
    const [name, value] = splitAssignment(argument);
    const before = state.variables.get(name);
    if (!state.locals.has(name)) state.locals.set(name, before && { ...before });
    if (value !== undefined) setVariable(state, name, value);
  }
  return 0;
};

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['cd', cd],
  ['command', command],
  ['local', local],
  ['read', read],
  ['umask', umask],
  ['wait', () => 0],
]);
