"""C and C++ files are formatted as .clang-format says. Releases of clang-format differ in what
they make of the same configuration, so only the one that the tree is written with judges."""

import pathlib
import re
import shutil
import subprocess

import source

MAJOR = 14


def clang_format():
    """Path of clang-format of the release wanted, or None."""
    for name in (f"clang-format-{MAJOR}", "clang-format"):
        path = shutil.which(name)
        if path:
            version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
            if re.search(rf"version {MAJOR}\.", version.stdout):
                return path
    return None


def check(root):
    program = clang_format()
    if program is None:
        return f"formatting is judged by clang-format {MAJOR}, which is not installed"
    paths = [str(path) for path in source.files(root, source.CPP)]
    if not paths:
        return []
    run = subprocess.run([program, "--dry-run", "-Werror", "--style=file", *paths], cwd=root,
                         capture_output=True, text=True, check=False)
    findings = [line for line in run.stderr.splitlines() if re.search(r":\d+:\d+: error", line)]
    if run.returncode != 0 and not findings:
        findings = [run.stderr.strip() or f"clang-format ended with {run.returncode}"]
    return findings


def self_test(make):
    if clang_format() is None:
        return check(None)
    style = (pathlib.Path(__file__).resolve().parents[2] / ".clang-format").read_text(encoding="utf-8")
    source.expect(check(make({".clang-format": style, "a.cc": "int a() { return 1; }\n"})) == [],
                  "a formatted file was reported")
    source.expect(check(make({".clang-format": style, "a.cc": "int a( ){return 1;}\n"})) != [],
                  "an unformatted file was not reported")
    return None


if __name__ == "__main__":
    source.main(check, self_test)
