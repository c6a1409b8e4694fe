# shellcheck shell=sh
# ENGINE PROJECT AGE TAG... removes these tags of the project's, unless a container has their image; what no image needs
# any more, when it is older than AGE (such as 24h, or 0s for all of it); and what builds and sent sources left, but the
# newest. Other images, containers and volumes are not touched.
engine=$1 project=$2 age=$3
shift 3
for tag; do "$engine" rmi "dropfleet/$project:$tag" >/dev/null 2>&1; done
"$engine" image prune -f --filter "until=$age" >/dev/null
if [ "$engine" = docker ]; then docker builder prune -f --filter "until=$age" >/dev/null 2>&1; fi
cd /var/lib/dropfleet 2>/dev/null || exit 0
# shellcheck disable=SC2012 # names of hexadecimal digits
ls -1t builds 2>/dev/null | tail -n +21 | while read -r key; do runs "dropfleet-build-$key" || rm -rf "builds/$key"; done
# shellcheck disable=SC2012
ls -1t sources 2>/dev/null | tail -n +6 | while read -r tar; do rm -f "sources/$tar"; done
exit 0
