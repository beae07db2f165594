#!/usr/bin/env bash
# Installs the distribution's packages that PolicyTrack is built, tried out and
# tested with. Asks nothing; does nothing when all are there.
#
# Usage: deploy/install-packages.sh [build|package|demo|test|fuzz|peers]
#   build  what the compiler needs (the default)
#   package  build, and what makes a .deb
#   demo   build, and Go for grpcurl when there is no `go` on the PATH
#   test   demo, and the clients and linters that the tests use
#   fuzz   build, and clang with its fuzzer
#   peers  build, and the systems that the benchmarks can measure beside; their
#          services are not started
set -euo pipefail

mode=${1:-build}
case "$mode" in
  build | package | demo | test | fuzz | peers) ;;
  -h | --help)
    sed -n '2,13s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
  *)
    echo "error: unknown mode '$mode'; use build, package, demo, test, fuzz or peers" >&2
    exit 2
    ;;
esac

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# VERSION_ID is missing on distributions without releases.
id=unknown version=unknown
if [[ -r /etc/os-release ]]; then
  id=$(. /etc/os-release && echo "${ID:-unknown}")
  version=$(. /etc/os-release && echo "${VERSION_ID:-unknown}")
fi
case "$id-$version" in
  debian-12 | debian-13 | ubuntu-24.04) ;;
  *)
    fail "this script knows Debian 12, Debian 13 and Ubuntu 24.04, not '$id $version'." \
      "Install the packages that it lists by hand, then run cmake --preset release."
    ;;
esac
command -v dpkg-query >/dev/null || fail "dpkg-query is missing: is this really $id?"

packages=(
  ca-certificates ccache cmake g++ ninja-build pkg-config
  libabsl-dev libc-ares-dev libcivetweb-dev libcli11-dev libcsv-dev libgmock-dev libgoogle-perftools-dev libgrpc++-dev libgtest-dev
  liblua5.4-dev libprotobuf-dev libre2-dev libseccomp-dev libspdlog-dev libsqlite3-dev libsqlitecpp-dev
  libssl-dev libutf8proc-dev libyaml-cpp-dev nlohmann-json3-dev prometheus-cpp-dev protobuf-compiler
  protobuf-compiler-grpc zlib1g-dev
)
if [[ "$mode" == demo || "$mode" == test ]]; then
  command -v go >/dev/null || packages+=(golang-go)
fi
if [[ "$mode" == test ]]; then
  packages+=(
    clang-format git haproxy openssl python3 python3-grpcio python3-pandas python3-protobuf python3-pytest
    python3-venv python3-yaml
    dpkg-dev jq libseccomp2 systemd
  )
  # plugin-check makes a locale of its own; the guide for plugins has one in Rust.
  packages+=(locales)
  command -v cargo >/dev/null || packages+=(cargo rustc)
  # A Node.js from elsewhere conflicts with the packages; use the one there is.
  command -v node >/dev/null || packages+=(nodejs)
  command -v npm >/dev/null || packages+=(npm)
fi

if [[ "$mode" == package ]]; then
  packages+=(dpkg-dev mmdebstrap)
fi
if [[ "$mode" == fuzz ]]; then
  # The runtime of the fuzzer is a package of clang's version, which this is.
  case "$id-$version" in
    debian-12) packages+=(clang libclang-rt-14-dev) ;;
    debian-13) packages+=(clang libclang-rt-19-dev) ;;
    ubuntu-24.04) packages+=(clang libclang-rt-18-dev) ;;
  esac
fi
if [[ "$mode" == peers ]]; then
  packages+=(
    etcd-server influxdb postgresql python3 python3-pandas python3-psycopg2 victoria-metrics
  )
fi

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ "$state" == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  echo "packages: all ${#packages[@]} are installed"
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null ||
    fail "these packages are missing and need root: ${missing[*]}." \
      "Run this script as root, or install sudo."
  as_root=(sudo)
fi

echo "packages: installing ${#missing[@]} of ${#packages[@]}: ${missing[*]}"
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q \
    -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt update >"$log" 2>&1 || {
  tail -n 40 "$log" >&2
  fail "apt-get update failed; see above"
}
# Where the conversions of iconv are a package of their own, the client needs them
# for files that are not UTF-8.
if apt-cache show libc-gconv-modules-extra >/dev/null 2>&1; then
  missing+=(libc-gconv-modules-extra)
fi
if [[ "$mode" == peers && ! -e /usr/sbin/policy-rc.d ]]; then
  # A package asks this file whether it may start its service.
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin /usr/sbin/policy-rc.d
  trap 'rm -f "$log"; "${as_root[@]}" rm -f /usr/sbin/policy-rc.d' EXIT
fi
# Every 25th package is named, so that minutes do not pass in silence.
apt install -y --no-install-recommends "${missing[@]}" 2>&1 | tee "$log" |
  awk '/^Setting up / { if (++n % 25 == 0) print "   " n " set up, now " $3; fflush() }' || {
  tail -n 40 "$log" >&2
  fail "apt-get install failed; see above. Packages wanted: ${missing[*]}"
}
echo "packages: done"
