# shellcheck shell=sh
# HOME MAIN URL prints what facts.ts reads: a fact a line, after its name and a tab.
export LC_ALL=C
printf 'version\t%s\n' "$(nginx -v 2>&1)"
printf 'main\t%s\n' "$(readlink "$2")"
printf 'current\t%s\n' "$(readlink "$1/current")"
printf 'digest\t%s\n' "$(cd "$1/current" 2>/dev/null && cat nginx.conf lb-status.json services/*.conf 2>/dev/null | sha256sum)"
printf 'running\t%s\n' "$(curl -s -m 2 "$3/lb-status/generation" | head -n 1 | head -c 80)"
printf 'end\n'
