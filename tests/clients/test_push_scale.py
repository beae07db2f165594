"""A push as large as one may be: what it takes of the server's memory, and that all of it is there."""

import pathlib
import re
import time

import kill_world
import stubs as generated
from harness import CALL_SECONDS

SERIES, DAYS = 50, 100_000
# Of a push of 5 million observations; it is what the server holds at its peak with all else.
MOST_MIB = 700


def memory_kib(server, what):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")
    return int(re.search(rf"{what}:\s+(\d+) kB", status).group(1))


def column(v1, number):
    return v1.ObservationColumns(dimensions={"series": f"s{number:02}"}, periods=range(DAYS),
                                 values=[number * DAYS + day + 0.25 for day in range(DAYS)])


def test_five_million_observations_in_one_push(server, api, capsys):
    v1 = api.v1
    api.create("Dataset", {"datasetId": "days", "dataset": {
        "displayName": "Days", "unit": "vehicles", "frequency": "FREQUENCY_DAY",
        "accumulation": "ACCUMULATION_FLOW", "dimensions": [{"id": "series"}]}})
    # What the server takes for pushes at all, whatever their size.
    api.push("datasets/days", columns=[v1.ObservationColumns(dimensions={"series": "_T"}, periods=[1], values=[1])])
    before = memory_kib(server, "VmHWM")

    def messages():
        for number in range(SERIES):
            yield v1.PushObservationsRequest(dataset="datasets/days", columns=[column(v1, number)])

    begin = time.monotonic()
    answer = api.observation.PushObservations(messages(), timeout=10 * CALL_SECONDS)
    took = time.monotonic() - begin
    peak = memory_kib(server, "VmHWM")
    points = SERIES * DAYS
    with capsys.disabled():
        print(f"{points} observations in {took:.1f} s: from {before >> 10} to {peak >> 10} MiB at the peak, "
              f"{(peak - before) * 1024 / points:.0f} bytes an observation", flush=True)
    counts = {name: getattr(answer, f"{name}_count")
              for name in ("created", "revised", "unchanged", "deleted", "rejected")}
    assert counts == {"created": points, "revised": 0, "unchanged": 0, "deleted": 0, "rejected": 0}
    commit = api.event.GetCommit(v1.GetCommitRequest(name=f"commits/{answer.revision}"), timeout=CALL_SECONDS)
    assert [(change.name, change.created_count) for change in commit.changes] == [("datasets/days", points)]
    assert peak <= MOST_MIB << 10

    # Each value is of its series and day alone: some series stand for all.
    for number in (0, 23, SERIES - 1):
        series, _ = kill_world.read_series(api, "datasets/days", filter=f'dimensions.series = "s{number:02}"')
        wanted = column(v1, number)
        assert [period for part in series for period in part.periods] == list(wanted.periods)
        assert [value for part in series for value in part.values] == list(wanted.values)
        assert {revision for part in series for revision in part.revisions} == {answer.revision}
    # The same once more is found to be there, and nothing is written.
    again = api.observation.PushObservations(messages(), timeout=10 * CALL_SECONDS)
    assert (again.unchanged_count, again.revision) == (points, answer.revision)
    with generated.Api(v1, server.address) as other:
        assert len(other.event.ListCommits(v1.ListCommitsRequest(), timeout=CALL_SECONDS).commits) == 3
