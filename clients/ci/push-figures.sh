#!/usr/bin/env bash
# Pushes files of figures from a CI job with the client `policytrack`: all rows or
# none. The client tries again where that can help and nowhere else.
#
# Usage: push-figures.sh [--dry-run] FILE...
#   --dry-run            the server checks all rows and nothing is written
#   POLICYTRACK_SERVER   host:port of the server; required
#   POLICYTRACK_VERSION  the version of the client that the job was written for;
#                        required, another one is refused
#   POLICYTRACK_RETRIES  attempts after the first (default 6, over about a minute)
#
# Needs policytrack and jq. A refused row is a line `file:line: reason: message`, on
# GitHub an annotation too. The summary is written by report.sh, which lies beside.
# Exit codes: 0 done, 1 refused, 2 the job is wrong, 3 unavailable, 4 not allowed.
set -euo pipefail

usage() {
  printf 'error: %s\n' "$*" >&2
  exit 2
}

dry_run=()
while (($#)); do
  case "$1" in
    -h | --help)
      sed -n '2,15s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    --dry-run) dry_run=(--dry-run) ;;
    --)
      shift
      break
      ;;
    -*) usage "unknown option '$1'; see --help" ;;
    *) break ;;
  esac
  shift
done
(($# > 0)) || usage "no file is named; see --help"
[[ -n "${POLICYTRACK_SERVER:-}" ]] || usage "POLICYTRACK_SERVER is not set: host:port of the server"
[[ -n "${POLICYTRACK_VERSION:-}" ]] || usage "POLICYTRACK_VERSION is not set: the version of the client"
for program in policytrack jq; do
  command -v "$program" >/dev/null || usage "$program is not installed on this runner"
done
version=$(policytrack --version)
[[ "$version" == "policytrack $POLICYTRACK_VERSION" ]] ||
  usage "this runner has '$version', the job was written for $POLICYTRACK_VERSION"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
result=$(mktemp)
trap 'rm -f "$result"' EXIT
code=0
policytrack --output json --retries "${POLICYTRACK_RETRIES:-6}" \
  push "${dry_run[@]}" -- "$@" >"$result" || code=$?
"$here/report.sh" "$result" "$code" || code=$?
exit "$code"
