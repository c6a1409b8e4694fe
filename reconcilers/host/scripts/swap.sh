# shellcheck shell=sh
# Makes a swap file: 2 GB, or 1 GB on a disk of less than 20 GB.
set -e
[ "$(awk 'NR > 1' /proc/swaps | wc -l)" = 0 ] || exit 0
if systemd-detect-virt -cq; then exit 0; fi
size=2048
[ "$(df -Pm / | awk 'NR == 2 { print $2 }')" -ge 20000 ] || size=1024
rm -f /swapfile
(umask 077; dd if=/dev/zero of=/swapfile bs=1M count=$size status=none)
mkswap -q /swapfile
swapon /swapfile
grep -q '^/swapfile ' /etc/fstab || echo '/swapfile none swap sw 0 0' >>/etc/fstab
