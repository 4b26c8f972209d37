# What the stand-ins share: a record of every call, and the check of its arguments against the tool's documented flags.
# The tool sets: HERE (the folder of the stand-ins), TOOL, and the functions refuse_* that say what the tool says.

# record ARGUMENT...: one line of JSON for each call.
record() {
  printf '%s\n' "$@" | jq -Rcn --arg program "$TOOL" '{program: $program, arguments: [inputs]}' >> "$HERE/calls.jsonl"
}

# kind_of COMMAND FLAG: prints the flag's long name and its kind; fails when COMMAND has no such flag.
kind_of() {
  awk -v command="$1" -v flag="$2" '
    $1 != command && $1 != "*" || $2 == "arguments" || $2 == "exclusive" { next }
    { split($2, names, ","); if (names[1] == flag || names[2] == flag) { print names[1], $3; found = 1; exit } }
    END { exit !found }' "$HERE/$TOOL.flags"
}

# fits KIND VALUE
fits() {
  case $1 in
    bool) [[ $2 =~ ^(1|0|t|f|T|F|true|false|TRUE|FALSE|True|False)$ ]] ;;
    int) [[ $2 =~ ^-?[0-9]+$ ]] ;;
    duration) [[ $2 =~ ^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)$ ]] ;;
    *\|*) [[ "|$1|" == *"|$2|"* ]] ;;
    *) true ;;
  esac
}

# take FLAG KIND VALUE: notes in GIVEN what a flag was given; fails when the flag may not have that value.
declare -A GIVEN=()
take() {
  fits "$2" "$3" || return 1
  GIVEN[$1]="${GIVEN[$1]:+${GIVEN[$1]}$'\n'}$3"
}

# count_arguments COMMAND: that POSITIONAL are as many as COMMAND takes; prints the limits.
count_arguments() {
  local least most
  read -r least most < <(awk -v command="$1" '$1 == command && $2 == "arguments" { print $3, $4 }' "$HERE/$TOOL.flags")
  printf '%s %s\n' "$least" "$most"
  [ "${#POSITIONAL[@]}" -ge "$least" ] && [ "${#POSITIONAL[@]}" -le "$most" ]
}

# told_to_fail COMMAND: prints what a test wants COMMAND to fail with.
told_to_fail() {
  cat "$HERE/$TOOL.$1.fails" 2> /dev/null
}
