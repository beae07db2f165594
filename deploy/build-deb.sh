#!/usr/bin/env bash
# Builds what is deployed and makes the Debian package of it, for the distribution
# that this runs on: build/policytrack_VERSION_ARCH.deb, whose path is the last line.
#
# Usage: deploy/build-deb.sh [--jobs N]
#   --jobs N  compile with N jobs (default: the number of processors)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
self="$root/deploy/build-deb.sh"
cd "$root"
LOG_DIR="$root/build/logs"
. deploy/lib.sh

jobs=$(nproc)
while (($#)); do
  case "$1" in
    --jobs)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || fail "--jobs takes a positive number"
      jobs=$2
      shift
      ;;
    -h | --help)
      sed -n '2,6s/^# \{0,1\}//p' "$self"
      exit 0
      ;;
    *)
      echo "error: unknown option '$1'; see --help" >&2
      exit 2
      ;;
  esac
  shift
done

deploy/install-packages.sh package
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1
run_step configure-package cmake --preset release
run_step build-package cmake --build build --parallel "$jobs" --target policytrackd policytrack \
  policytrack-worker policytrack-plugin-check policytrack_plugins_builtin
rm -f build/policytrack_*.deb
# What is installed is built above; the tests need not be.
run_step cpack cpack --config build/CPackConfig.cmake -B build
packages=(build/policytrack_*.deb)
[[ -f "${packages[0]}" ]] || fail "cpack made no package; its log is $LOG_DIR/cpack.log"
say "$root/${packages[0]}"
