# Read by bash before an action's own code: takes the session over, and hands it on when the shell ends.
# 202 holds what is taken over, 203 takes what is handed on. Both are memory, not files. Nothing in them is ever evaluated.
unset BASH_ENV
((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)) || {
    echo "bash 4.4 or newer is needed to run actions, and this is $BASH_VERSION" >&2
    exit 127
}
__warroom_load() {
    local -a __warroom_r
    local __warroom_i=1 __warroom_n __warroom_name __warroom_attributes __warroom_left
    mapfile -d '' -t __warroom_r </dev/fd/202
    [[ -z ${__warroom_r[0]} ]] || umask "${__warroom_r[0]}"
    __warroom_n=${#__warroom_r[@]}
    while ((__warroom_i < __warroom_n)); do
        __warroom_name=${__warroom_r[__warroom_i]}
        __warroom_attributes=${__warroom_r[__warroom_i + 1]}
        __warroom_left=${__warroom_r[__warroom_i + 2]}
        ((__warroom_i += 3))
        case $__warroom_attributes in
        *[aA]*)
            declare -g "-$__warroom_attributes" "$__warroom_name"
            local -n __warroom_to=$__warroom_name
            __warroom_to=()
            while ((__warroom_left > 0)); do
                __warroom_to[${__warroom_r[__warroom_i]}]=${__warroom_r[__warroom_i + 1]}
                ((__warroom_i += 2, __warroom_left -= 1, 1))
            done
            unset -n __warroom_to
            ;;
        *)
            if ((__warroom_left == 0)); then
                unset -v "$__warroom_name"
            else
                declare -g ${__warroom_attributes:+"-$__warroom_attributes"} -- "$__warroom_name=${__warroom_r[__warroom_i]}"
                ((__warroom_i += 1))
            fi
            ;;
        esac
    done
}
__warroom_save() {
    local __warroom_name __warroom_attributes __warroom_key IFS=$' \t\n'
    local -a __warroom_names
    compgen -v >|/dev/fd/203
    mapfile -t __warroom_names </dev/fd/203
    {
        printf '%s\0' "$PWD"
        umask
        printf '\0'
        for __warroom_name in "${__warroom_names[@]}"; do
            [[ $__warroom_name != __warroom_* && $__warroom_name != IFS ]] || continue
            local -n __warroom_from=$__warroom_name
            __warroom_attributes=${__warroom_from@a}
            case $__warroom_attributes in
            *[rn]*) ;;
            *[aA]*)
                printf '%s\0' "$__warroom_name" "$__warroom_attributes" "${#__warroom_from[@]}"
                for __warroom_key in "${!__warroom_from[@]}"; do
                    printf '%s\0' "$__warroom_key" "${__warroom_from[$__warroom_key]}"
                done
                ;;
            *)
                [[ ! -v __warroom_from ]] ||
                    printf '%s\0' "$__warroom_name" "$__warroom_attributes" 1 "$__warroom_from"
                ;;
            esac
            unset -n __warroom_from
        done
        printf '%s\0' __warroom_whole '' 0
    } >|/dev/fd/203
}
__warroom_return() { return "$1"; }
__warroom_end() {
    local __warroom_status=$?
    { set +euxv; } 2>/dev/null
    __warroom_save 2>/dev/null
    if [[ -n $__warroom_trap ]]; then
        eval "set -- ${__warroom_trap#trap -- }"
        __warroom_return "$__warroom_status"
        eval "$1"
    fi
}
# The action's own EXIT trap runs after the session was saved; in a subshell it is bash's business alone.
trap() {
    builtin trap "$@" || return
    [[ $BASH_SUBSHELL == 0 ]] || return 0
    case " $* " in
    ' -p '* | ' -l '*) ;;
    *' EXIT '* | *' 0 '*)
        builtin trap -p EXIT >|/dev/fd/203
        __warroom_trap=$(</dev/fd/203)
        builtin trap __warroom_end EXIT
        ;;
    esac
}
__warroom_trap=
__warroom_load
exec 202<&-
builtin trap __warroom_end EXIT
