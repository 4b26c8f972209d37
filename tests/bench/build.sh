#!/usr/bin/env bash
# What building costs, against another commit: prints one row for each figure, with the ratio to the same figure of PEER_COMMIT.
#
#   tests/bench/build.sh PEER_COMMIT                 every row
#   tests/bench/build.sh PEER_COMMIT release edit    only these (release, dev, edit, lint, run, units)
#
# CPU figures are user and system seconds of the whole tree of processes, the least disturbed by a busy machine; walls are the least
# of three on two idle cores. Each commit is built in a clone of its own with its own target folder, under WARROOM_BENCH (a new folder
# of TMPDIR). Figures are kept there by commit, so that a peer is measured once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

peer=$(git rev-parse --verify "${1:?usage: tests/bench/build.sh PEER_COMMIT [ROW ...]}^{commit}")
own=$(git rev-parse HEAD)
shift
rows=("$@")
((${#rows[@]})) || rows=(release dev edit lint run units)
here=$PWD
place=${WARROOM_BENCH:-$(mktemp -d "${TMPDIR:-/tmp}/warroom-bench.XXXXXX")}
mkdir -p "$place"
[ -z "$(git status --porcelain)" ] || echo "what is not committed is not measured" >&2

# cpu COMMAND...: its CPU seconds, with those of what it started.
cpu() {
  local TIMEFORMAT='%U %S' spent
  spent=$({ time "$@" >"$place/log" 2>&1; } 2>&1) || { tail -20 "$place/log" >&2; return 1; }
  awk '{ printf "%.1f", $1 + $2 }' <<<"$spent"
}
wall() {
  local start
  start=$EPOCHREALTIME
  "$@" >"$place/log" 2>&1 || { tail -20 "$place/log" >&2; return 1; }
  awk -v a="$EPOCHREALTIME" -v b="$start" 'BEGIN { printf "%.2f", a - b }'
}
# least COMMAND...: the least of three figures that it prints.
least() { for _ in 1 2 3; do "$@"; echo; done | sort -n | head -1; }

# Changes one line of a file, in a way that the compiler cannot pass over.
touch_line() { printf '\nconst _: u64 = %s;\n' "$RANDOM$RANDOM" >>"$1"; }

# Files moved when the crate was taken apart; the first that is there is meant.
first_of() { for file; do [ ! -e "$file" ] || { echo "$file"; return; }; done; echo "none of $*" >&2; return 1; }
member() { [ ! -e src/runbook/Cargo.toml ] || echo "-p warroom-runbook"; }

edit() {
  touch_line src/tui/view/panel.rs
  wall cargo build --bin warroom --target-dir "$1"
}
lint() {
  touch_line "$(first_of src/runbook/lint/rules/secrets.rs)"
  # shellcheck disable=SC2046
  wall cargo test --lib $(member) --target-dir "$1" -- secrets
}

# measure COMMIT ROW: the figures of a row, a line each: NAME VALUE
measure() {
  local commit=$1 row=$2 folder=$place/$1 kept=$place/$1.$2
  [ ! -s "$kept" ] || { cat "$kept"; return; }
  if [ ! -d "$folder/src" ]; then
    git clone -q "$here" "$folder/src"
    git -C "$folder/src" checkout -q "$commit"
  fi
  cd "$folder/src"
  case $row in
    release)
      rm -rf "$folder/release"
      echo "clean_release_build_cpu_s $(cpu cargo build --release --bin warroom --target-dir "$folder/release")"
      echo "release_binary_MB $(megabytes "$folder/release/release/warroom")"
      echo "crates_compiled $(grep -c '^ *Compiling' "$place/log")" ;;
    dev)
      rm -rf "$folder/dev"
      echo "clean_dev_build_with_tests_cpu_s $(cpu cargo test --no-run --target-dir "$folder/dev")" ;;
    dist)
      cpu cargo build --profile dist --bin warroom --target-dir "$folder/release" >/dev/null
      echo "dist_binary_MB $(megabytes "$folder/release/dist/warroom")" ;;
    edit)
      cargo build -q --bin warroom --target-dir "$folder/dev"
      echo "edit_a_view_wall_s $(least edit "$folder/dev")"
      git checkout -q . ;;
    lint)
      lint "$folder/dev" >/dev/null
      echo "edit_a_lint_rule_and_test_it_wall_s $(least lint "$folder/dev")"
      git checkout -q . ;;
    run)
      local program=$folder/release/release/warroom
      [ -x "$program" ] || cargo build -q --release --bin warroom --target-dir "$folder/release"
      echo "version_ms $(for _ in $(seq 20); do wall "$program" --version; echo; done | sort -n | head -1 | awk '{ print $1 * 1000 }')"
      echo "idle_console_MB $(idle "$program")" ;;
    units)
      echo "crates $(tree | sort -u | wc -l)"
      echo "crates_in_two_versions $(tree | sort -u | awk '{ print $1 }' | uniq -d | wc -l)" ;;
    *) echo "no row is called $row" >&2; return 64 ;;
  esac >"$kept.new"
  mv "$kept.new" "$kept"
  cd "$here"
  cat "$kept"
}
megabytes() { stat -c %s "$1" | awk '{ printf "%.1f", $1 / 1e6 }'; }
tree() { cargo tree -e normal,build --prefix none --no-dedupe -p warroom | awk '{ print $1, $2 }'; }

# The resident memory of a console on the demonstration platform, a minute after it was opened.
idle() {
  local data pid
  data=$(mktemp -d "$place/data.XXXXXX")
  XDG_DATA_HOME=$data XDG_STATE_HOME=$data XDG_CONFIG_HOME=$data \
    script -qec "stty rows 40 cols 120; exec $1 demo" /dev/null < <(sleep 90) >/dev/null 2>&1 &
  local terminal=$!
  sleep 60
  pid=$(pgrep -P "$terminal" -n || true)
  awk '/^VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/${pid:-$terminal}/status"
  kill "${pid:-$terminal}" "$terminal" 2>/dev/null || true
  wait "$terminal" 2>/dev/null || true
  rm -rf "$data"
}

printf '%-40s %10s %10s %7s\n' "" "${peer:0:7}" "${own:0:7}" ratio
for row in "${rows[@]}"; do
  measure "$peer" "$row" >"$place/peer.row"
  measure "$own" "$row" >"$place/own.row"
  paste -d' ' "$place/peer.row" "$place/own.row" |
    awk '{ gsub("_", " ", $1); printf "%-40s %10s %10s %7.2f\n", $1, $2, $4, $4 / $2 }'
done
echo "figures are kept in $place"
