# shellcheck shell=sh
# SERVICE is started, now and at every boot.
systemctl reset-failed "$1" 2>/dev/null
systemctl enable -q "$1" 2>/dev/null
systemctl start "$1" 2>/dev/null || last_words $? "$1"
