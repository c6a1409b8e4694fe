# shellcheck shell=sh
# ENGINE SECONDS lets go, after so many seconds, what freeze.sh holds, and prints for how long it was held: `held`, a tab
# and milliseconds; nothing when nothing was. Of two who do it at once one is told; whoever asks later is told the same.
engine=$1 seconds=$2
here=/run/dropfleet/snapshot
[ "$seconds" = 0 ] || sleep "$seconds"
is_paused() { [ "$("$engine" inspect --type container --format '{{.State.Status}}' "$1" 2>/dev/null)" = paused ]; }
if [ -f "$here/frozen" ]; then
  read -r began ids <"$here/frozen"
  for id in $ids; do
    tries=60
    until "$engine" unpause "$id" >/dev/null 2>&1 || ! is_paused "$id"; do
      tries=$((tries - 1))
      [ $tries != 0 ] || { echo "$engine does not let $id go" >&2; exit 1; }
      sleep 1
    done
  done
  echo $(($(date +%s%3N) - began)) >"$here/held"
  rm -f "$here/frozen"
fi
[ ! -f "$here/held" ] || printf 'held\t%s\n' "$(cat "$here/held")"
[ "$seconds" != 0 ] || systemctl stop dropfleet-thaw >/dev/null 2>&1 || true
