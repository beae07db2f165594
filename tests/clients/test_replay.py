"""A call with a request_id that is sent again after the server was stopped or killed: the first
answer for the same payload, a refusal for another, and one commit in all."""

import copy

import grpc
import pytest

import stubs as generated
import world
from harness import CALL_SECONDS

DATASET = "datasets/paths-km"


def request_id(number):
    return f"0d5c9b1e-7c0b-4f0e-8a52-{number:012x}"


def commits(api):
    return list(api.event.ListCommits(api.v1.ListCommitsRequest(page_size=1000), timeout=CALL_SECONDS).commits)


def written(api):
    """Without what evaluation writes in its own time."""
    return [commit.revision for commit in commits(api) if commit.kind != api.v1.COMMIT_KIND_EVALUATION]


def reason(api, call):
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code().name, api.error_info(caught.value).reason


@pytest.fixture(params=["stopped", "killed"])
def restarted(request, start, stubs):
    """Runs one body against a server and another against the next one on the same data."""
    def run(first, second):
        server = start().start()
        with generated.Api(stubs, server.address) as api:
            kept = first(api)
        if request.param == "killed":
            server.kill()
        else:
            assert server.stop() == 0
        with generated.Api(stubs, start(data_dir=server.data_dir).start().address) as api:
            second(api, kept)

    return run


DOCUMENTS = [(kind, {**request, "requestId": request_id(number)})
             for number, (kind, request) in enumerate(world.DOCUMENTS)]


def test_a_create_is_answered_again(restarted):
    def first(api):
        answers = [api.create(*document) for document in DOCUMENTS]
        # What became of a document since does not change what its creation was answered.
        plan = api.v1.Plan(name="plans/paths", display_name="Other name")
        api.plan.UpdatePlan(api.v1.UpdatePlanRequest(plan=plan), timeout=CALL_SECONDS)
        api.measure.DeleteMeasure(api.v1.DeleteMeasureRequest(name="measures/build-paths"), timeout=CALL_SECONDS)
        return answers, written(api)

    def second(api, kept):
        answers, revisions = kept
        for (kind, request), answer in zip(DOCUMENTS, answers):
            assert api.create(kind, request) == answer
            other = copy.deepcopy(request)
            other[kind.lower()]["displayName"] += " too"
            assert reason(api, lambda: api.create(kind, other)) == ("INVALID_ARGUMENT", "REQUEST_ID_REUSED")
            other = {**request, f"{kind.lower()}Id": "another"}
            assert reason(api, lambda: api.create(kind, other)) == ("INVALID_ARGUMENT", "REQUEST_ID_REUSED")
            # Without the id it is a new call.
            other = {**request, "requestId": ""}
            assert reason(api, lambda: api.create(kind, other)) == ("ALREADY_EXISTS", "RESOURCE_EXISTS")
        assert written(api) == revisions
        # An id is of one method: that of a plan is free for a push, as a client may well draw them.
        assert not api.push(DATASET, [("2020", 1.0)], request_id=request_id(0)).replayed

    restarted(first, second)


def test_a_push_is_answered_again(restarted):
    rows = [("2020", 1.0), ("2021", 2.0), ("2022", 3.0)]

    def first(api):
        for document in DOCUMENTS:
            api.create(*document)
        answer = api.push(DATASET, rows, request_id=request_id(1))
        assert not answer.replayed and answer.created_count == 3
        # Its figures are others by now.
        api.push(DATASET, [("2021", 20.0)])
        # Neither a refused push nor one that only asked takes an id.
        assert reason(api, lambda: api.push(DATASET, [("x", 1.0)], request_id=request_id(2)))[1] == "ROWS_INVALID"
        api.push(DATASET, [("2023", 1.0)], request_id=request_id(2), validate_only=True)
        api.push(DATASET, [("2023", 1.0), ("x", 1.0)], request_id=request_id(2), return_partial_success=True)
        # A push that changed nothing was answered too.
        nothing = api.push(DATASET, rows[:1], request_id=request_id(3))
        assert nothing.unchanged_count == 1 and nothing.revision >= written(api)[0]
        return answer, nothing, written(api)

    def second(api, kept):
        answer, nothing, revisions = kept
        columns = api.v1.ObservationColumns(periods=[2021, 2022], values=[2, 3])
        for again in (api.push(DATASET, rows, request_id=request_id(1)),
                      api.push(DATASET, rows[::-1], request_id=request_id(1)),
                      api.push(DATASET, rows[:1], [columns], request_id=request_id(1))):
            assert again.replayed
            again.replayed = False
            assert again == answer
        for other in (rows[:2], [*rows, ("2024", 1.0)], [("2020", 1.5), *rows[1:]]):
            assert reason(api, lambda: api.push(DATASET, other, request_id=request_id(1))) == (
                "INVALID_ARGUMENT", "REQUEST_ID_REUSED")
        again = api.push(DATASET, rows[:1], request_id=request_id(3))
        assert again.replayed and again.revision == nothing.revision
        assert written(api) == revisions
        found = api.observation.ListObservations(api.v1.ListObservationsRequest(parent=DATASET), timeout=CALL_SECONDS)
        assert [row.value for row in found.observations] == [1, 20, 3, 1]
        assert not api.push(DATASET, [("2025", 1.0)], request_id=request_id(2)).replayed

    restarted(first, second)


def test_a_create_that_wrote_nothing_takes_no_id(restarted):
    plan = {**world.PLAN, "requestId": request_id(7)}

    def first(api):
        assert api.create("Plan", {**plan, "validateOnly": True}).name == "plans/paths"
        bad = {**plan, "plan": {}}
        assert reason(api, lambda: api.create("Plan", bad)) == ("INVALID_ARGUMENT", "FIELD_REQUIRED")
        assert written(api) == []

    def second(api, _):
        assert api.create("Plan", plan).revision == 1
        assert api.create("Plan", plan).revision == 1
        # That it was asked before whether it would do is another payload now.
        dry = {**plan, "validateOnly": True}
        assert reason(api, lambda: api.create("Plan", dry)) == ("INVALID_ARGUMENT", "REQUEST_ID_REUSED")

    restarted(first, second)
