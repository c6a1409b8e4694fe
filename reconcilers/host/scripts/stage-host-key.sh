# shellcheck shell=sh
# Makes the host key that is to come, unless it is there, and prints its fingerprint.
set -e
next=/etc/ssh/dropfleet_next_host_key
if [ ! -s $next ] || [ ! -s $next.pub ]; then
  rm -f $next $next.pub
  ssh-keygen -q -t ed25519 -N '' -C '' -f $next
  sync $next $next.pub /etc/ssh
fi
ssh-keygen -lf $next.pub | cut -d' ' -f2
