# shellcheck shell=sh
# HOME DIRECTORY has nginx test that folder with the main file on stdin in place of its own. Exit codes as stage.sh.
export LC_ALL=C
cat > "$1/$2/try.conf" || exit 74
nginx -t -q -c "$1/$2/try.conf"
result=$?
rm -f "$1/$2/try.conf"
[ $result = 0 ] || exit 65
