#!/usr/bin/env bash
# From a fresh machine to a plan's progress: installs the packages, builds in
# Release, starts policytrackd on a data directory of its own, applies the
# catalogue, pushes its figures with the client that a CI job uses, prints the
# progress report and leaves the server running. Run again, it is quick and
# changes nothing.
#
# Usage: deploy/demo.sh [--port N] [--data-dir DIR]
#        deploy/demo.sh --stop
#   --port N        listen on 127.0.0.1:N (default 7443)
#   --data-dir DIR  keep the data there (default build/demo/data)
#   --stop          stop the server that this script started
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
self="$root/deploy/$(basename "${BASH_SOURCE[0]}")"
invoked_in=$PWD
cd "$root"
demo="build/demo"
LOG_DIR="$root/$demo"
. deploy/lib.sh

port=7443
data_dir="$demo/data"
stop=no
while (($#)); do
  case "$1" in
    --port)
      [[ "${2:-}" =~ ^[0-9]{1,5}$ ]] && ((10#$2 >= 1 && 10#$2 <= 65535)) ||
        fail "--port takes a number from 1 to 65535"
      port=$((10#$2))
      shift
      ;;
    --data-dir)
      [[ -n "${2:-}" ]] || fail "--data-dir takes a directory"
      data_dir=$2
      [[ "$data_dir" == /* ]] || data_dir="$invoked_in/$data_dir"
      shift
      ;;
    --stop) stop=yes ;;
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

server="127.0.0.1:$port"
pid_file="$demo/policytrackd.pid"
started_with="$demo/started-with"
server_log="$demo/policytrackd.log"
daemon="$root/build/bin/policytrackd"
client="$root/build/bin/policytrack"

# The process of the pid file, if it is still our server and not a later
# process with the same number.
running_pid() {
  local pid
  [[ -r "$pid_file" ]] || return 1
  pid=$(<"$pid_file")
  [[ "$pid" =~ ^[0-9]+$ ]] && kill -0 "$pid" 2>/dev/null || return 1
  tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | head -n 1 | grep -q '/policytrackd$' || return 1
  echo "$pid"
}

stop_server() {
  local pid=$1 waited
  kill "$pid"
  for ((waited = 0; waited < 300; waited++)); do
    kill -0 "$pid" 2>/dev/null || {
      rm -f "$pid_file" "$started_with"
      return
    }
    sleep 0.1
  done
  fail "the server (process $pid) has not stopped within 30 s; its log is $server_log"
}

if [[ "$stop" == yes ]]; then
  if pid=$(running_pid); then
    stop_server "$pid"
    say "stopped the server (process $pid); its data stays in the data directory"
  else
    say "no server of this script is running"
  fi
  exit 0
fi

mkdir -p "$demo"

section "Packages"
deploy/install-packages.sh demo || deploy/install-packages.sh build

section "Build (build/, Release)"
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1
# What the demo needs and no tests.
run_step configure cmake --preset release
run_step build cmake --build build --parallel "$(nproc)" \
  --target policytrackd policytrack policytrack_plugins_builtin

section "Tools"
deploy/install-tools.sh grpcurl ||
  say "grpcurl could not be built; the demo goes on without. Later: deploy/install-tools.sh grpcurl"

section "Server"
settings="$server $data_dir $(sha256sum "$daemon" build/lib/policytrack/plugins/*.so | sha256sum)"
if pid=$(running_pid); then
  if [[ "$(cat "$started_with" 2>/dev/null)" == "$settings" ]]; then
    say "already running: process $pid on $server"
  else
    say "restarting process $pid: the build or the settings have changed"
    stop_server "$pid"
  fi
fi
if ! pid=$(running_pid); then
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    fail "port $port is taken by something that this script did not start." \
      "Stop it, or take another port: deploy/demo.sh --port 7444"
  fi
  mkdir -p "$data_dir"
  nohup "$daemon" --listen "$server" --data-dir "$data_dir" \
    --plugin-dir build/lib/policytrack/plugins >"$server_log" 2>&1 </dev/null &
  pid=$!
  echo "$pid" >"$pid_file"
  echo "$settings" >"$started_with"
  ready=no
  for ((attempt = 0; attempt < 150; attempt++)); do
    kill -0 "$pid" 2>/dev/null || break
    if "$client" --server "$server" --retries 0 --timeout 2 plugins >/dev/null 2>&1; then
      ready=yes
      break
    fi
    sleep 0.2
  done
  if [[ "$ready" == no ]]; then
    tail -n 40 "$server_log" >&2
    kill "$pid" 2>/dev/null || true
    rm -f "$pid_file" "$started_with"
    fail "the server did not come up; the end of its log is above, the whole is $server_log"
  fi
  say "started: process $pid on $server, data in $data_dir, log in $server_log"
fi
export POLICYTRACK_SERVER="$server"

section "Catalogue: policytrack apply catalog/henan-auto-2024"
"$client" apply catalog/henan-auto-2024

section "Figures: policytrack push catalog/henan-auto-2024/figures/*.csv"
"$client" push catalog/henan-auto-2024/figures/*.csv | tee "$demo/push.txt" ||
  fail "the push was refused; see above"
# The report waits until evaluation has passed the revision of the push.
revision=$(sed -n 's/.*; revision \([0-9][0-9]*\)$/\1/p' "$demo/push.txt" | tail -n 1)
[[ -n "$revision" ]] || fail "the push said no revision; its output is in $demo/push.txt"

section "Progress: policytrack report plans/henan-auto-2024 --wait $revision"
"$client" report plans/henan-auto-2024 --wait "$revision"

section "Scripts of an analyst: policytrack apply catalog/henan-auto-2024-scripts"
"$client" apply catalog/henan-auto-2024-scripts

section "What to try next"
cat <<TRY
The server goes on running as process $pid. These lines work as they stand, from $root:

  grpcurl=build/tools/bin/grpcurl
  \$grpcurl -plaintext $server list
  \$grpcurl -plaintext -d '{"name": "measures/improve-trade-in-policy"}' \\
    $server policytrack.v1.MeasureService/GetMeasure
  \$grpcurl -plaintext -d '{"name": "plans/henan-auto-2024"}' \\
    $server policytrack.v1.ProgressService/GetPlanProgress
  \$grpcurl -plaintext -d '{"parent": "indicators/henan-nev-share-of-output"}' \\
    $server policytrack.v1.ObservationService/ListObservations
  # a row that is there already: the answer says unchanged
  echo '{"dataset": "datasets/henan-europe-rail-days", "rows": [{"period": "2024-11", "value": 15}]}' |
    \$grpcurl -plaintext -d @ $server policytrack.v1.ObservationService/PushObservations

  build/bin/policytrack --server $server get scripts/share-of-whole
  build/bin/policytrack --server $server list observations indicators/henan-parts-share
  build/bin/policytrack --server $server explain measures/expand-vehicle-production/targets/nev-share-2025

Stop the server:  deploy/demo.sh --stop     (or: kill \$(cat $pid_file))
Start afresh:     deploy/demo.sh --stop && rm -r $demo
TRY
[[ -x build/tools/bin/grpcurl ]] ||
  say "grpcurl is not there yet; put it there with: deploy/install-tools.sh grpcurl"
