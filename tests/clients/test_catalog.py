"""`policytrack` with the catalogues of the tree: apply, push, report; what it refuses, and how it ends."""

import csv
import io
import json
import shutil
import socket

import pytest
import yaml

from harness import CLIENT, ROOT, run

CATALOGUES = {"plans/henan-auto-2024": ROOT / "catalog/henan-auto-2024",
              "plans/england-smokefree-2030": ROOT / "catalog/england-smokefree-2030"}
ENGLAND = CATALOGUES["plans/england-smokefree-2030"]


def figures(catalogue):
    return sorted((catalogue / "figures").glob("*.csv"))


def documents(catalogue):
    """The documents of a catalogue, read by other means than ours."""
    found = []
    for path in sorted(catalogue.rglob("*.yaml")):
        if "figures" not in path.parts:
            found += [document for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document]
    return found


def load(server, catalogue):
    """Applies and pushes; waits for evaluation."""
    server.client_ok("apply", catalogue)
    pushed = json.loads(server.client_ok("-o", "json", "push", *figures(catalogue)))
    return pushed


def state(server):
    """Everything that a refused change must leave as it was."""
    answer = server.grpcurl_ok("policytrack.v1.EventService/ListCommits",
                               {"filter": "kind != COMMIT_KIND_EVALUATION", "pageSize": 1000})
    return answer.get("commits", [])


@pytest.fixture
def loaded(server):
    for catalogue in CATALOGUES.values():
        load(server, catalogue)
    return server


@pytest.mark.parametrize("plan", CATALOGUES)
def test_a_second_time_changes_nothing(server, plan):
    catalogue = CATALOGUES[plan]
    load(server, catalogue)
    before = state(server)
    again = json.loads(server.client_ok("-o", "json", "apply", catalogue))
    assert {document["result"] for document in again["documents"]} == {"unchanged"}
    assert len(again["documents"]) == len(documents(catalogue))
    pushed = json.loads(server.client_ok("-o", "json", "push", *figures(catalogue)))
    assert pushed["unchanged"] == sum(len(list(csv.DictReader(path.open(encoding="utf-8"))))
                                      for path in figures(catalogue))
    assert (pushed["created"], pushed["revised"], pushed["rejected"]) == (0, 0, 0)
    assert state(server) == before


def test_every_figure_of_the_files_is_in_the_server(loaded):
    for catalogue in CATALOGUES.values():
        for path in figures(catalogue):
            mapping = yaml.safe_load(path.with_suffix(".mapping.yaml").read_text(encoding="utf-8"))
            for row in csv.DictReader(path.open(encoding="utf-8")):
                dataset = mapping.get("dataset") or row[mapping["dataset_column"]]
                period = row[mapping["period"]]
                answer = loaded.observations(dataset, period)
                wanted = {key: row[column] for key, column in mapping.get("dimensions", {}).items()}
                values = [entry["value"] for entry in answer
                          if all(entry.get("dimensions", {}).get(key, "_T") == value
                                 for key, value in wanted.items())]
                assert values == [float(row[mapping["value"]])], f"{path.name}: {row}"


def test_every_measure_has_an_indicator_and_a_status(loaded):
    for plan, catalogue in CATALOGUES.items():
        report = json.loads(loaded.client_ok("report", plan, "--format", "json"))
        measures = [document for document in documents(catalogue) if document["kind"] == "Measure"]
        assert sorted(measure["measure"] for measure in report["measures"]) == sorted(
            measure["name"] for measure in measures)
        for measure in measures:
            assert measure["targets"], measure["name"]
        for measure in report["measures"]:
            assert measure["targets"], measure["measure"]
            for target in measure["targets"]:
                assert target["status"] != "PROGRESS_STATUS_UNSPECIFIED", target
                if target["status"] in ("PROGRESS_STATUS_NO_DATA", "PROGRESS_STATUS_NOT_ASSESSABLE"):
                    assert target["reason"], target
                else:
                    assert "latest_value" in target, target
    assert len(CATALOGUES) == 2
    assert len([d for d in documents(CATALOGUES["plans/henan-auto-2024"]) if d["kind"] == "Measure"]) == 11


