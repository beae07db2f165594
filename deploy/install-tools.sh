#!/usr/bin/env bash
# Puts the pinned command-line tools that no distribution package has into
# build/tools/bin: grpcurl (built by Go) and buf (from its npm package). Does
# nothing for a tool that is there in the pinned version.
#
# Usage: deploy/install-tools.sh [grpcurl] [buf]     (default: both)
set -euo pipefail

GRPCURL_VERSION=v1.8.9
BUF_VERSION=1.75.0

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools="$root/build/tools"
bin="$tools/bin"
mkdir -p "$bin"

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# quietly <what> <command...>: shows the output only when the command fails.
quietly() {
  local what=$1 log="$tools/install-$1.log"
  shift
  "$@" >"$log" 2>&1 </dev/null || {
    tail -n 30 "$log" >&2
    fail "installing $what failed; the log is $log"
  }
}

install_grpcurl() {
  # `grpcurl -version` of a built module does not say the version: a stamp does.
  local stamp="$tools/grpcurl-$GRPCURL_VERSION"
  if [[ -x "$bin/grpcurl" && -e "$stamp" ]]; then
    echo "tools: grpcurl $GRPCURL_VERSION is there"
    return
  fi
  command -v go >/dev/null || fail "grpcurl needs Go: run deploy/install-packages.sh demo"
  echo "tools: building grpcurl $GRPCURL_VERSION"
  quietly grpcurl env GOBIN="$bin" GOFLAGS=-mod=mod \
    go install "github.com/fullstorydev/grpcurl/cmd/grpcurl@$GRPCURL_VERSION"
  touch "$stamp"
}

install_buf() {
  if [[ -x "$bin/buf" && "$("$bin/buf" --version 2>/dev/null)" == "$BUF_VERSION" ]]; then
    echo "tools: buf $BUF_VERSION is there"
    return
  fi
  command -v npm >/dev/null || fail "buf needs npm: run deploy/install-packages.sh test"
  echo "tools: installing buf $BUF_VERSION"
  quietly buf npm install --prefix "$tools" --no-save --no-audit --no-fund --loglevel=error \
    "@bufbuild/buf@$BUF_VERSION"
  ln -sfn ../node_modules/.bin/buf "$bin/buf"
  [[ "$("$bin/buf" --version)" == "$BUF_VERSION" ]] || fail "$bin/buf does not run"
}

if (($# == 0)); then
  set -- grpcurl buf
fi
for tool in "$@"; do
  case "$tool" in
    grpcurl) install_grpcurl ;;
    buf) install_buf ;;
    -h | --help)
      sed -n '2,6s/^# \{0,1\}//p' "$0"
      exit 0
      ;;
    *)
      echo "error: unknown tool '$tool'; there are grpcurl and buf" >&2
      exit 2
      ;;
  esac
done
