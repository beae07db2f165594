"""Random pushes of rows and columns into many datasets against a model of what a push must do."""

import collections
import os
import random
import uuid

import grpc
import pytest

import kill_world
import push_model
from harness import CALL_SECONDS

ROUNDS = 600
COUNTS = ("created", "revised", "unchanged", "deleted", "rejected")


@pytest.fixture
def rng():
    seed = int(os.environ.get("POLICYTRACK_PUSH_SEED") or random.randrange(1_000_000))
    print(f"POLICYTRACK_PUSH_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def datasets(api):
    for name, model in push_model.DATASETS.items():
        api.create("Dataset", model.json(name.split("/")[1]))
    return api


def send(api, push, **options):
    return api.observation.PushObservations(push.requests(api.v1, api.v1.PushOptions(**options)),
                                            timeout=CALL_SECONDS)


def counts_of(answer):
    return {name: getattr(answer, f"{name}_count") for name in COUNTS}


def head(api):
    return api.event.ListCommits(api.v1.ListCommitsRequest(page_size=1), timeout=CALL_SECONDS).commits[0]


def figures(api, **arguments):
    found = {}
    for name, model in push_model.DATASETS.items():
        for one in kill_world.read_series(api, name, **arguments)[0]:
            key = tuple(one.dimensions[id_] for id_ in model.dimensions)
            statuses = one.statuses or [1] * len(one.periods)
            for at, (period, value, status) in enumerate(zip(one.periods, one.values, statuses)):
                found[name, key, period] = push_model.Stored(value, status, at in one.break_indexes)
    return found


def check_refused(api, push, refused, rows, options):
    """An atomic push with refused rows, or with a dataset that is not there, is refused whole."""
    with pytest.raises(grpc.RpcError) as caught:
        send(api, push, **options)
    info = api.error_info(caught.value)
    if any(row[0] not in push_model.DATASETS for row in rows) or any(
            dataset not in push_model.DATASETS for dataset, _, _ in push.messages):
        assert (caught.value.code(), info.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
        return
    assert (caught.value.code(), info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "ROWS_INVALID")
    assert info.metadata["rejected_count"] == str(len(refused))
    assert (info.metadata["row"], info.metadata["field"]) == (str(refused[0].row), refused[0].field)
    assert f"{len(refused)} of {len(rows)} rows refused" in caught.value.details()


def check_answer(answer, counts, refused, rows):
    total = sum(counts.values(), collections.Counter())
    assert counts_of(answer) == {**{name: total[name] for name in COUNTS}, "rejected": len(refused)}
    assert sum(counts_of(answer).values()) == len(rows)
    assert [push_model.Refused(error.row, error.reason, error.field) for error in answer.row_errors] == refused


def check_commit(commit, revision, counts):
    assert commit.revision == revision
    wanted = {name: tuple(count[kind] for kind in ("created", "revised", "deleted"))
              for name, count in counts.items()}
    assert {change.name: (change.created_count, change.revised_count, change.deleted_count)
            for change in commit.changes} == {name: count for name, count in wanted.items() if any(count)}


def check_repeated(api, push, request_id, partial, answer):
    """The same rows in another order give the first answer."""
    again = send(api, push.shuffled(), request_id=request_id, return_partial_success=partial)
    assert again.replayed and not answer.replayed
    assert (again.revision, counts_of(again)) == (answer.revision, counts_of(answer))


def test_random_pushes_do_what_the_model_says(datasets, rng, capsys):
    api, model = datasets, push_model.Model()
    states = {head(api).revision: {}}
    seen = collections.Counter()
    for _ in range(ROUNDS):
        partial, dry = rng.random() < 0.6, rng.random() < 0.25
        push = push_model.RandomPush(rng, unknown_dataset=rng.random() < 0.2)
        rows = push.rows()
        counts, refused, after = model.push(rows)
        before = head(api)
        request_id = str(uuid.UUID(int=rng.getrandbits(128))) if rng.random() < 0.5 else ""
        options = {"request_id": request_id, "return_partial_success": partial, "validate_only": dry}
        unknown = any(dataset not in push_model.DATASETS for dataset, _, _ in push.messages)
        if not partial and (refused or unknown):
            check_refused(api, push, refused, rows, options)
            assert head(api) == before
            seen["refused"] += 1
            continue
        answer = send(api, push, **options)
        check_answer(answer, counts, refused, rows)
        seen.update(counts_of(answer))
        if dry or after == model.figures:
            assert answer.revision == before.revision and head(api) == before
            seen["dry" if dry else "nothing"] += 1
        else:
            assert answer.revision == before.revision + 1
            check_commit(head(api), answer.revision, counts)
            model.figures = after
            states[answer.revision] = after
        assert figures(api) == model.figures
        if request_id and not refused and not dry:
            check_repeated(api, push, request_id, partial, answer)
            seen["repeated"] += 1
    for revision, state in rng.sample(sorted(states.items()), 30):
        assert figures(api, as_of=api.v1.AsOf(revision=revision)) == state
    with capsys.disabled():
        print(dict(seen), flush=True)
    # Random pushes that never came to one of these would prove little.
    assert all(seen[kind] >= 5 for kind in (*COUNTS, "refused", "dry", "nothing", "repeated")), seen


def test_of_very_many_refused_rows_the_first_are_named(datasets):
    """Rows that contradict earlier ones are found last and come all over the stream."""
    api, rows = datasets, []
    for number in range(600):
        kind = f"k{number}"
        good = ("datasets/quarter", {"region": "A", "kind": kind}, "2024-Q1", 1.0, 0, False, False)
        rows += [good, (*good[:3], 2.0, *good[4:]), (*good[:2], "x", *good[3:])]
    push = push_model.RandomPush(random.Random(0), False)
    push.messages = [("datasets/quarter", rows, [])]
    counts, refused, _ = push_model.Model().push(rows)
    assert len(refused) == 1200
    answer = send(api, push, return_partial_success=True, validate_only=True)
    assert counts_of(answer)["created"] == counts["datasets/quarter"]["created"] == 600
    assert answer.rejected_count == 1200
    assert [push_model.Refused(error.row, error.reason, error.field) for error in answer.row_errors] == refused[:1000]
