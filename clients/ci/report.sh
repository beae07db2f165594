#!/usr/bin/env bash
# Shows the outcome of a push in the page of its job: a table in Markdown, and for
# GitLab the refused rows as a Code Quality report, which it shows in the merge
# request. Reads the JSON that `policytrack -o json push` writes.
#
# Usage: report.sh RESULT EXIT_CODE
#   GITHUB_STEP_SUMMARY  file to which GitHub wants the summary appended
#   GITLAB_CI            when set, gl-code-quality-report.json and
#                        policytrack-summary.md are written, also when all is well
#
# Ends with EXIT_CODE, or with 3 when that is 0 and RESULT does not say that it is:
# a job must never be green by mistake.
set -euo pipefail

if [[ "${1:-}" == -h || "${1:-}" == --help ]]; then
  sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  exit 0
fi
if (($# != 2)); then
  echo "error: report.sh takes RESULT and EXIT_CODE; see --help" >&2
  exit 2
fi
result=$1
code=$2

# Without an object there is nothing to show but the code: the command line was
# wrong, or the program did not run.
# Slurped, because jq 1.6 finds nothing wrong with an empty file.
if ! jq -es 'length == 1 and (.[0] | type == "object")' "$result" >/dev/null 2>&1; then
  result=$(mktemp)
  trap 'rm -f "$result"' EXIT
  ((code != 0)) || {
    echo "error: the push ended with 0 and without a result" >&2
    code=3
  }
  jq -n '{error: {reason: "NO_RESULT", message: "there is no result; the log says why"}}' >"$result"
elif ((code == 0)) && ! jq -e 'has("revision") and .rejected == 0 and (has("error") | not)' "$result" >/dev/null; then
  echo "error: the push ended with 0, but its result says otherwise" >&2
  code=3
fi

markdown() {
  jq -r --argjson code "$code" '
    # What is data must not become markup.
    def cell: tostring | gsub("[\\r\\n]"; " ") | gsub("\\\\"; "\\\\") | gsub("\\|"; "\\|")
      | gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub("`"; "&#96;") | gsub("(?<c>[*_\\[\\]])"; "\\\(.c)");
    (if $code == 0 then "done"
     elif $code == 1 then "refused: correct the data"
     elif $code == 2 then "the job is wrong: correct its command line or files"
     elif $code == 3 then "the service could not do it: run the job again later"
     elif $code == 4 then "not allowed: the job needs a token or a permission"
     else "ended with exit code \($code)" end) as $outcome
    | "### Figures: \($outcome)", "",
      (if .dry_run then "Dry run: nothing was written.", "" else empty end),
      (if .error then "\(.error.message | cell) [\(.error.reason | cell)]", "" else empty end),
      (if has("revision") then
         "| created | revised | unchanged | deleted | rejected | skipped | revision |",
         "|---|---|---|---|---|---|---|",
         "| " + ([.created, .revised, .unchanged, .deleted, .rejected, .skipped, .revision]
                 | map(tostring) | join(" | ")) + " |", ""
       else empty end),
      (if (.row_errors // []) != [] then
         "| place | reason | message |", "|---|---|---|",
         (.row_errors[:100][] | "| \(.file | cell):\(.line) | \(.reason | cell) | \(.message | cell) |"),
         (if (.row_errors | length) > 100 then "", "The log has all \(.row_errors | length) refused rows." else empty end)
       else empty end)' "$result"
}

if [[ -n "${GITHUB_STEP_SUMMARY:-}" ]]; then
  markdown >>"$GITHUB_STEP_SUMMARY"
fi
if [[ -n "${GITLAB_CI:-}" ]]; then
  markdown >policytrack-summary.md
  # The fingerprint tells one finding from another over pipelines.
  jq '[(.row_errors // [])[] | {
         description: "\(.reason): \(.message)", check_name: .reason, severity: "blocker",
         fingerprint: ("\(.file)\n\(.line)\n\(.reason)\n\(.field)\n\(.message)" | @base64),
         location: {path: .file, lines: {begin: ([.line, 1] | max)}}}]' \
    "$result" >gl-code-quality-report.json
fi
exit "$code"
