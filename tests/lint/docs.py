"""The documents say what is there: every RPC says its errors, docs/errors.md lists each reason
of core/error.h once with a canonical code, links and the paths of commands lead somewhere, and
every room has a README."""

import re

import source

ROOMS = ("proto", "core", "storage", "plugins", "services", "clients", "catalog", "tests", "bench",
         "deploy", "docs")
CODES = ("INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "ABORTED", "FAILED_PRECONDITION",
         "INTERNAL", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "UNAUTHENTICATED",
         "PERMISSION_DENIED", "OUT_OF_RANGE", "DATA_LOSS", "UNIMPLEMENTED")


def check_rpcs(root):
    findings = []
    for path in source.files(root, {".proto"}):
        if path.parts[:2] == ("proto", "third_party"):
            continue
        comment = []
        for number, line in source.lines(root, path):
            words = line.strip()
            if words.startswith("//"):
                comment.append(words)
                continue
            if words.startswith("rpc ") and not any("Errors:" in part for part in comment):
                findings.append(f"{path}:{number}: the comment of this RPC has no `Errors:`")
            comment = []
    return findings


def check_reasons(root):
    header = (root / "core/error.h").read_text(encoding="utf-8")
    reasons = re.findall(r'inline constexpr char k\w+\[\] = "([A-Z]+(?:_[A-Z]+)*)";', header)
    findings = []
    listed = []
    for number, line in source.lines(root, "docs/errors.md"):
        row = re.match(r"\| `([A-Z_]+)` \| ([^|]*) \|", line)
        if not row:
            continue
        listed.append(row.group(1))
        codes = re.findall(r"[A-Z]+(?:_[A-Z]+)*", row.group(2))
        if not codes or any(code not in CODES for code in codes):
            findings.append(f"docs/errors.md:{number}: {row.group(1)} has no canonical code")
        if row.group(1) not in reasons:
            findings.append(f"docs/errors.md:{number}: core/error.h has no reason {row.group(1)}")
    for reason in reasons:
        if listed.count(reason) != 1:
            findings.append(f"docs/errors.md:1: lists {reason} {listed.count(reason)} times, not once")
    return findings


def check_links(root):
    findings = []
    for path in source.files(root, {".md"}):
        in_shell = False
        for number, line in source.lines(root, path):
            if line.startswith("```"):
                in_shell = line.strip() == "```sh" and not in_shell
                continue
            targets = []
            if in_shell:
                # Commands of documents run from the root of the tree.
                targets = [(root, word) for word in re.findall(
                    r"(?<![\w./-])((?:deploy|tests|bench|catalog|proto|docs)/[\w./-]*\w)", line)]
            else:
                prose = re.sub(r"`[^`]*`", "", line)
                targets = [(root / path.parent, target.split("#")[0]) for target in
                           re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in target]
            for folder, target in targets:
                if target and not (folder / target).exists():
                    findings.append(f"{path}:{number}: leads nowhere: {target}")
    return findings


def check_readmes(root):
    return [f"{room}/README.md:1: this room has no README" for room in ROOMS
            if not (root / room / "README.md").exists()]


def check(root):
    return check_rpcs(root) + check_reasons(root) + check_links(root) + check_readmes(root)


GOOD = {
    "core/error.h": 'inline constexpr char kA[] = "A_B";\n',
    "docs/errors.md": "| `A_B` | NOT_FOUND | x |\n",
    "proto/a_service.proto": "service A {\n  // Gets.\n  //\n  // Errors: none.\n  rpc Get(A) returns (B);\n}\n",
    "README.md": "[errors](docs/errors.md) and [web](https://example.org)\n\n```sh\ndeploy/x.sh --port 1\n```\n",
    "deploy/x.sh": "\n",
    **{f"{room}/README.md": "\n" for room in ROOMS},
}


def self_test(make):
    source.expect(check(make(GOOD)) == [], f"a good tree was reported: {check(make(GOOD))}")
    for change in ({"proto/a_service.proto": "// Gets.\nrpc Get(A) returns (B);\n"},
                   {"docs/errors.md": "\n"},
                   {"docs/errors.md": "| `A_B` | NOT_FOUND | x |\n| `A_B` | NOT_FOUND | x |\n"},
                   {"docs/errors.md": "| `A_B` | NOWHERE | x |\n"},
                   {"docs/errors.md": "| `A_B` | NOT_FOUND | x |\n| `C` | NOT_FOUND | x |\n"},
                   {"README.md": "[errors](docs/none.md)\n"},
                   {"README.md": "```sh\ndeploy/none.sh\n```\n"}):
        source.expect(len(check(make({**GOOD, **change}))) == 1, f"not reported: {change}")
    bare = {path: text for path, text in GOOD.items() if path != "core/README.md"}
    source.expect(len(check(make(bare))) == 1, "a room without README was not reported")


if __name__ == "__main__":
    source.main(check, self_test)
