"""What is installed: the tree that `cmake --install` lays down runs by itself, the settings of the package are
settings, the unit holds the server and its workers and lets them work, and the image is made by scripts that are
tried. The package itself is tried by deploy/try-deb.sh, which needs root and packages."""

import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile

import pytest

from harness import BUILD, CALL_SECONDS, ROOT, run

UNIT = "lib/systemd/system/policytrackd.service"
SCRIPTS = sorted((ROOT / "deploy").glob("*.sh")) + [ROOT / "tests/fuzz/run.sh"]


def readable_folder():
    """Not of pytest's: every run of it shuts the folder above those of all others."""
    folder = tempfile.TemporaryDirectory()
    pathlib.Path(folder.name).chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def installed():
    """An installation below a prefix of its own, which other users can read."""
    with readable_folder() as prefix:
        yield install(pathlib.Path(prefix))


def install(prefix):
    for component in ("server", "client", "plugins", "plugin_sdk"):
        done = run(["cmake", "--install", BUILD, "--prefix", prefix, "--component", component])
        assert done.returncode == 0, done.stderr
    return prefix


class Held:
    """The installed server under the filter of the unit."""

    def __init__(self, installed, data_dir, *flags):
        command = [sys.executable, "-B", ROOT / "tests/clients/unit_filter.py", installed / UNIT,
                   installed / "bin/policytrackd", "--config", installed / "etc/policytrack/policytrackd.yaml",
                   "--data-dir", data_dir, "--listen", "127.0.0.1:0", *flags]
        self.process = subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE, text=True,
                                        stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        self.log = ""
        for line in self.process.stderr:
            self.log += line
            found = re.search(r"serves on .*\(port (\d+)\)", line)
            if found:
                self.address = f"127.0.0.1:{found.group(1)}"
                return
        raise AssertionError(f"the server has ended:\n{self.log}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.log += self.process.stderr.read()
        assert self.process.wait(CALL_SECONDS) == 0, self.log


@pytest.fixture
def data_dir():
    with readable_folder() as folder:
        path = pathlib.Path(folder) / "data"
        path.mkdir()
        if os.geteuid() == 0:
            os.chown(path, 65534, 65534)
        yield path


def readable_by_others(path):
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def test_an_installation_is_whole(installed):
    for path in ("bin/policytrackd", "bin/policytrack", "bin/policytrack-worker", "bin/policytrack-plugin-check",
                 "lib/policytrack/plugins/growth.so", "lib/policytrack/plugins.sha256", UNIT,
                 "include/policytrack/policytrack_plugin.h", "share/policytrack/catalog/henan-auto-2024/plan.yaml",
                 "share/policytrack/ci/push-figures.sh", "share/policytrack/proto/policytrack/v1/plan.proto",
                 "etc/policytrack/policytrackd.yaml"):
        assert (installed / path).is_file(), path
    done = subprocess.run(["sha256sum", "--check", "--quiet", "../plugins.sha256"], check=False,
                          cwd=installed / "lib/policytrack/plugins")
    assert done.returncode == 0


def test_the_unit_names_what_is_installed(installed):
    unit = (installed / UNIT).read_text(encoding="utf-8")
    assert f"ExecStart={installed}/bin/policytrackd --config {installed}/etc/policytrack/policytrackd.yaml\n" in unit
    assert "@" not in re.sub(r"@(system-service|privileged|resources)", "", unit)


@pytest.mark.parametrize("flags", [(), ("--plugin-allow-list", "EMPTY")])
def test_under_the_unit_plugins_work(installed, data_dir, flags):
    """In the server, and in workers where no list pins them, which lock themselves in further."""
    empty = data_dir.parent / "empty"
    empty.write_text("", encoding="utf-8")
    flags = [str(empty) if flag == "EMPTY" else flag for flag in flags]
    if not readable_by_others(installed / "bin"):
        pytest.skip("the folder for temporary files is closed to the user of the server")
    with Held(installed, data_dir, "--worker-sandbox", "best_effort", *flags) as server:
        def client(*arguments):
            done = run([installed / "bin/policytrack", "--server", server.address, *arguments])
            assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}\n{server.log}"
            return done.stdout
        hosting = "WORKER" if flags else "IN_PROCESS"
        listed = json.loads(client("-o", "json", "plugins"))["plugins"]
        assert listed and {plugin["state"] for plugin in listed} == {"PLUGIN_STATE_ACTIVE"}
        # What runs scripts never runs in the server.
        assert {plugin["hosting"] for plugin in listed if plugin["name"] != "plugins/lua"} == {
            f"PLUGIN_HOSTING_{hosting}"}
        client("apply", installed / "share/policytrack/catalog/england-smokefree-2030")
        pushed = client("push", installed / "share/policytrack/catalog/england-smokefree-2030/figures/prevalence.csv")
        revision = re.search(r"revision (\d+)", pushed).group(1)
        report = client("report", "plans/england-smokefree-2030", "--wait", revision, "--format", "csv")
        assert "PLUGIN" not in report and re.search(r"on.track|off.track|behind", report, re.I), report
        if os.geteuid() == 0:
            assert (data_dir / "policytrack.lock").stat().st_uid == 65534


