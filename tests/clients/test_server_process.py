"""The server as a process: what it refuses to start on, plugins that cannot be used, how it stops,
and that a kill leaves no trace in a report. What a kill must not lose is in test_kill.py."""

import concurrent.futures
import contextlib
import json
import shutil
import signal
import socket
import sqlite3
import time

import grpc
import pytest

import harness
import stubs as generated
import world

DATASET = "datasets/paths-km"


@pytest.fixture
def server(start):
    """Here a server may end: the tests stop and kill it."""
    return start().start()


def create(server, *documents):
    for kind, request in documents or world.DOCUMENTS:
        server.grpcurl_ok(f"policytrack.v1.{kind}Service/Create{kind}", request)


def rows(server, parent=DATASET, output=""):
    answer = server.grpcurl_ok("policytrack.v1.ObservationService/ListObservations", {"parent": parent})
    return by_period(answer, output)


def by_period(answer, output=""):
    """Of one output, where there are several."""
    return {row["period"]: row.get("value") for row in answer.get("observations", [])
            if not output or row["output"] == output}


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "policytrack.lock"}


def test_a_taken_port_is_refused(start, server, tmp_path):
    code, log = start(data_dir=tmp_path / "other", port=server.port).refused()
    assert code == 1
    assert f"127.0.0.1:{server.port}" in log and "taken" in log
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, log = start(data_dir=tmp_path / "third", port=port).refused()
    assert code == 1 and f"127.0.0.1:{port}" in log and "taken" in log


def test_a_data_directory_in_use_is_refused(start, server):
    code, log = start(data_dir=server.data_dir).refused()
    assert code == 1
    assert str(server.data_dir) in log
    create(server)


def test_a_directory_that_is_not_ours_is_refused_and_left_alone(start, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "holiday.jpg").write_bytes(b"not ours")
    code, log = start(data_dir=folder).refused()
    assert code == 1
    assert str(folder) in log
    assert files(folder) == {"holiday.jpg": b"not ours"}


