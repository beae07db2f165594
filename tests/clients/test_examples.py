"""The examples as others have them: the commands of clients/examples/README.md, and those of
proto/README.md that generate stubs, as they stand, in a tree that holds the examples and proto/ and
nothing else. What they build stays below the build directory, so that only the first run is long."""

import shlex
import shutil
import socket
import sys

import pytest

from harness import BUILD, ROOT, run, shell_blocks, tool

TREE = BUILD / "examples/tree"
README = "clients/examples/README.md"
PROTO_README = "proto/README.md"
ADDRESS = "127.0.0.1:7443"
# A first build on a machine that is busy with other tests.
BUILD_SECONDS = 700
LANGUAGES = ("C++", "Node")

FOUND = """\
plans/cycle-paths: found
datasets/cycle-paths-km: found
indicators/cycle-paths-km: found
measures/build-cycle-paths: found
"""
READ = """\
now: 2020=100 2021=110 2022=121 2023=126
before the revision: 2020=100 2021=110 2022=121 2023=128p
measures/build-cycle-paths: PROGRESS_STATUS_MODERATE, 1 of 1 targets judged
measures/build-cycle-paths/targets/km-2030: PROGRESS_STATUS_MODERATE, 126 in 2023, expected 130
refused: INVALID_ARGUMENT ROWS_INVALID: 1 of 1 rows refused, nothing written; row 0: """
FIRST = FOUND.replace("found", "created") + """\
pushed: 4 created, 0 revised, 0 unchanged
pushed: 0 created, 1 revised, 0 unchanged
""" + READ
AGAIN = FOUND + """\
pushed: 0 created, 1 revised, 3 unchanged
pushed: 0 created, 1 revised, 0 unchanged
""" + READ


def commands_of(path, heading):
    """The commands below a heading of a document."""
    text = (TREE / path).read_text(encoding="utf-8")
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line.strip() for block in shell_blocks(section) for line in block.splitlines()]
    assert lines, f"{path} shows no command below {heading!r} any more"
    return lines


def run_in_tree(command, *arguments, address=ADDRESS):
    """Runs a command of a document with another address, and with more arguments."""
    words = " ".join(shlex.quote(argument) for argument in arguments)
    command = f"{command.replace(ADDRESS, address)} {words}"
    # What npm fetches is kept, and asked for again only when something else is wanted. A compiler
    # cache is no part of what is tested.
    env = {"npm_config_cache": str(BUILD / "examples/npm"), "npm_config_prefer_offline": "true",
           "npm_config_update_notifier": "false", "npm_config_audit": "false"}
    if shutil.which("ccache"):
        env["CMAKE_CXX_COMPILER_LAUNCHER"] = "ccache"
    return run(["bash", "-c", command], env=env, cwd=TREE, timeout=BUILD_SECONDS)


def run_ok(command):
    done = run_in_tree(command)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="session", autouse=True)
def tree():
    """The files as they are now, with their times, so that CMake builds only what has changed."""
    for folder in ("proto", "clients"):
        shutil.rmtree(TREE / folder, ignore_errors=True)
    shutil.copytree(ROOT / "proto", TREE / "proto")
    shutil.copytree(ROOT / "clients/examples", TREE / "clients/examples",
                    ignore=shutil.ignore_patterns("node_modules", "gen", "dist"))


class Example:
    """An example that has been built, and the one command that runs it."""

    def __init__(self, language):
        commands = commands_of(README, language)
        starts = [command for command in commands if ADDRESS in command]
        assert len(starts) == 1, starts
        for command in commands:
            if command not in starts:
                run_ok(command)
        self._start = starts[0]

    def __call__(self, address, *arguments):
        done = run_in_tree(self._start, *arguments, address=address)
        return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="session", params=LANGUAGES)
def example(request):
    return Example(request.param)


def test_an_example_goes_the_whole_way_and_can_go_it_again(example, server):
    for expected in (FIRST, AGAIN, AGAIN):
        code, output, errors = example(server.address)
        assert (code, errors) == (0, ""), f"{code}\n{output}{errors}"
        assert output.startswith(expected), output
        # How the refusal goes on is for people, and may change.
        assert '"2023-13"' in output[len(expected):] and output.count("\n") == expected.count("\n") + 1, output
    # What it says that it did is what the server holds.
    assert [row["value"] for row in server.observations("datasets/cycle-paths-km")] == [100, 110, 121, 126]


