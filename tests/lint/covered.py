"""Nothing in the contract goes untested or unsaid: every field says its behaviour; every RPC is called by
a stub in tests/rpc and varied by the tests of bad input; every error that a comment lists has the code
of docs/errors.md and a test that provokes it, and every reason of core/error.h is named by a test.

Which test provokes what is read from what the tests run on: RECIPES of tests/clients/documented_errors.py
and SHOWS("Method", "REASON", ...) in tests/rpc."""

import ast
import importlib.util
import pathlib
import re
import sys

import source

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import contract  # noqa: E402  (no package; found by the line above)

CLIENTS = pathlib.Path("tests/clients")


def data_of(root, name):
    """The variables of a module of data in tests/clients."""
    path = root / CLIENTS / f"{name}.py"
    specification = importlib.util.spec_from_file_location(f"covered_{name}_{abs(hash(str(root)))}", path)
    module = importlib.util.module_from_spec(specification)
    kept = dict(sys.modules)
    sys.path.insert(0, str(path.parent))
    try:
        specification.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
        # What it imports belongs to this tree alone.
        for other in set(sys.modules) - set(kept):
            del sys.modules[other]
    return vars(module)


def check_fields(root):
    return [f"{field.path}:{field.line}: {field.message}.{field.name} has no google.api.field_behavior"
            for field in contract.fields(root) if not field.behaviors and not field.in_oneof]


def cpp_of(root, folder):
    return {path: "\n".join(text for _, text in source.lines(root, path))
            for path in source.files(root, {".cc", ".h"}) if path.is_relative_to(folder)}


def shown_in_cpp(root):
    """Path, line, method and reason of every SHOWS in tests/rpc."""
    for path, text in cpp_of(root, "tests/rpc").items():
        for match in re.finditer(r'\bSHOWS\(\s*"(\w+)"((?:\s*,\s*"[A-Z_]+")+)\s*\)', text):
            for reason in re.findall(r'"([A-Z_]+)"', match.group(2)):
                yield path, text[:match.start()].count("\n") + 1, match.group(1), reason


def check_methods(root):
    findings = []
    stubs = "\n".join(cpp_of(root, "tests/rpc").values())
    good = data_of(root, "good_requests")["GOOD"]
    pushed = (root / CLIENTS / "test_bad_push.py").read_text(encoding="utf-8")
    for method in contract.methods(root):
        where = f"{method.path}:{method.line}: {method.name}"
        if not re.search(rf"\bCALL\(\w+, {method.name},|(?:->|Stub::){method.name}\b", stubs):
            findings.append(f"{where} is called by no test in tests/rpc")
        if method.client_stream:
            if f'"{method.name}"' not in pushed:
                findings.append(f"{where}: {CLIENTS}/test_bad_push.py does not send it")
        elif method.name not in good:
            findings.append(f"{where} has no good request in {CLIENTS}/good_requests.py")
    return findings


def check_errors(root):
    findings = []
    codes = contract.reasons(root)
    documented = contract.documented(root)
    recipes = f"{CLIENTS}/documented_errors.py"
    shown = {(method, reason): f"{recipes}:1" for method, reason in data_of(root, "documented_errors")["RECIPES"]}
    shown.update({(method, reason): f"{path}:{line}" for path, line, method, reason in shown_in_cpp(root)})
    for method in contract.methods(root):
        where = f"{method.path}:{method.line}: {method.name}"
        for reason, code in documented[method.name].items():
            if code != codes[reason]:
                findings.append(f"{where} gives {reason} with {code}; docs/errors.md says {codes[reason]}")
            if (method.name, reason) not in shown:
                findings.append(f"{where} lists {reason}, which no test provokes: add it to {recipes}, or to a SHOWS "
                                "in tests/rpc")
    for (method, reason), where in shown.items():
        if reason not in documented.get(method, ()):
            findings.append(f"{where}: a test shows {reason} of {method}, whose comment does not list it")
    return findings


def check_reasons(root):
    header = (root / "core/error.h").read_text(encoding="utf-8")
    words = set()
    for path in source.files(root, {".cc", ".h", ".py"}):
        if path.parts[0] == "tests" and path.parts[1] != "lint":
            text = (root / path).read_text(encoding="utf-8")
            words.update(re.findall(r"\w+", "\n".join(strings_of(text)) if path.suffix == ".py" else text))
    return [f"core/error.h:{header[:match.start()].count(chr(10)) + 1}: no test names {match.group(2)}"
            for match in re.finditer(r'inline constexpr char (k\w+)\[\] = "([A-Z_]+)";', header)
            if not {match.group(1), match.group(2)} & words]


