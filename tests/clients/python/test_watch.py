"""Watching: what is told, from where, and over a server that goes and comes back."""

import concurrent.futures
import threading

import grpc
import pytest

import policytrack
from harness import ServerProcess
from policytrack import v1

DATASET = "datasets/paths-km"


def revisions(messages):
    return [message.commit.revision for message in messages]


def test_the_past_is_told_and_gone_on_from(paths):
    first = paths.push(DATASET, [("2020", 100.0)])
    paths.wait(first.revision)
    told = [*paths.watch(after=0, stop_at_present=True)]
    assert revisions(told) == [commit.revision for commit in paths.commits()][::-1]
    event = next(event for message in told for event in message.events if event.revision == first.revision)
    assert (event.name, event.created_count, event.start_period) == (DATASET, 1, "2020")
    assert [*paths.watch(resume_token=told[-1].resume_token, stop_at_present=True)] == []
    assert revisions(paths.watch(resume_token=told[2].resume_token, stop_at_present=True)) == revisions(told[3:])
    assert revisions(paths.watch(after=told[3].commit.time, stop_at_present=True)) == revisions(told[4:])
    created = paths.watch(["datasets"], kinds=[v1.EVENT_KIND_DOCUMENT_CREATED], after=0, stop_at_present=True)
    assert [event.name for message in created for event in message.events] == [DATASET]
    filtered = paths.watch(filter="created_count = 1", after=first.revision - 1, stop_at_present=True)
    assert first.revision in revisions(filtered)


def start_again(server):
    """Another process on the same data and port, which ends with the fixture's."""
    server.process = ServerProcess(server.data_dir, port=server.port).start().process


def test_what_comes_is_told_over_a_restart(connected, paths):
    watch = paths.watch([DATASET], heartbeats=True, heartbeat=1)
    start = next(watch)
    assert start.resume_token and not start.HasField("commit")

    def next_commit():
        return next(message.commit.revision for message in watch if message.HasField("commit"))

    assert next_commit_after(paths, next_commit, 1.0)
    assert connected.server.stop() == 0
    start_again(connected.server)
    with policytrack.connect(connected.server.address) as other:
        assert next_commit_after(other, next_commit, 2.0)


def next_commit_after(client, next_commit, value):
    """Whether a push is the next that is told."""
    pushed = []
    thread = threading.Thread(target=lambda: pushed.append(client.push(DATASET, [("2021", value)]).revision))
    thread.start()
    told = next_commit()
    thread.join()
    return [told] == pushed


def test_what_is_wrong_is_said(paths):
    with pytest.raises(ValueError, match="not both"):
        paths.watch(after=1, resume_token="x")
    for arguments, reason in (({"resume_token": "made-up"}, "RESUME_TOKEN_INVALID"), ({"after": 999999}, "FIELD_INVALID"),
                              ({"names": ["Paths"]}, "NAME_INVALID"), ({"filter": "no_such = 1"}, "FILTER_INVALID")):
        with pytest.raises(policytrack.InvalidArgument) as refused:
            next(paths.watch(**arguments))
        assert refused.value.reason == reason


def test_without_a_service_it_gives_up(paths, connected):
    with policytrack.connect(connected.server.address, retries=1) as client:
        watch = client.watch(heartbeats=True)
        next(watch)
        connected.server.kill()
        with pytest.raises(policytrack.Unavailable):
            next(watch)
        start_again(connected.server)


@pytest.mark.parametrize("signs, calls", [(1, 3), (2, 8)])
def test_a_greeting_alone_is_no_progress(signs, calls):
    """A service whose every stream breaks, right after its first message or later."""
    asked = []

    def watch_events(request, context):
        asked.append(request)
        for _ in range(signs):
            yield v1.WatchEventsResponse(resume_token="the-same")
        wrong = len(asked) == calls and signs > 1
        context.abort(grpc.StatusCode.INVALID_ARGUMENT if wrong else grpc.StatusCode.UNAVAILABLE, "it broke")

    breaking = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    breaking.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("policytrack.v1.EventService", {
        "WatchEvents": grpc.unary_stream_rpc_method_handler(
            watch_events, request_deserializer=v1.WatchEventsRequest.FromString,
            response_serializer=v1.WatchEventsResponse.SerializeToString)})])
    port = breaking.add_insecure_port("127.0.0.1:0")
    breaking.start()
    try:
        with policytrack.connect(f"127.0.0.1:{port}", retries=2) as client:
            with pytest.raises(policytrack.InvalidArgument if signs > 1 else policytrack.Unavailable):
                list(client.watch(resume_token="the-same"))
    finally:
        breaking.stop(None)
    assert len(asked) == calls
