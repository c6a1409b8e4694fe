# shellcheck shell=sh
# shellcheck disable=SC2154 # mounted.sh sets them
# VOLUME mounts a volume where the project's data are, now and at each boot, and lets its file system fill it.
# It is mounted or it is not: nothing here ever formats a disk. DigitalOcean may have mounted it elsewhere as well,
# which does no harm. Exit code 75: it has not appeared yet.
volume=$1
disk=$volumes$volume
[ -e "$disk" ] || { echo "it has not appeared as $disk yet" >&2; exit 75; }
mkdir -p "$folder" || exit 1
# The engines start their containers after it; a boot goes on without it.
line="$disk $folder ext4 defaults,nofail,noatime,discard,x-systemd.device-timeout=30s,x-systemd.before=docker.service,x-systemd.before=podman-restart.service 0 2"
if ! grep -qxF "$line" /etc/fstab; then
  grep -vF " $folder " /etc/fstab >/etc/fstab.dropfleet
  echo "$line" >>/etc/fstab.dropfleet
  chmod 644 /etc/fstab.dropfleet && mv /etc/fstab.dropfleet /etc/fstab || exit 1
  systemctl daemon-reload
fi
if [ "$(mounted_volume)" != "$volume" ]; then
  # What is left of a disk that was taken away.
  [ -z "$(mounted_device)" ] || umount -l "$folder" || exit 1
  mount "$disk" "$folder" || exit 1
fi
resize2fs "$(mounted_device)" >/dev/null || exit 1
