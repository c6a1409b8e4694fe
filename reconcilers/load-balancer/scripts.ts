// What runs on a master, as POSIX shell for root. Each is one command with a name of its own, idempotent, and may be
// cut off anywhere.

import type { Script } from '../host/scripts.ts';

/** `HOME MAIN URL` prints what facts.ts reads: a fact a line, after its name and a tab. */
export const FACTS: Script = {
  name: 'dropfleet-lb-facts',
  text: String.raw`export LC_ALL=C
printf 'version\t%s\n' "$(nginx -v 2>&1)"
printf 'main\t%s\n' "$(readlink "$2")"
printf 'current\t%s\n' "$(readlink "$1/current")"
printf 'digest\t%s\n' "$(cd "$1/current" 2>/dev/null && cat nginx.conf lb-status.json services/*.conf 2>/dev/null | sha256sum)"
printf 'running\t%s\n' "$(curl -s -m 2 "$3/lb-status/generation" | head -n 1 | head -c 80)"
printf 'end\n'
`,
};

/** STAGE's exit codes, after sysexits: nginx refuses the configuration, or it could not be written. */
export const REFUSED = 65;
export const NOT_WRITTEN = 74;

/**
 * `HOME DIRECTORY TEMP` makes the folder from the archive on stdin and has nginx test it. The folder of temporary
 * files is made too: packages disagree on where that is.
 */
export const STAGE: Script = {
  name: 'dropfleet-lb-stage',
  text: String.raw`export LC_ALL=C
new=$1/$2
[ "$(readlink "$1/current")" != "$2" ] || { echo "$2 is in use" >&2; exit ${NOT_WRITTEN}; }
rm -rf "$new" && mkdir -p "$new" "$3" && tar -x -f - -C "$new" && sync -f "$new" || {
  rm -rf "$new"
  exit ${NOT_WRITTEN}
}
nginx -t -q -c "$new/nginx.conf" || exit ${REFUSED}
`,
};

/** `HOME DIRECTORY` has nginx test that folder with the main file on stdin in place of its own. */
export const TRY: Script = {
  name: 'dropfleet-lb-try',
  text: String.raw`export LC_ALL=C
cat > "$1/$2/try.conf" || exit ${NOT_WRITTEN}
nginx -t -q -c "$1/$2/try.conf"
result=$?
rm -f "$1/$2/try.conf"
[ $result = 0 ] || exit ${REFUSED}
`,
};

/**
 * `HOME MAIN DIRECTORY` makes that folder the one that nginx reads, and has it read it. Renames are atomic: whenever
 * nginx starts, it finds a whole configuration. When it does not start, what it found fatal is on stderr.
 */
export const ACTIVATE: Script = {
  name: 'dropfleet-lb-activate',
  text: String.raw`export LC_ALL=C
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
`,
};

/**
 * `URL DIRECTORY TIMES TRIES LOG` waits until new connections were answered by that folder's workers so many times
 * in a row. Old workers take no new connections once they were told to end, but for a moment they may still. Prints what
 * answered instead, and the last thing that nginx found fatal.
 */
export const VERIFY: Script = {
  name: 'dropfleet-lb-verify',
  text: String.raw`export LC_ALL=C
answered=0
for try in $(seq "$4"); do
  last=$(curl -s -m 1 "$1/lb-status/generation")
  if [ "$last" = "$2" ]; then answered=$((answered + 1)); else answered=0; fi
  [ "$answered" -lt "$3" ] || exit 0
  [ "$answered" -gt 0 ] || sleep 0.1
done
printf '%s\n' "$last"
grep -F '[emerg]' "$5" | grep -vF 'still could not bind' | tail -n 1 >&2
exit 1
`,
};

/** `HOME COUNT NAME...` keeps the newest generations, so many of them, and those that are named. */
export const PRUNE: Script = {
  name: 'dropfleet-lb-prune',
  text: String.raw`export LC_ALL=C
cd "$1" || exit 1
count=$2
shift 2
for old in $(ls -1dt g-* | tail -n "+$((count + 1))"); do
  keep=
  for name; do [ "$name" != "$old" ] || keep=yes; done
  [ -n "$keep" ] || rm -rf "$old"
done
`,
};

/**
 * `PID PORT ADDRESS...` prints what draining/facts.ts reads: how many workers of the nginx with that pid file are ending,
 * and to each address how many connections nginx has opened. What comes from there to nginx's own port is a request of
 * the server itself.
 */
export const DRAIN: Script = {
  name: 'dropfleet-lb-drain',
  text: String.raw`export LC_ALL=C
command -v pgrep >/dev/null && command -v ss >/dev/null || { echo 'there is no pgrep or no ss' >&2; exit 1; }
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
`,
};
