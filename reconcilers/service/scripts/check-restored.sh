# shellcheck shell=sh
# shellcheck disable=SC2034 # for engine.sh
# ENGINE NAME SCHEME PORT PATH SECONDS TIMEOUT has a container of the snapshot run, and waits for SECONDS until it answers:
# a URL with 2xx where there is a SCHEME, else its PORT with a connection; where PORT is - it must keep running.
# Exit codes: 10 it does not run, 11 it does not answer; stdout has why, and nothing that the container itself wrote.
engine=$1 name=$2 scheme=$3 port=$4 path=$5 seconds=$6 timeout=$7
why=$(mktemp /run/dropfleet-why.XXXXXXXX) && trap 'rm -f "$why"' EXIT
# shellcheck disable=SC2016 # the engine's template
address=$(field "$name" '{{range $port, $places := .HostConfig.PortBindings}}{{range $places}}{{println .HostIp}}{{end}}{{end}}' | grep . | head -n 1)
# It is published at the private address of the server that the snapshot was taken of: without it the engine cannot start
# it. On loopback nobody else sees it.
[ -z "$address" ] || ip address add "$address/32" dev lo 2>/dev/null
target=running
[ "$port" = - ] || target=$scheme${address:-127.0.0.1}:$port$path
expect_curl "$target"
end=$(($(date +%s) + seconds)) steady=0 began=
runs "$name" || "$engine" start "$name" >/dev/null 2>"$why"
while :; do
  if runs "$name"; then
    started=$(field "$name" '{{.State.StartedAt}}')
    if [ "$started" = "$began" ]; then steady=$((steady + 1)); else steady=0 began=$started; fi
    # What tells nothing of itself is believed when it has not ended at once.
    if [ "$target" != running ] || [ $steady -ge 3 ]; then check "$target" "$timeout" && exit 0; fi
  fi
  [ "$(date +%s)" -lt "$end" ] || break
  sleep 1
done
if runs "$name"; then tail -c 500 "$why"; exit 11; fi
expect_engine
field "$name" '{{.State.Status}} ({{.State.ExitCode}})'
exit 10
