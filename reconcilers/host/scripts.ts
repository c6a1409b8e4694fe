// What runs on hosts, as POSIX shell for root. Each script is one command with a name of its own, idempotent, and
// may be cut off anywhere. They are sent with every use: an edited or half-written copy on a host could do nothing.

/** A command: the script, and the name by which process lists and emulated hosts know it. */
export interface Script {
  name: string;
  text: string;
}

const COMMON = String.raw`
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
applied=/run/dropfleet
has() { command -v "$1" >/dev/null 2>&1; }
unit_of() { case $1 in journald) echo systemd-journald;; metadata) echo dropfleet-metadata;; *) echo "$1";; esac; }
stale() { # stale RELOAD PATH: whether the file is newer than the last reload, or else than its service's start
  if [ -e $applied/$1 ]; then [ "$2" -nt $applied/$1 ]; return; fi
  start=$(systemctl show -p ActiveEnterTimestamp --value --timestamp=unix "$(unit_of $1)" | tr -d @)
  [ -z "$start" ] || [ "$(stat -c %Y "$2")" -gt "$start" ]
}
package_of() {
  case $1 in dockerd) echo docker.io;; nft) echo nftables;; unattended-upgrade) echo unattended-upgrades;; *) echo $1;; esac
}
cut_off() { # the packages whose installation was begun, and nobody is at work on it any more
  [ -e /var/lib/dpkg/status ] && ! ps -eo comm= | grep -qxE 'apt|apt-get|aptitude|dpkg' || return 0
  awk '/^Package: / { p = $2 } /^Status: .*(unpacked|half-)/ { print p }' /var/lib/dpkg/status
}
provided() { # provided TOOL: whether it is there, and its package is none that was cut off: $unfinished, one a line
  has $1 && ! echo "$unfinished" | grep -qx "$(package_of $1)"
}
`;

/**
 * `dropfleet-facts WAIT RELOAD:PATH...` prints what facts.ts reads, one fact a line, fields separated by tabs. It
 * waits up to WAIT seconds for the end of the first boot.
 */
export const FACTS: Script = {
  name: 'dropfleet-facts',
  text: String.raw`${COMMON}
say() { line=$1; shift; for field; do line="$line	$field"; done; printf '%s\n' "$line"; }
wait=$1; shift
result=/run/cloud-init/result.json
if has cloud-init; then
  [ -e $result ] || timeout "$wait" cloud-init status --wait >/dev/null 2>&1
  if [ ! -e $result ]; then
    say boot "$(cloud-init status 2>/dev/null | sed -n 's/^status: //p')"
  elif grep -q '"errors": \[\]' $result; then
    say boot done
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
say disk $(df -Pk / | awk 'NR == 2 { print $2, $4 }')
[ "$(awk 'NR > 1' /proc/swaps | wc -l)" = 0 ] || say swap on
if systemd-detect-virt -cq; then say container; fi
unfinished=$(cut_off)
for tool in dockerd podman nginx nft unattended-upgrade; do provided $tool && say tool $tool; done
systemctl is-active -q docker && say service docker
if has docker; then
  version=$(timeout 5 docker version --format '{{.Server.Version}}' 2>/dev/null) && say engine docker "$version"
fi
if has podman; then say engine podman "$(podman --version | awk '{ print $3 }')"; fi
if has nft && nft list table inet dropfleet >/dev/null 2>&1; then say metadata closed; fi
for entry; do
  reload=$(echo "$entry" | cut -d: -f1) path=$(echo "$entry" | cut -d: -f2-)
  [ -f "$path" ] || continue
  say file "$(sha256sum <"$path" | cut -d' ' -f1)" "$(stat -c %a "$path")" "$(stat -c %U:%G "$path")" "$path"
  [ "$reload" = none ] || ! stale $reload "$path" || say stale $reload
done
say end
`,
};

/**
 * `dropfleet-provide TRIES TOOL...` installs the packages of the commands that are missing; without a missing one it
 * touches nothing. Exit code 75: somebody else is at work on the packages, and was waited for in vain.
 *
 * nginx comes from nginx's own repository where the distribution's is older than 1.27.4, which has
 * keepalive_min_timeout; its signing keys are pinned by their fingerprints. Where that repository cannot be had the
 * distribution's nginx will do.
 */
