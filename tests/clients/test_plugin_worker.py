"""Plugins that nobody has pinned, over RPC: they run in workers, a killed worker is replaced, one
that kills its worker is quarantined, and none of it is seen by others."""

import os
import pathlib
import shutil
import signal
import time

import pytest

import harness
import world

MODULES = harness.BUILD / "tests/plugin-modules"
OBSERVATIONS = "policytrack.v1.ObservationService/"


@pytest.fixture
def growth_unlisted(tmp_path):
    """The list of trusted digests without the lines of growth."""
    path = tmp_path / "list"
    lines = harness.ALLOW_LIST.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if " growth." not in line), encoding="utf-8")
    return path


def create(server, *documents):
    for kind, request in documents:
        server.grpcurl_ok(f"policytrack.v1.{kind}Service/Create{kind}", request)


def push(server, rows):
    return server.grpcurl_ok(OBSERVATIONS + "PushObservations",
                             {"dataset": "datasets/paths-km", "rows": rows})["revision"]


def answer(server, parent, revision):
    return server.grpcurl_ok(OBSERVATIONS + "ListObservations",
                             {"parent": parent, "atLeastRevision": revision})


def values(reply, output=""):
    return {row["period"]: row.get("value") for row in reply.get("observations", [])
            if not output or row["output"] == output}


def plugin(server, name):
    return server.grpcurl_ok("policytrack.v1.PluginService/GetPlugin", {"name": f"plugins/{name}"})


def workers(server):
    """The process ids of the workers of a server."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8").rsplit(") ", 1)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0].endswith("(policytrack-wor") and int(fields[1].split()[1]) == server.process.pid:
            found.append(int(path.parent.name))
    return found


def test_an_unlisted_plugin_computes_and_a_killed_worker_is_replaced(start, growth_unlisted):
    server = start(allow_list=growth_unlisted).start()
    assert plugin(server, "growth")["hosting"] == "PLUGIN_HOSTING_WORKER"
    assert plugin(server, "level")["hosting"] == "PLUGIN_HOSTING_IN_PROCESS"
    create(server, *world.DOCUMENTS, ("Indicator", world.GROWTH))
    first = push(server, world.ROWS)
    assert values(answer(server, "indicators/paths-growth", first), "growth")["2021"] == \
        pytest.approx(10, abs=1e-9)

    # Those of growth, and of scripts.
    before = workers(server)
    assert before
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    second = push(server, [{"period": "2021", "value": 120}])
    reply = answer(server, "indicators/paths-growth", second)
    assert values(reply, "growth")["2021"] == pytest.approx(20, abs=1e-9)
    assert not reply["evaluation"].get("failureReason")
    assert set(workers(server)) - set(before)

    # The same plugin pinned gives the same bytes: nothing is evaluated anew.
    digest = plugin(server, "growth")["digest"]
    assert server.stop() == 0
    assert not [pid for pid in before if os.path.exists(f"/proc/{pid}")]
    server = start(data_dir=server.data_dir).start()
    assert plugin(server, "growth")["hosting"] == "PLUGIN_HOSTING_IN_PROCESS"
    assert plugin(server, "growth")["digest"] == digest
    assert values(answer(server, "indicators/paths-growth", second), "growth") == \
        values(reply, "growth")


def test_workers_end_with_a_server_that_is_killed(start, growth_unlisted):
    server = start(allow_list=growth_unlisted).start()
    alive = workers(server)
    assert alive
    server.kill()
    deadline = time.monotonic() + harness.START_SECONDS
    while any(os.path.exists(f"/proc/{pid}") for pid in alive):
        assert time.monotonic() < deadline, "a worker outlives its server"


def test_a_plugin_that_kills_its_worker_is_quarantined_and_others_go_on(start, tmp_path):
    plugins = shutil.copytree(harness.PLUGINS, tmp_path / "plugins")
    for extension in ("so", "json"):
        shutil.copy(MODULES / f"null-write.{extension}", plugins)
    server = start(plugin_dir=plugins).start()
    assert plugin(server, "null-write")["state"] == "PLUGIN_STATE_ACTIVE"
    killer = {"indicatorId": "killer", "indicator": {
        "displayName": "Killer", "plugin": "plugins/null-write",
        "inputs": [{"slot": "value", "source": "datasets/paths-km"}]}}
    create(server, *world.DOCUMENTS, ("Indicator", killer))
    for value in (110, 111, 112):
        revision = push(server, [{"period": "2021", "value": value}])
        reply = answer(server, "indicators/killer", revision)
        assert reply["evaluation"]["failureReason"] in ("PLUGIN_FAILED", "PLUGIN_NOT_ACTIVE")
        assert values(answer(server, "indicators/paths-km", revision))["2021"] == value
    state = plugin(server, "null-write")
    assert state["state"] == "PLUGIN_STATE_QUARANTINED"
    assert "touched memory" in state["stateMessage"]
    assert "is quarantined" in server.text()
    refused = server.grpcurl("policytrack.v1.IndicatorService/CreateIndicator",
                             {**killer, "indicatorId": "second"})
    assert refused.returncode == 64 + harness.CODES["FAILED_PRECONDITION"]


def test_an_operator_can_do_without_workers(start, growth_unlisted):
    server = start("--plugin-workers", "off", allow_list=growth_unlisted).start()
    growth = plugin(server, "growth")
    assert growth["state"] == "PLUGIN_STATE_NOT_TRUSTED"
    assert growth["digest"] in growth["stateMessage"]
    assert not workers(server)
