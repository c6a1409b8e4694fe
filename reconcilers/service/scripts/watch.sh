# shellcheck shell=sh
# shellcheck disable=SC2034 # for engine.sh
# ENGINE NAME TARGET SECONDS INTERVAL TIMEOUT looks at a container for SECONDS.
# Exit codes: 10 it ended, 11 it failed its health check three times in a row; stdout has why.
engine=$1 name=$2 target=$3 seconds=$4 interval=$5 timeout=$6
why=$(mktemp /run/dropfleet-why.XXXXXXXX) && trap 'rm -f "$why"' EXIT
expect_curl "$target"
end=$(($(date +%s) + seconds)) failed=0
while :; do
  if ended "$name"; then last_words "$name"; exit 10; fi
  if check "$target" "$timeout"; then failed=0; else failed=$((failed + 1)); fi
  if [ $failed -ge 3 ]; then cat "$why"; last_words "$name"; exit 11; fi
  [ "$(date +%s)" -lt "$end" ] || exit 0
  sleep "$interval"
done
