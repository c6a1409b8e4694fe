# shellcheck shell=sh
# ENGINE PROJECT KEY ATTEMPT TRIES prints what facts.ts reads: one fact a line, its fields separated by tabs.
# It waits for the end of a build that runs, TRIES times 0.2 s at most.
engine=$1 project=$2 key=$3 attempt=$4 left=$5
unit=dropfleet-build-$key home=/var/lib/dropfleet/builds/$key
tag=dropfleet/$project:build-$key
while [ "$left" -gt 0 ] && runs "$unit"; do sleep 0.2; left=$((left - 1)); done
# Asked before the image: what ends in between is seen by its image.
if runs "$unit"; then say running; fi
if id=$(id_of "$tag"); then
  "$engine" tag "$tag" "dropfleet/$project:${id#sha256:}" || exit 1
  say image "$id"
fi
if [ -s "$home/result-$attempt" ]; then say result "$(cat "$home/result-$attempt")"; fi
if [ -e "$home/begun-$attempt" ]; then say begun "$(wc -l <"$home/begun-$attempt")"; fi
if [ -e "$home/log" ]; then say log "$(tail -n 20 "$home/log" | tail -c 4000 | base64 -w0)"; fi
largest=0
for image in $("$engine" images --format '{{.Repository}}:{{.Tag}}' | grep -E "^(localhost/)?dropfleet/$project:build-"); do
  size=$("$engine" image inspect --format '{{.Size}}' "$image") || continue
  [ "$size" -le "$largest" ] || largest=$size
done
df -Pk /var/lib | awk 'NR == 2 { print $4 }' | { read -r free; say disk "$free" $((largest / 1024)); }
say end
