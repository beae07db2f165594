"""A thousand connections that break HTTP/2, gRPC and protobuf in ways drawn by lot, against the server itself:
it lives, a client beside them sees no error, and its memory stays where it was. POLICYTRACK_STREAMS_SEED
repeats a draw, POLICYTRACK_STREAMS makes more of them."""

import contextlib
import os
import pathlib
import random
import re

import pytest

import harness
import http2
import stubs as generated

STREAMS = int(os.environ.get("POLICYTRACK_STREAMS", "1000"))
MOST_MIB = 48
METHODS = ("/policytrack.v1.PlanService/ListPlans", "/policytrack.v1.ObservationService/PushObservations",
           "/policytrack.v1.EventService/WatchEvents", "/policytrack.v1.PlanService/CreatePlan",
           "/policytrack.v1.AdminService/DownloadBackup", "/grpc.health.v1.Health/Watch",
           "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "/none/None", "no path", "")


@pytest.fixture
def draw():
    seed = int(os.environ.get("POLICYTRACK_STREAMS_SEED") or random.randrange(1_000_000))
    print(f"POLICYTRACK_STREAMS_SEED={seed}")
    return random.Random(seed)


def spoilt(draw, data):
    """The bytes with a few changed, taken away or put in."""
    data = bytearray(data)
    for _ in range(draw.choice((0, 1, 1, 3))):
        at = draw.randrange(len(data) + 1)
        change = draw.randrange(3)
        if change == 0:
            data[at:at] = draw.randbytes(draw.randrange(1, 9))
        elif change == 1:
            del data[at:at + draw.randrange(1, 9)]
        elif at < len(data):
            data[at] ^= 1 << draw.randrange(8)
    return bytes(data)


def headers(draw):
    more = [(draw.choice(("x", "grpc-timeout", "grpc-encoding", "te", ":path", "x-y-bin", "content-length", "X", "")),
             draw.choice(("1S", "gzip", "-1", "99999999999H", "%%%", "\x7f", "a" * 300, "")))
            for _ in range(draw.randrange(3))]
    return http2.header_block(http2.call_headers(draw.choice(METHODS), *more))


def hostile_frame(draw, stream):
    kind = draw.choice((http2.DATA, http2.HEADERS, http2.HEADERS, http2.HEADERS, http2.RST_STREAM, http2.SETTINGS,
                        http2.PING, http2.GOAWAY, http2.CONTINUATION, 8, 2, 5, draw.randrange(256)))
    if kind == http2.HEADERS:
        payload, flags = spoilt(draw, headers(draw)), draw.choice((4, 4, 5, 0, 0x2c))
    elif kind == http2.DATA:
        message = draw.randbytes(draw.randrange(200))
        length = draw.choice((len(message), len(message), 0, 1, 0xffffffff, 5 << 20))
        payload = draw.choice((b"\0", b"\0", b"\1", b"\7")) + length.to_bytes(4, "big") + message
        flags = draw.choice((0, 1, 8))
    else:
        payload = draw.randbytes(draw.choice((0, 4, 5, 6, 8, 9, 64)))
        flags = draw.choice((0, 1, draw.randrange(256)))
    return spoilt(draw, http2.frame(kind, flags, draw.choice((stream, stream, 0, 2, 0x7fffffff)), payload))


def misbehave(draw, port):
    with contextlib.suppress(ConnectionError), http2.Connection(port) as connection:
        connection.socket.settimeout(0.05)
        if draw.randrange(8):
            connection.begin()
        else:
            connection.send(spoilt(draw, http2.PREFACE + http2.frame(http2.SETTINGS, 0, 0)))
        for number in range(draw.randrange(1, 12)):
            connection.send(hostile_frame(draw, 2 * number + 1))
            if not draw.randrange(4):
                with contextlib.suppress(TimeoutError):
                    connection.read()


def resident_mib(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) >> 10


def test_streams_that_break_the_rules_harm_nobody(start, stubs, draw, capsys):
    server = start("--max-connections", 200, "--handshake-timeout-seconds", 2, "--push-silence-seconds", 2).start()
    with generated.Api(stubs, server.address) as api:
        before = None
        for number in range(STREAMS):
            misbehave(draw, server.port)
            if number % 50 == 0:
                api.plan.ListPlans(stubs.ListPlansRequest(), timeout=harness.CALL_SECONDS)
            if number == STREAMS // 10:
                before = resident_mib(server)
        api.plan.ListPlans(stubs.ListPlansRequest(), timeout=harness.CALL_SECONDS)
        grown = resident_mib(server) - before
        assert server.process.poll() is None, server.text()
    with capsys.disabled():
        print(f"{STREAMS} streams: {grown} MiB more after the first tenth", flush=True)
    assert grown < MOST_MIB
    assert server.stop() == 0