def strings_of(text):
    """The strings of a Python file without those that only describe it."""
    tree = ast.parse(text)
    described = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [node.value for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in described]


def check(root):
    root = pathlib.Path(root)
    return check_fields(root) + check_methods(root) + check_errors(root) + check_reasons(root)


GOOD = {
    "core/error.h": 'inline constexpr char kA[] = "A_B";\ninline constexpr char kC[] = "C_D";\n',
    "docs/errors.md": "| `A_B` | NOT_FOUND | x |\n| `C_D` | UNAVAILABLE | x |\n",
    "proto/policytrack/v1/a_service.proto": """
        service AService {
          // Gets. Errors: NOT_FOUND A_B when it is
          // not there.
          rpc GetA(GetARequest) returns (A);
          // Puts. Errors: as for GetA, and UNAVAILABLE C_D.
          rpc PutA(stream A) returns (A);
        }
        message A {
          option (google.api.resource) = { type: "x/A" };
          string name = 1 [(google.api.field_behavior) = REQUIRED];
          map<string, A> b = 2 [
            (google.api.field_behavior) = OPTIONAL,  // a comment; with { a brace
            (google.api.resource_reference).type = "x/A"
          ];
          oneof value { int32 c = 3; }
          enum E { E_UNSPECIFIED = 0; }
        }""",
    "tests/rpc/a_test.cc": 'CALL(as_, GetA, r, &a); stub->PutA(&c); SHOWS("PutA",\n  "C_D");\nreason::kA;\n',
    "tests/clients/good_requests.py": "import more\nGOOD = more.GOOD\n",
    "tests/clients/more.py": 'GOOD = {"GetA": []}\n',
    "tests/clients/documented_errors.py": 'RECIPES = {("GetA", "A_B"): 1, ("PutA", "A_B"): 1}\n',
    "tests/clients/test_bad_push.py": 'METHOD = "PutA"\n',
}


def self_test(make):
    source.expect(check(make(GOOD)) == [], f"a good tree was reported: {check(make(GOOD))}")
    proto = GOOD["proto/policytrack/v1/a_service.proto"]

    def changed(old, new):
        assert old in proto
        return {"proto/policytrack/v1/a_service.proto": proto.replace(old, new, 1)}

    for what, change in (
            ("a field without behaviour", changed(" [(google.api.field_behavior) = REQUIRED]", "")),
            ("a field of a map without behaviour", changed("(google.api.field_behavior) = OPTIONAL,", "")),
            ("a method that no stub calls", {"tests/rpc/a_test.cc": GOOD["tests/rpc/a_test.cc"].replace("GetA", "GetB")}),
            ("a method without good request", {"tests/clients/more.py": "GOOD = {}\n"}),
            ("a stream that is not varied", {"tests/clients/test_bad_push.py": "\n"}),
            ("another code than that of the reason", changed("UNAVAILABLE", "INTERNAL")),
            ("an error that no recipe provokes", {"tests/clients/documented_errors.py": 'RECIPES = {("PutA", "A_B"): 1}'}),
            ("an error that no SHOWS provokes",
             {"tests/rpc/a_test.cc": GOOD["tests/rpc/a_test.cc"].replace('SHOWS("PutA",\n  "C_D")', "kC")}),
            ("a recipe of what is not listed", {"tests/clients/documented_errors.py": (
                'RECIPES = {("GetA", "A_B"): 1, ("PutA", "A_B"): 1, ("GetA", "C_D"): 1}\n')}),
            ("a reason that no test names", {"core/error.h": GOOD["core/error.h"] + 'inline constexpr char kE[] = "E_F";\n'}),
            ("a reason that only a docstring names", {
                "core/error.h": GOOD["core/error.h"] + 'inline constexpr char kE[] = "E_F";\n',
                "tests/clients/test_bad_push.py": '"""Also E_F."""\nMETHOD = "PutA"\n'})):
        findings = check(make({**GOOD, **change}))
        source.expect(len(findings) == 1, f"{what} gave {findings}")


if __name__ == "__main__":
    source.main(check, self_test)
