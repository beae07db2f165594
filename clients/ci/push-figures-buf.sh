#!/usr/bin/env bash
# Pushes figures from a CI job with `buf curl` and jq alone, where there is no
# client `policytrack`: all rows or none. Files have one Observation in proto JSON
# a line, with `dataset` beside its fields.
#
# Usage: push-figures-buf.sh [--dry-run] FILE.jsonl...
#   --dry-run            the server checks all rows and nothing is written
#   POLICYTRACK_SERVER   host:port of the server; required
#   POLICYTRACK_SCHEMA   the contract, as `buf build proto -o policytrack.binpb`
#                        of the server's release makes it; required
#   BUF_VERSION          the version of buf that the job was written for; required
#   POLICYTRACK_RETRIES  attempts after the first (default 6)
#   POLICYTRACK_PAUSE    seconds before the second, doubled each time (default 1)
#
# Tried again are UNAVAILABLE, and RESOURCE_EXHAUSTED where the server says when to
# come again, with the same request id, so that nothing is written twice. A refused
# row is a line `file:line: reason: message`, on GitHub an annotation too.
# Exit codes: 0 done, 1 refused, 2 the job is wrong, 3 unavailable, 4 not allowed.
set -euo pipefail

METHOD=policytrack.v1.ObservationService/PushObservations
LONGEST_PAUSE=60

usage() {
  printf 'error: %s\n' "$*" >&2
  exit 2
}

