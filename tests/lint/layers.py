"""Each room includes only what tests/lint/layers.txt allows it."""

import pathlib
import re

import source

TABLE = "tests/lint/layers.txt"
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def read_table(text):
    watched, rows = [], {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        room, separator, patterns = line.partition(":")
        if not separator:
            raise SystemExit(f"{TABLE}:{number}: not of the form `room: patterns`")
        if room == "watched":
            watched = patterns.split()
        else:
            rows[room] = patterns.split()
    return watched, rows


def matches(pattern, header):
    expression = re.escape(pattern).replace(r"\*\*", ".+").replace(r"\*", "[^/]+")
    return re.fullmatch(expression, header) is not None


def allowed(patterns, own, header):
    verdict = False
    for pattern in patterns:
        forbids = pattern.startswith("-")
        if matches(pattern.lstrip("-").replace("@own", own), header):
            verdict = not forbids
    return verdict


def check(root):
    watched, rows = read_table((root / TABLE).read_text(encoding="utf-8"))
    paths = source.files(root, source.CPP)
    rooms_of_ours = {path.parts[0] for path in paths} | {"policytrack"}
    findings = []
    for path in paths:
        folder = path.parent.as_posix()
        rooms = [room for room in rows if path.as_posix() == room or f"{path}".startswith(room + "/")]
        if not rooms:
            findings.append(f"{path}:1: no row of {TABLE} covers this file; add one")
            continue
        room = max(rooms, key=len)
        for number, line in source.lines(root, path):
            include = INCLUDE.match(line)
            if not include:
                continue
            header = include.group(1)
            ours = header.split("/")[0] in rooms_of_ours and "/" in header
            bare = "/" not in header and (root / folder / header).exists()
            if bare and header not in rows[room]:
                findings.append(f"{path}:{number}: write \"{folder}/{header}\": includes name "
                                "headers from the root of the tree")
            elif ours or any(matches(pattern, header) for pattern in watched):
                if not allowed(rows[room], folder, header):
                    findings.append(f"{path}:{number}: {room} may not include {header} "
                                    f"(see {TABLE})")
    return findings


def self_test(make):
    table = pathlib.Path(__file__).with_name("layers.txt").read_text(encoding="utf-8")

    def found(path, include, **others):
        tree = {TABLE: table, path: f"// A file.\n#include {include}\n"}
        tree.update({"storage/store.h": "\n", "storage/sqlite/x.h": "\n", "core/a.h": "\n",
                     "plugins/engine.h": "\n", "services/app/x.h": "\n", "clients/cli/x.h": "\n",
                     "clients/examples/cpp/call.h": "\n", "tests/a.h": "\n"})
        return check(make(tree))

    for path, include in [
            ("core/b.cc", '"storage/store.h"'), ("core/b.cc", "<grpcpp/grpcpp.h>"),
            ("core/b.cc", '"policytrack/v1/plan_service.grpc.pb.h"'),
            ("storage/b.cc", '"storage/sqlite/x.h"'), ("storage/b.cc", "<sqlite3.h>"),
            ("services/app/b.cc", '"storage/sqlite/x.h"'),
            ("services/app/b.cc", '"grpcpp/grpcpp.h"'),
            ("services/rpc/b.cc", '"storage/sqlite/x.h"'),
            ("services/server/main.cc", '"storage/sqlite/x.h"'),
            ("plugins/builtin/growth/b.cc", '"core/a.h"'),
            ("plugins/builtin/growth/b.cc", '"plugins/builtin/ratio/x.h"'),
            ("plugins/b.cc", "<dlfcn.h>"), ("clients/cli/b.cc", '"services/app/x.h"'),
            ("clients/examples/cpp/b.cc", '"core/a.h"'), ("tests/b.cc", '"a.h"'),
            ("attic/b.cc", '"core/a.h"'), ("storage/b.cc", '"store.h"')]:
        findings = found(path, include)
        source.expect(len(findings) == 1 and findings[0].startswith(path),
                      f"{path} including {include} gave {findings}")
    for path, include in [
            ("core/b.cc", '"core/a.h"'), ("core/b.cc", "<vector>"),
            ("storage/sqlite/b.cc", '"SQLiteCpp/SQLiteCpp.h"'),
            ("services/server/assemble.cc", '"storage/sqlite/x.h"'),
            ("plugins/host/b.cc", "<dlfcn.h>"),
            ("plugins/builtin/growth/b.cc", '"plugins/builtin/growth/x.h"'),
            ("clients/examples/cpp/b.cc", '"call.h"'),
            ("clients/examples/cpp/b.cc", '"policytrack/v1/plan_service.grpc.pb.h"'),
            ("tests/storage/b_test.cc", '"storage/sqlite/x.h"')]:
        findings = found(path, include)
        source.expect(not findings, f"{path} including {include} gave {findings}")


if __name__ == "__main__":
    source.main(check, self_test)