@pytest.mark.parametrize("code", [
    "import mmap; mmap.mmap(-1, 4096, prot=6)",
    # PTRACE_TRACEME, which is anybody's and not in the unit's list.
    "import ctypes; c = ctypes.CDLL(None, use_errno=True); assert c.ptrace(0, 0, None, None) == 0, "
    "__import__('os').strerror(ctypes.get_errno())"], ids=["mmap", "ptrace"])
def test_the_filter_bites(installed, code):
    """What the test above holds the server with does hold: the filter alone refuses, and not the user's rights."""
    probe = ["/usr/bin/python3", "-c", f"import os; os.geteuid() or os.setuid(65534); {code}"]
    free = run(probe)
    assert free.returncode == 0, free.stderr
    held = run([sys.executable, "-B", ROOT / "tests/clients/unit_filter.py", installed / UNIT, *probe])
    assert held.returncode == 1 and "not permitted" in held.stderr, held.stderr


def test_systemd_takes_the_unit_and_calls_it_safe(installed):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    done = run(["systemd-analyze", "verify", "--man=no", installed / UNIT])
    assert done.returncode == 0 and "policytrackd" not in done.stderr, done.stderr
    # From 0, safe, to 10; a bare service has 9.6.
    done = run(["systemd-analyze", "security", "--offline=true", "--threshold=20", installed / UNIT])
    assert done.returncode == 0, done.stdout


def test_the_settings_of_the_package_are_settings(installed):
    text = (installed / "etc/policytrack/policytrackd.yaml").read_text(encoding="utf-8")
    shown = run([BUILD / "bin/policytrackd", "--help"]).stdout
    names = re.findall(r"^([a-z-]+):", text, re.M)
    assert "listen" in names and all(f"--{name}" in shown for name in names)
    assert re.search(r"^listen: 127\.0\.0\.1:", text, re.M)


def test_the_image_is_made_by_the_tried_scripts():
    steps = re.findall(r"^RUN (.*)$", (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8"), re.M)
    tried = (ROOT / "deploy/try-deb.sh").read_text(encoding="utf-8")
    scripts = [re.search(r"([\w-]+\.sh)", step).group(1) for step in steps if ".sh" in step]
    assert scripts == ["build-deb.sh", "install-deb.sh"] and all(script in tried for script in scripts)
    assert all(".sh" in step or step.startswith("mkdir ") for step in steps)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_explain_themselves(script):
    if script.name == "lib.sh":
        return
    done = run([script, "--help"])
    assert done.returncode == 0 and "Usage: " in done.stdout
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_maintainer_scripts_are_shell(script):
    path = ROOT / "deploy/debian" / script
    assert run(["dash", "-n", path]).returncode == 0 and "set -eu" in path.read_text(encoding="utf-8")
