"""A data directory on a file system of a few MiB that fills up while clients push: what is refused
says why and is not there, what was acknowledged stays, and with space the same server goes on."""

import pathlib
import shutil
import subprocess

import grpc
import pytest

import harness
import kill_world
import ledger as ledgers
import stubs as generated
from stored import Stored, check_chain

MIB = 1 << 20
# What one push of the test holds: some 8 bytes of each of its figures, as sevenths have no few decimals.
DAYS = 20_000


@pytest.fixture
def disk(tmp_path):
    """A command that mounts a small file system at the data directory, for the server alone."""
    own_mounts = ["unshare", "--user", "--map-root-user", "--mount"]
    tried = subprocess.run([*own_mounts, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"user namespaces are off on this machine: {tried.stderr.strip()}")
    folder = tmp_path / "small"
    folder.mkdir()
    return folder, [*own_mounts, "sh", "-c", 'mount -t tmpfs -o size=24m tmpfs "$0" && exec "$@"', folder]


def push(api, number):
    """Figures of a series of its own, all of them telling the number."""
    return api.push("datasets/days", columns=[api.v1.ObservationColumns(
        dimensions={"series": f"s{number}"}, periods=range(DAYS), values=[number + day / 7 for day in range(DAYS)])])


def numbers(api):
    """Of the series that are there; each must be whole."""
    found = {}
    for one in kill_world.read_series(api, "datasets/days")[0]:
        found.setdefault(int(one.dimensions["series"][1:]), []).extend(one.values)
    for number, values in found.items():
        assert values == [number + day / 7 for day in range(DAYS)], number
    return set(found)


def push_until_full(api, first):
    """The numbers that were acknowledged; the next was refused for want of space."""
    for number in range(first, first + 100):
        try:
            push(api, number)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE
            assert api.error_info(error).reason == "STORE_FULL", error.details()
            return set(range(first, number))
    raise AssertionError("the disk was never full")


def test_a_full_disk_loses_nothing_and_needs_no_restart(start, stubs, disk, tmp_path):
    folder, under = disk
    server = start(data_dir=folder, under=under).start()
    # What the server sees there, seen from outside.
    inside = pathlib.Path(f"/proc/{server.process.pid}/root{folder}")
    with generated.Api(stubs, server.address) as api:
        api.create("Dataset", {"datasetId": "days", "dataset": {
            "displayName": "Days", "unit": "vehicles", "frequency": "FREQUENCY_DAY",
            "accumulation": "ACCUMULATION_FLOW", "dimensions": [{"id": "series"}]}})
        api.create("Indicator", {"indicatorId": "level", "indicator": {
            "displayName": "Level", "plugin": "plugins/level", "groupBy": ["series"],
            "inputs": [{"slot": "value", "source": "datasets/days"}]}})
        ballast = inside / "ballast"
        # Of which 12 are left at the end: room for what is computed of all that was pushed,
        # if nothing of it was before.
        ballast.write_bytes(bytes(18 * MIB))
        there, first = set(), 0
        for _ in range(2):
            acknowledged = push_until_full(api, first)
            there |= acknowledged
            first = max(there, default=first) + 2  # the refused number never comes again
            # It stays full: refused again, whatever is asked for, and reads go on.
            with pytest.raises(grpc.RpcError) as caught:
                push(api, first + 1000)
            assert api.error_info(caught.value).reason == "STORE_FULL"
            assert numbers(api) == there
            with ballast.open("r+b") as file:
                file.truncate(max(0, ballast.stat().st_size - 3 * MIB))
            # With space the same server goes on.
            push(api, first)
            there.add(first)
            first += 1
            assert numbers(api) == there
        assert len(there) > 2
        ballast.unlink()
        revision = push(api, first).revision
        there.add(first)
        # What waited for space was evaluated too.
        answer = api.observation.ReadSeries(api.v1.ReadSeriesRequest(
            parent="indicators/level", at_least_revision=revision, page_size=1), timeout=harness.CALL_SECONDS)
        assert not answer.evaluation.failure_reason
        assert numbers(api) == there
        check_chain(ledgers.list_commits(api)[0])
        copy = shutil.copytree(inside, tmp_path / "copy")
    Stored(copy).verify()
    assert server.stop() == 0
