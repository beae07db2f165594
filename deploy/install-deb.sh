#!/usr/bin/env bash
# Installs the package that build-deb.sh made, with what it depends on.
#
# Usage: deploy/install-deb.sh PACKAGE.deb      (as root)
set -euo pipefail

case "${1:-}" in
  -h | --help)
    sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
esac
if (($# != 1)) || [[ ! -f "$1" ]]; then
  echo "error: install-deb.sh takes the package; see --help" >&2
  exit 2
fi
package=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 \
    -o Acquire::Retries=3 "$@"
}
apt update
apt install -y --no-install-recommends "$package"
# An image has no use for the lists and the archives.
apt clean
policytrackd --version
