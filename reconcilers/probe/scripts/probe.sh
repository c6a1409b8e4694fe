# shellcheck shell=sh
# MARK SECONDS (SECTION SCRIPT ARGUMENTS)... runs each section's script, which gets so many seconds and its arguments, one
# a line. After what it prints comes a line of its own: the mark, the section and the exit code. A section that dies,
# hangs or does not parse takes no other with it.
mark=$1 seconds=$2
shift 2
set -f
IFS='
'
while [ $# -gt 0 ]; do
  # shellcheck disable=SC2086 # one argument a line
  timeout "$seconds" sh -c "$2" "dropfleet-$1" $3 </dev/null
  printf '\n%s %s %s\n' "$mark" "$1" "$?"
  shift 3
done
