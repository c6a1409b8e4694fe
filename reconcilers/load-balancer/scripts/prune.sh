# shellcheck shell=sh
# HOME COUNT NAME... keeps the newest generations, so many of them, and those that are named.
export LC_ALL=C
cd "$1" || exit 1
count=$2
shift 2
# shellcheck disable=SC2012 # by age, and no such name has a blank
for old in $(ls -1dt g-* | tail -n "+$((count + 1))"); do
  keep=
  for name; do [ "$name" != "$old" ] || keep=yes; done
  [ -n "$keep" ] || rm -rf "$old"
done
