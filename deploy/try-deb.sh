#!/usr/bin/env bash
# Tries the Debian package in a clean system of this distribution, made anew below
# the directory for temporary files: installs it by install-deb.sh, runs the server
# as its user with the settings of the package, loads a catalogue, pushes and reports
# with every plugin in the server and then with every plugin in a sandboxed worker,
# removes and purges it. Says `the package works` at the end, or what does not.
#
# Usage: deploy/try-deb.sh [--package FILE] [--base TAR]      (as root)
#   --package FILE  the package (default: what build-deb.sh makes now)
#   --base TAR      the clean system, as `mmdebstrap --variant=minbase SUITE TAR`
#                   makes it, in place of a fresh one
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
self="$root/deploy/try-deb.sh"
LOG_DIR="$root/build/logs"
# shellcheck source=deploy/lib.sh
. "$root/deploy/lib.sh"

package="" base=""
while (($#)); do
  case "$1" in
    --package | --base)
      [[ -f "${2:-}" ]] || fail "$1 takes a file"
      if [[ "$1" == --base ]]; then base=$(realpath "$2"); else package=$(realpath "$2"); fi
      shift
      ;;
    -h | --help)
      sed -n '2,12s/^# \{0,1\}//p' "$self"
      exit 0
      ;;
    *)
      echo "error: unknown option '$1'; see --help" >&2
      exit 2
      ;;
  esac
  shift
done
((EUID == 0)) || fail "a chroot needs root"

# What is mounted below ends with this process's view of the file system.
if [[ "${POLICYTRACK_TRY_DEB:-}" != inside ]]; then
  if [[ -z "$package" ]]; then
    section "Package"
    "$root/deploy/build-deb.sh"
    package=$(echo "$root"/build/policytrack_*.deb)
  fi
  [[ -n "$base" ]] || command -v mmdebstrap >/dev/null || fail "run deploy/install-packages.sh package"
  POLICYTRACK_TRY_DEB=inside exec unshare --mount --pid --fork --kill-child \
    "$self" --package "$package" ${base:+--base "$base"}
fi

suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
system=$(mktemp -d)
trap 'umount "$system/proc" 2>/dev/null || true; rm -rf --one-file-system "$system"' EXIT
chmod 755 "$system"

section "A clean system of $suite"
if [[ -n "$base" ]]; then
  run_step try-deb-system tar -xpf "$base" -C "$system" --exclude=./dev/*
else
  run_step try-deb-system mmdebstrap --variant=minbase "$suite" "$system"
fi
mount -t proc proc "$system/proc"
[[ -c "$system/dev/null" ]] || {
  for device in "null 3" "urandom 9"; do
    mknod -m 666 "$system/dev/${device% *}" c 1 "${device#* }"
  done
}
cp /etc/resolv.conf "$system/etc/resolv.conf"
inside() { chroot "$system" "$@"; }
# expect <what> <command...>
expect() {
  local what=$1
  shift
  "$@" >"$system/opt/expected" 2>&1 || {
    cat "$system/opt/expected" >&2
    fail "not so: $what"
  }
  say "   $what"
}
lacks() { ! inside test -e "$1"; }
owned_by() { [[ "$(inside stat -c '%U:%G %a' "$1")" == "$2" ]]; }

install_package() {
  cp "$package" "$system/opt/policytrack.deb"
  cp "$root/deploy/install-deb.sh" "$system/opt/install-deb.sh"
  run_step "$1" chroot "$system" bash /opt/install-deb.sh /opt/policytrack.deb
}

section "Installation by install-deb.sh"
install_package try-deb-install
expect "the user policytrack is there, without a password or a shell" \
  inside sh -c 'getent passwd policytrack | grep -q "nologin$"'
expect "the data directory is the user's alone" owned_by /var/lib/policytrack "policytrack:policytrack 700"
for file in /usr/bin/policytrack-worker /usr/lib/policytrack/plugins/growth.so \
  /usr/lib/policytrack/plugins.sha256 /usr/include/policytrack/policytrack_plugin.h \
  /usr/share/policytrack/catalog/henan-auto-2024/plan.yaml /usr/share/policytrack/ci/push-figures.sh \
  /usr/share/policytrack/proto/policytrack/v1/plan.proto /usr/lib/systemd/system/policytrackd.service \
  /etc/policytrack/policytrackd.yaml; do
  expect "$file" inside test -s "$file"
done
expect "the list of trusted plugins is that of the files" \
  inside sh -c 'cd /usr/lib/policytrack/plugins && sha256sum --check --quiet ../plugins.sha256'
expect "the service would start with the system" \
  inside test -L /etc/systemd/system/multi-user.target.wants/policytrackd.service
expect "plugin-check works on a shipped plugin" \
  inside policytrack-plugin-check /usr/lib/policytrack/plugins/growth.so

# serve <log> <flags...>: the server as its user with the settings of the package, on
# a free port; sets `server`, `pid` and `name`.
serve() {
  name=$1
  local log="$system/opt/$name.log" attempt
  shift
  # No function of this script, so that the process is the server's own.
  chroot --userspec=policytrack:policytrack "$system" /usr/bin/policytrackd \
    --config /etc/policytrack/policytrackd.yaml --listen 127.0.0.1:0 "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  for ((attempt = 0; attempt < 300; attempt++)); do
    port=$(sed -n 's/.*serves on .*(port \([0-9]*\)).*/\1/p' "$log")
    [[ -z "$port" ]] || break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  [[ -n "$port" ]] || {
    cat "$log" >&2
    fail "the server did not come up"
  }
  server="127.0.0.1:$port"
}
client() { inside policytrack --server "$server" "$@"; }
# all_hosted_as <hosting>: every plugin is active, and runs there, but for the one of
# scripts, which never runs in the server.
all_hosted_as() {
  client -o json plugins >"$system/opt/plugins"
  (($(grep -c '"state":' "$system/opt/plugins") > 0)) &&
    ! grep '"state":' "$system/opt/plugins" | grep -v PLUGIN_STATE_ACTIVE &&
    ! sed '/"name": "plugins\/lua"/,/"name": "plugins/d' "$system/opt/plugins" |
    grep '"hosting":' | grep -v "PLUGIN_HOSTING_$1"
}
stop() {
  local status=0
  kill -TERM "$pid"
  wait "$pid" || status=$?
  ((status == 0)) || {
    cat "$system/opt/$name.log" >&2
    fail "the server ended with $status"
  }
}

