# shellcheck shell=sh
# Prints the name of the volume that is mounted where the project's data are; nothing when there is none.
mounted_volume
