# shellcheck shell=sh
# shellcheck disable=SC2034 # for engine.sh
# ENGINE NAME TARGET SECONDS INTERVAL TIMEOUT SETTLE PUBLISH PORT ARGUMENTS... starts a container, unless it runs, and
# waits until it is healthy: `check TARGET` succeeds, and it has gone on for SETTLE seconds. It has SECONDS for that.
# stdin is its environment.
# Exit codes: 10 it ended, 11 it did not get healthy, 12 the engine refused it, 13 it did so as the disk is full; stdout
# has why. What failed is stopped and stays, for its logs.
engine=$1 name=$2 target=$3 seconds=$4 interval=$5 timeout=$6 settle=$7
shift 7
why=$(mktemp /run/dropfleet-why.XXXXXXXX) && trap 'rm -f "$why" "$(env_file "$name")"' EXIT
# Something else is wanted by now, perhaps.
trap 'exit 143' HUP TERM
fail() {
  [ "$1" = 10 ] || cat "$why"
  last_words "$name"
  "$engine" stop -t 10 "$name" >/dev/null 2>&1
  exit "$1"
}
expect_curl "$target"
# One of that name was started for the very same things: what it keeps is what stdin says.
runs "$name" || "$engine" start "$name" >/dev/null 2>&1 || run "$name" "$@"
began=$(date +%s)
while :; do
  ended "$name" && fail 10
  now=$(date +%s)
  if [ $((now - began)) -ge "$settle" ]; then
    check "$target" "$timeout" && exit 0
    [ $((now - began)) -lt "$seconds" ] || fail 11
  fi
  sleep "$interval"
done
