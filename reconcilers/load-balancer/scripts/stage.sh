# shellcheck shell=sh
# HOME DIRECTORY TEMP makes the folder from the archive on stdin and has nginx test it. The folder of temporary files is
# made too: packages disagree on where that is. Exit codes: 65 nginx refuses it, 74 it could not be written.
export LC_ALL=C
new=$1/$2
[ "$(readlink "$1/current")" != "$2" ] || { echo "$2 is in use" >&2; exit 74; }
if ! { rm -rf "$new" && mkdir -p "$new" "$3" && tar -x -f - -C "$new" && sync -f "$new"; }; then
  rm -rf "$new"
  exit 74
fi
nginx -t -q -c "$new/nginx.conf" || exit 65
