import { isAllowed } from '../files/access.ts';
import type { Inode } from '../files/inode.ts';
import type { Process, Program } from '../model.ts';
import { absolutePath, fail } from '../shell/process.ts';

/** The expression is none. */
class TestError extends Error {}

const UNARY: Record<string, (process: Process, operand: string) => boolean> = {
  '-b': (process, path) => find(process, path)?.type === 'device',
  '-d': (process, path) => find(process, path)?.type === 'directory',
  '-e': (process, path) => find(process, path) !== undefined,
  '-f': (process, path) => find(process, path)?.type === 'file',
  '-h': (process, path) => process.files.find(absolutePath(process, path), false)?.type === 'link',
  '-L': (process, path) => process.files.find(absolutePath(process, path), false)?.type === 'link',
  '-n': (_, text) => text !== '',
  '-r': (process, path) => may(process, path, 'read'),
  '-s': (process, path) => hasContent(find(process, path)),
  '-S': () => false,
  '-t': () => false,
  '-w': (process, path) => may(process, path, 'write'),
  '-x': (process, path) => may(process, path, 'execute'),
  '-z': (_, text) => text === '',
};

const find = (process: Process, path: string): Inode | undefined =>
  path === '' ? undefined : process.files.find(absolutePath(process, path));

function may(process: Process, path: string, what: 'read' | 'write' | 'execute'): boolean {
  const inode = find(process, path);
  return inode !== undefined && isAllowed(inode, process.credentials, what);
}

const hasContent = (inode: Inode | undefined): boolean =>
  inode?.type === 'directory' || (inode?.type === 'file' && inode.data.length > 0);

const BINARY: Record<string, (a: string, b: string, process: Process) => boolean> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '-eq': (a, b) => number(a) === number(b),
  '-ne': (a, b) => number(a) !== number(b),
  '-gt': (a, b) => number(a) > number(b),
  '-ge': (a, b) => number(a) >= number(b),
  '-lt': (a, b) => number(a) < number(b),
  '-le': (a, b) => number(a) <= number(b),
  '-nt': (a, b, process) => (find(process, a)?.modified ?? -1) > (find(process, b)?.modified ?? -1),
  '-ot': (a, b, process) => (find(process, a)?.modified ?? -1) < (find(process, b)?.modified ?? -1),
};

function number(text: string): number {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new TestError(`Illegal number: ${text}`);
  return Number(text);
}

function evaluate(process: Process, args: readonly string[]): boolean {
  const [first = '', second = '', third = ''] = args;
  if (args.length === 0) return false;
  if (args.length === 1) return first !== '';
  const binary = BINARY[second];
  if (args.length === 3 && binary !== undefined) return binary(first, third, process);
  if (first === '!') return !evaluate(process, args.slice(1));
  const unary = UNARY[first];
  if (args.length === 2 && unary !== undefined) return unary(process, second);
  if (args.length === 3 && first === '(' && third === ')') return evaluate(process, [second]);
  return evaluateJoined(process, args);
}

/** `-o` binds looser than `-a`. */
function evaluateJoined(process: Process, args: readonly string[]): boolean {
  for (const joint of ['-o', '-a']) {
    const at = args.indexOf(joint, 1);
    if (at < 0) continue;
    const left = evaluate(process, args.slice(0, at));
    const right = evaluate(process, args.slice(at + 1));
    return joint === '-o' ? left || right : left && right;
  }
  throw new TestError(`${args[1] ?? ''}: unexpected operator`);
}

const test: Program = async process => {
  const isBracket = process.args[0] === '[';
  const args = process.args.slice(1);
  if (isBracket && args.pop() !== ']') return fail(process, 'missing ]', 2);
  try {
    return evaluate(process, args) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof TestError)) throw error;
    return fail(process, error.message, 2);
  }
};

export const TESTING: Readonly<Record<string, Program>> = { test, '[': test };
