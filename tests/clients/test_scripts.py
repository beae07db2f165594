"""Scripts from outside: what docs/scripts.md shows gives what it says, and each measure of the catalogue has
an indicator by a script."""

import json
import re

import pytest
import yaml

import harness
from harness import ROOT

GUIDE = (ROOT / "docs/scripts.md").read_text(encoding="utf-8")
CATALOGUE = ROOT / "catalog/henan-auto-2024"
SCRIPTS = ROOT / "catalog/henan-auto-2024-scripts"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with harness.running(tmp_path_factory.mktemp("scripts") / "data") as server:
        yield server


def tables(text):
    """The tables of a document, each as its rows without the header."""
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.M)
    return [[[cell.strip() for cell in row.strip("|").split(" | ")] for row in table.strip().split("\n")]
            for table in found]


def values(server, indicator):
    return {entry["period"]: entry.get("value") for entry in server.observations(indicator)}


@pytest.fixture(scope="module")
def guide(server, tmp_path_factory):
    """All that the guide applies and pushes; gives its tables of results, in order."""
    folder = tmp_path_factory.mktemp("guide")
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", GUIDE, re.S)):
        (folder / f"{number}.yaml").write_text(block, encoding="utf-8")
    server.client_ok("apply", folder)
    figures = next(table for table in tables(GUIDE) if table[0] == ["period", "powertrain", "value"])
    rows = [{"period": period, "value": float(value), "dimensions": {"powertrain": powertrain}}
            for period, powertrain, value in figures[2:]]
    server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations",
                      [{"dataset": "datasets/vehicle-sales", "rows": rows}])
    return [{period: None if value == "missing" else float(value) for period, value in table[2:]}
            for table in tables(GUIDE) if table[0] == ["period", "value"]]


def head(server):
    return server.grpcurl_ok("policytrack.v1.EventService/ListCommits", {"pageSize": 1})["commits"][0]["revision"]


def evaluated(server, indicator):
    answer = server.grpcurl_ok("policytrack.v1.ObservationService/ListObservations",
                               {"parent": indicator, "atLeastRevision": head(server)})
    return {entry["period"]: entry.get("value") for entry in answer["observations"]}


def test_the_guide_shows_what_its_examples_give(server, guide):
    indicators = ["indicators/electric-share", "indicators/sales-growth", "indicators/known-sales"]
    assert [evaluated(server, indicator) for indicator in indicators] == guide


def test_the_guide_quotes_what_is_answered(server):
    shown = next(table for table in tables(GUIDE) if table[0] == ["script", "answer"])[2:]
    assert len(shown) == 5
    for expression, answer in shown:
        request = {"scriptId": "tried", "validateOnly": True, "script": {
            "displayName": "Tried", "expression": expression.strip("`"), "unit": "percent",
            "accumulation": "ACCUMULATION_LEVEL", "inputs": [{"slot": "part"}, {"slot": "whole"}]}}
        done = server.grpcurl("policytrack.v1.ScriptService/CreateScript", request)
        assert done.returncode != 0, expression
        assert answer.replace("``", "").strip("` ") in done.stderr.replace("``", ""), (expression, done.stderr)


def test_the_client_keeps_scripts_as_it_keeps_other_documents(server, guide):
    listed = server.client_ok("list", "scripts")
    assert "scripts/share" in listed and "100 * part / whole" in listed
    shown = yaml.safe_load(server.client_ok("get", "scripts/share"))
    assert (shown["kind"], shown["expression"]) == ("Script", "100 * part / whole")
    refused = server.client("delete", "scripts/share")
    assert refused.returncode != 0 and "indicators/electric-share" in refused.stderr + refused.stdout
    server.client_ok("delete", "indicators/electric-share")
    server.client_ok("delete", "scripts/share")
    assert server.client("get", "scripts/share").returncode != 0


# Few steps, each of which takes long.
SLOW = """
function compute(a)
  local x, y = string.rep("x", 1000000), string.rep("x", 1000000)
  local same = 0
  for i = 1, 200000 do
    if x <= y then same = same + 1 end
  end
  return same
end"""


def test_a_script_that_is_only_slow_does_not_hold_up_others(server):
    request = {"scriptId": "slow", "script": {
        "displayName": "Slow", "code": SLOW, "unit": "@a", "accumulation": "ACCUMULATION_FLOW",
        "inputs": [{"slot": "a"}]}}
    done = server.grpcurl("policytrack.v1.ScriptService/CreateScript", request)
    assert done.returncode != 0 and "script.code: fails on made-up figures" in done.stderr, done.stderr
    assert "it takes too long for a trial" in done.stderr
    # The next one is served as ever.
    request["script"]["code"] = "function compute(a) return a end"
    server.grpcurl_ok("policytrack.v1.ScriptService/CreateScript", request)


def test_each_measure_of_the_catalogue_has_an_indicator_by_a_script(server):
    server.client_ok("apply", CATALOGUE)
    server.client_ok("apply", SCRIPTS)
    server.client_ok("push", *sorted((CATALOGUE / "figures").glob("*.csv")))
    again = json.loads(server.client_ok("-o", "json", "apply", SCRIPTS))
    assert {document["result"] for document in again["documents"]} == {"unchanged"}

    readme = tables((SCRIPTS / "README.md").read_text(encoding="utf-8"))
    by_measure = next(table for table in readme if table[0] == ["measure", "indicator", "script"])[2:]
    measures = {path.stem for path in (CATALOGUE / "measures").glob("*.yaml")}
    assert {row[0] for row in by_measure} - {""} == measures
    stored = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
              for path in (SCRIPTS / "indicators").glob("*.yaml")}
    assert {row[1]: f"scripts/{row[2]}" for row in by_measure} == {
        name: document["plugin"] for name, document in stored.items()}

    for indicator, period, value in next(table for table in readme if table[0] == ["indicator", "period", "value"])[2:]:
        given = evaluated(server, f"indicators/{indicator}")[period]
        assert given == pytest.approx(float(value.split()[0]), abs=0.05), indicator
    # Beside those of the plugins they give the same.
    for name in stored:
        twin = name.removesuffix("-by-script")
        if twin != name and (CATALOGUE / f"indicators/{twin}.yaml").exists() and "growth" not in name:
            ours, theirs = evaluated(server, f"indicators/{name}"), {}
            for entry in server.observations(f"indicators/{twin}"):
                if entry["output"] == "share":
                    theirs[entry["period"]] = entry.get("value")
            assert ours == pytest.approx(theirs) and ours, name
