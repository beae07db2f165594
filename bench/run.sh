#!/usr/bin/env bash
# Builds the benchmarks and measures PolicyTrack against named baselines in the
# same run: prints a table and writes the results as JSON.
#
# Usage: bench/run.sh [--short] [--peers] [--large] [--case NAME]... [--json FILE]
#   --short      small data and few rounds: that every case runs and answers
#                right, in seconds; its figures mean nothing
#   --peers      also beside PostgreSQL, InfluxDB, VictoriaMetrics, etcd and pandas,
#                which bench/peers/install.sh installs, on the loopback with data
#                that is thrown away
#   --large      also at a hundred times the size, which takes minutes and some
#                gigabytes of memory and disk; --short has these cases anyway
#   --case NAME  only this case; may be given more than once
#   --json FILE  where the results go (default: results.json below the build's
#                bench/, short.json for the short form)
#
# The build tree is build/, or POLICYTRACK_BUILD_DIR. Data is written below
# POLICYTRACK_BENCH_DIR (default: the build's bench/) and taken away at the end.
# Exits 0 when all cases ran and, in the long form, none is worse than half its
# target; 1 otherwise; 2 for bad usage.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${POLICYTRACK_BUILD_DIR:-$root/build}
arguments=() json="" name=results
while (($#)); do
  case "$1" in
    --short)
      arguments+=(--short)
      name=short
      ;;
    --large) arguments+=(--large) ;;
    --peers) arguments+=(--peers "$root/bench/peers") ;;
    --case | --json)
      [[ -n "${2:-}" ]] || {
        echo "error: $1 takes a value; see --help" >&2
        exit 2
      }
      if [[ "$1" == --case ]]; then arguments+=(--case "$2"); else json=$2; fi
      shift
      ;;
    -h | --help)
      sed -n '2,21s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
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
if [[ ! -e "$build/build.ninja" ]]; then
  [[ -z "${POLICYTRACK_BUILD_DIR:-}" ]] || {
    echo "error: there is no build in $build; configure it first" >&2
    exit 1
  }
  (cd "$root" && cmake --preset release)
fi
mkdir -p "$build/bench"
log="$build/bench/build.log"
cmake --build "$build" --parallel "$(nproc)" --target policytrack_bench >"$log" 2>&1 || {
  tail -n 40 "$log" >&2
  echo "error: the benchmarks do not build; the log is $log" >&2
  exit 1
}

below=${POLICYTRACK_BENCH_DIR:-$build/bench}
scratch=$(mktemp -d "$below/scratch-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
# PostgreSQL does not run as root and has to reach its data.
chmod 711 "$scratch"
json=${json:-$build/bench/$name.json}
"$build/bench/policytrack_bench" --server "$build/bin/policytrackd" \
  --bare-server "$build/bench/policytrack_bare" --scratch "$scratch" --json "$json" \
  "${arguments[@]}"
echo "results: $json"
