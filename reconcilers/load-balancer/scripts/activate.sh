# shellcheck shell=sh
# HOME MAIN DIRECTORY makes that folder the one that nginx reads, and has it read it. Renames are atomic: whenever nginx
# starts, it finds a whole configuration. When it does not start, what it found fatal is on stderr.
export LC_ALL=C
set -e
ln -sfn "$3" "$1/current.new"
mv -T "$1/current.new" "$1/current"
ln -sfn "$1/current/nginx.conf" "$2.new"
mv -T "$2.new" "$2"
if systemctl is-active --quiet nginx; then
  systemctl reload nginx
else
  systemctl reset-failed nginx 2>/dev/null || true
  systemctl restart nginx && exit 0
  journalctl -u nginx -n 20 --no-pager -o cat 2>/dev/null | grep -F '[emerg]' | grep -vF 'still could not bind' | tail -n 1 >&2
  exit 1
fi
