# shellcheck shell=sh
# ENGINE ARGUMENTS... CONTAINER prints a container's logs, what it wrote to either stream in the order of writing.
engine=$1
shift
exec "$engine" logs --timestamps "$@" 2>&1