export const PROVIDE: Script = {
  name: 'dropfleet-provide',
  text: String.raw`${COMMON}
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
tries=$1; shift
log=$(mktemp); trap 'rm -f "$log"' EXIT
busy='Could not get lock|Unable to (acquire|lock)|held by process'
package() { # package ARGUMENT...: apt-get, which waits for others, and ends first what was cut off
  left=$tries
  until apt-get -yq -o DPkg::Lock::Timeout=20 -o Dpkg::Options::=--force-confold "$@" >"$log" 2>&1; do
    left=$((left - 1))
    if grep -q 'dpkg was interrupted' "$log"; then
      [ $left -gt 0 ] && dpkg --configure --force-confold -a >"$log" 2>&1 || return 1
    else
      grep -qE "$busy" "$log" || return 1
      [ $left -gt 0 ] || return 75
      sleep 5
    fi
  done
}
complaints() { grep -E '^([EW]: |dpkg: | [^ ])' "$log" | tail -n 4; }
get() { package install --no-install-recommends "$@"; }
candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -vx '(none)'; }
new_enough() { dpkg --compare-versions "$(candidate nginx)" ge 1.27.4; }
nginx_org() (
  { has curl && has gpg; } || get curl ca-certificates gnupg || exit 1
  . /etc/os-release
  GNUPGHOME=$(mktemp -d); export GNUPGHOME; trap 'rm -rf "$GNUPGHOME"' EXIT
  keyring=/usr/share/keyrings/nginx-org.gpg list=sources.list.d/nginx-org.list
  curl -fsS --retry 2 --connect-timeout 10 --max-time 60 https://nginx.org/keys/nginx_signing.key >"$GNUPGHOME/keys" &&
  gpg --batch -q --import "$GNUPGHOME/keys" &&
  gpg --batch -q --export 573BFD6B3D8FBC641079A6ABABF5BD827BD9BF62 8540A6F18833A80E9C1653A42FD21310B49F6B46 \
    9E9BE90EACBCDE69FE9B204CBCDCD8A38D88A2B3 >"$GNUPGHOME/pinned" && [ -s "$GNUPGHOME/pinned" ] &&
  install -m 0644 "$GNUPGHOME/pinned" $keyring &&
  echo "deb [signed-by=$keyring] https://nginx.org/packages/mainline/$ID $VERSION_CODENAME nginx" >/etc/apt/$list &&
  printf 'Package: nginx\nPin: origin nginx.org\nPin-Priority: 900\n' >/etc/apt/preferences.d/nginx-org &&
  apt-get -q -o DPkg::Lock::Timeout=20 -o Dir::Etc::sourcelist=$list -o Dir::Etc::sourceparts=- \
    -o APT::Get::List-Cleanup=0 update && new_enough
)
lacking() { unfinished=$(cut_off); missing=; for tool; do provided $tool || missing="$missing $tool"; done; [ -n "$missing" ]; }
lacking "$@" || exit 0
package update
code=$? updated=$(complaints)
if [ $code = 75 ]; then echo "$updated" >&2; exit 75; fi
packages=
for tool in $missing; do
  case $tool in
    dockerd) packages="$packages docker.io $(candidate docker-cli | sed 's/.*/docker-cli/')" ;;
    nginx)
      packages="$packages nginx curl" # by which the load balancer is asked what it runs
      if ! new_enough && ! nginx_org >"$log" 2>&1; then
        echo "nginx's own repository cannot be had, so the distribution's nginx is installed" >&2
        rm -f /etc/apt/sources.list.d/nginx-org.list /etc/apt/preferences.d/nginx-org
      fi ;;
    *) packages="$packages $(package_of $tool)" ;;
  esac
done
# A command may be gone though dpkg believes its package to be there. What counts is what is there afterwards: to be
# unable to reinstall a package is no failure to apt-get, and another package that cannot be configured is one.
get --reinstall $packages
code=$?
lacking "$@" || exit 0
[ $code != 0 ] || code=1
{
  # A source that does not answer fails the update, but the lists of others may do; when they do not, it is the cause.
  if [ $code != 75 ] && [ -n "$updated" ]; then echo 'apt-get update:'; echo "$updated"; fi
  echo "apt-get install$packages:"
  complaints | grep . || tail -n 3 "$log"
} >&2
exit $code
`,
};

/** For services: when one does not start, its last words are stderr. */
const LAST_WORDS = String.raw`${COMMON}
last_words() { # last_words CODE SERVICE
  journalctl -u "$2" -n 6 --no-pager -o cat >&2
  exit $1
}
restart() { systemctl restart "$1" 2>/dev/null || last_words $? "$1"; }
`;

