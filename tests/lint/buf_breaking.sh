#!/usr/bin/env bash
# Compares the contract in proto/ with that of the last release, the newest tag
# of the form v1.2.3 that this state descends from, by `buf breaking`. Exits 77,
# which ctest takes for "skipped", while there is no release.
#
# Usage: tests/lint/buf_breaking.sh [--self-test]
set -euo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
buf="$home/build/tools/bin/buf"
if [[ ! -x "$buf" ]]; then
  buf=$(command -v buf) || {
    echo "skipped: buf is not installed; run deploy/install-tools.sh buf"
    exit 77
  }
fi

# compare <root>: what the test does for a tree.
compare() {
  cd "$1"
  local top tag
  top=$(git rev-parse --show-toplevel 2>/dev/null) || top=""
  if [[ "$top" != "$(pwd -P)" ]]; then
    echo "skipped: this tree is not a git clone, so no release is known"
    return 77
  fi
  tag=$(git describe --tags --abbrev=0 --match 'v[0-9]*.[0-9]*.[0-9]*' 2>/dev/null) || {
    echo "skipped: there is no release yet, so nothing can break"
    return 77
  }
  echo "comparing with the release $tag"
  "$buf" breaking proto --against "$(git rev-parse --absolute-git-dir)#tag=$tag,subdir=proto"
}

self_test() {
  local tree status
  tree=$(mktemp -d)
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$tree'" EXIT
  local git=(git -C "$tree" -c user.name=test -c user.email=test@localhost)
  git init -q "$tree"
  mkdir -p "$tree/proto/policytrack/v1"
  printf 'version: v2\nbreaking:\n  use:\n    - FILE\n' >"$tree/proto/buf.yaml"
  printf 'syntax = "proto3";\npackage policytrack.v1;\nmessage A {\n  string a = 1;\n}\n' \
    >"$tree/proto/policytrack/v1/a.proto"
  "${git[@]}" add proto
  "${git[@]}" commit -q -m release
  status=0
  (compare "$tree") || status=$?
  ((status == 77)) || { echo "self-test failed: without release the status was $status"; return 1; }
  "${git[@]}" tag v0.1.0
  (compare "$tree") || { echo "self-test failed: an equal contract was reported"; return 1; }
  sed -i 's/string a = 1/int64 a = 1/' "$tree/proto/policytrack/v1/a.proto"
  if (compare "$tree"); then
    echo "self-test failed: a changed field type was not reported"
    return 1
  fi
  echo "self-test passed"
}

case "${1:-}" in
  --self-test) self_test ;;
  "") compare "$home" ;;
  *)
    echo "error: unknown option '$1'" >&2
    exit 2
    ;;
esac
