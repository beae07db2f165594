"""The Python package: pip installs it in virtual environments, mypy agrees with its annotations, and the tests of
tests/clients/python, run where it is installed, drive it against the built server."""

import concurrent.futures
import os
import re
import shlex

import pytest

from harness import ROOT, run

PACKAGE = ROOT / "clients/python"
TESTS = ROOT / "tests/clients/python"
# What mypy sees must not change by itself.
TYPE_CHECKER = ("mypy==2.4.1", "types-grpcio==1.85.0.20261028", "types-protobuf==7.35.1.20260906",
                "types-PyYAML==6.0.12.20261113")


# Of one step, on a machine that is busy with other tests.
MINUTES = 10


def make_environment(folder, *flags):
    done = run(["/usr/bin/python3", "-m", "venv", *flags, folder])
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nrun deploy/install-packages.sh test"
    return folder


def run_in(environment, *command):
    """Runs a program of a virtual environment, as if that were activated."""
    path = f"{environment / 'bin'}:{os.environ['PATH']}"
    return run(command, env={"PATH": path, "VIRTUAL_ENV": str(environment), "PYTHONDONTWRITEBYTECODE": "1"},
               timeout=MINUTES * 60)


def install(environment, *what):
    done = run_in(environment, environment / "bin/pip", "install", "--quiet", *what)
    assert done.returncode == 0, f"pip install {what}:\n{done.stdout}{done.stderr}"


def tree():
    return {path: path.stat().st_mtime_ns for folder in (PACKAGE, ROOT / "proto") for path in folder.rglob("*")}


def make_beside(folder):
    """An environment with the distribution's packages, older ones of gRPC and protobuf and pandas among them. The
    package is installed by the command that its README gives."""
    command = re.search(r"^```sh\n(pip install .*)\n```$", (PACKAGE / "README.md").read_text(encoding="utf-8"), re.M)
    _, _, *what = shlex.split(command.group(1))
    assert what == ["clients/python[pandas]"]
    made = make_environment(folder, "--system-site-packages")
    install(made, *what)
    return made


def make_fresh(folder):
    """An environment with nothing but the package."""
    made = make_environment(folder)
    install(made, "./clients/python")
    return made


@pytest.fixture(scope="module")
def environments(tmp_path_factory):
    """Both at once: pip waits more than it works."""
    folder = tmp_path_factory.mktemp("environments")
    before = tree()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        made = [pool.submit(make_beside, folder / "beside"), pool.submit(make_fresh, folder / "fresh")]
    beside, fresh = (future.result() for future in made)
    # Stubs are in what is installed and nowhere else.
    assert tree() == before
    return {"beside": beside, "fresh": fresh}


@pytest.fixture
def environment(environments):
    return environments["beside"]


def test_the_package_does_what_its_tests_say(environment):
    command = [environment / "bin/python", "-B", ROOT / "tests/clients/run.py", TESTS,
               f"--rootdir={ROOT / 'tests/clients'}", f"--confcutdir={ROOT / 'tests/clients'}"]
    done = run_in(environment, *command)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    # Every file of tests is run, and none is skipped.
    assert re.search(r"^\d{2,} passed in ", done.stdout, re.M), done.stdout


def test_the_annotations_hold(environment, tmp_path):
    install(environment, *TYPE_CHECKER)
    user = tmp_path / "user.py"
    user.write_text("import policytrack\n"
                    "from policytrack import v1\n"
                    "def use(client: policytrack.Client) -> None:\n"
                    "    plan = client.get('plans/x')\n"
                    "    reveal_type(client.push('datasets/x', [('2024', 1.0)]).created)\n"
                    "    reveal_type(client.commits()[0])\n"
                    "    if isinstance(plan, v1.Plan):\n"
                    "        reveal_type(plan.region)\n"
                    "    client.push('datasets/x', [], missing='zero')\n", encoding="utf-8")
    checker = [environment / "bin/mypy", f"--config-file={PACKAGE / 'pyproject.toml'}",
               f"--cache-dir={tmp_path / 'cache'}"]
    package = run_in(environment, *checker, "-p", "policytrack")
    assert package.returncode == 0, f"{package.stdout}{package.stderr}"
    used = run_in(environment, *checker, user).stdout
    assert re.findall(r'Revealed type is "(.*)"', used) == ["int", "policytrack.v1.commit_pb2.Commit", "str"], used
    assert re.findall(r"user.py:(\d+): error", used) == ["9"], used


WITHOUT_PANDAS = """
import importlib.util, sys, policytrack
assert importlib.util.find_spec("pandas") is None
with policytrack.connect(sys.argv[1]) as client:
    client.apply("catalog/england-smokefree-2030")
    name = "datasets/england-adult-smoking-prevalence"
    pushed = client.push(name, [(2022, 12.5), {"period": "2023", "value": 11.5, "status": "P"}])
    client.wait(pushed.revision)
    rows = [(row["period"], row["value"], row["status"]) for row in client.rows(name)]
    assert rows == [("2022", 12.5, "NORMAL"), ("2023", 11.5, "PROVISIONAL")], rows
    for call, argument in ((client.read, name), (client.progress, "plans/england-smokefree-2030")):
        try:
            call(argument)
        except ImportError as error:
            assert "policytrack[pandas]" in str(error), error
        else:
            raise SystemExit("a frame without pandas")
"""


def test_it_works_in_an_environment_of_its_own_without_pandas(server, environments):
    fresh = environments["fresh"]
    # Nothing may warn of versions that do not fit.
    done = run_in(fresh, fresh / "bin/python", "-W", "error", "-c", WITHOUT_PANDAS, server.address)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    found = run_in(fresh, fresh / "bin/pip", "check")
    assert found.returncode == 0, found.stdout


def test_the_version_is_that_of_the_project():
    project = re.search(r"project\(policytrack VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))
    package = re.search(r'^version = "(.*)"$', (PACKAGE / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    assert package.group(1) == project.group(1)
