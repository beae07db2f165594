#!/usr/bin/env python3
"""How plugin-check is called and what it answers: every check has a bad plugin, exit codes, the seed that
gives the same again, JSON and JUnit.

Usage: usage.py plugin-check BAD-PLUGINS WORK CHECK,CHECK..."""

import json
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as xml


def main(checker, plugins, work, bad):
    def run(*arguments):
        return subprocess.run([checker, *arguments], capture_output=True, text=True, timeout=240,
                              stdin=subprocess.DEVNULL)

    listed = [line.split()[0] for line in run("--list").stdout.splitlines()]
    assert listed == bad.split(","), "every check has a bad plugin, in the same order"

    plugin = f"{plugins}/bad-edge-extremes.so"
    for arguments in ([], ["--nonsense", plugin], ["--only", "edges", plugin], ["--output", "yaml", plugin],
                      [f"{plugins}/none.so"], [f"{plugins}/bad-edge-extremes.json"],
                      ["--junit", f"{work}/no/where.xml", "--only", "static", plugin]):
        assert run(*arguments).returncode == 2, arguments
    assert run("--help").returncode == 0

    # A seed is drawn, printed, and gives the same again.
    text = run("--only", "edge", plugin)
    assert text.returncode == 1 and "FAILED   edge.extremes" in text.stdout, text.stdout
    seed = text.stdout.split("--seed ")[1].split()[0]
    assert run("--only", "edge", "--seed", seed, plugin).stdout == text.stdout

    # What leads to the wanted ones is made with them, and nothing else.
    report = pathlib.Path(work) / "junit.xml"
    made = run("--only", "edge", "--output", "json", "--junit", str(report), plugin)
    names = [check["name"] for check in json.loads(made.stdout)["checks"]]
    assert names == ["static.elf", "static.descriptor", "load.load", "lifecycle.create",
                     *(name for name in listed if name.startswith("edge."))], names
    suite = xml.parse(report).getroot()
    assert suite.attrib["tests"] == str(len(names)) and suite.attrib["failures"] == "1"
    failures = [case.attrib["name"] for case in suite.iter("testcase") if case.find("failure") is not None]
    assert failures == ["edge.extremes"], failures

    # A plugin that ends its process, or does not end, is a verdict; no other check suffers.
    for fault, message in (("crash", "Segmentation fault"), ("exit", "exit code 0; it printed: leaving for good"),
                           ("hang", "not over after 2 seconds")):
        ended = json.loads(run("--only", "edge", "--timeout", "2" if fault == "hang" else "60", "--output", "json",
                               f"{plugins}/bad-process-{fault}.so").stdout)
        found = {check["name"]: check["message"] for check in ended["checks"] if check["result"] == "failed"}
        assert list(found) == ["edge.one-point"] and message in found["edge.one-point"], found
    # What a plugin leaves behind keeps no check from ending.
    left = run("--only", "edge.one-point", f"{plugins}/bad-process-fork.so")
    assert left.returncode == 0, left.stdout

    # What cannot be tried is not said to be well.
    cut = json.loads(run("--output", "json", f"{plugins}/bad-static-elf.so").stdout)
    waiting = {check["result"] for check in cut["checks"] if check["name"].startswith(("load", "edge", "memory"))}
    assert waiting == {"skipped"} and cut["failed"] == 1, cut


if __name__ == "__main__":
    main(*sys.argv[1:])
