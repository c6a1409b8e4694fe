# shellcheck shell=sh
# PID PORT ADDRESS... prints what facts.ts reads: how many workers of the nginx with that pid file are ending, and
# to each address how many connections nginx has opened. What comes from there to nginx's own port is a request of the
# server itself.
export LC_ALL=C
{ command -v pgrep && command -v ss; } >/dev/null || { echo 'there is no pgrep or no ss' >&2; exit 1; }
main=$(cat "$1" 2>/dev/null)
port=$2
shift 2
old=0
[ -z "$main" ] || old=$(pgrep -c -f -P "$main" 'worker process is shutting down')
printf 'old\t%s\n' "$old"
for address; do
  printf 'open\t%s\t%s\n' "$address" "$(ss -H -t -n -p dst "$address" and not sport = ":$port" | grep -c '"nginx"')"
done
printf 'end\n'
