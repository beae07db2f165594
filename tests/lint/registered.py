"""Every *_test.cc on disk is a source of a target in the CMakeLists.txt of its folder or of
one above it: a test that is not built never fails."""

import re

import source


def without_comments(text):
    return re.sub(r"#.*", "", text)


def check(root):
    findings = []
    for path in source.files(root, {".cc"}):
        if not path.name.endswith("_test.cc"):
            continue
        folder = path.parent
        registered = False
        while not registered:
            listing = root / folder / "CMakeLists.txt"
            if listing.exists():
                name = path.relative_to(folder).as_posix()
                words = re.split(r"[\s()\"]+", without_comments(listing.read_text(encoding="utf-8")))
                registered = name in words
            if not folder.parts:
                break
            folder = folder.parent
        if not registered:
            findings.append(f"{path}:1: not listed in {path.parent}/CMakeLists.txt, so it is never run")
    for path in source.files(root):
        # A folder of tests that its parent does not add is never built either.
        if path.name == "CMakeLists.txt" and path.parts[0] == "tests" and len(path.parts) > 2:
            parent = path.parent.parent
            listing = root / parent / "CMakeLists.txt"
            text = without_comments(listing.read_text(encoding="utf-8")) if listing.exists() else ""
            if not re.search(rf"add_subdirectory\(\s*{re.escape(path.parent.name)}\s*\)", text):
                findings.append(f"{path}:1: {parent}/CMakeLists.txt does not add this folder")
    return findings


def self_test(make):
    good = {"tests/CMakeLists.txt": "add_subdirectory(core)\n",
            "tests/core/CMakeLists.txt": "policytrack_test(a_test SOURCES a_test.cc DEPS x)\n",
            "tests/core/a_test.cc": "\n"}
    source.expect(check(make(good)) == [], "a registered test was reported")
    source.expect(len(check(make({**good, "tests/core/b_test.cc": "\n"}))) == 1,
                  "a test that is not listed was not reported")
    commented = {**good, "tests/core/CMakeLists.txt": "# a_test.cc\n"}
    source.expect(len(check(make(commented))) == 1, "a commented listing was taken for one")
    unadded = {**good, "tests/CMakeLists.txt": "\n"}
    source.expect(len(check(make(unadded))) == 1, "a folder that is not added was not reported")


if __name__ == "__main__":
    source.main(check, self_test)
