# shellcheck shell=sh
# shellcheck disable=SC2034 # for the scripts that it is put in front of
folder=/mnt/dropfleet-data
volumes=/dev/disk/by-id/scsi-0DO_Volume_
# Whatever is mounted there; and the name of the volume that it is, if it is one that is still attached.
mounted_device() { mount | sed -n 's|^\([^ ]*\) on /mnt/dropfleet-data .*|\1|p' | tail -n 1; }
mounted_volume() {
  device=$(mounted_device)
  [ -n "$device" ] || return 0
  for link in "$volumes"*; do
    if [ "$(readlink -f "$link")" = "$device" ]; then echo "${link#"$volumes"}"; fi
  done
}
