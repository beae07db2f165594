"""Errors by class and reason, deadlines, and what is tried again and what is not."""

import concurrent.futures
import pathlib
import pickle
import re
import socket
import threading
import time

import grpc
import pytest
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

import policytrack
from harness import ROOT
from policytrack import v1
from policytrack.errors import make_error
from policytrack.v1 import dataset_service_pb2_grpc, observation_service_pb2_grpc, plan_service_pb2_grpc


def test_classes_follow_from_reasons(paths):
    with pytest.raises(policytrack.EtagMismatch) as caught:
        paths.delete("plans/paths", etag='"r999"')
    assert (caught.value.code, caught.value.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert isinstance(caught.value, policytrack.Aborted)
    with pytest.raises(policytrack.ResourceInUse) as caught:
        paths.delete("plans/paths")
    assert caught.value.metadata["referrer"] == "measures/build-paths"
    assert isinstance(caught.value, policytrack.FailedPrecondition)
    with pytest.raises(policytrack.AlreadyExists):
        paths.undelete("measures/build-paths")
    with pytest.raises(policytrack.InvalidArgument) as caught:
        paths.list("plans", order_by="colour")
    assert caught.value.reason == "ORDER_BY_INVALID"
    with pytest.raises(policytrack.NotFound) as caught:
        paths.get("plans/none")
    error = caught.value
    assert str(error) == f"{error.message} [RESOURCE_NOT_FOUND]"
    assert isinstance(error, policytrack.Error)


def test_every_reason_of_the_documents_has_a_class():
    rows = re.findall(r"^\| `([A-Z_]+)` \| ([A-Z_]+) \|", (ROOT / "docs/errors.md").read_text(encoding="utf-8"), re.M)
    assert len(rows) > 20
    for reason, code in rows:
        error = make_error(grpc.StatusCode[code], "no", reason, {})
        assert (error.reason, error.code.name) == (reason, code)
        # What is INTERNAL is for nobody to handle.
        assert (type(error) is policytrack.Error) == (code == "INTERNAL"), reason


def test_errors_cross_process_borders(paths):
    with pytest.raises(policytrack.RowsRefused) as caught:
        paths.push("datasets/paths-km", [("2020", None)])
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is policytrack.RowsRefused
    assert (str(copy), copy.row_errors, copy.metadata) == (
        str(caught.value), caught.value.row_errors, caught.value.metadata)
    with pytest.raises(policytrack.DocumentsRefused) as refused:
        paths.apply({"kind": "Plan", "name": "plans/x"})
    copy = pickle.loads(pickle.dumps(refused.value))
    assert (str(copy), copy.problems) == (str(refused.value), refused.value.problems)


class Failing(plan_service_pb2_grpc.PlanServiceServicer, dataset_service_pb2_grpc.DatasetServiceServicer,
              observation_service_pb2_grpc.ObservationServiceServicer):
    """Fails with the statuses given, one a call, and then answers."""

    def __init__(self):
        self.statuses = []
        self.calls = 0
        self.request_ids = []
        self.rows = []
        self.agents = set()
        self.dimensions = []

    def _fail(self, context):
        self.calls += 1
        self.agents.add(dict(context.invocation_metadata())["user-agent"])
        if self.statuses:
            code, details, trailers, *message = self.statuses.pop(0)
            packed = []
            for detail in details:
                packed.append(any_pb2.Any())
                packed[-1].Pack(detail)
            text = message[0] if message else "no"
            status = status_pb2.Status(code=code.value[0], message=text, details=packed)
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()), *trailers))
            context.abort(code, text)

    def GetPlan(self, request, context):
        self._fail(context)
        return v1.Plan(name=request.name)

    def GetDataset(self, request, context):
        return v1.Dataset(name=request.name, frequency=v1.FREQUENCY_YEAR,
                          dimensions=[v1.Dimension(id=name) for name in self.dimensions])

    def PushObservations(self, request_iterator, context):
        messages = list(request_iterator)
        self.request_ids.append(messages[0].options.request_id)
        self.rows.append(sum(len(block.periods) for message in messages for block in message.columns))
        self._fail(context)
        return v1.PushObservationsResponse(revision=7, created_count=self.rows[-1])


@pytest.fixture
def failing():
    """The service that fails, with its address."""
    service = Failing()
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    for module, noun in ((plan_service_pb2_grpc, "Plan"), (dataset_service_pb2_grpc, "Dataset"),
                         (observation_service_pb2_grpc, "Observation")):
        getattr(module, f"add_{noun}ServiceServicer_to_server")(service, server)
    service.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield service
    server.stop(0).wait()


def status(code, reason="", pause=None, pushback=None):
    details = []
    if reason:
        details.append(error_details_pb2.ErrorInfo(reason=reason, domain="policytrack.dev"))
    if pause is not None:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(int(pause * 1e9))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    return code, details, (("grpc-retry-pushback-ms", str(pushback)),) if pushback is not None else ()


BUSY = status(grpc.StatusCode.UNAVAILABLE, "STORE_BUSY", pause=0.001)


