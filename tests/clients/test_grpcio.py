"""Python with code generated from the contract: what needs a program rather than a command line."""

import concurrent.futures
import datetime
import threading

import grpc
import pytest

import stubs as generated
import world
from harness import CALL_SECONDS

DATASET = "datasets/paths-km"
create = generated.Api.create


@pytest.fixture
def filled(api):
    """The client, with the documents of the small plan created."""
    for kind, request in (*world.DOCUMENTS, ("Indicator", world.GROWTH)):
        create(api, kind, request)
    return api


def rows_of(api, parent=DATASET, **arguments):
    request = api.v1.ListObservationsRequest(parent=parent, **arguments)
    return api.observation.ListObservations(request, timeout=CALL_SECONDS)


def pairs(answer):
    return [(row.period, row.value) for row in answer.observations]


def commits(api, filter_="kind != COMMIT_KIND_EVALUATION"):
    request = api.v1.ListCommitsRequest(filter=filter_, page_size=1000)
    return list(api.event.ListCommits(request, timeout=CALL_SECONDS).commits)


def present_revision(api):
    return commits(api, "")[0].revision


def refusal(call, code):
    with pytest.raises(grpc.RpcError) as caught:
        call()
    assert caught.value.code() == code, caught.value
    return caught.value


def counts(answer):
    return {name: getattr(answer, f"{name}_count")
            for name in ("created", "revised", "unchanged", "deleted", "rejected")
            if getattr(answer, f"{name}_count")}


def test_rows_and_columns_of_one_stream(filled):
    v1 = filled.v1
    columns = v1.ObservationColumns(periods=[2021, 2022], values=[110, 121], break_indexes=[1],
                                    statuses=[v1.OBSERVATION_STATUS_PROVISIONAL, v1.OBSERVATION_STATUS_ESTIMATED])
    answer = filled.push(DATASET, [("2020", 100.0)], [columns])
    assert counts(answer) == {"created": 3}
    rows = rows_of(filled).observations
    assert [(row.period, row.value, row.status, row.series_break) for row in rows] == [
        ("2020", 100, v1.OBSERVATION_STATUS_NORMAL, False),
        ("2021", 110, v1.OBSERVATION_STATUS_PROVISIONAL, False),
        ("2022", 121, v1.OBSERVATION_STATUS_ESTIMATED, True)]
    series = filled.observation.ReadSeries(v1.ReadSeriesRequest(parent=DATASET), timeout=CALL_SECONDS).series
    assert len(series) == 1
    assert list(series[0].periods) == [2020, 2021, 2022]
    assert list(series[0].values) == [100, 110, 121]
    assert list(series[0].break_indexes) == [2]
    assert list(series[0].revisions) == [answer.revision] * 3


def test_what_a_second_push_did_is_counted(filled):
    filled.push(DATASET, [("2020", 100.0), ("2021", 110.0), ("2022", 121.0)])
    before = present_revision(filled)
    unchanged = filled.push(DATASET, [("2020", 100.0), ("2021", 110.0)])
    assert counts(unchanged) == {"unchanged": 2}
    mixed = filled.push(DATASET, [("2020", 100.0), ("2021", 111.0), ("2023", 130.0),
                                  filled.v1.Observation(period="2022", deleted=True)])
    assert counts(mixed) == {"unchanged": 1, "revised": 1, "created": 1, "deleted": 1}
    assert pairs(rows_of(filled)) == [("2020", 100), ("2021", 111), ("2023", 130)]
    assert mixed.revision > before
    assert len(commits(filled, "kind = COMMIT_KIND_PUSH")) == 2


def test_one_bad_row_and_nothing_is_written(filled):
    before = commits(filled)
    error = refusal(lambda: filled.push(DATASET, [("2020", 100.0), ("2021-05", 1.0), ("2022", float("inf"))]),
                    grpc.StatusCode.INVALID_ARGUMENT)
    info = filled.error_info(error)
    assert info.reason == "ROWS_INVALID"
    assert info.metadata
    assert "2021-05" in error.details()
    assert commits(filled) == before
    assert pairs(rows_of(filled)) == []


def test_errors_name_what_they_are_about(filled):
    v1 = filled.v1
    error = refusal(lambda: filled.plan.GetPlan(v1.GetPlanRequest(name="plans/none"), timeout=CALL_SECONDS),
                    grpc.StatusCode.NOT_FOUND)
    info = filled.error_info(error)
    assert (info.reason, info.metadata["resource"]) == ("RESOURCE_NOT_FOUND", "plans/none")
    error = refusal(lambda: filled.plan.ListPlans(v1.ListPlansRequest(page_size=-1), timeout=CALL_SECONDS),
                    grpc.StatusCode.INVALID_ARGUMENT)
    info = filled.error_info(error)
    assert (info.reason, info.metadata["field"]) == ("FIELD_INVALID", "page_size")


