# shellcheck shell=sh
# KEY ATTEMPT OFFSET prints what the build of that attempt has said after its first OFFSET bytes, 64 KiB at most.
key=$1 attempt=$2 offset=$3
home=/var/lib/dropfleet/builds/$key
[ "$(cat "$home/log-of" 2>/dev/null)" = "$attempt" ] || exit 0
tail -c "+$((offset + 1))" "$home/log" | head -c 65536
