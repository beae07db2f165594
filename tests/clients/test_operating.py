"""Backup, restore, check and salvage with the programs; the commands of docs/operating.md; and what a
server says of a data directory that it cannot use."""

import concurrent.futures
import contextlib
import datetime
import fcntl
import itertools
import os
import pathlib
import re
import sqlite3
import struct
import threading
from typing import NamedTuple

import grpc
import pytest

import harness
import stubs as generated
import world
from stored import Stored, check_chain

DOCUMENT = harness.ROOT / "docs/operating.md"
BIN = harness.SERVER.parent.resolve()
SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"
EVENTS = "policytrack.v1.EventService"


class Damaged(NamedTuple):
    data_dir: pathlib.Path
    commit: str


def fill(server):
    for kind, request in world.DOCUMENTS:
        server.grpcurl_ok(f"policytrack.v1.{kind}Service/Create{kind}", request)
    return server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", world.PUSH)["revision"]


def chain_at(server, revision):
    return server.grpcurl_ok(f"{EVENTS}/GetCommit", {"name": f"commits/{revision}"})["chainDigest"]


def server_program(*arguments):
    return harness.run([harness.SERVER, *arguments])


def said(text, word):
    """The digest that a line of a program gives."""
    return re.search(rf"^{word} ([0-9a-f]{{64}})", text, re.M).group(1)


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
        changed = body.replace(struct.pack("<d", 121), struct.pack("<d", 122))
        assert changed != body
        database.execute("UPDATE chunks SET body = ? WHERE rowid = ?", (changed, rowid))
    return Damaged(server.data_dir, f"commits/{pushed}")


def test_the_commands_of_the_document(start, tmp_path):
    (tmp_path / "backups").mkdir()
    server = start("--backup-dir", tmp_path / "backups").start()
    fill(server)
    commands = harness.shell_blocks(DOCUMENT.read_text(encoding="utf-8"))
    assert len(commands) >= 5
    folder = tmp_path / "work"
    folder.mkdir()
    done = harness.run(["bash", "-euo", "pipefail", "-c", "\n".join(commands)], cwd=folder, env={
        "PATH": f"{BIN}:{os.environ['PATH']}", "POLICYTRACK_SERVER": server.address})
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert sorted(path.name for path in folder.iterdir()) == [
        "monday.db", "restored", "restored-2", "tuesday.db", "tuesday.txt"]
    assert sorted(path.name for path in (tmp_path / "backups").iterdir()) == ["before-upgrade.db", "nightly-1.db"]
    # As docs/storage-format.md has it, read with nothing of ours.
    check_chain(Stored(folder / "restored").commits)


def test_a_backup_under_load_restores_to_the_same_chain(start, stubs, tmp_path):
    server = start().start()
    fill(server)
    stop = threading.Event()
    values = itertools.count(1)  # none twice: an equal figure makes no commit
    pushed = []

    def write(number):
        with generated.Api(stubs, server.address) as api:
            while not stop.is_set():
                pushed.append(api.push("datasets/paths-km", [(str(1900 + number), next(values))]).revision)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    try:
        outputs = []
        for number in range(5):
            outputs.append(server.client_ok("backup", tmp_path / f"backup-{number}.db"))
            before = len(pushed)
            while len(pushed) == before:
                assert all(writer.is_alive() for writer in writers)
    finally:
        stop.set()
        for writer in writers:
            writer.join(harness.CALL_SECONDS)
    revisions = [int(re.search(r"at revision (\d+)", text).group(1)) for text in outputs]
    assert revisions == sorted(set(revisions)), "writes went on between the backups"
    for number, (text, revision) in enumerate(zip(outputs, revisions)):
        backup, folder = tmp_path / f"backup-{number}.db", tmp_path / f"restored-{number}"
        done = server_program("--restore-from", backup, "--data-dir", folder)
        assert done.returncode == 0, done.stderr
        # The digests of the backup, of the restored store, and of the service at that revision.
        assert said(text, "chain") == said(done.stdout, "chain") == chain_at(server, revision)
        assert said(text, "store") == said(done.stdout, "store") == chain_at(server, 1)
    assert len({said(text, "chain") for text in outputs}) == len(outputs)
    again = start(data_dir=tmp_path / "restored-4").start()
    assert chain_at(again, revisions[4]) == said(outputs[4], "chain")
    assert again.observations("datasets/paths-km", "2020")[0]["value"] == 100


