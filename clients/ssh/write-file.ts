import { readFileSync } from 'node:fs';
import type { FileAttributes } from './ssh.ts';

/** Read with this module, of which it is a part. */
const SCRIPT = readFileSync(new URL('write-file.sh', import.meta.url), 'utf8');

/** What the script is called in a process list. */
const NAME = 'dropfleet-write-file';

/** The command that makes its stdin, which must have `size` bytes, the content of the file at `path`. */
export function writeFileCommand(
  path: string,
  { mode, owner = 'root:root' }: FileAttributes,
  size: number,
  isRoot: boolean,
): string[] {
  const script = ['sh', '-c', SCRIPT, NAME, path, mode.toString(8).padStart(4, '0'), owner, `${size}`];
  return isRoot ? script : ['sudo', '-n', ...script];
}
