#!/usr/bin/env python3
"""docs/writing-plugins.md, tried from the text alone: its commands in their order, in an empty folder with a
home of its own, against the SDK as it is installed. Then what they must have made.

Usage: guide.py BUILD-DIR WORK-DIR"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/writing-plugins.md"
EXAMPLES = ("c/year-difference.c", "cpp/moving-median.cc", "rust/src/lib.rs")


def main(build, work):
    for name in EXAMPLES:
        lines = (ROOT / "plugins/sdk/examples" / name).read_text(encoding="utf-8").count("\n")
        assert lines < 80, f"{name} has {lines} lines: examples are read in one go"

    work = pathlib.Path(work)
    shutil.rmtree(work, ignore_errors=True)
    home = work / "home"
    home.mkdir(parents=True)
    (work / "build").symlink_to(build)
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
    assert len(blocks) > 8, "the guide shows fewer commands than it did"
    script = "\n".join(["set -euo pipefail", "trap 'echo \"failed: $BASH_COMMAND\" >&2' ERR", *blocks])
    # A compiler that rustup keeps in the user's home is found there still.
    rustup = os.environ.get("RUSTUP_HOME", str(pathlib.Path.home() / ".rustup"))
    # What `make` of an outer build left in the environment is not for the inner ones.
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "DESTDIR", "CARGO_HOME")}
    done = subprocess.run(["bash", "-c", script], cwd=work, capture_output=True, text=True, timeout=280,
                          stdin=subprocess.DEVNULL, env={**env, "RUSTUP_HOME": rustup, "HOME": str(home)})
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"

    # Template, own plugin, three examples, and the last with some checks only.
    verdicts = re.findall(r"^(\d+) passed, (\d+) failed, (\d+) skipped; seed", done.stdout, re.M)
    assert len(verdicts) == 6, done.stdout
    assert all(failed == "0" for _, failed, _ in verdicts), done.stdout
    assert all(int(passed) > 30 for passed, _, _ in verdicts[:-1]), done.stdout
    assert {path.name for path in (home / "plugins").iterdir()} == {
        "share-of-peak.so", "share-of-peak.json", "share-of-peak.golden.json"}
    assert len((home / "plugins.sha256").read_text().splitlines()) == 2
    print(f"{len(blocks)} blocks of commands")


if __name__ == "__main__":
    main(*sys.argv[1:])
