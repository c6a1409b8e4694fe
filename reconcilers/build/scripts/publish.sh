# shellcheck shell=sh
# ENGINE PROJECT ID REGISTRY sends an image of this host to the registry, which is asked first; of its layers those
# that it lacks. Exit code 66: the image is not here. 69: the registry does not answer.
engine=$1 project=$2 id=$3 registry=$4
name=dropfleet/$project hex=${id#sha256:}
answer=$(head_of "http://$registry/v2/$name/manifests/$hex" -o /dev/null -w '%{http_code}')
case $answer in
  200) exit 0 ;;
  404) ;;
  *) echo "answer $answer of http://$registry/v2/" >&2; exit 69 ;;
esac
[ "$(id_of "$name:$hex")" = "$id" ] || { echo "there is no $name:$hex" >&2; exit 66; }
mkdir -p /run/dropfleet
"$engine" tag "$name:$hex" "$registry/$name:$hex" || exit 1
# shellcheck disable=SC2046 # nothing, or one word
locked -s "$engine" push $(without_tls) "$registry/$name:$hex" >/dev/null
code=$?
"$engine" rmi "$registry/$name:$hex" >/dev/null
exit $code
