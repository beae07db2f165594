"""Readiness, liveness, metrics and the log, as docs/monitoring.md has them."""

import contextlib
import json
import re
import signal
import socket
import sqlite3
import urllib.error
import urllib.request

import grpc
import pytest

import harness
import stubs as generated
import world

DOCUMENT = harness.ROOT / "docs/monitoring.md"
LISTEN = ("--metrics-listen", "127.0.0.1:0")
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.M)


def port_of(server):
    return re.search(r"/readyz on \S+ \(port (\d+)\)", server.text()).group(1)


def get(server, path, method="GET"):
    """Status and body."""
    request = urllib.request.Request(f"http://127.0.0.1:{port_of(server)}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=harness.CALL_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def samples(server):
    """The value of each metric, by its name and labels as they are written."""
    status, text = get(server, "/metrics")
    assert status == 200
    return {name + ("{" + labels + "}" if labels else ""): float(value)
            for name, labels, value in SAMPLE.findall(text)}


def health(server, service=""):
    done = server.grpcurl("grpc.health.v1.Health/Check", {"service": service})
    return json.loads(done.stdout)["status"] if done.returncode == 0 else "NOT_FOUND"


@pytest.fixture
def server(start):
    return start(*LISTEN).start()


def create(server):
    for kind, request in world.DOCUMENTS:
        server.grpcurl_ok(f"policytrack.v1.{kind}Service/Create{kind}", request)


def test_every_metric_is_documented_and_there(server):
    create(server)
    server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", world.PUSH)
    _, text = get(server, "/metrics")
    types = re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M)
    there = dict(types)
    assert len(types) == len(there), "a metric is there twice"
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (gauge|counter|histogram) \|",
                      DOCUMENT.read_text(encoding="utf-8"), re.M)
    written = {name: kind for names, kind in rows for name in re.findall(r"`(\w+)`", names)}
    # Of plugins that fail there are none here.
    assert there == {name: kind for name, kind in written.items() if name != "policytrack_plugin_failures_total"}
    # As Prometheus has them: units at the end, totals of what only grows.
    for name, kind in there.items():
        assert name.startswith(("policytrack_", "process_"))
        assert name.endswith("_total") == (kind == "counter"), name


def test_metrics_say_what_was_done(server):
    create(server)
    push = server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", world.PUSH)
    server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", world.PUSH)
    bad = {**world.PUSH, "rows": [{"period": "nonsense", "value": 1}]}
    assert server.grpcurl("policytrack.v1.ObservationService/PushObservations", bad).returncode != 0
    assert server.grpcurl("policytrack.v1.PlanService/GetPlan", {"name": "plans/none"}).returncode != 0
    server.client_ok("report", "plans/paths", "--wait", push["revision"])
    values = samples(server)

    def calls(service, method, code):
        labels = f'service="policytrack.v1.{service}",method="{method}",code="{code}"'
        name = "policytrack_rpc_duration_seconds"
        count = values.get(f"{name}_count{{{labels}}}", 0)
        assert count == values.get(f'{name}_bucket{{{labels},le="+Inf"}}', 0)
        return count

    assert calls("ObservationService", "PushObservations", "OK") == 2
    assert calls("ObservationService", "PushObservations", "INVALID_ARGUMENT") == 1
    assert calls("PlanService", "GetPlan", "NOT_FOUND") == 1
    rows = len(world.PUSH["rows"])
    assert values['policytrack_push_rows_total{outcome="created"}'] == rows
    assert values['policytrack_push_rows_total{outcome="unchanged"}'] == rows
    assert values['policytrack_push_rows_total{outcome="refused"}'] == 1
    assert values['policytrack_commits_total{kind="document"}'] == len(world.DOCUMENTS)
    assert values['policytrack_commits_total{kind="push"}'] == 1
    assert values['policytrack_commits_total{kind="evaluation"}'] >= 1
    assert values["policytrack_store_revision"] >= int(push["revision"])
    assert values["policytrack_evaluation_lag_revisions"] == 0
    assert values["policytrack_evaluation_lag_seconds"] == 0
    assert values["policytrack_database_bytes"] + values["policytrack_database_log_bytes"] > 4096
    assert values["policytrack_ready"] == 1
    # Numbers that only grow never go down, and what was read is in the next reading.
    later = samples(server)
    assert all(later[name] >= value for name, value in values.items() if "_total" in name or "_count" in name)


