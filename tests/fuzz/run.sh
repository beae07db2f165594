#!/usr/bin/env bash
# Runs the fuzzers of this folder, by clang's libFuzzer, and prints a table: each
# starts from its corpus and what earlier runs on this machine have found.
#
# Usage: tests/fuzz/run.sh [--seconds N] [--jobs N] [NAME...]
#   --seconds N  for each fuzzer (default 60)
#   --jobs N     fuzzers at a time, and jobs of the build (default: the number of processors)
#   NAME         as in tests/fuzz/NAME.cc (default: all)
#
# Exits 1 when one has found something: the input is in build-fuzz/found/, and
# belongs into tests/fuzz/corpus/NAME/ with the correction.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
self="$root/tests/fuzz/run.sh"
cd "$root"
LOG_DIR="$root/build-fuzz/logs"
. deploy/lib.sh

seconds=60 jobs=$(nproc) names=()
while (($#)); do
  case "$1" in
    --seconds | --jobs)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || fail "$1 takes a positive number"
      if [[ "$1" == --jobs ]]; then jobs=$2; else seconds=$2; fi
      shift
      ;;
    -h | --help)
      sed -n '2,11s/^# \{0,1\}//p' "$self"
      exit 0
      ;;
    -*)
      echo "error: unknown option '$1'; see --help" >&2
      exit 2
      ;;
    *)
      [[ -f "tests/fuzz/$1.cc" && -d "tests/fuzz/corpus/$1" ]] || fail "there is no fuzzer $1"
      names+=("$1")
      ;;
  esac
  shift
done
if ((${#names[@]} == 0)); then
  for corpus in tests/fuzz/corpus/*/; do
    names+=("$(basename "$corpus")")
  done
fi

deploy/install-packages.sh fuzz
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1
run_step configure cmake --preset fuzz
run_step build cmake --build build-fuzz --parallel "$jobs" \
  --target "${names[@]/#/fuzz_}"

# fuzz <name>: one fuzzer with its log.
fuzz() {
  local own="build-fuzz/corpus/$1" found="build-fuzz/found/$1/"
  mkdir -p "$own" "$found"
  ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 \
    "build-fuzz/tests/fuzz_$1" "-max_total_time=$seconds" -max_len=4096 -timeout=20 \
    -rss_limit_mb=2048 -print_final_stats=1 "-artifact_prefix=$found" \
    "$own" "tests/fuzz/corpus/$1" >"$LOG_DIR/$1.log" 2>&1 </dev/null
}

say "fuzzing ${#names[@]} parsers, $seconds s each, $jobs at a time"
declare -A pids=() results=()
for name in "${names[@]}"; do
  while (($(jobs -rp | wc -l) >= jobs)); do
    wait -n || true  # how each ended is asked below
  done
  fuzz "$name" &
  pids[$name]=$!
done
failed=0
for name in "${names[@]}"; do
  if wait "${pids[$name]}"; then
    results[$name]=good
  else
    results[$name]=FOUND
    failed=$((failed + 1))
  fi
done

# Of the last line of libFuzzer that has it.
figure() { sed -n "s/.*$2\([0-9]*\).*/\1/p" "$LOG_DIR/$1.log" | tail -n 1; }
printf '\n%-16s %-7s %12s %10s %8s\n' fuzzer result executions features corpus
for name in "${names[@]}"; do
  printf '%-16s %-7s %12s %10s %8s\n' "$name" "${results[$name]}" \
    "$(figure "$name" 'stat::number_of_executed_units: *')" "$(figure "$name" ' ft: ')" \
    "$(figure "$name" ' corp: ')"
done
for name in "${names[@]}"; do
  if [[ "${results[$name]}" == FOUND ]]; then
    printf '\n%s:\n' "$name"
    grep -m 5 -E '^(broken:|SUMMARY:|==[0-9]+==ERROR|.*runtime error|ALARM|Test unit written)' "$LOG_DIR/$name.log" || true
    printf 'the log: %s\n' "$LOG_DIR/$name.log"
  fi
done
say ""
say "$((${#names[@]} - failed)) of ${#names[@]} fuzzers found nothing in $seconds s each"
((failed == 0))