def test_partial_success_writes_the_good_rows_and_names_the_others(filled):
    rows = [("2020", 100.0), ("20x0", 1.0), ("2021", 110.0), filled.v1.Observation(period="2022"),
            filled.v1.Observation(period="2023", value=1, dimensions={"city": "a"})]
    dry = filled.push(DATASET, rows, return_partial_success=True, validate_only=True)
    assert counts(dry) == {"created": 2, "rejected": 3}
    assert pairs(rows_of(filled)) == []
    answer = filled.push(DATASET, rows, return_partial_success=True)
    assert counts(answer) == {"created": 2, "rejected": 3}
    assert list(answer.row_errors) == list(dry.row_errors)
    assert [(error.row, error.reason, error.field) for error in answer.row_errors] == [
        (1, "FIELD_INVALID", "period"), (3, "FIELD_REQUIRED", "value"), (4, "FIELD_INVALID", "dimensions.city")]
    assert all(error.message for error in answer.row_errors)
    assert pairs(rows_of(filled)) == [("2020", 100), ("2021", 110)]


def test_one_row_twice_with_two_values_is_refused(filled):
    error = refusal(lambda: filled.push(DATASET, [("2020", 1.0), ("2020", 2.0)]),
                    grpc.StatusCode.INVALID_ARGUMENT)
    assert filled.error_info(error).reason == "ROWS_INVALID"
    assert pairs(rows_of(filled)) == []


def test_as_of_a_revision_and_as_of_a_time(filled):
    v1 = filled.v1
    first = filled.push(DATASET, [("2020", 100.0)])
    second = filled.push(DATASET, [("2020", 101.0)])
    times = {commit.revision: commit.time for commit in commits(filled)}
    assert pairs(rows_of(filled)) == [("2020", 101)]
    for revision, value in ((first.revision, 100), (second.revision, 101)):
        assert pairs(rows_of(filled, as_of=v1.AsOf(revision=revision))) == [("2020", value)]
        assert pairs(rows_of(filled, as_of=v1.AsOf(time=times[revision]))) == [("2020", value)]
    assert pairs(rows_of(filled, as_of=v1.AsOf(revision=first.revision - 1))) == []
    early = v1.AsOf()
    early.time.FromDatetime(datetime.datetime(2000, 1, 1))
    error = refusal(lambda: rows_of(filled, as_of=early), grpc.StatusCode.INVALID_ARGUMENT)
    assert filled.error_info(error).reason == "FIELD_INVALID"


def test_at_least_revision_waits_for_evaluation(filled):
    for value in (110.0, 120.0, 130.0):
        pushed = filled.push(DATASET, [("2020", 100.0), ("2021", value)])
        answer = rows_of(filled, "indicators/paths-growth", at_least_revision=pushed.revision)
        assert [(row.period, row.value) for row in answer.observations if row.HasField("value")] == [
            ("2021", pytest.approx(value - 100, abs=1e-9))]
        assert answer.evaluation.input_revision >= pushed.revision
        assert answer.evaluation.plugin == "plugins/growth"
        assert len(answer.evaluation.plugin_digest) == 64


def test_at_least_revision_of_the_future_is_refused_or_ends(filled):
    with pytest.raises(grpc.RpcError) as caught:
        rows_of(filled, "indicators/paths-growth", at_least_revision=1_000_000)
    error = caught.value
    assert error.code() in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.INVALID_ARGUMENT)
    assert filled.error_info(error).reason in ("EVALUATION_BEHIND", "FIELD_INVALID")


def half_a_push(api, period, closed):
    """Starts a push of one row that is not closed; gives the call when the row is on its way."""
    sent = threading.Event()

    def messages():
        yield api.v1.PushObservationsRequest(
            dataset=DATASET, rows=[api.v1.Observation(period=period, value=1)])
        sent.set()
        closed.wait(CALL_SECONDS)

    call = api.observation.PushObservations.future(messages(), timeout=CALL_SECONDS)
    assert sent.wait(CALL_SECONDS)
    return call


@pytest.mark.parametrize("way", ["cancelled", "disconnected"])
def test_a_client_that_vanishes_in_the_middle_leaves_nothing(filled, server, way):
    """Many times: whether the server sees the row, the end or the loss first is chance."""
    before = commits(filled)
    closed = threading.Event()
    calls = []
    for number in range(40):
        with generated.Api(filled.v1, server.address, [("grpc.use_local_subchannel_pool", 1)]) as gone:
            calls.append(half_a_push(gone, str(1900 + number), closed))
            if way == "cancelled":
                calls[-1].cancel()
                # Its connection still lives: the next call on it comes after the cancellation.
                commits(gone)
    closed.set()
    assert all(call.code() is not grpc.StatusCode.OK for call in calls)
    # A later push comes through the same writer, so that nothing of the first is still on its way.
    filled.push(DATASET, [("2022", 3.0)])
    assert pairs(rows_of(filled)) == [("2022", 3)]
    assert len(commits(filled)) == len(before) + 1


