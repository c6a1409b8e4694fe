# shellcheck shell=sh
# ENGINE SECONDS THAW [KIND UID]... flushes the databases in the containers of these services, stops the containers as they
# stand, and writes everything to the disk. After SECONDS they go on by themselves, by THAW, whatever becomes of who asked.
# Prints `unflushed`, a tab, the container's id, a tab and why, for each that did not write what it had: the disk is as
# after a loss of power then, which databases are made for.
engine=$1 seconds=$2 thaw=$3
shift 3
here=/run/dropfleet/snapshot
(umask 077 && mkdir -p "$here") || exit 1
# What was held before, by somebody who is gone, goes on first.
sh -c "$thaw" dropfleet-thaw "$engine" 0 >/dev/null || exit 1
rm -f "$here/held"
inside() { timeout -k 5 30 "$engine" exec "$id" sh -c "$1" 2>&1; } # inside COMMAND: in the container, with its own variables
# shellcheck disable=SC2016 # the container's variables
flush() { # flush KIND
  case $1 in
    postgres) inside 'exec psql -qX -U "${POSTGRES_USER:-postgres}" -d "${POSTGRES_DB:-${POSTGRES_USER:-postgres}}" -c CHECKPOINT' ;;
    mysql) inside 'admin=$(command -v mariadb-admin || command -v mysqladmin) && MYSQL_PWD=${MYSQL_ROOT_PASSWORD:-$MARIADB_ROOT_PASSWORD} exec "$admin" -u root flush-tables' ;;
    redis) inside 'cli=$(command -v valkey-cli || command -v redis-cli) && export REDISCLI_AUTH="${REDISCLI_AUTH:-${REDIS_PASSWORD:-$VALKEY_PASSWORD}}" && [ "$("$cli" SAVE)" = OK ]' ;;
  esac
}
ids=
while [ $# -gt 1 ]; do
  found=$("$engine" ps -q --no-trunc --filter "label=dropfleet.uid=$2" --filter label=dropfleet.kind=service --filter status=running) || exit 1
  for id in $found; do
    why=$(flush "$1") || printf 'unflushed\t%s\t%s\n' "$id" "$(printf '%s' "$why" | tail -n 1 | tail -c 300 | tr '\t' ' ')"
    ids="$ids $id"
  done
  shift 2
done
[ -n "$ids" ] || { sync; exit 0; }
echo "$(date +%s%3N)$ids" >"$here/frozen"
# Before anything is held, there is who lets it go.
systemd-run -q --unit=dropfleet-thaw --collect sh -c "$thaw" dropfleet-thaw "$engine" "$seconds" || { rm -f "$here/frozen"; exit 1; }
for id in $ids; do
  "$engine" pause "$id" >/dev/null || { sh -c "$thaw" dropfleet-thaw "$engine" 0 >/dev/null; exit 1; }
done
sync
