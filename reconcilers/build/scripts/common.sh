# shellcheck shell=sh
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
has() { command -v "$1" >/dev/null 2>&1; }
say() { line=$1; shift; for field; do line="$line	$field"; done; printf '%s\n' "$line"; }
# shellcheck disable=SC2154 # every script sets the engine before it asks
id_of() { # id_of IMAGE: its id as sha256:<64 hex>, which podman prints without the sha256
  found=$("$engine" image inspect --format '{{.Id}}' "$1" 2>/dev/null) || return 1
  echo "sha256:${found#sha256:}"
}
