"""What docs/storage-format.md says of the layouts of points and of the schemas, by a reader that has
nothing else: of the files that the tests hold, of a server's database, and of an older one that a server
goes on with."""

import contextlib
import pathlib
import shutil
import sqlite3
import struct
import zlib

import pytest

import harness
from data_dirs import fill, server_program
from stored import Stored, older_body_of, points_of

STORAGE = pathlib.Path(harness.ROOT, "tests/storage")
GOLDEN = {path.stem: path for path in (STORAGE / "golden").glob("*.hex")}
FROZEN = sorted((STORAGE / "frozen").glob("*.db"))


def golden(name):
    return bytes.fromhex("".join(
        line for line in GOLDEN[name].read_text().splitlines() if not line.startswith("#")))


def with_checksum(body):
    return body + struct.pack("<I", zlib.crc32(body))


def schema_of(folder):
    """From the header of the file, without SQLite."""
    return int.from_bytes((folder / "policytrack.db").read_bytes()[60:64], "big")


def versions_of(folder):
    """The layouts of points that are in a database."""
    with contextlib.closing(sqlite3.connect(folder / "policytrack.db")) as database:
        return {body[0] for table in ("chunks", "history") for body, in database.execute(f"SELECT body FROM {table}")}


@pytest.mark.parametrize("name", ["one_point", "runs", "extremes"])
def test_both_layouts_say_the_same(name):
    assert golden(name)[0] == 1 and golden(f"v2_{name}")[0] == 2
    assert points_of(golden(name)) == points_of(golden(f"v2_{name}"))
    assert older_body_of(points_of(golden(f"v2_{name}")))[0] == 1
    assert points_of(older_body_of(points_of(golden(name)))) == points_of(golden(name))


@pytest.mark.parametrize("name, values", [
    ("decimals", [-1.05, 103.47, 12.5, 99.99, 0, -0.01]),
    ("constant", [2.5] * 9),
    ("widest", [1 - 2.0 ** 51, 2.0 ** 51 - 1, 0, -1]),
    ("at_the_bound", [2.0 ** 51, 0.5]),
    ("most_decimals", [1e-15, -0.1, (2.0 ** 51 - 1) / 1e15]),
    ("too_many_decimals", [1e-16, -0.1]),
    ("no_common_power", [1e-15, 3]),
    ("nearly_a_decimal", [0.1, 0.1 + 2.0 ** -56]),
])
def test_values_are_those_that_were_written(name, values):
    assert [point.value for point in points_of(golden(f"v2_{name}"))] == values


def test_the_examples_of_the_page_are_bodies():
    page = pathlib.Path(harness.ROOT, "docs/storage-format.md").read_text()
    section = page[page.index("## Points"):page.index("## Changed series")]
    bodies = [bytes.fromhex("".join(line.split()[0] for line in block.splitlines() if line))
              for block in section.split("```")[1::2]]
    assert [body[0] for body in bodies] == [2, 2, 1]
    one, three, older = map(points_of, bodies)
    assert one == older == points_of(golden("one_point"))
    assert [point[:4] for point in three] == [(-3, 1.5, 0, 300), (-2, 2.5, 0, 300), (200, -1, 3, 2)]


@pytest.mark.parametrize("version, rest", [
    (0, "01 02 00 02 01 00 0100 010a"),
    (3, "01 02 00 02 01 00 0100 010a"),
    (2, "01 02 10 02 01 00 0100 010a"),  # sixteen decimals
    (2, "01 02 00 02 00 00 0100 010a"),  # no bits
    (2, "01 02 00 02 01 02 0100 010a"),  # bits to spare
    (2, "01 02 00 02 01 00 0100 0101"),  # revision -1
    (2, "02 02 0100 00 02 01 02 0200 020a"),  # the same period twice
    (2, "01 02 00 02 01 00 0100 010a 00"),  # a byte after the end
])
def test_the_reader_refuses_what_breaks_a_rule(version, rest):
    assert points_of(with_checksum(bytes.fromhex("02 01 02 00 02 01 00 0100 010a"))), "the control"
    with pytest.raises(AssertionError):
        points_of(with_checksum(bytes([version]) + bytes.fromhex(rest)))


@pytest.mark.parametrize("frozen", FROZEN, ids=lambda path: path.stem)
def test_databases_of_every_schema_verify(tmp_path, frozen):
    shutil.copy(frozen, tmp_path / "policytrack.db")
    assert schema_of(tmp_path) == int(frozen.stem.removeprefix("schema"))
    Stored(tmp_path).verify()


def test_a_server_goes_on_with_an_older_database(start):
    server = start().start()
    fill(server)
    assert server.stop() == 0
    folder = server.data_dir
    assert versions_of(folder) == {2}
    # As a program of schema 1 would have written it.
    with contextlib.closing(sqlite3.connect(folder / "policytrack.db")) as database, database:
        for table in ("chunks", "history"):
            for row, body in database.execute(f"SELECT rowid, body FROM {table}").fetchall():
                database.execute(f"UPDATE {table} SET body = ? WHERE rowid = ?",
                                 (older_body_of(points_of(body)), row))
        database.execute("PRAGMA user_version = 1")
    older = Stored(folder)
    older.verify()
    before = (folder / "policytrack.db").read_bytes()
    done = server_program("--verify", "--data-dir", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "policytrack.db").read_bytes() == before, "a check has changed it"

    server = start(data_dir=folder).start()
    assert schema_of(folder) == 2, "an older program would not see it after a kill"
    assert [row["value"] for row in server.observations("datasets/paths-km")] == [100, 110, 121]
    pushed = server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", {
        "dataset": "datasets/paths-km", "rows": [{"period": "2600", "value": 12.5}]})["revision"]
    server.client_ok("report", "plans/paths", "--wait", pushed)
    assert "no damage" in server.client_ok("verify")
    assert server.stop() == 0
    assert schema_of(folder) == 2
    assert versions_of(folder) == {1, 2}
    mixed = Stored(folder)
    mixed.verify()
    assert mixed.commits[:len(older.commits)] == older.commits
    assert mixed.present("datasets/paths-km")[("", "")] == {2020: 100, 2021: 110, 2022: 121, 2600: 12.5}