def test_a_target_that_exists_is_not_written_over(start, tmp_path):
    (tmp_path / "backups").mkdir()
    server = start("--backup-dir", tmp_path / "backups").start()
    (tmp_path / "mine").write_text("mine", encoding="ascii")
    done = server.client("backup", tmp_path / "mine")
    assert done.returncode == 2 and "is there already" in done.stderr, done.stderr
    assert (tmp_path / "mine").read_text(encoding="ascii") == "mine"
    server.client_ok("backup", "--on-server", "x")
    done = server.client("backup", "--on-server", "x")
    assert done.returncode == 1 and "RESOURCE_EXISTS" in done.stderr, done.stderr
    done = server.client("backup", tmp_path / "no/folder/x.db")
    assert done.returncode == 2 and "cannot be made" in done.stderr, done.stderr
    assert server.client("backup").returncode == 2
    assert server.client("backup", "x", "--on-server", "y").returncode == 2


def test_what_did_not_come_whole_is_no_backup(start, tmp_path):
    server = start().start()
    assert server.stop() == 0
    done = server.client("--retries", "0", "backup", tmp_path / "x.db")
    assert done.returncode == 3, done.stderr
    assert list(tmp_path.glob("x.db*")) == []
    server = start(data_dir=server.data_dir).start()
    done = harness.run(["bash", "-c", f"ulimit -f 20; exec {harness.CLIENT} --server {server.address} "
                        f"backup {tmp_path}/x.db"])
    assert done.returncode != 0
    assert not (tmp_path / "x.db").exists()


@pytest.mark.parametrize("spoil, code", [
    (lambda messages: messages[:-1], "DATA_LOSS"),
    (lambda messages: [*messages[:-1], messages[-1].__class__(
        backup=messages[-1].backup, chunk=messages[-1].chunk[:-1])], "DATA_LOSS"),
    (lambda messages: [*messages[:-1], messages[-1].__class__(
        backup={"sha256": "0" * 64, "size_bytes": messages[0].backup.size_bytes})], "DATA_LOSS"),
    (lambda messages: messages, None)])
def test_a_backup_that_came_otherwise_than_it_was_sent_is_none(server, stubs, tmp_path, spoil, code):
    """A server between that loses or changes something; the last one does neither."""
    with generated.Api(stubs, server.address) as api:
        messages = list(api.admin.DownloadBackup(stubs.DownloadBackupRequest(), timeout=harness.CALL_SECONDS))

    class Between(stubs.AdminServiceServicer):
        def DownloadBackup(self, request, context):
            yield from spoil(messages)

    between = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    stubs.add_AdminServiceServicer_to_server(Between(), between)
    port = between.add_insecure_port("127.0.0.1:0")
    between.start()
    try:
        done = harness.run([harness.CLIENT, "--server", f"127.0.0.1:{port}", "backup", tmp_path / "x.db"])
    finally:
        between.stop(None)
    if code is None:
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "x.db").read_bytes() == b"".join(message.chunk for message in messages)
    else:
        assert done.returncode == 3 and code in done.stderr, done.stderr
        assert list(tmp_path.glob("x.db*")) == []


def test_how_long_a_deleted_measure_is_kept_is_a_setting(start):
    server = start("--deleted-measure-days", "7").start()
    fill(server)
    deleted = server.grpcurl_ok("policytrack.v1.MeasureService/DeleteMeasure", {"name": "measures/build-paths"})
    times = [datetime.datetime.fromisoformat(deleted[field][:19]) for field in ("deleteTime", "purgeTime")]
    assert times[1] - times[0] == datetime.timedelta(days=7)


@pytest.mark.parametrize("make, words", [
    (lambda path: path.write_bytes(b"x" * 8192), "not an SQLite database"),
    (lambda path: sqlite3.connect(path).executescript("CREATE TABLE notes (text);").close(), "another program"),
    (lambda path: None, "cannot be read")])
def test_what_is_no_backup_is_not_restored(tmp_path, make, words):
    make(tmp_path / "x.db")
    done = server_program("--restore-from", tmp_path / "x.db", "--data-dir", tmp_path / "data")
    assert done.returncode == 1 and words in done.stderr and "x.db" in done.stderr, done.stderr
    assert not (tmp_path / "data").exists()