@pytest.mark.parametrize("before", [0, 1, 3])
def test_a_message_above_4_mib_is_refused_with_all_before_it(filled, before):
    v1 = filled.v1
    count = 400_000
    columns = v1.ObservationColumns(periods=range(count), values=[1.5] * count)
    messages = [v1.PushObservationsRequest(dataset=DATASET, rows=[v1.Observation(period=str(2020 + n), value=n)])
                for n in range(before)]
    messages.append(v1.PushObservationsRequest(dataset=DATASET, columns=[columns]))
    for _ in range(5):
        refusal(lambda: filled.observation.PushObservations(iter(messages), timeout=CALL_SECONDS),
                grpc.StatusCode.RESOURCE_EXHAUSTED)
    filled.push(DATASET, [("2030", 3.0)])
    assert pairs(rows_of(filled)) == [("2030", 3)]


@pytest.mark.parametrize("method, request_", [
    ("PlanService/GetPlan", b"\x0a\x08plans/\xff\xfe"),
    ("PlanService/CreatePlan", b"\x0a\x01x\x12\x04\x12\x02\xc3\x28"),
    ("PlanService/GetPlan", b"\x0a\x7fcut"),
    ("ObservationService/ListObservations", b"\xff" * 100),
], ids=["name", "text", "cut", "noise"])
def test_bytes_that_are_no_message_are_refused(filled, method, request_):
    before = commits(filled)
    call = filled.channel.unary_unary(f"/policytrack.v1.{method}")
    with pytest.raises(grpc.RpcError) as caught:
        call(request_, timeout=CALL_SECONDS)
    assert caught.value.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.INTERNAL), caught.value
    assert commits(filled) == before


def test_rows_that_are_no_utf8_are_refused(filled):
    v1 = filled.v1
    good = v1.PushObservationsRequest(dataset=DATASET, rows=[v1.Observation(period="2020", value=1)])
    bad = good.SerializeToString().replace(b"2020", b"\xff\xfe20")
    call = filled.channel.stream_unary("/policytrack.v1.ObservationService/PushObservations")
    with pytest.raises(grpc.RpcError) as caught:
        call(iter([good.SerializeToString(), bad]), timeout=CALL_SECONDS)
    assert caught.value.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.INTERNAL), caught.value
    assert pairs(rows_of(filled)) == []


def test_parallel_pushes_have_a_revision_each_without_gaps(filled):
    count = 30
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        revisions = list(pool.map(lambda n: filled.push(DATASET, [(str(1900 + n), float(n))]).revision,
                                  range(count)))
    assert len(set(revisions)) == count
    assert pairs(rows_of(filled)) == [(str(1900 + n), n) for n in range(count)]
    history = commits(filled, "")
    assert [commit.revision for commit in history] == list(range(history[0].revision, 0, -1))
    assert all(earlier.time.ToNanoseconds() <= later.time.ToNanoseconds()
               for later, earlier in zip(history, history[1:]))
    assert len({commit.chain_digest for commit in history}) == len(history)
    by_revision = {commit.revision: commit for commit in history}
    for revision in revisions:
        commit = by_revision[revision]
        assert [(change.name, change.created_count) for change in commit.changes] == [(DATASET, 1)]


def test_one_request_id_in_parallel_is_one_commit(filled):
    request_id = "0d5c9b1e-7c0b-4f0e-8a52-6f4f4b8b7a11"
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(filled.push, DATASET, [("2020", 1.0), ("2021", 2.0)], request_id=request_id)
                 for _ in range(8)]
    answers = []
    for call in calls:
        try:
            answers.append(call.result())
        except grpc.RpcError as error:
            # One that comes while the first still runs may be told so.
            assert error.code() == grpc.StatusCode.ABORTED, error
            assert filled.error_info(error).reason == "REQUEST_IN_PROGRESS"
    assert [counts(answer) for answer in answers] == [{"created": 2}] * len(answers)
    assert len({answer.revision for answer in answers}) == 1
    assert [answer.replayed for answer in answers].count(False) == 1
    assert len(commits(filled, "kind = COMMIT_KIND_PUSH")) == 1


def test_one_name_created_in_parallel_is_created_once(filled):
    def attempt(number):
        try:
            return create(filled, "Plan", {"planId": "one", "plan": {"displayName": f"Plan {number}"}}).display_name
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.ALREADY_EXISTS, error
            assert filled.error_info(error).reason == "RESOURCE_EXISTS"
            return None

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        names = [name for name in pool.map(attempt, range(8)) if name]
    assert len(names) == 1
    plan = filled.plan.GetPlan(filled.v1.GetPlanRequest(name="plans/one"), timeout=CALL_SECONDS)
    assert plan.display_name == names[0]


def test_readers_see_whole_commits_only(filled):
    """One writer pushes pairs of equal values; no reader may ever see two that differ."""
    stop = threading.Event()

    def read_pairs():
        seen = 0
        while not stop.is_set():
            values = {row.value for row in rows_of(filled).observations}
            assert len(values) <= 1, values
            seen += 1
        return seen

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read_pairs) for _ in range(3)]
        try:
            for value in range(60):
                filled.push(DATASET, [("2020", float(value)), ("2021", float(value))])
        finally:
            stop.set()
        assert all(reader.result() > 0 for reader in readers)
