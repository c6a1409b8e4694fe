# shellcheck shell=sh
# What a registry may hold of an image; without them it would answer with a form that has no id.
head_of() { # head_of URL CURL-OPTION...
  curl -sS -m 20 -I -H 'Accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json' "$@"
}
# shellcheck disable=SC2154 # every script sets the engine first
without_tls() { if [ "$engine" = podman ]; then echo --tls-verify=false; fi; }
# Whoever pushes holds the lock with others; whoever collects garbage, alone.
locked() { # locked FLOCK-OPTIONS COMMAND...
  how=$1; shift
  if has flock; then flock "$how" -E 75 /run/dropfleet/registry.lock "$@"; else "$@"; fi
}
