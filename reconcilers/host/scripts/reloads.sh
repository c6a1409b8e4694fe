# shellcheck shell=sh
# What was told of its files carries the newest one's time, until the next boot.
told=/run/dropfleet
unit_of() { case $1 in journald) echo systemd-journald;; metadata) echo dropfleet-metadata;; *) echo "$1";; esac; }
# shellcheck disable=SC3013 # -nt is POSIX since 2024; dash has it
stale() { # stale RELOAD PATH: whether the file is newer than the last reload, or else than its service's start
  if [ -e "$told/$1" ]; then [ "$2" -nt "$told/$1" ]; return; fi
  start=$(systemctl show -p ActiveEnterTimestamp --value --timestamp=unix "$(unit_of "$1")" | tr -d @)
  [ -z "$start" ] || [ "$(stat -c %Y "$2")" -gt "$start" ]
}
# shellcheck disable=SC3013 # likewise
stamp() { # stamp RELOAD PATH...: was told of these files, and of none that is written from now on
  what=$1 newest=$2; shift
  for path; do [ "$path" -nt "$newest" ] && newest=$path; done
  mkdir -p $told
  new=$(mktemp $told/.XXXXXXXX)
  touch -r "$newest" "$new"
  mv -f "$new" "$told/$what"
}
