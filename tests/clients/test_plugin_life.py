"""A plugin's life while the server runs, through the client: versions side by side, a reload by command
and by signal, the commit that says so, the way back, a quarantine that outlasts a restart, an audit."""

import hashlib
import json
import shutil
import signal
import time

import pytest

import harness
import world

MODULES = harness.BUILD / "tests/plugin-modules"
INDICATOR = "indicators/follows"


class Plugins:
    """The shipped plugins and versions of `versioned`, which gives MAJOR * 10 + MINOR, all trusted."""

    def __init__(self, folder):
        self.folder = shutil.copytree(harness.PLUGINS, folder / "plugins")
        self.allow_list = folder / "plugins.sha256"

    def put(self, version, file="versioned"):
        for suffix in (".so", ".json"):
            # Renamed into place, so that no reload reads half of it.
            part = self.allow_list.with_suffix(suffix)
            shutil.copy(MODULES / f"versioned@{version}{suffix}", part)
            part.rename(self.folder / f"{file}{suffix}")
        self.trust()

    def trust(self):
        self.allow_list.write_text("".join(
            f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(self.folder.iterdir())),
            encoding="ascii")


@pytest.fixture
def plugins(tmp_path):
    return Plugins(tmp_path)


@pytest.fixture
def server(start, plugins):
    plugins.put("1.1.0")
    server = start(plugin_dir=plugins.folder, allow_list=plugins.allow_list).start()
    for kind, request in (world.DOCUMENTS[0], world.DOCUMENTS[1], ("Indicator", indicator("follows"))):
        server.grpcurl_ok(f"policytrack.v1.{kind}Service/Create{kind}", request)
    server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", world.PUSH)
    return server


def indicator(name, version=""):
    return {"indicatorId": name, "indicator": {
        "displayName": name, "plugin": "plugins/versioned", "pluginVersion": version,
        "inputs": [{"slot": "value", "source": "datasets/paths-km"}]}}


def values(server, name=INDICATOR):
    """The one value, once the present revision is evaluated."""
    head = server.grpcurl_ok("policytrack.v1.EventService/ListCommits", {"pageSize": 1})["commits"][0]["revision"]
    answer = server.grpcurl_ok("policytrack.v1.ObservationService/ListObservations", {
        "parent": name, "atLeastRevision": head})
    return {row.get("value") for row in answer["observations"]}, answer["evaluation"]


def wait_until(condition):
    deadline = time.monotonic() + harness.START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"


def test_a_reload_swaps_a_version_and_a_commit_says_so(server, plugins):
    server.grpcurl_ok("policytrack.v1.IndicatorService/CreateIndicator", indicator("pinned", "1.1.0"))
    assert values(server)[0] == {11}
    plugins.put("1.2.0", "versioned@1.2.0")
    assert "dry run" in server.client_ok("plugins", "reload", "--dry-run")
    assert values(server)[0] == {11}
    assert "added versioned@1.2.0 1.2.0" in server.client_ok("plugins", "reload")
    wait_until(lambda: values(server)[0] == {12})
    assert values(server, "indicators/pinned")[0] == {11}
    assert "plugin plugins/versioned 1.1.0 -> 1.2.0" in server.client_ok("commits", "--page-size", "1")
    evaluation = values(server)[1]
    assert (evaluation["pluginVersion"], evaluation["previousPluginVersion"]) == ("1.2.0", "1.1.0")
    assert "1.2.0 (+1)" in server.client_ok("plugins")
    # The way back, and forward again.
    server.client_ok("plugins", "use", "versioned", "1.1.0")
    wait_until(lambda: values(server)[0] == {11})
    server.client_ok("plugins", "use", "versioned")
    wait_until(lambda: values(server)[0] == {12})


def test_a_signal_reloads_and_a_broken_update_changes_nothing(server, plugins):
    plugins.put("2.0.0")
    server.process.send_signal(signal.SIGHUP)
    server.wait_for_line("plugins reloaded$")
    wait_until(lambda: values(server)[0] == {20})
    (plugins.folder / "versioned.json").write_text("{", encoding="ascii")
    done = server.client("plugins", "reload")
    assert done.returncode == 1 and "refused versioned 2.0.0" in done.stdout, done
    assert "2.0.0 goes on" in server.client_ok("plugins")
    assert values(server)[0] == {20}
    plugins.allow_list.write_text("nonsense\n", encoding="ascii")
    done = server.client("plugins", "reload")
    assert done.returncode == 1 and "[PLUGINS_UNREADABLE]" in done.stderr, done
    server.process.send_signal(signal.SIGHUP)
    server.wait_for_line("plugins not reloaded: .*line 1")
    assert values(server)[0] == {20}


def test_a_quarantine_outlasts_a_restart(start, server, plugins):
    assert values(server)[0] == {11}
    server.client_ok("plugins", "quarantine", "versioned", "--reason", "gives its version")
    wait_until(lambda: values(server)[1].get("failureReason") == "PLUGIN_NOT_ACTIVE")
    health = {"service": "policytrack.plugins"}
    assert server.grpcurl_ok("grpc.health.v1.Health/Check", health) == {"status": "NOT_SERVING"}
    assert server.grpcurl_ok("grpc.health.v1.Health/Check", {}) == {"status": "SERVING"}
    assert server.stop() == 0
    again = start(data_dir=server.data_dir, plugin_dir=plugins.folder, allow_list=plugins.allow_list).start()
    found, evaluation = values(again)
    assert found == {11} and "gives its version" in evaluation["failureMessage"]
    assert "gives its version" in again.client_ok("plugins")
    again.client_ok("plugins", "release", "versioned")
    wait_until(lambda: "failureReason" not in values(again)[1])
    assert again.grpcurl_ok("grpc.health.v1.Health/Check", health) == {"status": "SERVING"}


def test_shipped_plugins_pass_every_audit(start):
    server = start("--plugin-audit-interval", "1").start()
    for kind, request in (*world.DOCUMENTS, ("Indicator", world.GROWTH)):
        server.grpcurl_ok(f"policytrack.v1.{kind}Service/Create{kind}", request)
    for year in range(2010, 2022, 3):
        push = {"dataset": "datasets/paths-km", "rows": [{"period": str(year), "value": year % 7 + 1}]}
        server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", push)
        assert "suspectMessage" not in values(server, "indicators/paths-growth")[1]
    listed = json.loads(server.client_ok("plugins", "-o", "json"))
    assert "an audit" not in json.dumps(listed)
