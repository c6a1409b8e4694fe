import { randomUUID } from 'node:crypto';
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, basename, join } from 'node:path';
import { ConfigurationError, type Problem } from './problems.ts';

/** How a text was stored; each gives back the same bytes. latin1 stands for every one-byte code page. */
export type TextEncoding = 'utf8' | 'utf16le' | 'latin1';

/** A file's text, its byte order mark included, or the reason why it cannot be read. */
export type TextFile = { text: string; encoding: TextEncoding } | { problem: Problem; missing: boolean };

/** Reads a text file as spreadsheets and editors store them. Never rejects. */
export async function readTextFile(path: string): Promise<TextFile> {
  try {
    return decodeText(await readFile(path));
  } catch (error) {
    const message = `the file cannot be read: ${explainFileError(error)}`;
    return { problem: { file: path, message }, missing: isMissingFile(error) };
  }
}

/** UTF-16 when a byte order mark says so (Excel's "Unicode text"), else UTF-8, else one byte a character. */
export function decodeText(bytes: Buffer): { text: string; encoding: TextEncoding } {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { text: bytes.toString('utf16le'), encoding: 'utf16le' };
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes)
    ? { text, encoding: 'utf8' }
    : { text: bytes.toString('latin1'), encoding: 'latin1' };
}

/**
 * Replaces the file as a whole or not at all: a reader sees the old text or the new one, also after a crash.
 * A symbolic link stays one; its target is replaced. The file keeps its mode and, where root writes, its owner;
 * a new one gets `mode`.
 * @throws ConfigurationError, one sentence, when that fails; the old file is untouched then.
 */
export async function writeAtomically(
  path: string,
  text: string,
  { encoding = 'utf8', mode = 0o644 }: { encoding?: TextEncoding; mode?: number } = {},
): Promise<void> {
  try {
    const target = await realpath(path).catch(whenMissing(path));
    const before = await stat(target).catch(whenMissing(undefined));
    await writeBeside(target, Buffer.from(text, encoding), before, before?.mode ?? mode);
  } catch (error) {
    const message = `${path} could not be written and is as it was: ${explainFileError(error)}`;
    throw new ConfigurationError(message, { cause: error });
  }
}

async function writeBeside(
  target: string,
  bytes: Buffer,
  before: { uid: number; gid: number } | undefined,
  mode: number,
): Promise<void> {
  const draft = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  try {
    const file = await open(draft, 'wx', mode & 0o777);
    try {
      if (before !== undefined && process.getuid?.() === 0) await file.chown(before.uid, before.gid);
      await file.chmod(mode & 0o7777);
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(dirname(target));
}

/** What some file systems answer that cannot do it for a folder, or need not. */
const CANNOT_SYNC_FOLDERS = ['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR'];

/** Makes the rename itself outlive a loss of power. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (!CANNOT_SYNC_FOLDERS.includes(codeOf(error) ?? '')) throw error;
  }
}

/** A rejection handler that takes a missing file for that value. */
const whenMissing =
  <T>(value: T) =>
  (error: unknown): T => {
    if (isMissingFile(error)) return value;
    throw error;
  };

const EXPLANATIONS: Record<string, string> = {
  ENOENT: 'there is no such file or folder; check the path, or write the missing files with `dropfleet init`',
  EACCES: 'permission denied; check who owns it and its mode',
  EPERM: 'the system does not permit it; check who owns it and its mode',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  ELOOP: 'its symbolic links lead in a circle',
  ENOSPC: 'the disk is full; free some space and try again',
  EDQUOT: 'your disk quota is used up; free some space and try again',
  EROFS: 'the file system is read-only',
  EBUSY: 'it is in use; where it is mounted as a single file, mount its folder instead',
  EMFILE: 'too many files are open',
};

/** A system error as a clause that says what to do. */
export function explainFileError(error: unknown): string {
  const code = codeOf(error);
  return (code === undefined ? undefined : EXPLANATIONS[code]) ?? code ?? String(error);
}

/** Whether the error says that a file or its folder does not exist. */
export const isMissingFile = (error: unknown): boolean => codeOf(error) === 'ENOENT';

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
