#!/usr/bin/env python3
"""A bad plugin fails the check that it is made for, and no other.

Usage: fails.py plugin-check NAME.so CHECK"""

import json
import subprocess
import sys

SEED = "20261126"
# Linkers that refuse to load a library with an executable stack say so too.
ALSO = {"static.stack": {"load.load"}}


def failed(checker, plugin, seed):
    run = subprocess.run([checker, "--seed", seed, "--output", "json", plugin], capture_output=True, text=True,
                         timeout=240, stdin=subprocess.DEVNULL)
    report = json.loads(run.stdout)
    found = {check["name"]: check["message"] for check in report["checks"] if check["result"] == "failed"}
    assert run.returncode == 1, f"exit code {run.returncode}"
    assert report["failed"] == len(found) and report["seed"] == seed
    return found


def main(checker, plugin, check):
    found = failed(checker, plugin, SEED)
    assert check in found, f"{check} passed; failed: {found}"
    assert found[check], "it does not say why"
    others = set(found) - {check} - ALSO.get(check, set())
    assert not others, f"others failed too: { {name: found[name] for name in others} }"
    print(f"{check}: {found[check]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