def test_a_backup_of_another_service_is_not_restored(start, tmp_path):
    chains = []
    for name in ("ours", "theirs"):
        server = start(data_dir=tmp_path / name).start()
        fill(server)
        chains.append(said(server.client_ok("backup", tmp_path / f"{name}.db"), "chain"))
    assert chains[0] != chains[1]
    restore = ["--restore-from", tmp_path / "theirs.db", "--data-dir", tmp_path / "data"]
    done = server_program(*restore, "--expect-chain", chains[0])
    assert done.returncode == 1 and "another service" in done.stderr and chains[1] in done.stderr, done.stderr
    assert server_program(*restore, "--expect-chain", chains[1]).returncode == 0
    done = server_program(*restore)
    assert done.returncode == 1 and "has a database already" in done.stderr, done.stderr
    for flags in (["--expect-chain", chains[0]], [*restore, "--verify"], [*restore, "--expect-chain", "xyz"]):
        assert server_program("--data-dir", tmp_path / "other", *flags).returncode == 2, flags


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


def test_what_a_killed_server_left_of_backups_is_removed_at_the_next_start(start, tmp_path):
    (tmp_path / "backups").mkdir()
    server = start("--backup-dir", tmp_path / "backups").start()
    server.kill()
    left = [tmp_path / "backups/.policytrack-backup-aB3dEf", server.data_dir / ".policytrack-backup-000000"]
    others = [tmp_path / f"backups/{name}" for name in (
        ".policytrack-backup-notes.txt", ".policytrack-backup-", ".policytrack-backup-a.cdef", "mine.db")]
    used = tmp_path / "backups/.policytrack-backup-UsedBy"
    folder = tmp_path / "backups/.policytrack-backup-folder"
    folder.mkdir()
    for path in [*left, *others, used]:
        path.write_bytes(b"half")
    with used.open("rb") as worked_on:
        fcntl.flock(worked_on, fcntl.LOCK_EX)
        server = start("--backup-dir", tmp_path / "backups", data_dir=server.data_dir).start()
        assert [path for path in left if path.exists()] == []
        assert all(f"removed {path}" in server.text() for path in left), server.text()
        assert all(path.exists() for path in [*others, used, folder])
        assert server.text().count("removed ") == len(left)


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


def on_a_file_system(folder, prepare, options="size=4m"):
    """How a server starts with a file system of its own at `folder`; `prepare` is done there before."""
    folder.mkdir()
    done = harness.run(["unshare", "-Urm", "sh", "-c", f"mount -t tmpfs -o {options} none '{folder}'"])
    if done.returncode != 0:
        pytest.skip(f"no file systems of a user's own here: {done.stderr.strip()}")
    return harness.run(["unshare", "-Urm", "sh", "-c", f"""
        set -e
        mount -t tmpfs -o {options} none '{folder}'
        {prepare}
        exec timeout 60 '{harness.SERVER}' --listen 127.0.0.1:0 --data-dir '{folder}/data' \
            --plugin-dir '{harness.PLUGINS}' --plugin-allow-list '{harness.ALLOW_LIST}'"""])


def test_a_full_file_system_is_said_so(start, tmp_path):
    folder = tmp_path / "full"
    done = on_a_file_system(folder, f"head -c 3900k /dev/zero > '{folder}/other'")
    assert done.returncode == 1 and "its disk is full" in done.stderr and str(folder) in done.stderr, done.stderr
    server = start().start()
    fill(server)
    assert server.stop() == 0
    done = on_a_file_system(tmp_path / "filled", f"""cp -r '{server.data_dir}' '{tmp_path}/filled/data'
        head -c 3900k /dev/zero > '{tmp_path}/filled/other' || true""")
    assert done.returncode == 1 and "its disk is full" in done.stderr, done.stderr


def test_a_read_only_file_system_is_said_so(start, tmp_path):
    folder = tmp_path / "read-only"
    done = on_a_file_system(folder, f"mount -o remount,ro '{folder}'")
    assert done.returncode == 1 and "Read-only file system" in done.stderr and str(folder) in done.stderr, done.stderr
    server = start().start()
    assert server.stop() == 0
    done = on_a_file_system(tmp_path / "again", f"""cp -r '{server.data_dir}' '{tmp_path}/again/data'
        mount -o remount,ro '{tmp_path}/again'""")
    assert done.returncode == 1 and "Read-only file system" in done.stderr, done.stderr
