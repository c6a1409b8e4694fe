# shellcheck shell=sh
# What a container gets as its environment, from standard input; see render.ts for the lines.
# Values are never arguments: names alone are, and the engine takes their values from its own environment.

# Writes the env file $1, and runs "$2 run --env-file $1 -e NAME ...", followed by the other arguments, with the values.
run_with_environment() {
  (umask 077 && : >"$1") || return
  # Nothing else may have a name here: a variable of the container could have it, too.
  __names=
  while IFS= read -r __line; do
    case $__line in
      -*)
        __line=${__line#-}
        # Without the dot the value would lose the line ends that it ends with.
        __value=$(printf '%s' "${__line#* }" | base64 -d && printf .) || return
        export "${__line%% *}=${__value%.}"
        __names="$__names -e ${__line%% *}"
        ;;
      *) printf '%s\n' "$__line" >>"$1" || return ;;
    esac
  done
  __file=$1 __engine=$2
  shift 2
  # shellcheck disable=SC2086 # names have no blanks
  "$__engine" run --env-file "$__file" $__names "$@"
}
