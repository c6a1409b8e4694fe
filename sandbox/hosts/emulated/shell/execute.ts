import { isAllowed } from '../files/access.ts';
import { isFileError } from '../files/file-error.ts';
import type { FileInode } from '../files/inode.ts';
import type { Process } from '../model.ts';
import { absolutePath, bytesOf } from './process.ts';
import { BrokenPipeError } from './streams.ts';

/** An option or operand that the real program knows and ours does not: loud, so that it gets added. */
export class NotEmulatedError extends Error {
  override readonly name = 'NotEmulatedError';
}

export const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const BROKEN_PIPE = 141;

/** Programs are files, as on any machine; this content says which of ours carries one out. */
const MARK = '\x7fELF emulated ';

export const programFile = (name: string): Uint8Array => bytesOf(`${MARK}${name}\n`);

/** Where `name` would be run from; undefined when it is in no folder of PATH. */
export function findProgram(process: Process, name: string): string | undefined {
  if (name.includes('/')) return process.files.find(absolutePath(process, name)) && name;
  return (process.env['PATH'] ?? '')
    .split(':')
    .map(folder => `${folder === '' ? '.' : folder}/${name}`)
    .find(path => {
      const inode = process.files.find(absolutePath(process, path));
      return inode?.type === 'file' && isAllowed(inode, process.credentials, 'execute');
    });
}

/** Runs the program that `args[0]` names; `caller` says what is wrong when it cannot. */
export async function execute(process: Process, caller: string): Promise<number> {
  const name = process.args[0]!;
  const path = findProgram(process, name);
  const say = (message: string): Promise<void> =>
    process.error.write(bytesOf(`${caller}: 1: ${name}: ${message}\n`));
  if (path === undefined) {
    await say(
      name.includes('/')
        ? 'No such file or directory'
        : `command not found (an emulated host has no ${name})`,
    );
    return NOT_FOUND;
  }
  const inode = process.files.stat(absolutePath(process, path));
  if (inode.type !== 'file' || !isAllowed(inode, process.credentials, 'execute')) {
    await say('Permission denied');
    return NOT_EXECUTABLE;
  }
  return runFile(process, path, inode);
}

async function runFile(process: Process, path: string, file: FileInode): Promise<number> {
  const head = Buffer.from(file.data.subarray(0, 256)).toString('latin1').split('\n', 1)[0]!;
  if (head.startsWith(MARK)) return runProgram(process, head.slice(MARK.length));
  const interpreter = /^#!\s*(\S+)\s*(.*?)\s*$/.exec(head);
  const [program, option] = interpreter === null ? ['/bin/sh', ''] : [interpreter[1]!, interpreter[2]!];
  const args = [program, ...(option === '' ? [] : [option]), path, ...process.args.slice(1)];
  return execute({ ...process, args }, path);
}

async function runProgram(process: Process, name: string): Promise<number> {
  const program = process.machine.programs.get(name);
  if (program === undefined) throw new Error(`the emulated program ${name} is missing`);
  try {
    return await program(process);
  } catch (error) {
    if (error instanceof BrokenPipeError) return BROKEN_PIPE;
    if (!isFileError(error) && !(error instanceof NotEmulatedError)) throw error;
    const isKnown = isFileError(error);
    const what = isKnown ? error.message : `${error.message} is not known to an emulated host`;
    await process.error.write(bytesOf(`${name}: ${what}\n`));
    return isKnown ? 1 : NOT_FOUND;
  }
}
