"""`buf curl`, which finds the schema by reflection: create, push, read, bad input. Its exit code is 8
times the code of the answer."""

import json

import pytest

import world
from harness import CODES, run, tool

V1 = "policytrack.v1."


def buf_curl(server, method, request, *flags):
    messages = request if isinstance(request, list) else [request]
    return run([tool("buf"), "curl", "--http2-prior-knowledge", "--protocol", "grpc", *flags,
                "--data", "@-", f"http://{server.address}/{V1}{method}"],
               "\n".join(json.dumps(message) for message in messages))


def buf_curl_ok(server, method, request):
    done = buf_curl(server, method, request)
    assert done.returncode == 0, f"{method}: {done.returncode}\n{done.stdout}{done.stderr}"
    return json.loads(done.stdout)


@pytest.fixture
def filled(server):
    for kind, request in world.DOCUMENTS:
        buf_curl_ok(server, f"{kind}Service/Create{kind}", request)
    return server


def test_create_push_read(filled):
    answer = buf_curl_ok(filled, "ObservationService/PushObservations", [
        {"options": {"requestId": "7f0f1a9e-54a5-4b3c-9d0a-0c3b5f2a6d11"}, "dataset": "datasets/paths-km"},
        *({"rows": [row]} for row in world.ROWS)])
    # Zeros are said too: proto3 JSON would drop counts that are not optional.
    assert (answer["createdCount"], answer["rejectedCount"]) == ("3", "0")
    read = buf_curl_ok(filled, "ObservationService/ListObservations", {"parent": "datasets/paths-km"})
    assert [(row["period"], row["value"]) for row in read["observations"]] == [
        ("2020", 100), ("2021", 110), ("2022", 121)]
    progress = buf_curl_ok(filled, "ProgressService/GetMeasureProgress",
                           {"name": "measures/build-paths", "atLeastRevision": answer["revision"]})
    assert progress["status"] == "PROGRESS_STATUS_ON_TRACK"


def test_the_same_push_again_is_answered_as_before(filled):
    request = {"options": {"requestId": "7f0f1a9e-54a5-4b3c-9d0a-0c3b5f2a6d11"}, **world.PUSH}
    first = buf_curl_ok(filled, "ObservationService/PushObservations", request)
    second = buf_curl_ok(filled, "ObservationService/PushObservations", request)
    assert second.pop("replayed") is True
    assert second == first
    request["rows"] = world.ROWS[:1]
    done = buf_curl(filled, "ObservationService/PushObservations", request)
    assert done.returncode == 8 * CODES["INVALID_ARGUMENT"]


@pytest.mark.parametrize("method, request_, code, word", [
    ("PlanService/GetPlan", {"name": "plans/none"}, "NOT_FOUND", "plans/none"),
    ("PlanService/CreatePlan", {"planId": "Bad_Id", "plan": {"displayName": "x"}}, "INVALID_ARGUMENT", "Bad_Id"),
    ("PlanService/CreatePlan", world.PLAN, "ALREADY_EXISTS", "plans/paths"),
    ("DatasetService/DeleteDataset", {"name": "datasets/paths-km"}, "FAILED_PRECONDITION", "indicators/paths-km"),
    ("ObservationService/PushObservations",
     [world.PUSH, {"rows": [{"period": "2023-01", "value": 1}]}], "INVALID_ARGUMENT", "2023-01"),
])
def test_bad_input_ends_with_the_code_and_says_why(filled, method, request_, code, word):
    done = buf_curl(filled, method, request_)
    assert done.returncode == 8 * CODES[code], f"{done.returncode}: {done.stdout}{done.stderr}"
    error = json.loads(done.stderr)
    assert error["code"] == code.lower()
    assert word in error["message"]
    rows = buf_curl_ok(filled, "ObservationService/ListObservations", {"parent": "datasets/paths-km"})
    assert rows.get("observations", []) == []
