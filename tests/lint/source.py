"""What the lints share: the files of the tree, and how a lint ends.

A lint is a module with `check(root)`, which gives a list of findings written as
`path:line: message`, and `self_test(make)`, which shows on small trees that it
finds what it is for. `make(files)` lays a tree of {path: text} and gives its root."""

import argparse
import atexit
import pathlib
import shutil
import sys
import tempfile

SKIPPED_FOLDERS = {".git", "node_modules", "__pycache__", ".cache"}
CPP = {".cc", ".h", ".c"}


def files(root, suffixes=None):
    """Files below root with these suffixes, as sorted paths relative to root, without
    build trees and version control."""
    found = []
    stack = [pathlib.Path(root)]
    while stack:
        for path in sorted(stack.pop().iterdir()):
            relative = path.relative_to(root)
            # In a second working tree `.git` is a file.
            if path.is_symlink() or path.name in SKIPPED_FOLDERS:
                continue
            if path.is_dir():
                top_level_output = len(relative.parts) == 1 and (
                    path.name in ("build", "data") or path.name.startswith("build-"))
                if not top_level_output:
                    stack.append(path)
            elif suffixes is None or path.suffix in suffixes:
                found.append(relative)
    return sorted(found)


def lines(root, path):
    """The lines of a text file, numbered from 1."""
    text = (pathlib.Path(root) / path).read_text(encoding="utf-8", errors="replace")
    return list(enumerate(text.splitlines(), start=1))


def lay_tree(files_by_path):
    """A tree of its own in the folder for temporary files, taken away at the end."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="policytrack-lint-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    for path, text in files_by_path.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return root


SKIPPED = 77


def main(check, self_test):
    """Runs a lint as a test: exit 0, 1 with findings, or 77 when `check` gives a text that
    says why it cannot run here."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--self-test", action="store_true")
    default = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--root", type=pathlib.Path, default=default)
    arguments = parser.parse_args()
    if arguments.self_test:
        outcome = self_test(lay_tree)
        if isinstance(outcome, str):
            print("skipped:", outcome)
            sys.exit(SKIPPED)
        print("self-test passed")
        return
    findings = check(arguments.root)
    if isinstance(findings, str):
        print("skipped:", findings)
        sys.exit(SKIPPED)
    for finding in findings:
        print(finding)
    if findings:
        print(f"{len(findings)} findings")
        sys.exit(1)


def expect(condition, what):
    """A failed expectation of a self-test; not `assert`, which can be switched off."""
    if not condition:
        raise SystemExit(f"self-test failed: {what}")
