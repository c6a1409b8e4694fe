# shellcheck shell=sh
# ADDRESS:PORT... closes the connections from here to each of these, so that nginx sends what waits there to another
# server. Where a new connection is taken the kernel is there, and what waits may be slow, not lost: those are left.
# Prints a line for each: what became of its connections, and how many they are. `kept`: this kernel cannot close them.
export LC_ALL=C
for program in ss curl; do command -v $program >/dev/null || { echo "there is no $program" >&2; exit 1; }; done
connections() { ss "$@" -H -t -n dst "${endpoint%:*}" and dport = ":${endpoint##*:}" | grep -c .; }
for endpoint; do
  open=$(connections)
  if [ "$open" -gt 0 ]; then
    connected=$(curl -s -I -o /dev/null -m 2 -w '%{time_connect}' "http://$endpoint/")
    case $connected in
    '' | 0 | 0.000000) ;;
    *)
      printf 'answers\t%s\t%s\n' "$endpoint" "$open"
      continue
      ;;
    esac
    connections -K >/dev/null 2>&1
    left=$(connections)
    [ "$left" -eq 0 ] || {
      printf 'kept\t%s\t%s\n' "$endpoint" "$left"
      continue
    }
  fi
  printf 'cut\t%s\t%s\n' "$endpoint" "$open"
done
printf 'end\n'