def test_a_plugin_that_cannot_be_used_is_counted(start, tmp_path):
    server = start(*LISTEN).start()
    create(server)
    server.grpcurl_ok("policytrack.v1.IndicatorService/CreateIndicator", world.GROWTH)
    assert server.stop() == 0
    empty = tmp_path / "none"
    empty.mkdir()
    server = start(*LISTEN, data_dir=server.data_dir, plugin_dir=empty).start()
    pushed = server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", world.PUSH)["revision"]
    server.grpcurl("policytrack.v1.ObservationService/ListObservations", {
        "parent": "indicators/paths-growth", "atLeastRevision": pushed})
    values = samples(server)
    assert values['policytrack_plugin_failures_total{plugin="plugins/growth",reason="PLUGIN_NOT_ACTIVE"}'] >= 1
    assert values["policytrack_evaluation_failures_total"] >= 1


def test_open_calls_are_counted_while_they_are_open(server, stubs):
    with generated.Api(stubs, server.address) as api:
        name = 'policytrack_rpc_open{service="policytrack.v1.ObservationService",method="PushObservations"}'
        release = []

        def messages():
            yield stubs.PushObservationsRequest()
            while not release:
                # The server has the stream while this is asked.
                release.append(samples(server).get(name))

        api.observation.PushObservations(messages(), timeout=harness.CALL_SECONDS)
    assert release == [1]
    assert samples(server).get(name, 0) == 0


def test_a_server_that_serves_is_ready_and_live(server):
    assert get(server, "/readyz") == (200, "ok\n")
    assert get(server, "/healthz") == (200, "ok\n")
    for service in ("", "policytrack.v1.PlanService", "policytrack.v1.EventService", "policytrack.liveness"):
        assert health(server, service) == "SERVING", service
    assert health(server, "policytrack.v1.NoService") == "NOT_FOUND"


def test_a_server_that_stops_is_not_ready_and_lives(start, stubs):
    server = start(*LISTEN, "--drain-seconds", 600).start()
    create(server)
    with generated.Api(stubs, server.address) as api:
        seen = {}

        def messages():
            yield stubs.PushObservationsRequest(dataset="datasets/paths-km")
            server.process.send_signal(signal.SIGTERM)
            server.wait_for_line("stopping")
            # A connection that is there already may still ask.
            while not seen.get("ready") or seen["ready"][0] == 200:
                seen["ready"], seen["live"] = get(server, "/readyz"), get(server, "/healthz")
            yield stubs.PushObservationsRequest(rows=[stubs.Observation(period="2020", value=1)])

        answer = api.observation.PushObservations(messages(), timeout=harness.CALL_SECONDS)
        assert answer.created_count == 1
    assert seen == {"ready": (503, "stopping\n"), "live": (200, "ok\n")}
    assert server.process.wait(harness.START_SECONDS) == 0


def test_the_endpoint_gives_nothing_else(server):
    for path in ("/", "/etc/passwd", "/../../etc/passwd", "/metrics/x", "/%2e%2e/", "/.htpasswd"):
        status, body = get(server, path)
        assert status in (400, 404) and "root:" not in body, path
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert get(server, "/metrics", method)[0] in (405, 200 if method == "OPTIONS" else 405)
        assert "policytrack_" not in get(server, "/metrics", method)[1]
    assert get(server, "/metrics", "HEAD") == (200, "")


def test_silent_clients_of_the_endpoint_hold_up_nobody_for_long(server):
    with contextlib.ExitStack() as stack:
        for _ in range(12):
            silent = stack.enter_context(socket.create_connection(("127.0.0.1", port_of(server))))
            silent.sendall(b"GET /metr")
        assert get(server, "/readyz") == (200, "ok\n")


