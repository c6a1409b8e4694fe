# shellcheck shell=sh
# ENGINE PROJECT prints the project's images on this host, the newest first: id and tag, separated by a tab.
engine=$1 project=$2
"$engine" images --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}' | while read -r id image; do
  case ${image#localhost/} in "dropfleet/$project":*) say image "sha256:${id#sha256:}" "${image##*:}" ;; esac
done
say end
