# shellcheck shell=sh
# What was told of its files carries the newest one's time, until the next boot.
stamp_of() { echo "/run/dropfleet/$1"; }
unit_of() { case $1 in journald) echo systemd-journald;; metadata) echo dropfleet-metadata;; *) echo "$1";; esac; }
# shellcheck disable=SC3013 # -nt is POSIX since 2024; dash has it
stale() { # stale RELOAD PATH: whether the file is newer than the last reload, or else than its service's start
  last=$(stamp_of "$1")
  if [ -e "$last" ]; then [ "$2" -nt "$last" ]; return; fi
  start=$(systemctl show -p ActiveEnterTimestamp --value --timestamp=unix "$(unit_of "$1")" | tr -d @)
  [ -z "$start" ] || [ "$(stat -c %Y "$2")" -gt "$start" ]
}
