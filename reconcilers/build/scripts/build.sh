# shellcheck shell=sh
# ENGINE PROJECT KEY ATTEMPT SECONDS CONTAINERFILE CONTEXT LABEL... builds the tree beside this file and leaves the
# image under its two tags, or a result that says why there is none. Stopped, as by a reboot, it leaves neither.
engine=$1 project=$2 key=$3 attempt=$4 seconds=$5 containerfile=$6 context=$7
here=$(dirname "$0") home=/var/lib/dropfleet/builds/$key
tree=$here/tree tag=dropfleet/$project:build-$key
shift 7
trap 'rm -rf "$here"; exit 143' HUP INT TERM
# Here is the only one who builds this: what else lies about was left by those who were ended, or came second.
for old in "$home"/source.*; do [ "$old" = "$here" ] || rm -rf "$old"; done
rm -f "$home/result-$attempt"
: >"$home/log"
printf '%s\n' "$attempt" >"$home/log-of"
echo begun >>"$home/begun-$attempt"
finish() { # finish RESULT: the source goes first, because the disk may be full
  rm -rf "$here"
  printf '%s\n' "$1" >"$home/result-$attempt.new" && mv -f "$home/result-$attempt.new" "$home/result-$attempt"
  exit 0
}
inside() { # inside PATH: whether it is in the tree, wherever its links lead
  real=$(realpath -e -- "$tree/$1") || return 1
  case $real in "$tree" | "$tree"/*) ;; *) return 1 ;; esac
}
{ inside "$context" && [ -d "$real" ]; } 2>/dev/null || finish no-context
context=$real
{ inside "$containerfile" && [ -f "$real" ]; } 2>/dev/null || finish no-containerfile
for label; do shift; set -- "$@" --label "$label"; done
# The containers that the steps run in are the engine's, not this unit's: they get their share by these.
memory=$(awk '/^MemTotal:/ { print int($2 * 0.6) }' /proc/meminfo)
set -- "$@" --cpu-shares 128 --memory "${memory}k" --memory-swap -1
if [ "$engine" = docker ] && docker info --format '{{.CgroupDriver}}' 2>/dev/null | grep -qx systemd; then
  set -- "$@" --cgroup-parent dropfleet_build.slice
fi
{
  timeout -k 30 "$seconds" "$engine" build --force-rm -t "$tag" -f "$real" "$@" "$context"
  echo $? >"$here/code"
} 2>&1 </dev/null | { head -c 4194304 >"$home/log"; tail -c 65536 >"$here/rest"; }
cat "$here/rest" >>"$home/log"
code=$(cat "$here/code")
if [ "$code" = 0 ] && id=$(id_of "$tag"); then
  "$engine" tag "$tag" "dropfleet/$project:${id#sha256:}"
  rm -rf "$here" "$home"/result-* "$home"/begun-*
  exit 0
fi
[ "$(df -Pk /var/lib | awk 'NR == 2 { print $4 }')" -ge 65536 ] || finish disk-full
finish "exit ${code:-1}"
