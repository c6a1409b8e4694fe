# shellcheck shell=sh
# URL DIRECTORY TIMES TRIES LOG waits until new connections were answered by that folder's workers so many times in a
# row. Old workers take no new connections once they were told to end, but for a moment they may still. Prints what
# answered instead, and the last thing that nginx found fatal.
export LC_ALL=C
answered=0 left=$4
while [ "$left" -gt 0 ]; do
  left=$((left - 1))
  last=$(curl -s -m 1 "$1/lb-status/generation")
  if [ "$last" = "$2" ]; then answered=$((answered + 1)); else answered=0; fi
  [ "$answered" -lt "$3" ] || exit 0
  [ "$answered" -gt 0 ] || sleep 0.1
done
printf '%s\n' "$last"
grep -F '[emerg]' "$5" | grep -vF 'still could not bind' | tail -n 1 >&2
exit 1