@pytest.mark.parametrize("transient", [
    BUSY, status(grpc.StatusCode.UNAVAILABLE, "STORE_BUSY", pushback=1),
    status(grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", pause=0.001)])
def test_what_is_transient_is_tried_again(failing, transient):
    with policytrack.connect(failing.address, retries=3) as client:
        failing.statuses = [transient] * 3
        assert client.get("plans/x").name == "plans/x"
        assert failing.calls == 4
    assert all(agent.startswith("policytrack-python/") for agent in failing.agents)


def test_retries_are_bounded(failing):
    with policytrack.connect(failing.address, retries=2) as client:
        failing.statuses = [BUSY] * 9
        with pytest.raises(policytrack.Unavailable) as caught:
            client.get("plans/x")
    assert (failing.calls, caught.value.reason, caught.value.retry_after) == (3, "STORE_BUSY", 0.001)


def test_the_pause_that_the_service_asks_for_is_kept(failing):
    with policytrack.connect(failing.address) as client:
        failing.statuses = [status(grpc.StatusCode.UNAVAILABLE, "SERVER_STOPPING", pause=0.3)]
        before = time.monotonic()
        client.get("plans/x")
    assert time.monotonic() - before >= 0.3


@pytest.mark.parametrize("final", [
    status(grpc.StatusCode.UNAVAILABLE, "STORE_FULL", pause=3600), status(grpc.StatusCode.UNAVAILABLE, pushback=-1),
    status(grpc.StatusCode.RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE"), status(grpc.StatusCode.INTERNAL, "PLUGIN_FAILED"),
    status(grpc.StatusCode.ABORTED, "ETAG_MISMATCH", pause=0.001), status(grpc.StatusCode.DEADLINE_EXCEEDED),
    status(grpc.StatusCode.INVALID_ARGUMENT, "FIELD_INVALID"), status(grpc.StatusCode.PERMISSION_DENIED)],
    ids=lambda final: f"{final[0].name}-{len(final[1])}")
def test_all_else_is_told_at_once(failing, final):
    with policytrack.connect(failing.address) as client:
        failing.statuses = [final]
        with pytest.raises(policytrack.Error) as caught:
            client.get("plans/x")
    assert (failing.calls, caught.value.code) == (1, final[0])


def test_a_push_is_repeated_whole_with_its_request_id(failing):
    rows = [(year, 1.0) for year in range(1000, 3000)]
    with policytrack.connect(failing.address) as client:
        failing.statuses = [BUSY, BUSY]
        result = client.push("datasets/x", rows)
        client.push("datasets/x", rows)
    assert (result.created, result.revision) == (2000, 7)
    assert failing.rows == [2000] * 4
    assert len(set(failing.request_ids[:3])) == 1 and len(set(failing.request_ids)) == 2
    assert all(failing.request_ids)


def test_a_refusal_that_cannot_be_explained_names_the_row_all_the_same(failing):
    """The rows are sent by series: the third of the frame is the second of the stream."""
    info = error_details_pb2.ErrorInfo(reason="ROWS_INVALID", domain="policytrack.dev",
                                       metadata={"rejected_count": "1", "row": "1", "field": "value"})
    message = "1 of 3 rows refused, nothing written; row 1: value: no; validate_only with x lists all"
    failing.dimensions = ["region"]
    failing.statuses = [(grpc.StatusCode.INVALID_ARGUMENT, [info], (), message),
                        status(grpc.StatusCode.INTERNAL, "STORE_DAMAGED")]
    rows = [{"period": "2024", "region": "a", "value": 1}, {"period": "2024", "region": "b", "value": 2},
            {"period": "2025", "region": "a", "value": 3}]
    with policytrack.connect(failing.address) as client, pytest.raises(policytrack.RowsRefused) as caught:
        client.push("datasets/x", rows)
    assert caught.value.message == "1 of 3 rows refused, nothing written; row 2: value: no"
    assert (caught.value.rejected, caught.value.metadata["row"], failing.calls) == (1, "2", 2)


def test_a_server_that_is_not_there():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        with policytrack.connect(address, retries=1) as client, pytest.raises(policytrack.Unavailable) as caught:
            client.list("plans")
    assert address in str(caught.value) and caught.value.reason == ""


def test_a_server_that_does_not_answer_in_time():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with policytrack.connect(address, timeout=0.2, retries=0) as client:
            with pytest.raises((policytrack.DeadlineExceeded, policytrack.Unavailable)) as caught:
                client.list("plans")
    assert address in str(caught.value)


def test_the_address_comes_from_the_environment(monkeypatch):
    monkeypatch.delenv("POLICYTRACK_SERVER", raising=False)
    assert policytrack.connect().address == "127.0.0.1:7443"
    monkeypatch.setenv("POLICYTRACK_SERVER", "example.org:1")
    assert policytrack.connect().address == "example.org:1"
    assert policytrack.connect("localhost:2").address == "localhost:2"
    for options in ({"timeout": 0}, {"push_timeout": -1}, {"retries": -1}):
        with pytest.raises(ValueError):
            policytrack.connect(**options)


def test_many_threads_share_a_client(paths):
    barrier = threading.Barrier(8)

    def push(number):
        barrier.wait(60)
        return paths.push("datasets/paths-km", [(1900 + number, float(number))]).revision

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        revisions = list(pool.map(push, range(8)))
    assert len(set(revisions)) == 8
    assert [row["value"] for row in paths.rows("datasets/paths-km")] == [float(number) for number in range(8)]


def test_the_channel_is_there_for_other_calls(paths):
    stub = plan_service_pb2_grpc.PlanServiceStub(paths.channel)
    revisions = stub.ListPlanRevisions(v1.ListPlanRevisionsRequest(name="plans/paths"), timeout=60).plan_revisions
    assert [revision.snapshot.name for revision in revisions] == ["plans/paths"]


def test_the_package_is_the_installed_one():
    assert ROOT not in pathlib.Path(policytrack.__file__).parents