def computed(server, indicator, period):
    """{(dimension values, output): value} of one period of an indicator; None where it is missing."""
    return {(*entry.get("dimensions", {}).values(), entry["output"]): entry.get("value")
            for entry in server.observations(f"indicators/{indicator}", period)}


def test_published_growth_stands_beside_computed_growth(loaded):
    month = computed(loaded, "cn-vehicle-output-month-growth", "2021-06")
    to_date = computed(loaded, "cn-vehicle-output-ytd-growth", "2021-06")
    assert (month["NEV", "published"], to_date["NEV", "published"]) == (135.3, 205)
    assert month["NEV", "implied_base"] == pytest.approx(273000 / 2.353, abs=1e-6)
    assert to_date["NEV", "implied_base"] == pytest.approx(1284000 / 3.05, abs=1e-6)
    # The figures of 2020 are not in the catalogue, so nothing is computed from them.
    assert month["NEV", "growth"] is None and to_date["NEV", "difference"] is None
    stock = computed(loaded, "cn-charging-points-growth-computed", "2024-12")
    # 8.596 million were published for the end of 2023.
    assert stock["_T", "implied_base"] == pytest.approx(8.596e6, rel=5e-4)
    assert computed(loaded, "cn-charging-points-growth-computed", "2025-12")["_T", "growth"] == pytest.approx(
        (2009 / 1282 - 1) * 100, abs=1e-9)


def test_parts_that_miss_the_total_by_rounding_are_told_from_errors(loaded):
    found = computed(loaded, "cn-charging-points-sum", "2025-11")
    assert found == {("result",): 19330000, ("discrepancy",): -10000, ("within_rounding",): 1, ("points",): None}


def test_the_report_in_every_format_has_the_same_numbers(loaded):
    plan = "plans/england-smokefree-2030"
    as_json = json.loads(loaded.client_ok("report", plan, "--format", "json"))
    targets = {target["target"]: target for measure in as_json["measures"] for target in measure["targets"]}
    as_csv = {row["target"]: row for row in csv.DictReader(io.StringIO(loaded.client_ok(
        "report", plan, "--format", "csv")))}
    assert as_csv.keys() == targets.keys()
    for name, row in as_csv.items():
        assert row["status"] == targets[name]["status"]
        for column in ("score", "latest_value", "expected_value"):
            assert float(row[column]) == targets[name][column]
    table = loaded.client_ok("report", plan)
    markdown = loaded.client_ok("report", plan, "--format", "markdown")
    for target in targets.values():
        for text in (table, markdown):
            assert f"{target['latest_value']:g}" in text
    assert "| --- |" in markdown
    linear = targets["measures/reduce-adult-smoking/targets/prevalence-2030-linear"]
    # From 14.4 in 2018 to 5 in 2030 on a straight line, at 2023.
    assert linear["expected_value"] == pytest.approx(14.4 + (5 - 14.4) * 5 / 12, abs=1e-9)
    assert linear["ratio"] == pytest.approx((11.6 - 14.4) / ((5 - 14.4) * 5 / 12), abs=1e-9)


def test_the_report_shows_where_methods_disagree_and_what_steers(loaded):
    plan = "plans/england-smokefree-2030"
    report = json.loads(loaded.client_ok("report", plan, "--format", "json"))
    targets = {target["target"]: target for measure in report["measures"] for target in measure["targets"]}
    target = targets["measures/reduce-adult-smoking/targets/prevalence-2030"]
    said = {parameter.removeprefix("method = "): judgement["status"].removeprefix("PROGRESS_STATUS_")
            for judgement in target["further_judgements"] for parameter in judgement["parameters"]
            if parameter.startswith("method = ")}
    # From 14.4 in 2018 to 11.6 in 2023 of 5 in 2030: half of the rate a year, 71 % of the straight line.
    assert target["status"] == "PROGRESS_STATUS_LIMITED" and target["methods_disagree"]
    assert said == {"linear_pace": "MODERATE", "eurostat": "LIMITED", "un_progress_chart": "MODERATE",
                    "escap_current": "MODERATE", "escap_anticipated": "MODERATE", "weather": "LIMITED"}
    assert target["best_pace"] == pytest.approx(-1.1) and target["out_of_reach_period"] == "2025"
    assert target["flip_change"] == pytest.approx(-0.494185, abs=1e-5)
    assert target["flip_status"] == "PROGRESS_STATUS_MODERATE"
    assert target["worst_input_status"] == "OBSERVATION_STATUS_NORMAL"
    table = loaded.client_ok("report", plan)
    assert "methods disagree" in table and "Judged by several methods" in table and "What steers" in table
    rows = {row["target"]: row for row in csv.DictReader(io.StringIO(loaded.client_ok("report", plan, "--format", "csv")))}
    assert rows[target["target"]]["methods_disagree"] == "true"
    assert float(rows[target["target"]]["flip_change"]) == target["flip_change"]