def test_a_database_of_another_program_is_refused_and_left_alone(start, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    with sqlite3.connect(folder / "policytrack.db") as database:
        database.execute("CREATE TABLE notes (text)")
    database.close()
    before = files(folder)
    code, log = start(data_dir=folder).refused()
    assert code == 1 and "policytrack.db" in log
    assert files(folder) == before


@pytest.fixture
def stopped(start):
    """The data directory of a server that held the small plan and has stopped."""
    server = start().start()
    create(server)
    server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", world.PUSH)
    assert server.stop() == 0
    return server.data_dir


def test_data_of_a_newer_version_are_refused_and_left_alone(start, stopped):
    with sqlite3.connect(stopped / "policytrack.db") as database:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        database.execute(f"PRAGMA user_version = {version + 1}")
    database.close()
    before = files(stopped)
    code, log = start(data_dir=stopped).refused()
    assert code == 1
    assert "newer" in log and str(version + 1) in log, log
    assert files(stopped) == before


def test_a_damaged_file_is_refused_or_never_read_as_numbers(start, stopped):
    database = stopped / "policytrack.db"
    content = database.read_bytes()
    database.write_bytes(b"\0" * 4096 + content[4096:])
    code, log = start(data_dir=stopped).refused()
    assert code == 1 and "policytrack.db" in log
    database.write_bytes(content[:len(content) // 2])
    code, log = start(data_dir=stopped).refused()
    assert code == 1 and "policytrack.db" in log
    database.write_bytes(content)
    assert rows(start(data_dir=stopped).start()) == {"2020": 100, "2021": 110, "2022": 121}


def test_bad_flags_are_usage_errors(start, tmp_path):
    for flags in (["--nonsense"], ["--readers", "0"], ["--listen", "nowhere"]):
        code, log = start(*flags, data_dir=tmp_path / "data").refused()
        assert code != 0, flags
        assert log, flags


def test_the_bare_port_is_not_opened_to_the_network(start, tmp_path):
    command = [harness.SERVER, "--data-dir", tmp_path / "data", "--listen", "0.0.0.0:0"]
    done = harness.run(command)
    assert done.returncode != 0
    assert "0.0.0.0:0" in done.stderr and "--allow-unauthenticated-clients-from-any-network" in done.stderr


def test_a_push_over_the_limit_of_the_server_is_refused_whole(start, stubs):
    server = start("--max-push-mib", "1").start()
    create(server, ("Dataset", {"datasetId": "days", "dataset": {
        **world.DATASET["dataset"], "frequency": "FREQUENCY_DAY"}}))
    with generated.Api(stubs, server.address) as api:
        columns = stubs.ObservationColumns(periods=range(60_000), values=[1.0] * 60_000)
        with pytest.raises(grpc.RpcError) as caught:
            api.push("datasets/days", columns=[columns])
        assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert api.error_info(caught.value).reason == "REQUEST_TOO_LARGE"
        assert api.push("datasets/days", columns=[stubs.ObservationColumns(periods=[1], values=[1.0])]
                        ).created_count == 1
    assert rows(server, "datasets/days") == {"1970-01-02": 1}


def plugin_list(server):
    return {plugin["name"]: plugin for plugin in
            server.grpcurl_ok("policytrack.v1.PluginService/ListPlugins", {})["plugins"]}


@pytest.fixture
def plugin_dir(tmp_path):
    """A copy of the shipped plugins, to be spoilt. The list of trusted digests stays the shipped one."""
    return shutil.copytree(harness.PLUGINS, tmp_path / "plugins")


def test_files_that_are_no_plugins_stop_nothing(start, plugin_dir):
    (plugin_dir / "x.so").write_text("I am a text.\n", encoding="utf-8")
    (plugin_dir / "notes.txt").write_text("Notes.\n", encoding="utf-8")
    (plugin_dir / "half.json").write_text("{", encoding="utf-8")
    server = start(plugin_dir=plugin_dir).start()
    plugins = plugin_list(server)
    assert plugins["plugins/x"]["state"] in ("PLUGIN_STATE_BROKEN", "PLUGIN_STATE_NOT_TRUSTED")
    assert plugins["plugins/x"]["stateMessage"]
    assert "plugins/notes" not in plugins
    for name in ("level", "growth", "ratio", "attainment", "arithmetic", "rolling", "trend"):
        assert plugins[f"plugins/{name}"]["state"] == "PLUGIN_STATE_ACTIVE"
    table = server.client_ok("plugins")
    assert "x" in table and plugins["plugins/x"]["stateMessage"].split()[0] in table
    create(server)


def test_a_changed_plugin_is_not_trusted_and_its_indicators_say_so(start, plugin_dir):
    server = start().start()
    create(server, *world.DOCUMENTS, ("Indicator", world.GROWTH))
    first = server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", world.PUSH)["revision"]
    server.client_ok("report", "plans/paths", "--wait", first)
    good = rows(server, "indicators/paths-growth", "growth")
    assert good["2021"] == pytest.approx(10, abs=1e-9)
    assert server.stop() == 0

    with (plugin_dir / "growth.so").open("ab") as file:
        file.write(b"\0")
    server = start(data_dir=server.data_dir, plugin_dir=plugin_dir).start()
    growth = plugin_list(server)["plugins/growth"]
    assert growth["state"] == "PLUGIN_STATE_NOT_TRUSTED"
    assert growth["digest"] in growth["stateMessage"]

    second = server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", {
        "dataset": DATASET, "rows": [{"period": "2021", "value": 120}]})["revision"]
    answer = server.grpcurl_ok("policytrack.v1.ObservationService/ListObservations", {
        "parent": "indicators/paths-growth", "atLeastRevision": second})
    assert answer["evaluation"]["failureReason"] == "PLUGIN_NOT_ACTIVE"
    assert "growth" in answer["evaluation"]["failureMessage"]
    # The last good figures stand; nothing is computed from half of the inputs.
    assert by_period(answer, "growth") == good
    # Another plugin goes on.
    assert rows(server, "indicators/paths-km")["2021"] == 120
    refused = server.grpcurl("policytrack.v1.IndicatorService/CreateIndicator", {
        "indicatorId": "other", "indicator": world.GROWTH["indicator"]})
    assert refused.returncode == 64 + harness.CODES["FAILED_PRECONDITION"]
    assert server.stop() == 0

    # With the right plugin back the indicator catches up by itself.
    server = start(data_dir=server.data_dir).start()
    deadline = time.monotonic() + harness.START_SECONDS
    failed = True
    while failed:
        assert time.monotonic() < deadline, "the indicator was not evaluated again"
        answer = server.grpcurl_ok("policytrack.v1.ObservationService/ListObservations", {
            "parent": "indicators/paths-growth"})
        failed = answer["evaluation"].get("failureReason", "") != ""
        # Until then it is the old figures with the old reason, and never half of each.
        assert not failed or by_period(answer, "growth") == good
    assert by_period(answer, "growth")["2021"] == pytest.approx(20, abs=1e-9)


def test_without_any_plugin_documents_and_figures_are_kept(start, stopped, tmp_path):
    empty = tmp_path / "none"
    empty.mkdir()
    server = start(data_dir=stopped, plugin_dir=empty).start()
    assert rows(server)["2020"] == 100
    pushed = server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", {
        "dataset": DATASET, "rows": [{"period": "2023", "value": 130}]})["revision"]
    report = server.client_ok("report", "plans/paths", "--wait", pushed)
    assert "level" in report or "attainment" in report or "PLUGIN_NOT_ACTIVE" in report, report


