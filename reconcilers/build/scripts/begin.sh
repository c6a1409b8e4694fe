# shellcheck shell=sh
# ENGINE PROJECT KEY ATTEMPT SECONDS TREE CONTAINERFILE CONTEXT SCRIPT LABEL... starts the unit that runs SCRIPT on the
# source: the tar that comes on stdin and ends with END (see commands.ts), or the one that was sent as TREE before.
# A stream that was cut off begins nothing, and of two who begin at once one does.
# Exit code 65: the stream was cut off. 66: TREE is not there.
set -eu
umask 077
engine=$1 project=$2 key=$3 attempt=$4 seconds=$5 tree=$6 containerfile=$7 context=$8 script=$9
shift 9
unit=dropfleet-build-$key home=/var/lib/dropfleet/builds/$key
if runs "$unit"; then exit 0; fi
mkdir -p "$home"
here=$(mktemp -d "$home/source.XXXXXXXX")
leave() { # whatever went wrong: somebody else's build does as well
  code=$?
  rm -rf "$here"
  if runs "$unit"; then exit 0; fi
  exit $code
}
trap leave EXIT
trap 'exit 1' HUP INT TERM PIPE
(umask 022; mkdir "$here/tree")
if [ -n "$tree" ]; then
  tar=/var/lib/dropfleet/sources/$tree.tar
  [ -f "$tar" ] || exit 66
else
  tar=$here/tar end="dropfleet-end-$key"
  cat >"$tar"
  [ "$(tail -c ${#end} "$tar" | tr -d '\0')" = "$end" ] || { echo 'the source did not arrive in full' >&2; exit 65; }
fi
# The image gets these modes, and its users are not root.
(umask 022; tar -xf "$tar" -C "$here/tree" --no-same-owner --no-same-permissions)
rm -f "$here/tar"
printf '%s\n' "$script" >"$here/build.sh"
# What a build takes is what others leave: a slice beside the system's, lighter than what serves.
systemctl set-property --runtime dropfleet_build.slice CPUWeight=20 IOWeight=20 MemoryMax=60% || true
systemd-run -q --unit="$unit" --collect --slice=dropfleet_build.slice -p Nice=10 -p "RuntimeMaxSec=$((seconds + 300))" \
  -p TimeoutStopSec=30 --setenv=HOME=/root \
  sh "$here/build.sh" "$engine" "$project" "$key" "$attempt" "$seconds" "$containerfile" "$context" "$@"
trap - EXIT