def test_an_example_says_that_the_server_is_not_there(example):
    with socket.socket() as bound:
        # Bound and not listening: nobody else can take the port meanwhile.
        bound.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{bound.getsockname()[1]}"
        code, output, errors = example(address)
    assert (code, output) == (3, ""), f"{code}\n{output}{errors}"
    assert errors.startswith(f"error: {address}: UNAVAILABLE: ") and len(errors.splitlines()) == 1, errors
    assert "refused" in errors.lower(), errors


@pytest.mark.parametrize("name, code_and_reason", [
    ("measures/build-cycle-path", "NOT_FOUND RESOURCE_NOT_FOUND"),
    ("build-cycle-paths", "INVALID_ARGUMENT NAME_INVALID"),
], ids=["unknown", "ill-formed"])
def test_an_example_says_that_a_name_is_wrong(example, server, name, code_and_reason):
    code, output, errors = example(server.address, name)
    assert code == 1, f"{code}\n{output}{errors}"
    assert errors.startswith(f"error: {server.address}: {code_and_reason}: "), errors
    assert name in errors and len(errors.splitlines()) == 1, errors
    assert "PROGRESS_STATUS" not in output and "refused" not in output, output


def test_an_example_says_that_there_are_no_figures_to_judge(example, server):
    """Progress of a measure of somebody else, without data: values that are not set are not 0."""
    server.client_ok("apply", ROOT / "catalog/england-smokefree-2030")
    code, output, errors = example(server.address, "measures/reduce-adult-smoking")
    assert (code, errors) == (0, ""), f"{code}\n{output}{errors}"
    lines = [line for line in output.splitlines() if line.startswith("measures/reduce-adult-smoking")]
    assert lines[0] == "measures/reduce-adult-smoking: PROGRESS_STATUS_NO_DATA, 0 of 2 targets judged"
    assert lines[1:] == [f"measures/reduce-adult-smoking/targets/{target}: PROGRESS_STATUS_NO_DATA"
                         for target in ("prevalence-2030", "prevalence-2030-linear")]


def test_an_example_says_how_it_is_used(example, server):
    for address, more in (("", []), (server.address, ["measures/a", "more"])):
        code, output, errors = example(address, *more)
        assert (code, output) == (2, ""), f"{code}\n{output}{errors}"
        assert errors.startswith("usage: ") and "HOST:PORT" in errors, errors


def test_the_stubs_that_proto_readme_generates_are_whole(server):
    """Python that each of the commands has generated knows every service, and can be called."""
    for name in ("protoc", "buf"):
        shutil.rmtree(TREE / "build/stubs" / name, ignore_errors=True)
    buf = TREE / "build/tools/bin/buf"
    buf.parent.mkdir(parents=True, exist_ok=True)
    buf.unlink(missing_ok=True)
    buf.symlink_to(tool("buf"))
    for command in commands_of(PROTO_README, "Stubs for a client"):
        run_ok(command)
    services = sorted(path.stem for path in (ROOT / "proto/policytrack/v1").glob("*_service.proto"))
    program = "\n".join([
        "import grpc",
        *(f"import policytrack.v1.{service}_pb2_grpc" for service in services),
        "from policytrack.v1 import plan_service_pb2, plan_service_pb2_grpc",
        "import google.rpc.error_details_pb2",
        f"stub = plan_service_pb2_grpc.PlanServiceStub(grpc.insecure_channel('{server.address}'))",
        "print(stub.ListPlans(plan_service_pb2.ListPlansRequest(), timeout=60).plans)"])
    for name in ("protoc", "buf"):
        done = run([sys.executable, "-B", "-c", program], env={"PYTHONPATH": str(TREE / "build/stubs" / name)})
        assert (done.returncode, done.stdout) == (0, "[]\n"), f"{name}: {done.stdout}{done.stderr}"
