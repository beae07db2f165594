"""Every *_test.cc on disk is compiled, and every folder of tests is added: a test that is not
built never fails. What is compiled is read from compile_commands.json of the build tree that the
environment variable POLICYTRACK_BUILD_DIR names, else of build/."""

import json
import os
import pathlib
import re

import source


def compiled(root, build_dir):
    """The files that the build compiles, relative to root, or None without a build tree."""
    database = build_dir / "compile_commands.json"
    if not database.exists():
        return None
    files = set()
    for entry in json.loads(database.read_text(encoding="utf-8")):
        path = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        if path.is_relative_to(root.resolve()):
            files.add(path.relative_to(root.resolve()))
    return files


def check(root, build_dir=None):
    root = pathlib.Path(root)
    build_dir = build_dir or pathlib.Path(os.environ.get("POLICYTRACK_BUILD_DIR", root / "build"))
    known = compiled(root, build_dir)
    if known is None:
        return f"there is no {build_dir}/compile_commands.json; configure the build first"
    findings = []
    for path in source.files(root, {".cc"}):
        if path.name.endswith("_test.cc") and path not in known:
            findings.append(f"{path}:1: no target has this file, so it is never run: list it in "
                            f"{path.parent}/CMakeLists.txt")
    for path in source.files(root):
        if path.name == "CMakeLists.txt" and path.parts[0] == "tests" and len(path.parts) == 3:
            listing = (root / "tests/CMakeLists.txt").read_text(encoding="utf-8")
            added = re.sub(r"#.*", "", listing)
            if not re.search(rf"add_subdirectory\(\s*{re.escape(path.parent.name)}\s*\)", added):
                findings.append(f"{path}:1: tests/CMakeLists.txt does not add this folder")
    return findings


def self_test(make):
    def found(files, built):
        root = make({**files, "build/compile_commands.json": "[]"})
        commands = [{"directory": str(root / "build"), "file": str(root / path)} for path in built]
        (root / "build/compile_commands.json").write_text(json.dumps(commands), encoding="utf-8")
        return check(root, root / "build")

    good = {"tests/CMakeLists.txt": "add_subdirectory(core)\n", "tests/core/CMakeLists.txt": "\n",
            "tests/core/a_test.cc": "\n"}
    built = ["tests/core/a_test.cc"]
    source.expect(found(good, built) == [], "a test that is compiled was reported")
    source.expect(len(found({**good, "tests/core/b_test.cc": "\n"}, built)) == 1,
                  "a test that no target has was not reported")
    for listing in ("\n", "# add_subdirectory(core)\n"):
        source.expect(len(found({**good, "tests/CMakeLists.txt": listing}, built)) == 1,
                      "a folder that is not added was not reported")
    source.expect(isinstance(check(make(good), pathlib.Path("nowhere")), str),
                  "without a build tree it did not say that it cannot tell")


if __name__ == "__main__":
    source.main(check, self_test)
