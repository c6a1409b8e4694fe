# shellcheck shell=sh
# WAIT RELOAD:PATH... prints what facts.ts reads: one fact a line, its fields separated by tabs.
# It waits up to WAIT seconds for the end of the first boot.
say() { line=$1; shift; for field; do line="$line	$field"; done; printf '%s\n' "$line"; }
runs() { systemctl is-active -q "$1"; }
wait=$1; shift
result=/run/cloud-init/result.json
if has cloud-init; then
  [ -e $result ] || timeout "$wait" cloud-init status --wait >/dev/null 2>&1
  if [ ! -e $result ]; then
    say boot "$(cloud-init status 2>/dev/null | sed -n 's/^status: //p')"
  elif grep -q '"errors": \[\]' $result; then
    say boot 'done'
  else
    say boot error
  fi
  # Whatever happened, what it says of keys and networks comes last.
  grep -q '"errors": \[\]' $result 2>/dev/null ||
    say boot-log "$(tail -n 99 /var/log/cloud-init-output.log 2>/dev/null |
      grep -vE '^(ci-info: |<14>|-----|ssh-|ecdsa-|Cloud-init v)' | tail -n 15 | tail -c 1500 | base64 -w0)"
else
  say boot absent
fi
df -Pk / | awk 'NR == 2 { print $2, $4 }' | { read -r size free; say disk "$size" "$free"; }
[ "$(awk 'NR > 1' /proc/swaps | wc -l)" = 0 ] || say swap on
if systemd-detect-virt -cq; then say container; fi
find_unfinished
for tool in dockerd podman nginx docker-registry nft unattended-upgrade; do
  if provided $tool; then say tool $tool; fi
done
if runs docker; then docker=running; else docker=; fi
if has docker; then
  if version=$(timeout 5 docker version --format '{{.Server.Version}}' 2>/dev/null); then
    say engine docker "$version"
  else
    # Mute is one that runs: it may have been stopped since.
    runs docker || docker=
  fi
fi
[ -z "$docker" ] || say service docker
if has docker-registry && runs docker-registry; then say service docker-registry; fi
if has podman; then say engine podman "$(podman --version | awk '{ print $3 }')"; fi
if has nft && nft list table inet dropfleet >/dev/null 2>&1; then say metadata closed; fi
for entry; do
  reload=$(echo "$entry" | cut -d: -f1) path=$(echo "$entry" | cut -d: -f2-)
  [ -f "$path" ] || continue
  say file "$(sha256sum <"$path" | cut -d' ' -f1)" "$(stat -c %a "$path")" "$(stat -c %U:%G "$path")" "$path"
  [ "$reload" = none ] || ! stale "$reload" "$path" || say stale "$reload"
done
say end
