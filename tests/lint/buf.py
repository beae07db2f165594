"""`buf lint` and `buf format` of proto/. buf is put into build/tools/bin by
deploy/install-tools.sh."""

import pathlib
import shutil
import subprocess

import source

HERE = pathlib.Path(__file__).resolve().parents[2]


def buf():
    own = HERE / "build/tools/bin/buf"
    return str(own) if own.exists() else shutil.which("buf")


def run(arguments, folder):
    done = subprocess.run([buf(), *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    return (done.stdout + done.stderr).strip().splitlines() or [f"buf ended with {done.returncode}"]


def check(root):
    if buf() is None:
        return "buf is not installed; run deploy/install-tools.sh buf"
    folder = pathlib.Path(root) / "proto"
    return run(["lint"], folder) + run(["format", "--diff", "--exit-code", "--path", "policytrack"],
                                  folder)


GOOD = """syntax = "proto3";

// A package.
package policytrack.v1;

// A message.
message A {
  // A field.
  string a = 1;
}
"""


def self_test(make):
    if buf() is None:
        return check(None)
    config = (HERE / "proto/buf.yaml").read_text(encoding="utf-8")

    def found(text):
        return check(make({"proto/buf.yaml": config, "proto/policytrack/v1/a.proto": text,
                           "proto/third_party/b/b.proto": GOOD.replace("policytrack.v1", "b")}))

    source.expect(found(GOOD) == [], "a good file was reported")
    source.expect(found(GOOD.replace("  // A field.\n", "")) != [], "a missing comment was not reported")
    source.expect(found(GOOD.replace("string a", "string badName")) != [], "a bad name was not reported")
    source.expect(found(GOOD.replace("  string", "    string")) != [], "bad format was not reported")
    return None


if __name__ == "__main__":
    source.main(check, self_test)
