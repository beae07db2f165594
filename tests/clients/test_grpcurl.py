"""grpcurl without any file of ours: what it lists, creates, pushes and reads, and how it ends on bad
input. Its exit code is 64 and the code of the answer."""

import json

import pytest

import world
from harness import CODES

V1 = "policytrack.v1."
SERVICES = [V1 + noun + "Service" for noun in
            ("Dataset", "Event", "Indicator", "Measure", "Observation", "Plan", "Plugin", "Progress",
             "Script")]


@pytest.fixture
def filled(server):
    for kind, request in world.DOCUMENTS:
        server.grpcurl_ok(f"{V1}{kind}Service/Create{kind}", request)
    return server


def refused(server, method, request, code, reason):
    """The message of a refusal by that code and reason, which must stand alone."""
    done = server.grpcurl(V1 + method, request, flags=("-format-error",))
    assert done.returncode == 64 + CODES[code], f"{done.returncode}: {done.stdout}{done.stderr}"
    status = json.loads(done.stderr[done.stderr.index("{"):])
    assert status["code"] == CODES[code]
    infos = [detail for detail in status["details"] if detail["@type"].endswith("google.rpc.ErrorInfo")]
    assert [info["reason"] for info in infos] == [reason]
    # What a person sees who did not ask for details.
    plain = server.grpcurl(V1 + method, request).stderr
    assert status["message"] in plain
    assert len(status["message"].split()) >= 4, f"does not stand alone: {status['message']}"
    return status["message"]


def test_reflection_lists_and_describes_everything(server):
    listed = server.grpcurl("list").stdout.split()
    assert set(SERVICES) <= set(listed)
    assert "grpc.health.v1.Health" in listed
    for service in listed:
        described = server.grpcurl(f"describe {service}")
        assert described.returncode == 0, f"{service}: {described.stderr}"
        assert f"service {service.rsplit('.', 1)[1]} {{" in described.stdout
    push = server.grpcurl(f"describe {V1}ObservationService.PushObservations").stdout
    assert "stream .policytrack.v1.PushObservationsRequest" in push
    assert "optional double value = 3" in server.grpcurl(f"describe {V1}Observation").stdout


@pytest.mark.parametrize("service", ["", *SERVICES])
def test_health_of_every_service(server, service):
    answer = server.grpcurl_ok("grpc.health.v1.Health/Check", {"service": service})
    assert answer == {"status": "SERVING"}


def test_health_of_an_unknown_service_is_not_found(server):
    done = server.grpcurl("grpc.health.v1.Health/Check", {"service": V1 + "NoService"})
    assert done.returncode == 64 + CODES["NOT_FOUND"]


def test_created_documents_are_read_back(filled):
    plan = filled.grpcurl_ok(V1 + "PlanService/GetPlan", {"name": "plans/paths"})
    assert plan["displayName"] == "Cycle paths"
    assert plan["revision"] == "1"
    assert plan["etag"]
    measures = filled.grpcurl_ok(V1 + "MeasureService/ListMeasures", {"filter": 'plan = "plans/paths"'})
    assert [measure["name"] for measure in measures["measures"]] == ["measures/build-paths"]
    assert measures["measures"][0]["stage"] == "MEASURE_STAGE_IN_FORCE"


def test_push_list_and_progress(filled):
    # Two messages of one stream: the second row names no dataset and needs none.
    answer = filled.grpcurl_ok(V1 + "ObservationService/PushObservations", [
        {"dataset": "datasets/paths-km", "rows": world.ROWS[:1]}, {"rows": world.ROWS[1:]}])
    assert {key: answer[key] for key in answer if key.endswith("Count")} == {
        "createdCount": "3", "revisedCount": "0", "unchangedCount": "0", "deletedCount": "0",
        "rejectedCount": "0"}
    revision = answer["revision"]
    rows = filled.grpcurl_ok(V1 + "ObservationService/ListObservations", {"parent": "datasets/paths-km"})
    assert [(row["period"], row["value"], row["revision"]) for row in rows["observations"]] == [
        ("2020", 100, revision), ("2021", 110, revision), ("2022", 121, revision)]
    progress = filled.grpcurl_ok(V1 + "ProgressService/GetPlanProgress",
                                 {"name": "plans/paths", "atLeastRevision": revision})
    target = progress["measures"][0]["targets"][0]
    # On a straight line from 100 to 200 in ten years 120 are due after two; there are 121.
    assert target["latestValue"] == 121
    assert target["expectedValue"] == pytest.approx(120, abs=1e-9)
    assert target["status"] == "PROGRESS_STATUS_ON_TRACK"
    assert progress["counts"]["onTrack"] == 1 and progress["counts"]["noData"] == 0
    explained = filled.grpcurl_ok(V1 + "ProgressService/ExplainProgress",
                                  {"target": "measures/build-paths/targets/km-2030"})
    assert any(entry["source"] == "datasets/paths-km"
               for step in explained["steps"] for entry in step.get("inputs", []))


