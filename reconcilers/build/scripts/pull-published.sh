# shellcheck shell=sh
# ENGINE PROJECT IMAGE [ID] fetches a published image, unless the one with that id is here, and prints its id and the name
# by which every other host gets the same. Afterwards it has the tag dropfleet/PROJECT:<64 hex of its id>, and no other
# that it did not have before. Exit code 65: it is another than ID.
engine=$1 project=$2 image=$3 wanted=$4
name=dropfleet/$project
if [ -n "$wanted" ] && [ "$(id_of "$name:${wanted#sha256:}")" = "$wanted" ]; then say image "$wanted"; exit 0; fi
before=$(id_of "$image")
"$engine" pull "$image" >/dev/null || exit
id=$(id_of "$image") || exit
if [ -n "$wanted" ] && [ "$id" != "$wanted" ]; then
  [ -n "$before" ] || "$engine" rmi "$image" >/dev/null
  echo "$image is $id" >&2
  exit 65
fi
digest=$("$engine" image inspect --format '{{range .RepoDigests}}{{.}} {{end}}' "$image" | tr ' ' '\n' | head -n 1)
"$engine" tag "$image" "$name:${id#sha256:}" || exit
[ -n "$before" ] || "$engine" rmi "$image" >/dev/null
say image "$id" "$digest"
