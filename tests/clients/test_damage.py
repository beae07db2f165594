"""Damage: what a check says of it, what starts and backups are refused, and salvage."""

import contextlib
import pathlib
import sqlite3
from typing import NamedTuple

import grpc
import pytest

import harness
import stubs as generated
from data_dirs import fill, server_program

SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"
EVENTS = "policytrack.v1.EventService"


class Damaged(NamedTuple):
    data_dir: pathlib.Path
    commit: str


@pytest.fixture
def damaged(start):
    """The data directory of a server that has stopped, with a figure changed behind its back."""
    server = start().start()
    pushed = fill(server)
    server.client_ok("report", "plans/paths", "--wait", pushed)
    assert server.stop() == 0
    with contextlib.closing(sqlite3.connect(server.data_dir / "policytrack.db")) as database, database:
        rowid, body = database.execute(
            "SELECT c.rowid, c.body FROM chunks c JOIN series s USING (series_id) WHERE s.parent = ?",
            ("datasets/paths-km",)).fetchone()
        changed = bytearray(body)
        changed[len(body) // 2] ^= 1
        database.execute("UPDATE chunks SET body = ? WHERE rowid = ?", (bytes(changed), rowid))
    return Damaged(server.data_dir, f"commits/{pushed}")


def test_verify_finds_damage_and_the_server_does_not_start_on_it(start, damaged):
    # A quick look does not see it.
    server = start(data_dir=damaged.data_dir).start()
    done = server.client("verify")
    assert done.returncode == 1 and f"damage in {damaged.commit}:" in done.stdout, done.stdout + done.stderr
    done = server.client("--output", "json", "verify")
    assert done.returncode == 1 and '"problem_count": "' in done.stdout, done.stdout
    assert "check found damage" in server.text()
    in_use = server_program("--verify", "--data-dir", damaged.data_dir)
    assert in_use.returncode == 3 and "in use by another server" in in_use.stderr
    assert server.stop() == 0
    code, log = start(data_dir=damaged.data_dir).refused()
    assert code == 1 and damaged.commit in log and "--read-only-salvage" in log, log
    done = server_program("--verify", "--data-dir", damaged.data_dir)
    assert done.returncode == 1 and f"damage in {damaged.commit}:" in done.stdout, done.stdout + done.stderr


def test_the_exit_code_of_a_check_says_what_it_means(start, tmp_path, damaged):
    def check(path, *flags):
        done = server_program("--verify", "--data-dir", path, *flags)
        return done.returncode, done.stdout + done.stderr

    server = start(data_dir=tmp_path / "sound").start()
    fill(server)
    code, text = check(server.data_dir)
    assert code == 3 and "in use by another server" in text, text
    assert server.stop() == 0
    code, text = check(server.data_dir)
    assert code == 0 and "no damage found" in text, text
    assert check(damaged.data_dir)[0] == 1
    assert check(server.data_dir, "--no-such-flag")[0] == 2
    code, text = check(tmp_path / "nowhere")
    assert code == 3 and "holds no database" in text and not (tmp_path / "nowhere").exists(), text
    (tmp_path / "file").write_text("x", encoding="ascii")
    code, text = check(tmp_path / "file")
    assert code == 3 and "is not a directory" in text, text
    (tmp_path / "other").mkdir()
    (tmp_path / "other/policytrack.db").write_bytes(b"x" * 8192)
    code, text = check(tmp_path / "other")
    assert code == 3 and "not an SQLite database" in text, text
    # So much damage that it cannot be opened is damage too.
    broken = bytearray((server.data_dir / "policytrack.db").read_bytes())
    broken[4096:] = b"\xff" * (len(broken) - 4096)
    (server.data_dir / "policytrack.db").write_bytes(broken)
    code, text = check(server.data_dir)
    assert code == 1, text


def test_a_directory_that_cannot_be_written_is_checked(start, tmp_path, damaged):
    def check(name, data):
        folder = tmp_path / name
        folder.mkdir()
        done = harness.run(["unshare", "-Urm", "sh", "-c", f"""
            set -e
            mount -t tmpfs -o size=64m none '{folder}'
            cp -r '{data}' '{folder}/100% #1?'
            mount -o remount,ro '{folder}'
            exec '{harness.SERVER}' --verify --data-dir '{folder}/100% #1?'"""])
        if "unshare" in done.stderr or "mount:" in done.stderr:
            pytest.skip(f"no file systems of a user's own here: {done.stderr.strip()}")
        return done

    server = start(data_dir=tmp_path / "sound").start()
    fill(server)
    server.kill()
    done = check("killed", server.data_dir)
    assert done.returncode == 3 and "copy the directory" in done.stderr, done
    server = start(data_dir=server.data_dir).start()
    assert server.stop() == 0
    done = check("stopped", server.data_dir)
    assert done.returncode == 0 and "no damage found" in done.stdout, done
    assert "not kept in mind" in done.stderr, done
    done = check("damaged", damaged.data_dir)
    assert done.returncode == 1 and f"damage in {damaged.commit}:" in done.stdout, done


def test_a_damaged_log_is_refused_and_salvaged(start):
    server = start().start()
    fill(server)
    for value in (1, 2, 3):
        server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", {
            "dataset": "datasets/paths-km",
            "rows": [{"period": "2020", "value": value}]})
    server.kill()
    log = server.data_dir / "policytrack.db-wal"
    spoilt = bytearray(log.read_bytes())
    spoilt[32 + 2 * 4120 + 24 + 100] ^= 1
    log.write_bytes(spoilt)
    code, text = start(data_dir=server.data_dir).refused()
    assert code == 1 and "write-ahead log is damaged in frame 3" in text and "--read-only-salvage" in text, text
    done = server_program("--verify", "--data-dir", server.data_dir)
    assert done.returncode == 1 and "damage in database: the write-ahead log is damaged in frame 3" in done.stdout, done
    salvage = start("--read-only-salvage", data_dir=server.data_dir).start()
    assert "write-ahead log is damaged in frame 3" in salvage.text()
    assert salvage.stop() == 0
    assert log.read_bytes() == spoilt


