# shellcheck shell=sh
# shellcheck disable=SC2034 # for engine.sh
# ENGINE NAME SECONDS PUBLISH PORT ARGUMENTS... runs a container to its end, unless it is there already. stdin is its environment.
# Exit codes: 10 it ended with another code than 0, 11 it took longer than SECONDS, 12 the engine refused it, 13 it did so as the
# disk is full; stdout has why.
engine=$1 name=$2 seconds=$3
shift 3
why=$(mktemp /run/dropfleet-why.XXXXXXXX) && trap 'rm -f "$why"' EXIT
# One that was made and never started would be waited for with success.
case $(field "$name" '{{.State.Status}}') in '' | created | configured | initialized) run "$name" "$@" ;; esac
code=$(timeout "$seconds" "$engine" wait "$name")
case $? in
  0) ;;
  124)
    last_words "$name"
    "$engine" stop -t 10 "$name" >/dev/null 2>&1
    exit 11
    ;;
  # The engine was restarted meanwhile: the command goes on, and is waited for again.
  *) exit 1 ;;
esac
[ "$code" = 0 ] || { echo "exit code $code"; last_words "$name"; exit 10; }
