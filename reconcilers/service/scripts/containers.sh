# shellcheck shell=sh
# ENGINE prints what facts.ts reads: a line for each of dropfleet's containers, its fields separated by tabs.
engine=$1
if command -v "$engine" >/dev/null 2>&1; then
  ids=$("$engine" ps -aq --no-trunc --filter label=dropfleet.service) || exit 1
  template=
  for name in service uid kind release version port; do
    template="$template{{index .Config.Labels \"dropfleet.$name\"}}	"
  done
  # shellcheck disable=SC2086 # an id a word
  [ -z "$ids" ] || "$engine" inspect --type container --format \
    "$template{{.State.Status}}	{{.State.ExitCode}}	{{.RestartCount}}	{{.Image}}	{{.Name}}" $ids || exit 1
fi
echo end