def test_no_backup_is_made_of_what_a_check_found_damaged(start, damaged, tmp_path):
    (tmp_path / "backups").mkdir()
    server = start("--backup-dir", tmp_path / "backups", data_dir=damaged.data_dir).start()
    assert server.client("verify").returncode == 1
    for arguments in ([tmp_path / "x.db"], ["--on-server", "x"]):
        done = server.client("backup", *arguments)
        assert done.returncode == 3 and "STORE_DAMAGED" in done.stderr and damaged.commit in done.stderr, done.stderr
        assert str(damaged.data_dir) not in done.stderr
    assert list(tmp_path.glob("x.db*")) == [] and list((tmp_path / "backups").iterdir()) == []


def health(address, service):
    with grpc.insecure_channel(address) as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        return check(b"\x0a" + bytes([len(service)]) + service.encode() if service else b"",
                     timeout=harness.CALL_SECONDS, wait_for_ready=True)


def test_salvage_serves_what_can_be_read(start, damaged):
    before = (damaged.data_dir / "policytrack.db").read_bytes()
    server = start("--read-only-salvage", data_dir=damaged.data_dir).start()
    assert "nothing is written" in server.text()
    assert health(server.address, "") == NOT_SERVING
    assert health(server.address, "policytrack.v1.PlanService") == NOT_SERVING
    assert health(server.address, EVENTS) == SERVING
    assert "Build cycle paths" in server.client_ok("get", "measures/build-paths")
    assert "COMMIT_KIND_PUSH" in server.client_ok("--output", "json", "commits")
    refused = server.client("list", "observations", "datasets/paths-km")
    assert refused.returncode == 3 and "STORE_DAMAGED" in refused.stderr, refused.stderr
    refused = server.client("delete", "measures/build-paths")
    assert refused.returncode == 1 and "STORE_READ_ONLY" in refused.stderr, refused.stderr
    assert server.client("backup", damaged.data_dir.parent / "x.db").returncode == 1
    assert server.client("verify").returncode == 1
    assert server.stop() == 0
    assert (damaged.data_dir / "policytrack.db").read_bytes() == before
    # The control: a server that is not in salvage says so.
    sound = start(data_dir=damaged.data_dir.parent / "sound").start()
    assert health(sound.address, "") == SERVING == health(sound.address, "policytrack.v1.PlanService")


def test_what_is_damaged_is_named_in_salvage(start, stubs, tmp_path):
    server = start(data_dir=tmp_path / "data").start()
    before = fill(server)
    server.grpcurl_ok("policytrack.v1.PlanService/CreatePlan", {"planId": "late", "plan": {"displayName": "Late"}})
    names = ("plans/late", "measures/build-paths", "datasets/paths-km")
    file = tmp_path / "paths.yaml"
    file.write_text("".join(f"---\n{server.client_ok('get', name)}" for name in names), encoding="utf-8")
    assert server.stop() == 0
    with contextlib.closing(sqlite3.connect(server.data_dir / "policytrack.db")) as database, database:
        for name in names:
            assert database.execute("UPDATE documents SET body = X'FF' WHERE name = ?", (name,)).rowcount >= 1
    server = start("--read-only-salvage", data_dir=server.data_dir).start()
    for name in names:
        for command in (["get", name], ["list", name.partition("/")[0], "--all"]):
            done = server.client(*command)
            assert done.returncode == 3 and "STORE_DAMAGED" in done.stderr and name in done.stderr, (command, done.stderr)
    done = server.client("list", "observations", "datasets/paths-km")
    assert done.returncode == 3 and "STORE_DAMAGED" in done.stderr and "datasets/paths-km" in done.stderr, done.stderr
    # What is sound, by name and as of a revision before the damaged one.
    assert "plans/paths" in server.client_ok("get", "plans/paths")
    assert "plans/paths" in server.client_ok("list", "plans", "--as-of", before)
    # Nothing is read for what is refused whatever it is.
    with generated.Api(stubs, server.address) as api:
        with pytest.raises(grpc.RpcError) as refused:
            api.push("datasets/paths-km", [("2020", 5)])
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION, refused.value
    done = server.client("apply", file)
    assert done.returncode != 0 and "INTERNAL_ERROR" not in done.stderr and "STORE_" in done.stderr, done.stderr
    done = server.client("delete", "measures/build-paths")
    assert done.returncode == 1 and "STORE_READ_ONLY" in done.stderr, done.stderr
