"""Reads ctest's list of tests as JSON and prints the targets of those that are
programs of policytrack_test(), which names the test after its target.

ctest does not know the command of a program that is not built yet; ninja does."""

import json
import pathlib
import re
import sys


def main():
    ninja = (pathlib.Path(sys.argv[1]) / "build.ninja").read_text(encoding="utf-8")
    programs = set(re.findall(r"^build (\S+): phony tests/\1$", ninja, re.MULTILINE))
    for test in json.load(sys.stdin)["tests"]:
        if test["name"] in programs:
            print(test["name"])


if __name__ == "__main__":
    main()
