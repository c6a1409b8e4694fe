# shellcheck shell=sh
# What the scripts for containers share. `engine` is docker or podman, and `why` a file for what went wrong: on a tmpfs, as a
# full disk would not take it.
# shellcheck disable=SC2154 # both are set by the scripts
last_words() { "$engine" logs --tail 10 "$1" 2>&1 | tail -c 2000; } # last_words CONTAINER
field() { "$engine" inspect --format "$2" "$1" 2>/dev/null; }        # field CONTAINER TEMPLATE
# One that is held for a snapshot runs on in a moment.
runs() { case $(field "$1" '{{.State.Status}}') in running | paused) ;; *) return 1 ;; esac; }
# An engine that is being restarted says nothing of its containers: that is no word against them. It is tried again later.
expect_engine() { "$engine" ps -q >/dev/null 2>&1 || { echo "$engine does not answer" >&2; exit 1; }; }
exists() { [ -n "$(field "$1" '{{.State.Status}}')" ] || { expect_engine; return 1; }; }
expect_curl() { # expect_curl TARGET: what tells whether it is healthy
  [ "$1" = running ] || command -v curl >/dev/null || { echo 'curl is not installed: sudo apt-get install curl' >&2; exit 1; }
}
env_file() { echo "/run/dropfleet/env/$1"; } # env_file CONTAINER: /run is a tmpfs, so that no disk keeps it
exposed() { # exposed ARGUMENTS...: the one port that the image among them exposes
  for argument; do case $argument in -*) shift ;; *) break ;; esac; done
  # shellcheck disable=SC2016 # the engine's template
  ports=$("$engine" image inspect --format '{{range $port, $_ := .Config.ExposedPorts}}{{println $port}}{{end}}' "$1" |
    sed -n 's|^\([0-9]*\)/tcp$|\1|p')
  if [ "$(echo "$ports" | wc -w)" = 1 ]; then echo "$ports"; else echo 8080; fi
}
# run CONTAINER PUBLISH PORT ARGUMENTS... IMAGE COMMAND...: PUBLISH is where PORT is published (ADDRESS:PORT, or -), which
# it is told as PORT; stdin is the rest of its environment. 12 when the engine refuses it, 13 when it has no room for it.
run() {
  name=$1 publish=$2 port=$3
  shift 3
  expect_engine
  [ "$port" != auto ] || port=$(exposed "$@")
  set -- --env "PORT=$port" "$@"
  [ "$publish" = - ] || set -- --publish "$publish:$port" "$@"
  "$engine" rm -f "$name" >/dev/null 2>&1
  (umask 077 && mkdir -p /run/dropfleet/env) || exit 1
  (run_with_environment "$(env_file "$name")" "$engine" -d --name "$name" "$@") >/dev/null 2>"$why"
  code=$?
  # The engine has it now.
  rm -f "$(env_file "$name")"
  [ $code != 0 ] || return 0
  expect_engine
  cat "$why"
  "$engine" rm -f "$name" >/dev/null 2>&1
  # For want of room nothing is wrong with what was to be started; by now there may be some again.
  ! grep -q 'no space left' "$why" || exit 13
  free=$(df -Pk /var/lib | awk 'NR == 2 { print $4 }')
  [ "${free:-65536}" -ge 65536 ] || exit 13
  exit 12
}
# check TARGET TIMEOUT: a URL must answer with 2xx, a host's ADDRESS:PORT must take connections, `running` is content.
check() {
  case $1 in
    running) return ;;
    http*) curl -fsS -o /dev/null --max-time "$2" "$1" 2>"$why" ;;
    *)
      curl -s -o /dev/null --connect-timeout 2 --max-time "$2" "http://$1/" 2>"$why"
      # 7: it takes no connection; 28: nor does it refuse one. What else goes wrong is no HTTP.
      case $? in 7 | 28) echo "$1 takes no connection" >"$why"; return 1 ;; esac
      ;;
  esac
}
ended() { # ended CONTAINER: whether it is not running, or had to be started again; one that may end may have ended with 0
  case $(field "$1" '{{.State.Status}} {{.RestartCount}} {{.State.ExitCode}} {{.HostConfig.RestartPolicy.Name}}') in
    'running 0 '* | 'paused 0 '* | 'created 0 '* | 'exited 0 0 no' | 'exited 0 0 on-failure') return 1 ;;
    '') expect_engine ;;
  esac
}