section "The server as the user policytrack"
catalog=/usr/share/policytrack/catalog/henan-auto-2024
serve trusted
expect "the catalogue is applied" client apply "$catalog"
expect "the figures are pushed" inside sh -c "policytrack --server $server push $catalog/figures/*.csv"
revision=$(sed -n 's/.*; revision \([0-9]*\)$/\1/p' "$system/opt/expected")
client report plans/henan-auto-2024 --wait "$revision" >"$system/opt/report.trusted" || fail "no report"
expect "the report has measures" grep -q "%" "$system/opt/report.trusted"
expect "the shipped plugins run in the server" all_hosted_as IN_PROCESS
stop
say "   it stops when it is told to"

section "Every plugin in a sandboxed worker"
inside install -m 644 /dev/null /opt/no-list
serve worker --plugin-allow-list /opt/no-list
expect "plugins run in workers" all_hosted_as WORKER
# Another build of a plugin is another evaluation, so it computes all again.
client report plans/henan-auto-2024 --wait "$revision" >"$system/opt/report.worker" || fail "no report"
expect "the report is the same" diff "$system/opt/report.trusted" "$system/opt/report.worker"
measure=$(client -o json list measures --filter 'plan = "plans/henan-auto-2024"' --page-size 1 |
  sed -n 's/.*"name": *"\(measures\/[a-z-]*\)".*/\1/p' | head -n 1)
expect "a judgement is computed anew: $measure" client explain "$measure"
expect "no part of the sandbox is missing" sh -c "! grep -i 'sandbox.*\(lack\|missing\)' $system/opt/worker.log"
stop

section "Removal and purge"
run_step try-deb-remove chroot "$system" env DEBIAN_FRONTEND=noninteractive apt-get -q -y remove policytrack
expect "removal keeps the settings" inside test -e /etc/policytrack/policytrackd.yaml
expect "removal takes the programs away" lacks /usr/bin/policytrackd
run_step try-deb-purge chroot "$system" env DEBIAN_FRONTEND=noninteractive apt-get -q -y purge policytrack
expect "purge takes the settings away" lacks /etc/policytrack/policytrackd.yaml
expect "purge keeps the data" inside sh -c 'ls /var/lib/policytrack | grep -q .'
expect "and says so" grep -q "the data stay" "$LOG_DIR/try-deb-purge.log"
install_package try-deb-again
serve again
expect "installed again, it serves the data that were kept" client get plans/henan-auto-2024
stop
run_step try-deb-purge-data chroot "$system" env DEBIAN_FRONTEND=noninteractive POLICYTRACK_PURGE_DATA=yes \
  apt-get -q -y purge policytrack
expect "purge takes the data away when it is told to" lacks /var/lib/policytrack
expect "and the user" sh -c "! chroot $system getent passwd policytrack"

say ""
say "the package works: $(basename "$package") on $suite"