def test_a_plan_without_figures_says_no_data(filled):
    progress = filled.grpcurl_ok(V1 + "ProgressService/GetMeasureProgress", {"name": "measures/build-paths"})
    assert progress["status"] == "PROGRESS_STATUS_NO_DATA"
    assert progress["missing"]


BAD = [
    ("PlanService/GetPlan", {"name": "plans/none"}, "NOT_FOUND", "RESOURCE_NOT_FOUND", "plans/none"),
    ("PlanService/GetPlan", {"name": "plan/x"}, "INVALID_ARGUMENT", "NAME_INVALID", "plan/x"),
    ("PlanService/GetPlan", {}, "INVALID_ARGUMENT", "FIELD_REQUIRED", "name"),
    ("PlanService/CreatePlan", {"planId": "Bad_Id", "plan": {"displayName": "x"}},
     "INVALID_ARGUMENT", "NAME_INVALID", "Bad_Id"),
    ("PlanService/CreatePlan", {"planId": "y", "plan": {}}, "INVALID_ARGUMENT", "FIELD_REQUIRED",
     "display_name"),
    ("PlanService/CreatePlan", world.PLAN, "ALREADY_EXISTS", "RESOURCE_EXISTS", "plans/paths"),
    ("DatasetService/CreateDataset",
     {"datasetId": "d", "dataset": {**world.DATASET["dataset"], "unit": "furlongs"}},
     "INVALID_ARGUMENT", "FIELD_INVALID", "furlongs"),
    ("IndicatorService/CreateIndicator",
     {"indicatorId": "i", "indicator": {**world.INDICATOR["indicator"],
                                        "inputs": [{"slot": "value", "source": "datasets/none"}]}},
     "NOT_FOUND", "RESOURCE_NOT_FOUND", "datasets/none"),
    ("IndicatorService/CreateIndicator",
     {"indicatorId": "i", "indicator": {**world.GROWTH["indicator"], "parameters": {"method": "magic"}}},
     "INVALID_ARGUMENT", "PARAMETERS_INVALID", "magic"),
    ("DatasetService/DeleteDataset", {"name": "datasets/paths-km"}, "FAILED_PRECONDITION",
     "RESOURCE_IN_USE", "indicators/paths-km"),
    ("MeasureService/UpdateMeasure",
     {"measure": {"name": "measures/build-paths", "displayName": "New", "etag": '"stale"'}},
     "ABORTED", "ETAG_MISMATCH", "measures/build-paths"),
    ("MeasureService/ListMeasures", {"filter": "plan ="}, "INVALID_ARGUMENT", "FILTER_INVALID", None),
    ("MeasureService/ListMeasures", {"orderBy": "nonsense"}, "INVALID_ARGUMENT", "ORDER_BY_INVALID", "nonsense"),
    ("MeasureService/ListMeasures", {"pageToken": "made-up"}, "INVALID_ARGUMENT", "PAGE_TOKEN_INVALID", None),
    ("MeasureService/ListMeasures", {"pageSize": -1}, "INVALID_ARGUMENT", "FIELD_INVALID", "page_size"),
    ("ObservationService/PushObservations", {"dataset": "datasets/none", "rows": world.ROWS}, "NOT_FOUND",
     "RESOURCE_NOT_FOUND", "datasets/none"),
    ("ObservationService/PushObservations",
     {"dataset": "datasets/paths-km", "rows": [{"period": "2020-13", "value": 1}]},
     "INVALID_ARGUMENT", "ROWS_INVALID", "2020-13"),
    ("ObservationService/PushObservations",
     {"dataset": "datasets/paths-km", "rows": [{"period": "2020"}]},
     "INVALID_ARGUMENT", "ROWS_INVALID", "value"),
    ("ObservationService/PushObservations",
     {"dataset": "datasets/paths-km", "rows": [{"period": "2020", "value": 1, "dimensions": {"city": "a"}}]},
     "INVALID_ARGUMENT", "ROWS_INVALID", "city"),
    ("ProgressService/GetPlanProgress", {"name": "plans/paths", "asOf": {"revision": "999"}},
     "INVALID_ARGUMENT", "FIELD_INVALID", "999"),
]


def test_bad_input_is_refused_and_changes_nothing(filled):
    def commits():
        return filled.grpcurl_ok(V1 + "EventService/ListCommits", {"filter": "kind != COMMIT_KIND_EVALUATION"})

    before = commits()
    for method, request, code, reason, word in BAD:
        message = refused(filled, method, request, code, reason)
        assert word is None or word in message, f"{method} {request}: {message}"
    assert commits() == before


def test_a_value_that_is_no_number_is_refused(filled):
    done = filled.grpcurl(V1 + "ObservationService/PushObservations",
                          {"dataset": "datasets/paths-km", "rows": [{"period": "2020", "value": "NaN"}]})
    assert done.returncode == 64 + CODES["INVALID_ARGUMENT"], done.stderr
    assert filled.grpcurl_ok(V1 + "ObservationService/ListObservations",
                             {"parent": "datasets/paths-km"}).get("observations", []) == []
