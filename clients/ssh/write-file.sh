# shellcheck shell=sh
# PATH MODE OWNER SIZE: what comes on stdin becomes the file's content. It goes into a new file beside it, that nobody
# else may read, to the disk, and only then into its place. A connection that is lost on the way looks like the end of
# the input, so the size decides.
set -eu
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
sync -- "$(dirname -- "$1")"
