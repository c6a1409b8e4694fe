# shellcheck shell=sh
# runs UNIT: also while it is being stopped, because until it is gone none can begin.
runs() { case $(systemctl show -p ActiveState --value "$1") in inactive | failed | '') return 1 ;; esac; }
