"""deploy/haproxy.cfg in front of the server: floods from one source, and headers that break rules, while
good clients of another source see no error. Where HAProxy is not installed it is skipped, and says so."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import threading
import time

import grpc
import pytest

import harness
import http2
import stubs as generated

CONFIG = harness.ROOT / "deploy/haproxy.cfg"
HAPROXY = shutil.which("haproxy") or ("/usr/sbin/haproxy" if os.path.exists("/usr/sbin/haproxy") else None)
BAD, GOOD = "127.0.0.66", "127.0.0.1"
LIST_PLANS = "/policytrack.v1.PlanService/ListPlans"
FLOOD_SECONDS = float(os.environ.get("POLICYTRACK_FLOOD_SECONDS", 3))
FLOOD_CONNECTIONS = 4

pytestmark = pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed: deploy/install-packages.sh test")


class Proxy:
    def __init__(self, process, port, certificate):
        self.process = process
        self.port = port
        self.certificate = certificate

    def api(self, stubs):
        return SecureApi(stubs, f"localhost:{self.port}", self.certificate)


class SecureApi(generated.Api):
    """The generated client over TLS."""

    def __init__(self, names, address, certificate):
        super().__init__(names, address)
        self.channel.close()
        self.channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(certificate.read_bytes()))
        for service in generated.SERVICES:
            setattr(self, service.lower(), getattr(names, f"{service}ServiceStub")(self.channel))


@pytest.fixture
def server(start):
    return start("--metrics-listen", "127.0.0.1:0").start()


@pytest.fixture
def proxy(server, tmp_path):
    certificate, key, both = (tmp_path / name for name in ("cert.pem", "key.pem", "both.pem"))
    done = harness.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", key, "-out", certificate])
    assert done.returncode == 0, done.stderr
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    ready = re.search(r"/readyz on \S+ \(port (\d+)\)", server.text()).group(1)
    # It is given the socket: a port that was free a moment ago may be somebody else's now.
    with socket.create_server(("127.0.0.1", 0)) as mine, (tmp_path / "haproxy.log").open("w") as log:
        port = mine.getsockname()[1]
        process = subprocess.Popen([HAPROXY, "-db", "-f", str(CONFIG)], stdout=log, stderr=log,
                                   pass_fds=[mine.fileno()], env={
            **os.environ, "POLICYTRACK_PROXY_BIND": f"fd@{mine.fileno()}", "POLICYTRACK_PROXY_CERT": str(both),
            "POLICYTRACK_BACKEND": server.address, "POLICYTRACK_READY_PORT": ready})
    deadline = time.monotonic() + harness.START_SECONDS
    while True:
        assert process.poll() is None, (tmp_path / "haproxy.log").read_text()
        with contextlib.suppress(OSError), http2.Connection(port, tls=True):
            break
        assert time.monotonic() < deadline
    yield Proxy(process, port, certificate)
    process.kill()
    process.wait()


def resident_mib(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024


def is_answered(frames):
    """Whether a call was answered by the server: with a message."""
    return any(f[0] == http2.DATA for f in frames)


def flood(proxy, attack, until, counts):
    """Attacks on new connections until the time is over."""
    while time.monotonic() < until:
        counts["connections"] += 1
        with contextlib.suppress(OSError), http2.Connection(proxy.port, BAD, tls=True) as connection:
            connection.socket.settimeout(5)
            connection.begin()
            while time.monotonic() < until:
                attack(connection)
                counts["rounds"] += 1


def rapid_reset(connection):
    """CVE-2023-44487: calls that are taken back at once."""
    block = http2.header_block(http2.call_headers(LIST_PLANS, scheme="https"))
    data = b""
    for _ in range(200):
        stream, connection.next_stream = connection.next_stream, connection.next_stream + 2
        data += http2.frame(http2.HEADERS, http2.END_HEADERS, stream, block)
        data += http2.frame(http2.RST_STREAM, 0, stream, (8).to_bytes(4, "big"))
    connection.send(data)


def endless_headers(connection):
    """CVE-2024-27316 and CVE-2023-33953: one block of headers that never ends."""
    stream, connection.next_stream = connection.next_stream, connection.next_stream + 2
    connection.send(http2.frame(http2.HEADERS, 0, stream, http2.header_block(http2.call_headers(LIST_PLANS))))
    more = http2.frame(http2.CONTINUATION, 0, stream, http2.header_block([("x-more", "y" * 4000)] * 3))
    for _ in range(200):
        connection.send(more)


def many_headers(connection):
    """Requests whose headers are just too long."""
    for _ in range(20):
        connection.call(LIST_PLANS, headers=[(f"x-{i}", "y" * 1000) for i in range(9)])


def bad_binary_headers(connection):
    """CVE-2023-32732: a `-bin` header that is no base64."""
    for _ in range(50):
        connection.call(LIST_PLANS, headers=[("x-bad-bin", "!" * 101), ("grpc-trace-bin", b"\xff\xfe")])


def new_connections(connection):
    """One connection after another, each left at once."""
    raise ConnectionError


@pytest.mark.parametrize("attack", [rapid_reset, endless_headers, many_headers, bad_binary_headers,
                                    new_connections])
def test_good_clients_see_no_error_in_a_flood(server, proxy, stubs, attack):
    errors, calls = [], 0
    counts = {"connections": 0, "rounds": 0}
    with proxy.api(stubs) as api:
        before = resident_mib(server)
        until = time.monotonic() + FLOOD_SECONDS
        flooding = [threading.Thread(target=flood, args=(proxy, attack, until, counts), daemon=True)
                    for _ in range(FLOOD_CONNECTIONS)]
        for thread in flooding:
            thread.start()
        while time.monotonic() < until:
            try:
                api.plan.ListPlans(stubs.ListPlansRequest(), timeout=harness.CALL_SECONDS)
            except grpc.RpcError as error:
                errors.append(error)
            calls += 1
            # A good client stays below what a source may call.
            flooding[0].join(0.005)
        for thread in flooding:
            thread.join(harness.CALL_SECONDS)
        assert not errors, errors[0]
        assert counts["connections"] > 0 and calls
    assert server.process.poll() is None and proxy.process.poll() is None
    assert resident_mib(server) - before < 100, "the flood reached the server's memory"


def test_what_would_end_a_shared_connection_does_not_pass(server, proxy):
    """With its control: on the bare port the same headers end the connection, and the calls of others."""
    broken = [("x-bad-bin", "!" * 101)]
    with http2.Connection(proxy.port, tls=True).begin() as connection:
        frames, ended = connection.end_of(connection.call(LIST_PLANS, headers=broken))
        assert is_answered(frames) and not ended
        frames, ended = connection.end_of(connection.call(LIST_PLANS, headers=[("x-long", "y" * 9000)]))
        assert not is_answered(frames) and not ended
        frames, ended = connection.end_of(connection.call(LIST_PLANS))
        assert is_answered(frames) and not ended
    with http2.Connection(server.port).begin() as bare:
        frames, ended = bare.end_of(bare.call(LIST_PLANS, headers=broken))
        assert ended or not is_answered(frames), "the bare port bears it: is the rule needed?"


def test_a_source_has_so_many_connections_and_no_more(proxy):
    with contextlib.ExitStack() as stack:
        # One that never calls is closed after a while: more than 50 are tried, and not 200.
        opened, refused = 0, False
        while not refused:
            assert opened < 190, "nobody was refused"
            try:
                connection = stack.enter_context(http2.Connection(proxy.port, BAD, tls=True))
                refused = connection.begin().read() is None
            except OSError:
                refused = True
            opened += not refused
        assert opened >= 50
        with http2.Connection(proxy.port, GOOD, tls=True).begin() as good:
            assert good.read() is not None


def test_only_grpc_passes(proxy):
    with http2.Connection(proxy.port, tls=True).begin() as connection:
        stream = connection.next_stream
        connection.send(http2.frame(http2.HEADERS, http2.END_HEADERS | http2.END_STREAM, stream, http2.header_block([
            (":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "localhost")])))
        frames, _ = connection.end_of(stream)
        assert not any(f[0] == http2.HEADERS and f[3][:1] == b"\x88" for f in frames), "answered with status 200"


def test_calls_beyond_the_rate_of_a_source_are_told_to_come_again(proxy, stubs):
    with contextlib.ExitStack() as stack:
        flooders = [stack.enter_context(http2.Connection(proxy.port, BAD, tls=True)).begin() for _ in range(12)]
        refused = False
        until = time.monotonic() + harness.CALL_SECONDS
        while not refused:
            assert time.monotonic() < until, "nobody was refused"
            # All that may be open on each, before any answer is read.
            last = [[flooder.call(LIST_PLANS) for _ in range(99)][-1] for flooder in flooders]
            for flooder, stream in zip(flooders, last):
                frames, ended = flooder.end_of(stream)
                assert not ended
                refused = refused or not is_answered(frames)
        with proxy.api(stubs) as api:
            api.plan.ListPlans(stubs.ListPlansRequest(), timeout=harness.CALL_SECONDS)


def test_a_server_that_stops_is_unavailable_and_not_a_broken_call(server, proxy, stubs):
    with proxy.api(stubs) as api:
        api.plan.ListPlans(stubs.ListPlansRequest(), timeout=harness.CALL_SECONDS)
        assert server.stop() == 0
        with pytest.raises(grpc.RpcError) as caught:
            api.plan.ListPlans(stubs.ListPlansRequest(), timeout=harness.CALL_SECONDS)
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
