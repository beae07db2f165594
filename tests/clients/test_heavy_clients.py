"""Clients that send much, that send nothing more, and that never read: the server's memory stays below
what docs/reliability.md says, and others are answered meanwhile."""

import concurrent.futures
import contextlib
import pathlib
import re
import socket
import struct
import threading

import grpc
import pytest

import harness
import kill_world
import stubs as generated

MIB = 1 << 20
PUSH_MIB, ALL_PUSHES_MIB = 24, 48
# What a server takes at its peak beyond what it took before, by what its clients do. In
# docs/reliability.md.
MOST_OF_PUSHES_MIB = 4 * ALL_PUSHES_MIB
MOST_OF_SILENT_MIB = 64
# Times the size of the answers.
MOST_OF_DEAF = 6
DATASET = {"datasetId": "days", "dataset": {
    "displayName": "Days", "unit": "vehicles", "frequency": "FREQUENCY_DAY",
    "accumulation": "ACCUMULATION_FLOW", "dimensions": [{"id": "series"}]}}


class Memory:
    """How far the server's memory has grown since."""

    def __init__(self, server):
        self.folder = pathlib.Path(f"/proc/{server.process.pid}")
        # Begins the peak anew.
        (self.folder / "clear_refs").write_text("5", encoding="ascii")
        self.before = self.peak()

    def peak(self):
        return int(re.search(r"VmHWM:\s+(\d+) kB", (self.folder / "status").read_text(encoding="utf-8")).group(1))

    def grown_mib(self):
        return (self.peak() - self.before) >> 10


@contextlib.contextmanager
def serving(start, stubs, *flags):
    """A server with one series, and a client of it."""
    server = start("--drain-seconds", 1, *flags).start()
    with generated.Api(stubs, server.address) as api:
        api.create("Dataset", DATASET)
        api.push("datasets/days", columns=[columns(api.v1, "first", 5)])
        yield server, api
    assert server.process.poll() is None, server.text()


def columns(v1, series, days):
    return v1.ObservationColumns(dimensions={"series": series}, periods=range(days), values=[1.25] * days)


def answer_others(api):
    """A client who asks for little is answered."""
    assert api.dataset.GetDataset(api.v1.GetDatasetRequest(name="datasets/days"), timeout=harness.CALL_SECONDS)
    assert api.push("datasets/days", columns=[columns(api.v1, "other", 3)]).revision


def own_connection(stubs, server):
    return generated.Api(stubs, server.address, [("grpc.use_local_subchannel_pool", 1)])


@pytest.fixture
def limited(start, stubs):
    """A server whose pushes may hold little."""
    with serving(start, stubs, "--max-push-mib", PUSH_MIB, "--max-push-total-mib", ALL_PUSHES_MIB) as both:
        yield both


@pytest.fixture
def unlimited(start, stubs):
    """A server as it is when nothing is set."""
    with serving(start, stubs) as both:
        yield both


def test_many_large_pushes_at_once_are_held_to_their_limit(limited, stubs, capsys):
    """Eight clients push as much as one may; who does not fit is told to try again."""
    server, api = limited
    memory = Memory(server)
    # 100 000 observations in each message, which take 24 bytes and a little.
    messages = PUSH_MIB * MIB // 25 // 100_000 - 1

    def heavy(number):
        refused = 0
        with own_connection(stubs, server) as mine:
            while True:
                stream = (stubs.PushObservationsRequest(
                    dataset="datasets/days", columns=[columns(stubs, f"h{number}-{at}", 100_000)])
                    for at in range(messages))
                try:
                    return mine.observation.PushObservations(stream, timeout=5 * harness.CALL_SECONDS), refused
                except grpc.RpcError as error:
                    assert error.code() == grpc.StatusCode.UNAVAILABLE, error
                    assert mine.error_info(error).reason == "STORE_BUSY"
                    refused += 1
                    assert refused < 200

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(heavy, range(8)))
    grown = memory.grown_mib()
    with capsys.disabled():
        print(f"8 pushes of {messages * 100_000} observations: {grown} MiB more at the peak, "
              f"{sum(refused for _, refused in answers)} tries refused", flush=True)
    assert all(answer.created_count == messages * 100_000 for answer, _ in answers)
    assert grown < MOST_OF_PUSHES_MIB
    answer_others(api)


def test_clients_that_send_nothing_more_cost_little(unlimited, stubs, capsys):
    """Pushes that are begun and not ended, and connections that never say anything."""
    server, api = unlimited
    memory = Memory(server)
    with contextlib.ExitStack() as stack:
        gone = threading.Event()
        stack.callback(gone.set)

        def message():
            yield stubs.PushObservationsRequest(dataset="datasets/days", columns=[columns(stubs, "silent", 1)])
            gone.wait(harness.CALL_SECONDS)

        calls = []
        for _ in range(4):
            mine = stack.enter_context(own_connection(stubs, server))
            calls += [mine.observation.PushObservations.future(message()) for _ in range(20)]
        for _ in range(100):
            stack.enter_context(contextlib.closing(socket.create_connection(("127.0.0.1", server.port))))
        answer_others(api)
        assert not any(call.done() for call in calls)
        grown = memory.grown_mib()
        with capsys.disabled():
            print(f"{len(calls)} silent pushes and 100 silent connections: {grown} MiB more", flush=True)
        assert grown < MOST_OF_SILENT_MIB
        for call in calls:
            call.cancel()
    # Nothing of them is there.
    series = {one.dimensions["series"] for one in kill_world.read_series(api, "datasets/days")[0]}
    assert series == {"first", "other"}


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def deaf(address, method, request, streams):
    """A connection that asks many times, over HTTP/2 by hand, and grants no byte of an answer."""
    settings, headers, data = 4, 1, 0
    end_stream, end_headers, initial_window_size = 1, 4, 4
    words = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", method.encode()),
             (b":authority", b"x"), (b"te", b"trailers"), (b"content-type", b"application/grpc")]
    # Literal, without indexing or compression.
    block = b"".join(b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value for name, value in words)
    body = request.SerializeToString()
    connection = socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1])))
    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                       + frame(settings, 0, 0, struct.pack(">HI", initial_window_size, 0))
                       + b"".join(frame(headers, end_headers, stream, block)
                                  + frame(data, end_stream, stream, struct.pack(">BI", 0, len(body)) + body)
                                  for stream in range(1, 2 * streams, 2)))
    return connection


def test_clients_that_never_read_cost_no_more_than_their_answers(unlimited, stubs, capsys):
    server, api = unlimited
    days = 20_000
    for number in range(10):
        api.push("datasets/days", columns=[columns(stubs, f"s{number}", days)])
    request = stubs.ReadSeriesRequest(parent="datasets/days", filter='dimensions.series = "s1"')
    answers = 800 * api.observation.ReadSeries(request, timeout=harness.CALL_SECONDS).ByteSize() >> 20
    memory = Memory(server)
    # What one wave took is given back, else the third would be too much.
    for _ in range(3):
        with contextlib.ExitStack() as stack:
            for _ in range(8):
                stack.enter_context(contextlib.closing(deaf(
                    server.address, "/policytrack.v1.ObservationService/ReadSeries", request, 100)))
            for _ in range(20):
                answer_others(api)
        answer_others(api)
    grown = memory.grown_mib()
    with capsys.disabled():
        print(f"800 answers, {answers} MiB, that nobody reads, three times: {grown} MiB more", flush=True)
    # They were computed and not only queued.
    assert grown > answers
    assert grown < MOST_OF_DEAF * answers
