# shellcheck shell=sh
# shellcheck disable=SC2154 # mounted.sh sets them
# ENGINE VOLUME SERVICE NAME... gets ready what a service keeps on the volume: each NAME a folder of it, which the engine
# knows as a volume of its own. What was on the server's disk is copied there once, compared, and left as it is; the
# containers that used it are removed then, so that nothing writes there any more.
# Exit code 75: not now, as stderr says.
engine=$1 volume=$2 service=$3
shift 3
[ "$(mounted_volume)" = "$volume" ] || { echo "the volume $volume is not mounted at $folder" >&2; exit 75; }
"$engine" ps -q >/dev/null 2>&1 || { echo "$engine does not answer" >&2; exit 75; }
move() { # move FROM TO
  if [ -n "$("$engine" ps -q --filter "volume=$old")" ]; then
    echo "a container still writes to $old" >&2
    exit 75
  fi
  cp -a "$1" "$2" || exit 1
  diff -r --no-dereference "$1" "$2" >&2 || { echo "the copy of $1 is not like it" >&2; exit 1; }
  for user in $("$engine" ps -aq --filter "volume=$old"); do "$engine" rm -f "$user" >/dev/null || exit 1; done
}
for name; do
  old=$service-$name kept=$service-$name.volume place=$folder/$service-$name
  if ! [ -d "$place" ]; then
    rm -rf "$place.new"
    before=$("$engine" volume inspect --format '{{.Mountpoint}}' "$old" 2>/dev/null)
    if [ -n "$before" ]; then move "$before" "$place.new"; else mkdir "$place.new" || exit 1; fi
    sync
    mv "$place.new" "$place" || exit 1
  fi
  "$engine" volume inspect "$kept" >/dev/null 2>&1 ||
    "$engine" volume create --opt type=none --opt o=bind --opt "device=$place" "$kept" >/dev/null || exit 1
done