def test_the_report_in_another_language_and_of_an_earlier_revision(server):
    catalogue = CATALOGUES["plans/henan-auto-2024"]
    server.client_ok("apply", catalogue)
    applied = int(state(server)[0]["revision"])
    load(server, catalogue)
    plan = next(document for document in documents(catalogue) if document["kind"] == "Plan")
    for language in ("zh", "ar"):
        name = plan["translations"][language]["display_name"]
        assert name in server.client_ok("report", plan["name"], "--language", language)
    then = json.loads(server.client_ok("report", plan["name"], "--format", "json", "--as-of", applied))
    assert then["counts"]["no_data"] == sum(len(measure["targets"]) for measure in then["measures"])
    now = json.loads(server.client_ok("report", plan["name"], "--format", "json"))
    assert now["counts"]["no_data"] < then["counts"]["no_data"]


@pytest.fixture
def copy(tmp_path):
    """A copy of the small catalogue, to be spoilt."""
    return shutil.copytree(ENGLAND, tmp_path / "catalogue")


def spoil(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return 1 + text[:text.index(old)].count("\n")


MEASURE = "measures/reduce-adult-smoking.yaml"
DATASET = "datasets/england-adult-smoking-prevalence.yaml"
INDICATOR = "indicators/england-adult-smoking-prevalence.yaml"
SPOILT = {
    "yaml error": (MEASURE, "regions:\n  - GB-ENG", "regions: [GB-ENG\n", None),
    "unknown field": (MEASURE, "category: public-health", "kategory: public-health", "kategory"),
    "unknown field below": (MEASURE, "    output: value", "    outputs: value", "outputs"),
    "unknown kind": (MEASURE, "kind: Measure", "kind: Mesure", "Mesure"),
    "bad name": (MEASURE, "measures/reduce-adult-smoking", "measures/Reduce_Smoking", "Reduce_Smoking"),
    "dangling reference": (INDICATOR, "source: datasets/england-adult-smoking-prevalence",
                           "source: datasets/none", "datasets/none"),
    "dangling plan": (MEASURE, "plan: plans/england-smokefree-2030", "plan: plans/none", "plans/none"),
    "bad period": (MEASURE, 'period: "2018"', 'period: "2018-13"', "2018-13"),
    "bad enum": (DATASET, "FREQUENCY_YEAR", "FREQUENCY_EPOCH", "FREQUENCY_EPOCH"),
    "changed unit": (DATASET, "unit: percent", "unit: ratio", "cannot change"),
    "bad number": (DATASET, "maximum: 100", "maximum: many", "many"),
    "bad parameters": (MEASURE, "method: open_sdg", "method: guess", "guess"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_bad_catalogue_is_refused_with_its_place(server, copy, what):
    load(server, ENGLAND)
    before = state(server)
    name, old, new, word = SPOILT[what]
    line = spoil(copy / name, old, new)
    done = server.client("apply", copy)
    assert done.returncode in (1, 2), f"{done.returncode}: {done.stdout}{done.stderr}"
    output = done.stdout + done.stderr
    assert f"{copy / name}:" in output, output
    if word:
        assert word in output, output
    if what.startswith(("unknown", "bad enum", "bad number")):
        assert f"{copy / name}:{line}:" in output, output
    assert state(server) == before


CSV = "figures/prevalence.csv"
BAD_ROWS = {
    "value": ("2016,15.5", "2016,fifteen", 3, "fifteen"),
    "not finite": ("2016,15.5", "2016,nan", 3, "nan"),
    "out of range": ("2016,15.5", "2016,150", 3, "150"),
    "period": ("2016,15.5", "2016-05,15.5", 3, "2016-05"),
    "no value": ("2016,15.5", "2016,", 3, "value"),
    "same row twice": ("2017,14.9", "2016,14.9", 4, "2016"),
}


@pytest.mark.parametrize("what", BAD_ROWS)
def test_a_bad_row_stops_the_push_with_its_place(server, copy, what):
    server.client_ok("apply", ENGLAND)
    before = state(server)
    old, new, line, word = BAD_ROWS[what]
    spoil(copy / CSV, old, new)
    done = server.client("push", copy / CSV)
    assert done.returncode == 1, f"{done.returncode}: {done.stdout}{done.stderr}"
    places = [entry for entry in done.stderr.splitlines() if entry.startswith(f"{copy / CSV}:{line}: ")]
    assert len(places) == 1, done.stderr
    reason, message = places[0].removeprefix(f"{copy / CSV}:{line}: ").split(": ", 1)
    assert reason == reason.upper() and " " not in reason
    assert word in message
    assert state(server) == before
    assert server.observations("datasets/england-adult-smoking-prevalence") == []


def test_an_unknown_dimension_is_refused(server, copy):
    server.client_ok("apply", ENGLAND)
    before = state(server)
    mapping = copy / "figures/prevalence.mapping.yaml"
    mapping.write_text(mapping.read_text(encoding="utf-8") + "dimensions:\n  region: source\n", encoding="utf-8")
    done = server.client("push", copy / CSV)
    assert done.returncode == 1, f"{done.returncode}: {done.stdout}{done.stderr}"
    assert f"{copy / CSV}:2: " in done.stderr and "region" in done.stderr
    assert state(server) == before


def test_partial_writes_the_good_rows_and_still_ends_with_1(server, copy):
    server.client_ok("apply", ENGLAND)
    spoil(copy / CSV, "2016,15.5", "2016,fifteen")
    done = server.client("-o", "json", "push", "--partial", copy / CSV)
    assert done.returncode == 1, f"{done.returncode}: {done.stdout}{done.stderr}"
    answer = json.loads(done.stdout)
    assert (answer["created"], answer["rejected"]) == (7, 1)
    assert "2016" not in [row["period"] for row in server.observations("datasets/england-adult-smoking-prevalence")]


def test_a_push_without_its_dataset_is_refused(server, copy):
    done = server.client("push", copy / CSV)
    assert done.returncode == 1, f"{done.returncode}: {done.stdout}{done.stderr}"
    assert "datasets/england-adult-smoking-prevalence" in done.stderr
    assert f"{copy / CSV}:2: RESOURCE_NOT_FOUND: " in done.stderr, done.stderr


def test_dry_runs_write_nothing(server):
    assert "created" in server.client_ok("apply", "--dry-run", ENGLAND)
    assert state(server) == []
    server.client_ok("apply", ENGLAND)
    before = state(server)
    dry = json.loads(server.client_ok("-o", "json", "push", "--dry-run", *figures(ENGLAND)))
    assert dry["created"] == 8
    assert state(server) == before


def test_a_change_is_shown_by_field(server, copy):
    server.client_ok("apply", copy)
    spoil(copy / MEASURE, "category: public-health", "category: health")
    dry = server.client_ok("apply", "--dry-run", copy)
    assert "public-health" in dry and "health" in dry and "category" in dry
    answer = json.loads(server.client_ok("-o", "json", "apply", copy))
    results = {document["name"]: document["result"] for document in answer["documents"]}
    assert results.pop("measures/reduce-adult-smoking") == "changed"
    assert set(results.values()) == {"unchanged"}


def test_what_get_shows_apply_reads_back_as_unchanged(loaded, tmp_path):
    before = state(loaded)
    folder = tmp_path / "shown"
    folder.mkdir()
    names = [document["name"] for catalogue in CATALOGUES.values() for document in documents(catalogue)]
    for name in names:
        (folder / f"{name.replace('/', '.')}.yaml").write_text(loaded.client_ok("get", name), encoding="utf-8")
    answer = json.loads(loaded.client_ok("-o", "json", "apply", folder))
    assert {document["name"]: document["result"] for document in answer["documents"]} == dict.fromkeys(
        names, "unchanged")
    assert state(loaded) == before


def test_rows_from_standard_input_and_as_json_lines(server):
    server.client_ok("apply", ENGLAND)
    dataset = "datasets/england-adult-smoking-prevalence"
    flags = ("--dataset", dataset, "--period-column", "jahr", "--value-column", "anteil")
    assert "1 created" in server.client_ok("push", "-", *flags, stdin='jahr,anteil\r\n"2018","14.4"\r\n')
    lines = json.dumps({"period": "2019", "value": 13.9, "status": "OBSERVATION_STATUS_PROVISIONAL"}) + "\n"
    assert "1 created" in server.client_ok("push", "-", "--format", "jsonl", "--dataset", dataset, stdin=lines)
    found = {row["period"]: (row["value"], row["status"]) for row in server.observations(dataset)}
    assert found == {"2018": (14.4, "OBSERVATION_STATUS_NORMAL"), "2019": (13.9, "OBSERVATION_STATUS_PROVISIONAL")}


def test_a_measure_is_deleted_and_brought_back(loaded):
    name, plan = "measures/reduce-adult-smoking", "plans/england-smokefree-2030"
    in_use = loaded.client("delete", plan)
    assert in_use.returncode == 1 and name in in_use.stderr, in_use.stderr
    loaded.client_ok("delete", name)
    assert json.loads(loaded.client_ok("report", plan, "--format", "json")).get("measures", []) == []
    assert name not in loaded.client_ok("list", "measures")
    loaded.client_ok("undelete", name)
    assert name in loaded.client_ok("list", "measures")
    assert len(json.loads(loaded.client_ok("report", plan, "--format", "json"))["measures"]) == 1


def test_an_explanation_goes_back_to_the_figures(loaded):
    target = "measures/reduce-adult-smoking/targets/prevalence-2030"
    text = loaded.client_ok("explain", target)
    for word in ("datasets/england-adult-smoking-prevalence", "attainment", "open_sdg", "14.4", "11.6", "2023"):
        assert word in text, text
    as_json = json.loads(loaded.client_ok("-o", "json", "explain", target))
    points = {point["period"]: point["value"] for step in as_json["steps"] for entry in step["inputs"]
              if entry.get("source") == "datasets/england-adult-smoking-prevalence" for point in entry["points"]}
    assert points == {row["year"]: float(row["percent"])
                      for row in csv.DictReader((ENGLAND / CSV).open(encoding="utf-8"))}


def test_wrong_usage_and_missing_files_end_with_2(server, tmp_path):
    for arguments in (["apply", tmp_path / "none"], ["push", tmp_path / "none.csv"], ["push"], ["nonsense"],
                      ["report", "plans/x", "--format", "pdf"]):
        done = server.client(*arguments)
        assert done.returncode == 2, f"{arguments}: {done.returncode}: {done.stdout}{done.stderr}"
        assert done.stderr


def test_what_is_not_there_ends_with_1(server):
    for arguments in (["report", "plans/none"], ["get", "measures/none"], ["explain", "measures/none/targets/x"]):
        done = server.client(*arguments)
        assert done.returncode == 1, f"{arguments}: {done.returncode}: {done.stdout}{done.stderr}"
        assert "none" in done.stderr


def test_a_server_that_is_not_there_ends_with_3():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        for arguments in (["apply", ENGLAND], ["push", ENGLAND / CSV], ["report", "plans/x"]):
            done = run([CLIENT, "--server", address, "--retries", "1", *arguments])
            assert done.returncode == 3, f"{arguments}: {done.returncode}: {done.stdout}{done.stderr}"
            assert address in done.stderr
