# shellcheck shell=sh
# REGISTRY PROJECT HEX... removes from this host's registry the project's images but these, and then what no image
# needs. For that the registry is stopped for a moment, when nobody is pushing; else it is done the next time.
registry=$1 project=$2
shift 2
url=http://$registry/v2/dropfleet/$project due=/var/lib/dropfleet/registry-garbage
has docker-registry || exit 0
mkdir -p /run/dropfleet /var/lib/dropfleet
for hex in $(curl -sS -m 20 "$url/tags/list" | grep -oE '"[0-9a-f]{64}"' | tr -d '"'); do
  case " $* " in *" $hex "*) continue ;; esac
  digest=$(head_of "$url/manifests/$hex" | tr -d '\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p')
  [ -n "$digest" ] || continue
  : >$due
  curl -sS -f -m 20 -o /dev/null -X DELETE "$url/manifests/$digest" || exit 69
done
[ -e $due ] || exit 0
# shellcheck disable=SC2016 # for the shell that has the lock
locked -xn sh -c 'systemctl stop docker-registry
  runuser -u docker-registry -- docker-registry garbage-collect /etc/docker/registry/config.yml >/dev/null && rm -f "$1"
  code=$?
  systemctl start docker-registry && exit $code' collect $due
code=$?
[ $code = 75 ] || exit $code
