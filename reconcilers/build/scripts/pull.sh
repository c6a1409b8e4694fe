# shellcheck shell=sh
# ENGINE PROJECT ID REGISTRY fetches the image with that id from the registry, unless it is here; afterwards it has the
# tag dropfleet/PROJECT:<64 hex of ID>. Exit code 65: the registry has another under that name.
engine=$1 project=$2 id=$3 registry=$4
name=dropfleet/$project hex=${id#sha256:}
if [ "$(id_of "$name:$hex")" = "$id" ]; then exit 0; fi
if [ "$(id_of "$id")" != "$id" ]; then
  # shellcheck disable=SC2046 # nothing, or one word
  "$engine" pull $(without_tls) "$registry/$name:$hex" >/dev/null || exit
  pulled=$(id_of "$registry/$name:$hex")
  if [ "$pulled" = "$id" ]; then "$engine" tag "$registry/$name:$hex" "$name:$hex"; fi
  "$engine" rmi "$registry/$name:$hex" >/dev/null
  [ "$pulled" = "$id" ] || { echo "$registry has $pulled as $name:$hex" >&2; exit 65; }
else
  "$engine" tag "$id" "$name:$hex"
fi
