#!/usr/bin/env bash
# Installs what the tests need, builds everything and runs every test: the
# release build with all its tests and lints, then the unit tests under address
# and undefined-behaviour sanitizers, then those labelled `concurrency` or
# `storage` under the thread sanitizer. The last line is `N passed, N failed, N skipped`.
#
# Usage: tests/run.sh [--quick] [--jobs N]
#   --quick   only the release build
#   --jobs N  compile and test with N jobs (default: the number of processors)
#
# Exits 0 when at least one test ran and none failed, else 1. Logs: build/logs/.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
self="$root/tests/run.sh"
cd "$root"
LOG_DIR="$root/build/logs"
. deploy/lib.sh

quick=no
jobs=$(nproc)
while (($#)); do
  case "$1" in
    --quick) quick=yes ;;
    --jobs)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || fail "--jobs takes a positive number"
      jobs=$2
      shift
      ;;
    -h | --help)
      sed -n '2,13s/^# \{0,1\}//p' "$self"
      exit 0
      ;;
    *)
      echo "error: unknown option '$1'; see --help" >&2
      exit 2
      ;;
  esac
  shift
done

# Cached objects serve any clone, wherever it lies.
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1
export CTEST_OUTPUT_ON_FAILURE=1

passed=0 failed=0 skipped=0

# A step other than a test that fails counts as one failed test, so that the
# last line never reads better than the run was.
broken() {
  failed=$((failed + 1))
  say "FAILED: $*"
}

# run_tests <name> <build directory> <ctest arguments...>: runs ctest, shows
# its output and adds its counts up.
run_tests() {
  local name=$1 dir=$2 log="$LOG_DIR/ctest-$1.log" results="$LOG_DIR/ctest-$1.xml" status=0
  shift 2
  rm -f "$results"
  ctest --test-dir "$dir" --parallel "$jobs" --output-junit "$results" "$@" 2>&1 </dev/null |
    tee "$log" || status=$?
  local counts
  counts=$(/usr/bin/python3 tests/ctest_counts.py "$results") || counts=""
  if [[ -z "$counts" ]]; then
    broken "ctest of $name wrote no results; the log is $log"
    return
  fi
  local p f s
  read -r p f s <<<"$counts"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  say "$name: $p passed, $f failed, $s skipped (log: $log)"
  if ((p + f == 0)); then
    broken "$name ran no test"
  elif ((status != 0 && f == 0)); then
    broken "ctest of $name ended with exit status $status; the log is $log"
  fi
}

# run_sanitized <preset> <build directory> <ctest label arguments...>: builds
# and runs the selected test programs, with the shipped plugins that some load,
# and nothing else.
run_sanitized() {
  local preset=$1 dir=$2 targets
  shift 2
  run_step "configure-$preset" cmake --preset "$preset" || {
    broken "configuring $preset"
    return
  }
  targets=$(ctest --test-dir "$dir" --show-only=json-v1 "$@" |
    /usr/bin/python3 tests/ctest_targets.py "$dir") || targets=""
  if [[ -z "$targets" ]]; then
    broken "no test program is selected for $preset"
    return
  fi
  # shellcheck disable=SC2086  # one word a target
  run_step "build-$preset" cmake --build "$dir" --parallel "$jobs" --target $targets \
    policytrack_plugins_builtin || {
    broken "building $preset"
    return
  }
  run_tests "$preset" "$dir" --tests-regex "^($(tr -s ' \n' '|' <<<"$targets" | sed 's/|$//'))\$" "$@"
}

finish() {
  section "Summary after $((SECONDS / 60)) min $((SECONDS % 60)) s; logs in build/logs/"
  if ((passed + failed == 0)); then
    say "no test ran"
    failed=1
  fi
  say "$passed passed, $failed failed, $skipped skipped"
  ((failed == 0)) || exit 1
  exit 0
}

mkdir -p "$LOG_DIR"
section "Packages and tools"
deploy/install-packages.sh test || {
  broken "installing packages"
  finish
}
deploy/install-tools.sh || {
  broken "installing tools"
  finish
}

section "Release build (build/)"
run_step configure-release cmake --preset release || {
  broken "configuring the release build"
  finish
}
run_step build-release cmake --build build --parallel "$jobs" || {
  broken "the release build"
  finish
}

section "All tests and lints"
run_tests release build

if [[ "$quick" == no ]]; then
  section "Unit tests under address and undefined-behaviour sanitizers (build-dev/)"
  export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
  export UBSAN_OPTIONS=print_stacktrace=1
  run_sanitized dev build-dev --label-exclude '^(no-sanitizer|client|lint|slow)$'

  section "Tests with several threads under the thread sanitizer (build-tsan/)"
  export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$root/tests/tsan.supp"
  run_sanitized tsan build-tsan --label-regex '^(concurrency|storage)$'
fi
finish
