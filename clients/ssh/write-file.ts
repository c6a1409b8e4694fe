import type { FileAttributes } from './ssh.ts';

/**
 * What writes the file on the host: into a new file beside it, that nobody else may read, to the disk, and only
 * then in its place. A connection that is lost on the way looks like the end of the input, so the size decides.
 */
const SCRIPT = `set -eu
umask 077
new=$(mktemp "$(dirname -- "$1")/.$(basename -- "$1").XXXXXXXX")
trap 'rm -f -- "$new"' EXIT
trap 'exit 1' HUP INT TERM PIPE
cat >"$new"
[ "$(wc -c <"$new")" -eq "$4" ] || { echo 'the content did not arrive in full' >&2; exit 1; }
chown -- "$3" "$new"
chmod -- "$2" "$new"
sync -- "$new"
mv -fT -- "$new" "$1"
sync -- "$(dirname -- "$1")"`;

/** What the script is called in a process list, and how the sandbox's emulated hosts know it. */
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
