"""Files: no file of code has two subjects' worth of lines, no text names a path of one machine,
and no task is left in a comment."""

import re

import source

MAX_LINES = 400
# Code of ours; tables of data, documents and vendored files may be long.
COUNTED = source.CPP | {".py", ".sh", ".cmake", ".proto", ".ts"}
# The contract of a kind grows with its methods and not with its subjects.
UNCOUNTED = ("proto/third_party/",)
TEXT = COUNTED | {".txt", ".md", ".yaml", ".yml", ".json", ".csv", ""}
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:work|home|root|Users)/[\w.-]+|(?<![\w.$}/-])/tmp/\w[\w.-]+")
LEFT_OVER = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
OWN_PATTERNS = "tests/lint/files.py"


def check(root):
    findings = []
    for path in source.files(root):
        name = path.as_posix()
        if path.suffix not in TEXT or name == OWN_PATTERNS or name.startswith(UNCOUNTED):
            continue
        numbered = source.lines(root, path)
        if path.suffix in COUNTED and len(numbered) > MAX_LINES:
            findings.append(f"{path}:{MAX_LINES + 1}: {len(numbered)} lines; a file over "
                            f"{MAX_LINES} has two subjects: split it")
        for number, line in numbered:
            place = MACHINE_PATH.search(line)
            if place:
                findings.append(f"{path}:{number}: names a path of one machine: {place.group(0)}")
            if path.suffix in COUNTED and LEFT_OVER.search(line):
                findings.append(f"{path}:{number}: a task left in the code: do it or open an issue")
    return findings


def self_test(make):
    source.expect(check(make({"core/a.cc": "x\n" * MAX_LINES, "README.md": "/var/lib/x\n"})) == [],
                  "good files were reported")
    for tree in ({"core/a.cc": "x\n" * (MAX_LINES + 1)}, {"README.md": "see /home/ann/notes\n"},
                 {"deploy/x.sh": "cd /tmp/build-1\n"}, {"core/a.h": "// TODO: later\n"}):
        source.expect(len(check(make(tree))) == 1, f"not reported: {list(tree)}")
    for path in ("proto/third_party/a.proto", "clients/examples/node/gen/a.ts"):
        source.expect(check(make({path: "x\n" * 900})) == [], f"{path} is not ours, but was counted")


if __name__ == "__main__":
    source.main(check, self_test)
