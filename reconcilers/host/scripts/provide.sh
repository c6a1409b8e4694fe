# shellcheck shell=sh
# TRIES TOOL... installs the packages of the commands that are missing; without a missing one it touches nothing.
# Exit code 75: somebody else is at work on the packages, and was waited for in vain.
#
# nginx comes from nginx's own repository where the distribution's is older than 1.27.4, which has
# keepalive_min_timeout; its signing keys are pinned by their fingerprints. Where that repository cannot be had the
# distribution's nginx will do.
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
tries=$1; shift
log=$(mktemp); trap 'rm -f "$log"' EXIT
busy='Could not get lock|Unable to (acquire|lock)|held by process'
package() { # package ARGUMENT...: apt-get, which waits for others, and ends first what was cut off
  left=$tries
  until apt-get -yq -o DPkg::Lock::Timeout=20 -o Dpkg::Options::=--force-confold "$@" >"$log" 2>&1; do
    left=$((left - 1))
    if grep -q 'dpkg was interrupted' "$log"; then
      [ $left -gt 0 ] || return 1
      dpkg --configure --force-confold -a >"$log" 2>&1 || return 1
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
  # shellcheck source=/dev/null # the host's own
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
lacking() { find_unfinished; missing=; for tool; do provided "$tool" || missing="$missing $tool"; done; [ -n "$missing" ]; }
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
    *) packages="$packages $(package_of "$tool")" ;;
  esac
done
# A command may be gone though dpkg believes its package to be there. What counts is what is there afterwards: to be
# unable to reinstall a package is no failure to apt-get, and another package that cannot be configured is one.
# shellcheck disable=SC2086 # a list of words
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
