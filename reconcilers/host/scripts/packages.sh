# shellcheck shell=sh
package_of() {
  case $1 in dockerd) echo docker.io;; nft) echo nftables;; unattended-upgrade) echo unattended-upgrades;; *) echo "$1";; esac
}
find_unfinished() { # the packages whose installation was begun, and nobody is at work on it any more, one a line
  unfinished=
  # shellcheck disable=SC2009 # whole names of several
  [ -e /var/lib/dpkg/status ] && ! ps -eo comm= | grep -qxE 'apt|apt-get|aptitude|dpkg' || return 0
  unfinished=$(awk '/^Package: / { p = $2 } /^Status: .*(unpacked|half-)/ { print p }' /var/lib/dpkg/status)
}
provided() { # provided TOOL: whether it is there, and its package is none that find_unfinished found
  has "$1" && ! echo "$unfinished" | grep -qx "$(package_of "$1")"
}
