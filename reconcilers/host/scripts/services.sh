# shellcheck shell=sh
last_words() { # last_words CODE SERVICE: ends as what did not start it, whose last words are stderr
  journalctl -u "$2" -n 6 --no-pager -o cat >&2
  exit "$1"
}
restart() { systemctl restart "$1" 2>/dev/null || last_words $? "$1"; }
