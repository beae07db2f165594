"""tests/evidence.md names tests that are there, and has a row for every shipped plugin and for every
method and normalisation of one."""

import json
import pathlib
import re

import source

DOCUMENT = "tests/evidence.md"
# Parameters whose choices are formulas of their own.
METHODS = ("method", "normalisation")


def tests_of(root):
    """`Suite.Name` of googletest, and `test_file.py::name` of the clients."""
    found = set()
    for path in source.files(root, {".cc", ".py"}):
        if path.parts[0] != "tests":
            continue
        text = (root / path).read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".cc":
            found |= {f"{suite}.{name}" for suite, name in
                      re.findall(r"^TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", text, re.M)}
        else:
            found |= {f"{path.name}::{name}" for name in re.findall(r"^def (test_\w+)\(", text, re.M)}
    return found


def check(root):
    root = pathlib.Path(root)
    if not (root / DOCUMENT).exists():
        return [f"{DOCUMENT}:1: is not there"]
    tests = tests_of(root)
    findings = []
    rows = {}  # the row texts of a plugin
    for number, line in source.lines(root, DOCUMENT):
        for name in re.findall(r"`([A-Z]\w*\.\w+|test_\w+\.py::\w+)`", line):
            if name not in tests:
                findings.append(f"{DOCUMENT}:{number}: there is no test {name}")
        row = re.match(r"\| \[?([a-z_]+)(?:\]\([^)]*\))? \|([^|]*)\|", line)
        if row:
            rows.setdefault(row.group(1), []).append(row.group(2))
    for path in source.files(root, {".json"}):
        if path.parts[:2] != ("plugins", "builtin") or path.name.endswith(".golden.json"):
            continue
        descriptor = json.loads((root / path).read_text(encoding="utf-8"))
        plugin = descriptor["id"]
        if plugin not in rows:
            findings.append(f"{DOCUMENT}:1: plugin {plugin} has no row")
            continue
        for parameter in descriptor.get("parameters", []):
            for choice in parameter.get("choices", []) if parameter["name"] in METHODS else []:
                if not any(f"`{choice}`" in text for text in rows[plugin]):
                    findings.append(f"{DOCUMENT}:1: {parameter['name']} {choice} of {plugin} has no row")
    return findings


def self_test(make):
    plugin = {"id": "sum", "parameters": [{"name": "method", "choices": ["plain", "odd"]},
                                          {"name": "curve", "choices": ["any"]}]}
    good = {"plugins/builtin/sum/sum.json": json.dumps(plugin),
            "tests/a_test.cc": "TEST(ATest, Adds) {\n}\nTEST_F(BTest,\n       Carries) {\n}\n",
            "tests/clients/test_b.py": "def test_it(server):\n    pass\n",
            DOCUMENT: "| [sum](x) | `plain`, `odd` | `ATest.Adds`, `BTest.Carries`, `test_b.py::test_it` |\n"}
    source.expect(check(make(good)) == [], "a document that is right was reported")
    for before, after in (("ATest.Adds", "ATest.Subtracts"), ("test_b.py::test_it", "test_b.py::test_that"),
                          ("`odd`", "odd"), ("[sum](x)", "[difference](x)")):
        bad = {**good, DOCUMENT: good[DOCUMENT].replace(before, after)}
        source.expect(len(check(make(bad))) == 1, f"{after} was not reported")
    source.expect(len(check(make({**good, DOCUMENT: ""}))) == 1, "a plugin without row was not reported")
    del good[DOCUMENT]
    source.expect(len(check(make(good))) == 1, "a missing document was not reported")


if __name__ == "__main__":
    source.main(check, self_test)
