#!/bin/sh
# Runs every target for this many seconds and prints the executions: fuzz/run.sh [SECONDS]
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
# shellcheck disable=SC2013
for target in $(sed -n 's/^name = "\(.*\)"/\1/p' fuzz/Cargo.toml | grep -v '^fuzz$'); do
  scratch=$(mktemp -d)
  log=$scratch/log
  if cargo +nightly fuzz run --fuzz-dir fuzz "$target" "$scratch" "fuzz/corpus/$target" -- \
    -max_total_time="$seconds" -max_len=65536 -print_final_stats=1 > "$log" 2>&1; then
    printf '%-16s %s executions in %s s\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$seconds"
  else
    tail -n 40 "$log" >&2
    echo "error: $target failed" >&2
    exit 1
  fi
  rm -r "$scratch"
done