def test_sigterm_ends_with_0_and_keeps_everything(start, server):
    create(server)
    server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", world.PUSH)
    assert server.stop() == 0
    assert "stopped" in server.text()
    assert rows(start(data_dir=server.data_dir).start()) == {"2020": 100, "2021": 110, "2022": 121}


@contextlib.contextmanager
def open_push(stubs, server):
    """A push that is not closed, so that a stop has to wait for it."""
    with generated.Api(stubs, server.address) as api:
        ended = concurrent.futures.Future()

        def messages():
            yield stubs.PushObservationsRequest(dataset=DATASET,
                                                rows=[stubs.Observation(period="2020", value=1)])
            ended.result(harness.CALL_SECONDS)

        call = api.observation.PushObservations.future(messages())
        # The same connection: the server has seen the stream before it answers this.
        api.plan.GetPlan(stubs.GetPlanRequest(name="plans/paths"))
        try:
            yield call
        finally:
            ended.set_result(None)


def test_sigterm_does_not_wait_for_ever_for_an_open_push(start, stubs):
    server = start("--drain-seconds", "1").start()
    create(server)
    with open_push(stubs, server) as call:
        assert server.stop() == 0
        assert call.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED), call.code()
    assert rows(start(data_dir=server.data_dir).start()) == {}


def test_a_second_sigterm_ends_at_once(start, stubs):
    server = start("--drain-seconds", "600").start()
    create(server)
    with open_push(stubs, server):
        server.process.send_signal(signal.SIGTERM)
        server.wait_for_line("stopping")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(harness.START_SECONDS) != 0


def test_the_report_after_a_kill_is_that_of_a_server_that_was_not_killed(start, tmp_path):
    def report(server, revision):
        text = server.client_ok("report", "plans/paths", "--format", "json", "--wait", revision)
        return json.loads(text)["counts"], [
            {key: target.get(key) for key in ("status", "latestValue", "expectedValue", "score", "latest_value")}
            for measure in json.loads(text)["measures"] for target in measure["targets"]]

    calm = start(data_dir=tmp_path / "calm").start()
    create(calm)
    calm_revision = calm.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", world.PUSH)["revision"]
    killed = start(data_dir=tmp_path / "killed").start()
    create(killed)
    revision = killed.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", world.PUSH)["revision"]
    killed.process.kill()
    killed.kill()
    again = start(data_dir=killed.data_dir).start()
    assert report(again, revision) == report(calm, calm_revision)