dry_run=false
while (($#)); do
  case "$1" in
    -h | --help)
      sed -n '2,20s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    --dry-run) dry_run=true ;;
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
[[ -r "${POLICYTRACK_SCHEMA:-}" ]] || usage "POLICYTRACK_SCHEMA must name the contract; see --help"
retries=${POLICYTRACK_RETRIES:-6}
pause=${POLICYTRACK_PAUSE:-1}
[[ "$retries" =~ ^[0-9]{1,3}$ && "$pause" =~ ^[0-9]{1,3}$ ]] ||
  usage "POLICYTRACK_RETRIES and POLICYTRACK_PAUSE are whole numbers"
for program in buf jq timeout od base64; do
  command -v "$program" >/dev/null || usage "$program is not installed on this runner"
done
version=$(buf --version)
[[ "$version" == "${BUF_VERSION:-}" ]] ||
  usage "this runner has buf $version, the job was written for '${BUF_VERSION:-}' (BUF_VERSION)"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# finish <code> <jq filter over the result>: tells the refused rows and ends.
finish() {
  jq -n --argjson dry_run "$dry_run" --slurpfile refused "$work/refused" \
    --slurpfile answer "$work/answer" --slurpfile error "$work/error" '
    ($answer[0] // null) as $a
    | def count: (. // "0") | tonumber;
    {dry_run: $dry_run}
    + (if $a then {revision: ($a.revision | count), created: ($a.createdCount | count),
         revised: ($a.revisedCount | count), unchanged: ($a.unchangedCount | count),
         deleted: ($a.deletedCount | count)} else {} end)
    + {rejected: (if $a then ($a.rejectedCount | count) else ($refused | length) end), skipped: 0,
       row_errors: $refused}
    + (if $error[0] then {error: {reason: ($error[0].code // "unknown" | ascii_upcase),
                                  message: ($error[0].message // "")}} else {} end)' \
    >"$work/result"
  # Control characters of the data would be commands to a terminal or to GitHub.
  jq -r '.[] | "\(.file):\(.line): \(.reason): \(.message)" | gsub("[[:cntrl:]]"; " ")' \
    <<<"$(jq .row_errors "$work/result")" >&2
  if [[ "${GITHUB_ACTIONS:-}" == true ]]; then
    jq -r 'def data: gsub("%"; "%25") | gsub("\r"; "%0D") | gsub("\n"; "%0A");
           def property: data | gsub(":"; "%3A") | gsub(","; "%2C");
           .row_errors[] | "::error file=\(.file | property),line=\(.line)::\("\(.reason): \(.message)" | data)"' \
      "$work/result" >&2
  fi
  jq -r '(if .error then "error: \(.error.message | gsub("[[:cntrl:]]"; " ")) [\(.error.reason)]" else empty end),
         (if has("revision") then
           (if .dry_run then "dry run, nothing was written: " else "" end)
           + "\(.created) created, \(.revised) revised, \(.unchanged) unchanged, \(.deleted) deleted, \(.rejected) rejected; revision \(.revision)"
          else empty end)' "$work/result" >&2
  local code=0
  "$here/report.sh" "$work/result" "$1" || code=$?
  exit "$code"
}

touch "$work/refused" "$work/answer" "$work/error"
for file in "$@"; do
  [[ -f "$file" && -r "$file" ]] || usage "there is no file $file that can be read"
  jq -Rnc --arg file "$file" -f "$here/observations.jq" "$file" >>"$work/lines"
done
jq -c 'select(.reason)' "$work/lines" >"$work/refused"
if [[ -s "$work/refused" ]]; then
  echo '{"code": "rows_invalid", "message": "rows are refused; nothing was sent"}' >"$work/error"
  finish 1
fi
if [[ ! -s "$work/lines" ]]; then
  echo '{"code": "file_invalid", "message": "no row to push; nothing was sent"}' >"$work/error"
  finish 2
fi

request_id=$(</proc/sys/kernel/random/uuid)

# messages <partial> <validate only>: the stream. Every message names its dataset.
messages() {
  jq -nc --arg id "$request_id" --argjson partial "$1" --argjson validate "$2" \
    '{options: {requestId: $id, returnPartialSuccess: $partial, validateOnly: $validate}}'
  jq -nc 'def messages($rows; $dataset):
            if $rows == [] then empty else {dataset: $dataset, rows: $rows} end;
          foreach (inputs, null) as $next ({rows: [], dataset: null, out: null};
            if $next == null or .dataset != $next.dataset or (.rows | length) >= 500
            then {out: {rows: .rows, dataset: .dataset},
                  rows: [$next.row], dataset: ($next.dataset // null)}
            else .rows += [$next.row] | .out = null end;
            if .out then messages(.out.rows; .out.dataset) else empty end)' "$work/lines"
}

# The seconds of the RetryInfo in an answer, rounded up; nothing without one. It is
# a Duration in field 1, whose field 1 is a varint of seconds.
asked_pause() {
  local value bytes seconds=0 shift=0 at=3
  value=$(jq -r '[.details[]? | select(.type == "google.rpc.RetryInfo") | .value][0] // empty' "$work/error" 2>/dev/null) || return 0
  [[ -n "$value" ]] || return 0
  while ((${#value} % 4)); do value+="="; done
  read -r -a bytes <<<"$(base64 -d <<<"$value" | od -An -v -tu1 | tr '\n' ' ')"
  if ((${#bytes[@]} > 3 && bytes[0] == 10 && bytes[2] == 8)); then
    while ((seconds |= (bytes[at] & 127) << shift, bytes[at] & 128)); do
      at=$((at + 1)) shift=$((shift + 7))
    done
    at=$((at + 1))
  else
    at=2
  fi
  ((at >= ${#bytes[@]})) || seconds=$((seconds + 1))
  echo "$seconds"
}

# send <partial> <validate only>: one push with its retries; the answer in answer or
# error. Gives the exit code for it.
send() {
  local status attempt wait asked
  messages "$1" "$2" >"$work/messages"
  for ((attempt = 0; ; attempt++)); do
    status=0
    : >"$work/error"
    timeout 600 buf curl --schema "$POLICYTRACK_SCHEMA" --http2-prior-knowledge --protocol grpc \
      --connect-timeout 10 --data @- "http://$POLICYTRACK_SERVER/$METHOD" \
      <"$work/messages" >"$work/answer" 2>"$work/error" || status=$?
    ((status != 0)) || {
      : >"$work/error"
      return 0
    }
    : >"$work/answer"
    # Not from the server: the schema, the command line, or the time was up.
    jq -es 'length == 1 and (.[0] | type == "object")' "$work/error" >/dev/null 2>&1 ||
      jq -Rsc '{code: "failed", message: .}' "$work/error" >"$work/message"
    [[ ! -e "$work/message" ]] || mv "$work/message" "$work/error"
    asked=$(asked_pause)
    case "$status" in
      112) ;;                          # UNAVAILABLE
      64) [[ -n "$asked" ]] || return 1 ;;  # RESOURCE_EXHAUSTED: over a size, or over a rate
      24 | 40 | 48 | 72 | 80 | 88) return 1 ;;
      56 | 128) return 4 ;;            # PERMISSION_DENIED, UNAUTHENTICATED
      1 | 2 | 126 | 127) return 2 ;;
      *) return 3 ;;
    esac
    wait=${asked:-$pause}
    ((attempt < retries && wait <= 600)) || return 3
    echo "$(jq -r '.message' "$work/error"); trying again in $wait s ($((attempt + 1)) of $retries)" >&2
    sleep "$wait"
    pause=$((pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE))
  done
}

# Refused rows of an answer, which counts them from 0 over the stream, at their lines.
place() {
  jq -c --slurpfile lines "$work/lines" '
    .rowErrors[]? | $lines[.row // 0 | tonumber] as $at
    | {file: $at.file, line: $at.line, reason: .reason, field: (.field // ""), message: .message}' \
    "$work/answer" >"$work/refused"
}

code=0
send "$dry_run" "$dry_run" || code=$?
if [[ "$dry_run" == true ]]; then
  place
  if ((code == 0)) && jq -e '(.rejectedCount // "0") != "0"' "$work/answer" >/dev/null; then
    code=1
  fi
elif ((code == 1)); then
  # The refusal of an atomic push says that rows are wrong; a dry run says which.
  cp "$work/error" "$work/refusal"
  request_id=$(</proc/sys/kernel/random/uuid)
  if send true true; then
    place
  fi
  : >"$work/answer"
  mv "$work/refusal" "$work/error"
fi
finish "$code"
