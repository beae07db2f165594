"""Backup and restore with the programs; the commands of docs/operating.md; and what a server says of a data
directory that it cannot use. Check and salvage: test_damage.py."""

import concurrent.futures
import datetime
import fcntl
import itertools
import os
import re
import sqlite3
import threading

import grpc
import pytest

import harness
import stubs as generated
from data_dirs import fill, server_program
from stored import Stored, check_chain

DOCUMENT = harness.ROOT / "docs/operating.md"
BIN = harness.SERVER.parent.resolve()
EVENTS = "policytrack.v1.EventService"


def chain_at(server, revision):
    return server.grpcurl_ok(f"{EVENTS}/GetCommit", {"name": f"commits/{revision}"})["chainDigest"]


def said(text, word):
    """The digest that a line of a program gives."""
    return re.search(rf"^{word} ([0-9a-f]{{64}})", text, re.M).group(1)


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
    assert not (tmp_path / "data").exists()
    assert server_program(*restore, "--expect-chain", chains[1]).returncode == 0
    done = server_program(*restore)
    assert done.returncode == 1 and "has a database already" in done.stderr, done.stderr
    for flags in (["--expect-chain", chains[0]], [*restore, "--verify"], [*restore, "--expect-chain", "xyz"]):
        assert server_program("--data-dir", tmp_path / "other", *flags).returncode == 2, flags


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
