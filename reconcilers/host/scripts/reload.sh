# shellcheck shell=sh
# RELOAD PATH... makes new files hold, without ending what runs, and stamps that it did.
set -e
what=$1; shift
case $what in
  # Nothing runs yet where a socket starts it at the first connection.
  ssh) sshd -t; if systemctl is-active -q ssh; then systemctl reload ssh; fi ;;
  journald) restart systemd-journald ;;
  metadata)
    systemctl daemon-reload
    systemctl enable -q dropfleet-metadata
    restart dropfleet-metadata ;;
  docker-registry) if stale docker-registry "$1"; then restart docker-registry; fi ;;
  docker)
    # At the first boot it may have started with the new file; then only one that is mute is restarted.
    if stale docker "$1" || ! timeout 5 docker version >/dev/null 2>&1; then
      # live-restore holds from the reload on, so that containers outlive the restart, which the rest needs.
      systemctl reset-failed docker 2>/dev/null || true
      systemctl reload docker 2>/dev/null || true
      restart docker
    fi ;;
esac
stamp=$(stamp_of "$what")
mkdir -p "$(dirname "$stamp")"
new=$(mktemp "$stamp.XXXXXXXX")
newest=$1
# shellcheck disable=SC3013 # -nt as in reloads.sh
for path; do [ "$path" -nt "$newest" ] && newest=$path; done
touch -r "$newest" "$new"
mv -f "$new" "$stamp"
