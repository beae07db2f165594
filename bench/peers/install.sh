#!/usr/bin/env bash
# Installs the systems that PolicyTrack is measured beside: PostgreSQL, InfluxDB,
# VictoriaMetrics, etcd and pandas, from the distribution. Their services are not
# started: the benchmarks start servers of their own with data that is thrown away.
#
# Usage: bench/peers/install.sh
set -euo pipefail

case "${1:-}" in
  "") ;;
  -h | --help)
    sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
  *)
    echo "error: unknown option '$1'; see --help" >&2
    exit 2
    ;;
esac
exec "$(dirname "${BASH_SOURCE[0]}")/../../deploy/install-packages.sh" peers
