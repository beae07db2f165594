"""Fixtures: a running server, and the code generated from the contract."""

import pytest

import harness
import stubs as generated


@pytest.fixture
def start(tmp_path):
    """Starts servers, in a directory of the test unless told; they end with the test."""
    servers = []

    def begin(*flags, data_dir=None, **options):
        process = harness.ServerProcess(data_dir or tmp_path / "data", *flags, **options)
        servers.append(process)
        return process

    yield begin
    for process in servers:
        process.kill()


@pytest.fixture
def server(start):
    process = start().start()
    yield process
    # A server that has crashed on the way fails the test that it crashed in.
    assert process.process.poll() is None, f"the server has ended:\n{process.text()}"


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    return generated.generate(tmp_path_factory.mktemp("stubs"))


@pytest.fixture
def api(server, stubs):
    """The generated client of the running server."""
    with generated.Api(stubs, server.address) as connected:
        yield connected
