# Shared by the scripts of this folder and tests/run.sh: saying what is done,
# keeping a log of each step, and naming it when the step fails. Sourced, not
# run; the caller has `set -euo pipefail` and has set LOG_DIR.

section() { printf '\n== %s\n' "$*"; }
say() { printf '%s\n' "$*"; }
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Shows the output of a long step: on a terminal as one line that changes, else
# every 100th line, so that a CI log shows life and stays readable.
show_progress() {
  local line count=0 columns=0
  if [[ -t 1 ]]; then
    columns=$(tput cols 2>/dev/null || echo 80)
  fi
  while IFS= read -r line; do
    count=$((count + 1))
    if ((columns > 0)); then
      printf '\r\033[K%s' "${line:0:$((columns - 1))}"
    elif ((count % 100 == 0)); then
      printf '   ... %s\n' "${line:0:100}"
    fi
  done
  if ((columns > 0)); then
    printf '\r\033[K'
  fi
}

# run_step <log name> <command...>: runs the command with its output in
# LOG_DIR/<log name>.log, says how long it took, and shows the end of the log
# when it fails. Gives the command's exit status.
run_step() {
  local log="$LOG_DIR/$1.log" started=$SECONDS status=0
  shift
  mkdir -p "$LOG_DIR"
  set +o pipefail
  "$@" 2>&1 </dev/null | tee "$log" | show_progress
  status=${PIPESTATUS[0]}
  set -o pipefail
  if ((status != 0)); then
    {
      printf 'error: this failed with exit status %d: %s\n' "$status" "$*"
      printf -- '---- the last lines of %s\n' "$log"
      tail -n 40 "$log"
      printf -- '---- the whole log: %s\n' "$log"
    } >&2
    return "$status"
  fi
  say "   done in $((SECONDS - started)) s"
}