def test_a_port_for_metrics_that_is_taken_is_refused(start, server, tmp_path):
    code, log = start("--metrics-listen", f"127.0.0.1:{port_of(server)}", data_dir=tmp_path / "other").refused()
    assert code == 1
    assert "--metrics-listen" in log and "taken" in log
    assert not (tmp_path / "other").exists()


def test_every_call_gives_its_id_back(server, stubs):
    with generated.Api(stubs, server.address) as api:
        def id_of(*metadata):
            _, call = api.plan.ListPlans.with_call(stubs.ListPlansRequest(), metadata=metadata)
            return dict(call.trailing_metadata())["x-request-id"]

        assert id_of(("x-request-id", "nightly-17")) == "nightly-17"
        made = {id_of(), id_of(("x-request-id", "two words")), id_of(("x-request-id", "x" * 65)),
                id_of(("x-request-id", ""))}
        assert len(made) == 4 and all(re.fullmatch("[0-9a-f]{16}", one) for one in made)
        with pytest.raises(grpc.RpcError) as caught:
            api.plan.GetPlan(stubs.GetPlanRequest(name="plans/none"), metadata=[("x-request-id", "lost")])
        assert dict(caught.value.trailing_metadata())["x-request-id"] == "lost"


def test_an_internal_error_is_logged_under_the_id_that_the_client_has(start, server, stubs):
    create(server)
    assert server.stop() == 0
    with sqlite3.connect(server.data_dir / "policytrack.db") as database:
        database.execute("DELETE FROM commits WHERE revision = (SELECT revision FROM documents WHERE name = 'plans/paths')")
    database.close()
    server = start("--log-format", "json", data_dir=server.data_dir).start()
    with generated.Api(stubs, server.address) as api:
        for metadata in ([("x-request-id", "broken-1")], []):
            with pytest.raises(grpc.RpcError) as caught:
                api.plan.ListPlanRevisions(stubs.ListPlanRevisionsRequest(name="plans/paths"), metadata=metadata)
            assert caught.value.code() == grpc.StatusCode.INTERNAL
            request_id = dict(caught.value.trailing_metadata())["x-request-id"]
            assert api.error_info(caught.value).metadata["request_id"] == request_id
            assert metadata == [] or request_id == "broken-1"
            server.wait_for_line(f'"failed call","request_id":"{request_id}"')
            assert f"internal error {request_id} in ListPlanRevisions" in server.text()
    assert server.stop() == 0
    assert all(json.loads(line).keys() >= {"time", "level", "message"} for line in server.log)


def test_json_lines_name_the_call_and_nothing_that_was_in_it(start, stubs):
    server = start("--log-format", "json", "--log-level", "debug").start()
    secret = "a text that is nobody's business"
    with generated.Api(stubs, server.address) as api:
        with pytest.raises(grpc.RpcError):
            api.plan.GetPlan(stubs.GetPlanRequest(name=f"plans/{secret}"),
                             metadata=[("x-request-id", "json-1"), ("authorization", secret)])
        server.wait_for_line("json-1")
    assert server.stop() == 0
    assert secret not in server.text()
    call = next(line for line in map(json.loads, server.log) if line.get("request_id") == "json-1")
    assert call["message"] == "call" and call["level"] == "debug"
    assert call["method"] == "/policytrack.v1.PlanService/GetPlan" and call["code"] == "INVALID_ARGUMENT"
    assert re.fullmatch(r"ipv4:127\.0\.0\.1:\d+", call["peer"]) and call["duration_ms"] >= 0


def test_slow_calls_are_logged_and_counted(start, stubs):
    server = start(*LISTEN, "--slow-call-ms", 1).start()
    create(server)
    with generated.Api(stubs, server.address) as api:
        def messages():
            yield stubs.PushObservationsRequest(dataset="datasets/paths-km")
            # Long enough: the server is asked over another connection meanwhile.
            assert samples(server)["policytrack_ready"] == 1

        api.observation.PushObservations(messages(), metadata=[("x-request-id", "slow-1")])
    server.wait_for_line(r"warn slow call request_id=slow-1 method=/policytrack.v1.ObservationService/"
                         r"PushObservations peer=ipv4:\S+ code=OK duration_ms=\d+\.\d+")
    assert samples(server)["policytrack_rpc_slow_total"] >= 1