/** `dropfleet-reload RELOAD PATH...` makes new files hold, without ending what runs, and stamps that it did. */
export const RELOAD: Script = {
  name: 'dropfleet-reload',
  text: String.raw`${LAST_WORDS}
set -e
what=$1; shift
case $what in
  # Nothing runs yet where a socket starts it at the first connection.
  ssh) sshd -t; if systemctl is-active -q ssh; then systemctl reload ssh; fi ;;
  journald) restart systemd-journald ;;
  metadata)
    systemctl daemon-reload
    systemctl enable -q dropfleet-metadata
    restart dropfleet-metadata ;;
  docker)
    # At the first boot it may have started with the new file; then only one that is mute is restarted.
    if stale docker "$1" || ! timeout 5 docker version >/dev/null 2>&1; then
      # live-restore holds from the reload on, so that containers outlive the restart, which the rest needs.
      systemctl reset-failed docker 2>/dev/null || true
      systemctl reload docker 2>/dev/null || true
      restart docker
    fi ;;
esac
mkdir -p $applied
stamp=$(mktemp $applied/.XXXXXXXX)
newest=$1; for path; do [ "$path" -nt "$newest" ] && newest=$path; done
touch -r "$newest" "$stamp"
mv -f "$stamp" "$applied/$what"
`,
};

/** `dropfleet-start SERVICE` starts it, now and at every boot. */
export const START: Script = {
  name: 'dropfleet-start',
  text: String.raw`${LAST_WORDS}
systemctl reset-failed "$1" 2>/dev/null
systemctl enable -q "$1" 2>/dev/null
systemctl start "$1" 2>/dev/null || last_words $? "$1"
`,
};

/** `dropfleet-swap` makes a swap file: 2 GB, or 1 GB on a disk of less than 20 GB. */
export const SWAP: Script = {
  name: 'dropfleet-swap',
  text: String.raw`${COMMON}
set -e
[ "$(awk 'NR > 1' /proc/swaps | wc -l)" = 0 ] || exit 0
if systemd-detect-virt -cq; then exit 0; fi
size=2048
[ "$(df -Pm / | awk 'NR == 2 { print $2 }')" -ge 20000 ] || size=1024
rm -f /swapfile
(umask 077; dd if=/dev/zero of=/swapfile bs=1M count=$size status=none)
mkswap -q /swapfile
swapon /swapfile
grep -q '^/swapfile ' /etc/fstab || echo '/swapfile none swap sw 0 0' >>/etc/fstab
`,
};

const NEXT_HOST_KEY = String.raw`${COMMON}
set -e
next=/etc/ssh/dropfleet_next_host_key
fingerprint() { ssh-keygen -lf "$1" | cut -d' ' -f2; }
`;

/** `dropfleet-stage-host-key` makes the host key that is to come, unless it is there, and prints its fingerprint. */
export const STAGE_HOST_KEY: Script = {
  name: 'dropfleet-stage-host-key',
  text: String.raw`${NEXT_HOST_KEY}
if [ ! -s $next ] || [ ! -s $next.pub ]; then
  rm -f $next $next.pub
  ssh-keygen -q -t ed25519 -N '' -C '' -f $next
  sync $next $next.pub /etc/ssh
fi
fingerprint $next.pub
`,
};

/**
 * `dropfleet-switch-host-key FINGERPRINT` puts the staged host key in the place of the present one; connections live
 * on. Repeating it after it was done does no harm.
 */
export const SWITCH_HOST_KEY: Script = {
  name: 'dropfleet-switch-host-key',
  text: String.raw`${NEXT_HOST_KEY}
key=/etc/ssh/ssh_host_ed25519_key
if [ -s $next ]; then
  [ "$(fingerprint $next)" = "$1" ] || { echo 'another host key is staged' >&2; exit 1; }
  rm -f $key.pub
  mv -f $next $key
fi
[ ! -s $next.pub ] || mv -f $next.pub $key.pub
sync $key /etc/ssh
[ "$(fingerprint $key)" = "$1" ] || { echo 'the host key is another than the staged one' >&2; exit 1; }
sshd -t
systemctl reload ssh
# While sshd begins anew it refuses connections; the next one is to find it.
has ssh-keyscan || exit 0
port=$(sshd -T | awk '$1 == "port" { print $2; exit }')
left=50
until ssh-keyscan -T 1 -t ed25519 -p "$port" 127.0.0.1 2>/dev/null | ssh-keygen -lf - 2>/dev/null | grep -qF "$1"; do
  left=$((left - 1)); [ $left -gt 0 ] || exit 0
  sleep 0.1
done
`,
};

/** All of them, for tests. */
export const SCRIPTS: readonly Script[] = [
  FACTS,
  PROVIDE,
  RELOAD,
  START,
  SWAP,
  STAGE_HOST_KEY,
  SWITCH_HOST_KEY,
];
