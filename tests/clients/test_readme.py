"""Every command for a running server that README.md, the documents named here and the end of the demo show is
run as it stands, against a server that holds what the demo leaves behind."""

import re
import shlex

import pytest

from harness import CLIENT, ROOT, SERVER, run, shell_blocks, tool

PLAN = ROOT / "catalog/henan-auto-2024"
DOCUMENTS = ("README.md", "docs/quickstart.md", "docs/assessments.md", "docs/configuration.md", "docs/monitoring.md",
             "docs/watching.md",
             "catalog/README.md")
DEMO = "deploy/demo.sh"
ADDRESS = "127.0.0.1:7443"
# What installs, builds or tests everything is run by others; the rest must be known here.
ELSEWHERE = ("deploy/demo.sh", "tests/run.sh", "deploy/install-packages.sh", "deploy/install-tools.sh", "cmake",
             "ctest")
KNOWN = ("build/bin/policytrack", "build/bin/policytrackd", "build/tools/bin/grpcurl", "build/tools/bin/buf", "export", "echo")


def commands_of(path):
    """The commands of a document for a running server, in its order."""
    found = []
    for block in shell_blocks((ROOT / path).read_text(encoding="utf-8")):
        for line in filter(None, map(str.strip, block.splitlines())):
            first = shlex.split(line, comments=True)[0] if not line.startswith("#") else None
            assert first is None or first in ELSEWHERE + KNOWN, f"{path}: what is this? {line}"
            if first in KNOWN:
                found.append(line)
    return found


def commands_of_demo():
    """The lines to try next that the demo prints, as it prints them for the usual port."""
    text = (ROOT / DEMO).read_text(encoding="utf-8")
    printed = re.search(r"^cat <<TRY\n(.*?)^TRY$", text, re.S | re.M).group(1)
    printed = printed.replace("\\\\\n", " ").replace("\\\n", " ")
    printed = printed.replace("$server", ADDRESS).replace("$root", str(ROOT)).replace("\\$", "$")
    lines = [line.strip() for line in printed.splitlines() if line.startswith("  ")]
    # A line that ends in a pipe goes on.
    return "\n".join(lines).replace("|\n", "| ").splitlines()


def run_all(server, commands):
    script = "\n".join(["set -euo pipefail", *commands])
    script = script.replace(ADDRESS, server.address)
    script = script.replace("build/bin/policytrack ", f"{shlex.quote(str(CLIENT))} ")
    script = script.replace("build/bin/policytrackd ", f"{shlex.quote(str(SERVER))} ")
    script = script.replace("build/tools/bin/grpcurl", tool("grpcurl"))
    done = run(["bash", "-c", f"trap 'echo \"failed: $BASH_COMMAND\" >&2' ERR\n{script}"],
               env={"POLICYTRACK_SERVER": server.address})
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture
def demo(server):
    """What the demo leaves behind."""
    server.client_ok("apply", PLAN)
    server.client_ok("push", *sorted((PLAN / "figures").glob("*.csv")))
    server.client_ok("apply", ROOT / "catalog/henan-auto-2024-scripts")
    return server


@pytest.mark.parametrize("path", DOCUMENTS)
def test_the_commands_of_a_document_work(demo, path):
    commands = commands_of(path)
    assert commands, f"{path} shows no command any more"
    # Of a server of an earlier run.
    (ROOT / "build/watching.token").unlink(missing_ok=True)
    run_all(demo, commands)


def test_the_commands_that_the_demo_prints_work(demo):
    commands = commands_of_demo()
    assert sum("grpcurl " in line for line in commands) >= 4, commands
    output = run_all(demo, commands)
    assert "policytrack.v1.PlanService" in output
    assert "improve-trade-in-policy" in output


def test_every_command_and_flag_of_the_programs_has_a_help_with_an_example():
    assert "Example:" in run([SERVER, "--help"]).stdout
    listed = run([CLIENT, "--help"]).stdout
    names = re.findall(r"^  ([a-z]+)  ", listed[listed.index("Subcommands:"):], re.M)
    assert {"apply", "push", "report", "get", "list", "delete", "explain", "plugins", "watch"} <= set(names)
    for name in names:
        text = run([CLIENT, name, "--help"]).stdout
        assert "Example:" in text and f"policytrack {name}" in text, name
