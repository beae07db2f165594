"""What one client can take of the server: its connections, its files, its time. The limits are those of
docs/configuration.md, made small by flags where they would be long."""

import contextlib
import re
import resource
import socket
import time
import urllib.request

import grpc
import pytest

import harness
import http2
import stubs as generated

METRICS = ("--metrics-listen", "127.0.0.1:0")
LIST_PLANS = "/policytrack.v1.PlanService/ListPlans"


def metric(server, name, labels=""):
    port = re.search(r"/readyz on \S+ \(port (\d+)\)", server.text()).group(1)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=harness.CALL_SECONDS) as answer:
        text = answer.read().decode()
    found = re.search(rf"^{name}{re.escape(labels)} (\S+)$", text, re.M)
    assert found, f"{name}{labels} is not in\n{text}"
    return float(found.group(1))


def connect(port):
    return socket.create_connection(("127.0.0.1", port), harness.CALL_SECONDS)


def is_refused(connection):
    """Whether a connection that has just been made was closed: a server that keeps it says its settings."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def answers(server, stubs):
    with generated.Api(stubs, server.address) as api:
        api.plan.ListPlans(stubs.ListPlansRequest(), timeout=harness.CALL_SECONDS, wait_for_ready=True)


def test_connections_beyond_the_cap_are_refused_and_a_free_place_is_taken(start, stubs):
    server = start("--max-connections", 3, "--handshake-timeout-seconds", 600, *METRICS).start()
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect(server.port)) for _ in range(3)]
        assert not any(is_refused(connection) for connection in held)
        for _ in range(5):
            with connect(server.port) as more:
                assert is_refused(more)
        assert metric(server, "policytrack_connections_refused_total", '{reason="full"}') == 5
        assert "--max-connections" in server.text()
        assert metric(server, "policytrack_connections") == 3
        held[0].close()
        answers(server, stubs)
    answers(server, stubs)
    until = time.monotonic() + harness.CALL_SECONDS
    while metric(server, "policytrack_connections") > 1:
        assert time.monotonic() < until, "closed connections are counted"


def test_without_file_descriptors_it_refuses_and_then_goes_on(start, stubs):
    server = start("--handshake-timeout-seconds", 600, *METRICS).start()
    answers(server, stubs)
    pid = server.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    room = 8
    open_files = int(metric(server, "process_open_fds"))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_files + room, before[1]))
    with contextlib.ExitStack() as stack:
        refused = 0
        # A bare accept loop would end here, and look healthy.
        for _ in range(open_files + 4 * room):
            refused += is_refused(stack.enter_context(connect(server.port)))
        assert refused >= 2 * room
        server.wait_for_line("no file descriptor is left")
    answers(server, stubs)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    assert metric(server, "policytrack_connections_refused_total", '{reason="no_files"}') >= 2 * room
    assert server.stop() == 0


def test_the_limit_of_open_files_is_raised_or_said(start):
    server = start("--max-connections", 500_000).start()
    soft, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    assert soft == min(hard, 500_256) or "is too low for 500000 connections" in server.text()


def test_a_client_that_sends_a_byte_a_minute_is_cut_off(start, stubs):
    server = start("--handshake-timeout-seconds", 1).start()
    with http2.Connection(server.port) as slow:
        slow.send(http2.PREFACE[:1])
        assert slow.ended()
    with http2.Connection(server.port) as half:
        half.send(http2.PREFACE + http2.frame(http2.SETTINGS, 0, 0)[:3])
        assert half.ended()
    answers(server, stubs)


def test_a_client_that_does_not_answer_is_cut_off(start):
    server = start("--keepalive-seconds", 1, "--keepalive-timeout-seconds", 1).start()
    with http2.Connection(server.port).begin() as silent:
        silent.settings()
        silent.send(http2.frame(http2.SETTINGS, http2.ACK, 0))
        # In the middle of a call, whose headers never end.
        silent.send(http2.frame(http2.HEADERS, 0, 1, http2.header_block(http2.call_headers(LIST_PLANS))))
        assert silent.read_until(lambda f: f[0] == http2.PING and not f[1] & http2.ACK)
        assert silent.ended()


@pytest.mark.parametrize("flags", [("--max-connection-idle-seconds", 1),
                                   ("--max-connection-age-seconds", 1,
                                    "--max-connection-age-grace-seconds", 1)])
def test_a_connection_without_calls_or_too_old_is_closed(start, flags):
    server = start(*flags).start()
    with http2.Connection(server.port).begin() as idle:
        assert idle.read_until(lambda f: f[0] == http2.GOAWAY)
        # It has been told; a ping of the server's goes unanswered.
        assert idle.ended()


def test_pings_that_come_too_often_end_the_connection(server):
    with http2.Connection(server.port).begin() as eager:
        with contextlib.suppress(ConnectionError):
            for number in range(64):
                eager.send(http2.frame(http2.PING, 0, 0, number.to_bytes(8, "big")))
        goaway = eager.read_until(lambda f: f[0] == http2.GOAWAY)
        assert goaway is not None and b"too_many_pings" in goaway[3]


def test_streams_and_headers_are_bounded_and_said_so(server):
    with http2.Connection(server.port).begin() as connection:
        settings = connection.settings()
        assert settings[http2.MAX_CONCURRENT_STREAMS] == 100
        assert settings[http2.MAX_HEADER_LIST_SIZE] == 8192


def test_headers_over_the_limit_and_large_messages_are_refused(server, stubs):
    with generated.Api(stubs, server.address) as api:
        with pytest.raises(grpc.RpcError) as caught:
            api.plan.ListPlans(stubs.ListPlansRequest(), metadata=[("x-long", "x" * 9000)])
        assert caught.value.code() in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE,
                                       grpc.StatusCode.INTERNAL)
        with pytest.raises(grpc.RpcError) as caught:
            api.plan.ListPlans(stubs.ListPlansRequest(filter="x" * (5 << 20)))
        assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    answers(server, stubs)


def test_it_serves_on_a_unix_socket(start, stubs, tmp_path):
    path = tmp_path / "socket"
    for _ in range(2):
        # The second finds the socket that the first left when it was killed.
        server = harness.ServerProcess(tmp_path / "data", "--log-level", "info", listen=f"unix:{path}")
        try:
            server.start()
            with generated.Api(stubs, f"unix:{path}") as api:
                api.plan.ListPlans(stubs.ListPlansRequest(), timeout=harness.CALL_SECONDS)
        finally:
            server.kill()
