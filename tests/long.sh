#!/usr/bin/env bash
# Runs the long form of the proofs that nothing is lost: the same programs as in
# every run of the tests, with many more rounds. Builds what they need, goes on
# after one that fails, and closes with a table: proof, rounds, result, seconds.
#
# Usage: tests/long.sh [--jobs N] [--share PERCENT] [PROOF...]
#   PROOF            only these, by the names of the table (kills, stops, ...)
#   --share PERCENT  of the rounds, such as 10 for a first look (default: 100)
#   --jobs N         compile with N jobs (default: the number of processors)
#
# Exits 0 when every proof that ran holds, else 1. Logs: build/logs/long-*.log.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
self="$root/tests/long.sh"
cd "$root"
LOG_DIR="$root/build/logs"
. deploy/lib.sh

jobs=$(nproc)
share=100
wanted=()
while (($#)); do
  case "$1" in
    --jobs | --share)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || fail "$1 takes a positive number"
      if [[ "$1" == --jobs ]]; then jobs=$2; else share=$2; fi
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
    *) wanted+=("$1") ;;
  esac
  shift
done

# The proofs: name, rounds, what to build, and a command in which ROUNDS stands
# for their number. A proof of one round has a fixed size.
names=() rounds=() targets=() commands=()
proof() {
  names+=("$1") rounds+=("$2") targets+=("$3") commands+=("$4")
}
client() { echo "/usr/bin/python3 -B tests/clients/run.py tests/clients/$1"; }
programs="policytrackd policytrack policytrack_plugins_builtin"

proof kills 200 "$programs" "POLICYTRACK_KILLS=ROUNDS $(client test_kill.py) -k after_every_kill"
proof stops 25 "$programs" "POLICYTRACK_STOPS=ROUNDS $(client test_kill.py) -k stop_under_load"
proof spoilt-data 1 "$programs" "$(client test_kill.py) -k noticed"
proof power-loss 3000 storage_sqlite_power_loss_test \
  "POLICYTRACK_CRASHES=ROUNDS build/tests/storage_sqlite_power_loss_test"
proof io-errors 1 storage_sqlite_io_error_test build/tests/storage_sqlite_io_error_test
proof bit-flips 6000 storage_sqlite_bit_flips_test \
  "POLICYTRACK_FLIPS=ROUNDS build/tests/storage_sqlite_bit_flips_test"
proof damaged-log 1 storage_sqlite_wal_scan_test build/tests/storage_sqlite_wal_scan_test
proof recovery 1 storage_sqlite_recovery_test build/tests/storage_sqlite_recovery_test
proof damage 1 "$programs" "$(client test_damage.py)"
proof old-data 1 storage_sqlite_frozen_test build/tests/storage_sqlite_frozen_test
proof io-error-served 1 "$programs" "$(client test_io_error.py)"
proof full-disk 1 "$programs" "$(client test_full_disk.py)"
proof heavy-clients 1 "$programs" "$(client test_heavy_clients.py)"
proof watches 60 "$programs" "POLICYTRACK_WATCH_KILLS=ROUNDS $(client test_watch.py) -k random_watchers"
proof hostile-streams 30000 "$programs" "POLICYTRACK_STREAMS=ROUNDS $(client test_hostile_streams.py)"
proof floods 20 "$programs" "POLICYTRACK_FLOOD_SECONDS=ROUNDS $(client test_proxy.py)"
# Rounds are seconds, of each parser. It has a build of its own.
proof fuzz 60 "" "tests/fuzz/run.sh --seconds ROUNDS"

for name in "${wanted[@]}"; do
  [[ " ${names[*]} " == *" $name "* ]] || fail "no proof is named '$name': ${names[*]}"
done
is_wanted() { ((${#wanted[@]} == 0)) || [[ " ${wanted[*]} " == *" $1 "* ]]; }

needed=""
for i in "${!names[@]}"; do
  if is_wanted "${names[i]}"; then needed+=" ${targets[i]}"; fi
done
mkdir -p "$LOG_DIR"
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1 POLICYTRACK_BUILD_DIR="$root/build"
if [[ -n "${needed// /}" ]]; then
  section "Build (build/)"
  run_step long-configure cmake --preset release || fail "configuring the build"
  # shellcheck disable=SC2086  # one word a target
  run_step long-build cmake --build build --parallel "$jobs" --target $needed || fail "the build"
fi

row() { printf '%-16s %7s  %-8s %8s\n' "$@"; }
table="" failed=0
for i in "${!names[@]}"; do
  name=${names[i]}
  is_wanted "$name" || continue
  count=$((rounds[i] == 1 ? 1 : rounds[i] * share / 100))
  ((count > 0)) || count=1
  section "$name"
  started=$SECONDS status=0 result=holds
  run_step "long-$name" bash -c "${commands[i]//ROUNDS/$count}" || status=$?
  if ((status == 77)); then
    result=skipped
  elif ((status != 0)); then
    result=FAILED
    failed=$((failed + 1))
  fi
  # What a proof says of itself: how much it did and what it found.
  grep -E '^\.?[0-9]+ (kills|crashes|injections|flips|pushes|silent|answers|streams|of [0-9]+ fuzzers)' "$LOG_DIR/long-$name.log" || true
  table+=$(row "$name" "$count" "$result" $((SECONDS - started)))$'\n'
done

section "Summary after $((SECONDS / 60)) min $((SECONDS % 60)) s; logs in build/logs/"
row proof rounds result seconds
printf '%s' "$table"
((failed == 0)) || exit 1
