"""A server whose files can no longer be written: writes are told to try again, health says NOT_SERVING,
reads go on; and with the files writable again it serves by itself, and a write sent again is done once."""

import resource

import grpc
import pytest

import harness
import stubs as generated
import world

DATASET = "datasets/paths-km"
REQUEST_ID = "5b0cb4c0-7a0f-4a6c-8b8e-0d6f6f1e2a01"
# Messages of grpc.health.v1: the status is field 1.
SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"
# The signal that a write over the limit would send is ignored, as EFBIG is what is wanted.
IGNORING = ("sh", "-c", 'trap "" XFSZ; exec "$@"', "sh")


@pytest.fixture
def server(start):
    return start(under=IGNORING).start()


def limit_files(server, most):
    """From now on no byte beyond can be written to any file."""
    hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard if most is None else most, hard))


def test_an_io_error_is_told_and_survived_without_a_restart(server, stubs):
    with generated.Api(stubs, server.address) as api:
        for kind, request in world.DOCUMENTS:
            api.create(kind, request)
        first = api.push(DATASET, [("2020", 100)])
        watches = [api.channel.unary_stream("/grpc.health.v1.Health/Watch")(request, timeout=harness.CALL_SECONDS)
                   for request in (b"", b"\x0a\x21policytrack.v1.ObservationService")]
        assert [next(watch) for watch in watches] == [SERVING, SERVING]

        def push():
            return api.push(DATASET, [("2021", 110)], request_id=REQUEST_ID)

        def present():
            answer = api.observation.ListObservations(
                stubs.ListObservationsRequest(parent=DATASET), timeout=harness.CALL_SECONDS)
            return {row.period: row.value for row in answer.observations}

        limit_files(server, 0)
        for _ in range(3):
            with pytest.raises(grpc.RpcError) as caught:
                push()
            assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
            info = api.error_info(caught.value)
            assert (info.reason, info.metadata["cause"]) == ("STORE_BUSY", "IO_ERROR")
            assert present() == {"2020": 100}
        assert [next(watch) for watch in watches] == [NOT_SERVING, NOT_SERVING]
        # It has tried again meanwhile, and does not say that it is well.
        check = api.channel.unary_unary("/grpc.health.v1.Health/Check")
        assert check(b"", timeout=harness.CALL_SECONDS) == NOT_SERVING

        limit_files(server, None)
        assert [next(watch) for watch in watches] == [SERVING, SERVING]
        done = push()
        assert present() == {"2020": 100, "2021": 110}
        again = push()
        assert again.replayed and again.revision == done.revision > first.revision
        for watch in watches:
            watch.cancel()
    assert "I/O error" in server.text() and "opened again" in server.text()
    assert server.stop() == 0


def test_a_backup_that_cannot_be_written_is_no_error_of_the_store(start, stubs, tmp_path):
    """The directory for backups is often on another disk."""
    backups = tmp_path / "backups"
    backups.mkdir()
    server = start("--backup-dir", backups, under=IGNORING).start()
    with generated.Api(stubs, server.address) as api:
        for kind, request in world.DOCUMENTS:
            api.create(kind, request)
        api.push(DATASET, [("2020", 100)])
    # So that nothing is left to be moved from the log into the database meanwhile.
    assert server.stop() == 0
    server = start("--backup-dir", backups, under=IGNORING, data_dir=server.data_dir).start()
    with generated.Api(stubs, server.address) as api:
        watch = api.channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=harness.CALL_SECONDS)
        assert next(watch) == SERVING
        limit_files(server, 8192)
        for _ in range(2):
            with pytest.raises(grpc.RpcError) as caught:
                api.admin.CreateBackup(stubs.CreateBackupRequest(backup_id="b"), timeout=harness.CALL_SECONDS)
            assert caught.value.code() == grpc.StatusCode.INTERNAL, caught.value
        limit_files(server, None)
        # A store that is to look at itself does so before it writes.
        api.push(DATASET, [("2021", 110)])
        api.admin.CreateBackup(stubs.CreateBackupRequest(backup_id="b"), timeout=harness.CALL_SECONDS)
        watch.cancel()
    assert [path.name for path in backups.iterdir()] == ["b.db"]
    assert "I/O error" not in server.text() and "opened again" not in server.text()
    assert server.stop() == 0
