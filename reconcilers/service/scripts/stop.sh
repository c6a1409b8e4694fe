# shellcheck shell=sh
# ENGINE VERB SECONDS NAME... ends containers, which have SECONDS for it after SIGTERM: `stop` keeps them, `remove` does
# not. Volumes stay.
engine=$1 verb=$2 seconds=$3
shift 3
status=0
for name; do
  exists "$name" || continue
  "$engine" stop -t "$seconds" "$name" >/dev/null || status=1
  [ "$verb" = remove ] || continue
  "$engine" rm "$name" >/dev/null || status=1
done
exit $status
