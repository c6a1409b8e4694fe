# shellcheck shell=sh
# ENGINE PROJECT IMAGE ID [REGISTRY USER] fetches a published image, unless the one with that id is here, and prints its id
# and the name by which every other host gets the same. Afterwards it has the tag dropfleet/PROJECT:<64 hex of its id>, and
# no other that it did not have before. With a USER of its registry, stdin is the password: no disk keeps it.
# Exit codes: 65 it is another than ID, 77 the registry refuses the user.
engine=$1 project=$2 image=$3 wanted=$4 registry=$5 user=$6
is_refusal() { grep -Eqi 'unauthori[sz]ed|denied|forbidden|(incorrect|invalid) username' "$login/why"; }
as_user() { # as_user ARGUMENTS...: the engine's command, by the login
  DOCKER_CONFIG=$login REGISTRY_AUTH_FILE=$login/auth.json "$engine" "$@" >/dev/null 2>"$login/why" && return
  cat "$login/why" >&2
  is_refusal && exit 77
  exit 1
}
name=dropfleet/$project
if [ -n "$wanted" ] && [ "$(id_of "$name:${wanted#sha256:}")" = "$wanted" ]; then say image "$wanted"; exit 0; fi
before=$(id_of "$image")
if [ -n "$user" ]; then
  # /run is a tmpfs.
  login=$(umask 077 && mkdir -p /run/dropfleet && mktemp -d /run/dropfleet/login.XXXXXX) || exit
  trap 'rm -rf "$login"' EXIT
  trap 'exit 143' HUP INT TERM
  as_user login --username "$user" --password-stdin "$registry"
  as_user pull "$image"
  rm -rf "$login"
else
  "$engine" pull "$image" >/dev/null || exit
fi
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
