# shellcheck shell=sh
# FINGERPRINT is the staged host key's, which is put in the place of the present one; connections live on.
# Repeating it after it was done does no harm.
set -e
next=/etc/ssh/dropfleet_next_host_key
key=/etc/ssh/ssh_host_ed25519_key
fingerprint() { ssh-keygen -lf "$1" | cut -d' ' -f2; }
if [ -s $next ]; then
  [ "$(fingerprint $next)" = "$1" ] || { echo 'another host key is staged' >&2; exit 1; }
  rm -f $key.pub
  mv -f $next $key
fi
[ ! -s $next.pub ] || mv -f $next.pub $key.pub
sync $key /etc/ssh
[ "$(fingerprint $key)" = "$1" ] || { echo 'the host key is another than the staged one' >&2; exit 1; }
sshd -t
systemctl reload ssh
# While sshd restarts it refuses connections; the next one is to find it.
has ssh-keyscan || exit 0
port=$(sshd -T | awk '$1 == "port" { print $2; exit }')
left=50
until ssh-keyscan -T 1 -t ed25519 -p "$port" 127.0.0.1 2>/dev/null | ssh-keygen -lf - 2>/dev/null | grep -qF "$1"; do
  left=$((left - 1)); [ $left -gt 0 ] || exit 0
  sleep 0.1
done
