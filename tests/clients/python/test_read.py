"""Reading: frames and rows of the present and of the past, progress, resources, commits."""

import datetime
import importlib
import json
import math

import pandas
import pytest

import policytrack
from conftest import ENGLAND, HENAN, Connected
from harness import ROOT
from policytrack import v1

DATASET = "datasets/paths-km"


def pairs(frame):
    return list(zip(frame["period"], frame["value"], strict=True))


def test_all_of_the_contract_is_in_v1():
    files = sorted((ROOT / "proto/policytrack/v1").glob("*.proto"))
    assert len(files) > 10
    for path in files:
        module = importlib.import_module(f"policytrack.v1.{path.stem}_pb2")
        for name in (*module.DESCRIPTOR.message_types_by_name, *module.DESCRIPTOR.enum_types_by_name):
            assert getattr(v1, name) is getattr(module, name)


def test_as_of_a_revision_and_as_of_a_time(paths):
    first = paths.push(DATASET, [("2020", 100.0), ("2021", 110.0)])
    second = paths.push(DATASET, [("2020", 101.0)])
    assert pairs(paths.read(DATASET)) == [("2020", 101), ("2021", 110)]
    assert paths.read(DATASET)["revision"].tolist() == [second.revision, first.revision]
    times = {commit.revision: commit.time for commit in paths.commits()}
    exact = pandas.Timestamp(times[first.revision].ToNanoseconds(), unit="ns", tz="Asia/Shanghai")
    for as_of in (first.revision, str(first.revision), times[first.revision], times[first.revision].ToJsonString(), exact):
        assert pairs(paths.read(DATASET, as_of=as_of)) == [("2020", 100), ("2021", 110)], as_of
    assert pairs(paths.read(DATASET, as_of=datetime.datetime.now(datetime.timezone.utc))) == [("2020", 101), ("2021", 110)]
    before = paths.read(DATASET, as_of=first.revision - 1)
    assert len(before) == 0 and list(before.columns) == list(paths.read(DATASET).columns)
    for wrong in (datetime.datetime(2024, 1, 1), "yesterday", 0, True):
        with pytest.raises(ValueError, match="as_of"):
            paths.read(DATASET, as_of=wrong)


def test_periods_filters_and_pages(regional):
    frame = pandas.DataFrame([{"period": f"2024-{month:02d}", "region": region, "fuel": fuel, "value": month}
                              for month in range(1, 13) for region in ("北京", "河南", "تونس") for fuel in ("EV", "ICE")])
    regional.push("datasets/regional", frame)
    read = regional.read("datasets/regional", start="2024-03", end=pandas.Period("2024-05", "M"),
                         filter='dimensions.region = "河南" AND dimensions.fuel = "EV"')
    assert pairs(read) == [("2024-03", 3), ("2024-04", 4), ("2024-05", 5)]
    assert set(read["region"]) == {"河南"}
    whole = regional.read("datasets/regional")
    assert len(whole) == len(frame)
    pandas.testing.assert_frame_equal(regional.read("datasets/regional", page_size=1), whole)
    assert [row["region"] for row in regional.rows("datasets/regional", page_size=1)] == whole["region"].tolist()
    assert len(regional.list("datasets", page_size=1)) == 2
    with pytest.raises(policytrack.InvalidArgument) as caught:
        regional.read("datasets/regional", filter="dimensions.region =")
    assert (caught.value.reason, caught.value.metadata["field"]) == ("FILTER_INVALID", "filter")
    with pytest.raises(policytrack.InvalidArgument, match="2024"):
        regional.read("datasets/regional", start=2024)


@pytest.mark.parametrize("frequency, start_month, texts, freq", [
    ("DAY", 0, ["1969-12-31", "2024-02-29"], "D"),
    ("WEEK", 0, ["1969-W01", "2020-W53", "2024-W07"], "W-SUN"),
    ("MONTH", 0, ["1969-12", "2024-09"], "M"),
    ("QUARTER", 0, ["1969-Q4", "2024-Q3"], "Q-DEC"),
    ("YEAR", 0, ["1969", "2024"], "-DEC"),
    ("YEAR", 4, ["1969", "2024"], "-MAR"),
])
def test_periods_of_pandas_and_their_texts(client, frequency, start_month, texts, freq):
    client.apply({"kind": "Dataset", "name": "datasets/x", "display_name": "X", "unit": "percent",
                  "frequency": f"FREQUENCY_{frequency}", "accumulation": "ACCUMULATION_LEVEL",
                  "year_start_month": start_month})
    client.push("datasets/x", [(text, 1.0) for text in texts])
    frame = client.read("datasets/x", period_index=True)
    assert frame.index.freqstr.endswith(freq)
    assert [str(row["period"]) for row in client.rows("datasets/x")] == texts
    assert client.push("datasets/x", frame["value"]).unchanged == len(texts)
    if start_month:
        # The fiscal year is named by its start here, and by its end in pandas.
        assert str(frame.index[1].start_time.date()) == "2024-04-01"
        with pytest.raises(policytrack.RowsRefused, match="starts in month 1"):
            client.push("datasets/x", [(pandas.Period("2024", "Y"), 1.0)])
        client.apply([{"kind": "Indicator", "name": "indicators/x", "display_name": "X", "plugin": "plugins/level",
                       "inputs": [{"slot": "value", "source": "datasets/x"}]}])
        client.wait(client.commits(limit=1)[0].revision)
        computed = client.read("indicators/x", period_index=True)
        assert computed.index.equals(frame.index)


def test_half_years_are_text_alone(client):
    client.apply({"kind": "Dataset", "name": "datasets/x", "display_name": "X", "unit": "percent",
                  "frequency": "FREQUENCY_HALF_YEAR", "accumulation": "ACCUMULATION_LEVEL"})
    client.push("datasets/x", [("2024-S1", 1.0)])
    assert pairs(client.read("datasets/x")) == [("2024-S1", 1.0)]
    with pytest.raises(ValueError, match="half-years"):
        client.read("datasets/x", period_index=True)


def test_what_is_missing_is_nan_with_its_reason(paths):
    pushed = paths.push(DATASET, [("2020", 0.0), ("2021", 5.0), ("2022", 10.0)])
    frame = paths.read("indicators/paths-growth", at_least_revision=pushed.revision)
    rate = frame[frame["output"] == "growth"].set_index("period")
    assert "ZERO_BASE" in set(frame["missing_reason"])
    for row in frame.itertuples():
        assert math.isnan(row.value) == bool(row.missing_reason), row
    assert rate.loc["2022", "value"] == pytest.approx(100)
    rows = list(paths.rows("indicators/paths-growth"))
    assert [row["value"] is None for row in rows] == frame["value"].isna().tolist()
    target = paths.read("measures/build-paths/targets/km-2030")
    assert {"status", "score"} <= set(target["output"])
    with pytest.raises(policytrack.RowsRefused):
        paths.push(DATASET, target[["period", "value"]])


def test_values_in_the_unit_asked(paths):
    pushed = paths.push(DATASET, [("2020", 4.35), ("2021", 8.7)])
    own, shown = paths.read(DATASET), paths.read(DATASET, unit="m", unit_multiplier=4)
    assert own.attrs["unit"] == "km" and "value_unit" not in own.columns
    assert pairs(shown) == [("2020", 0.435), ("2021", 0.87)]
    assert (shown.attrs["unit"], shown.attrs["unit_multiplier"]) == ("m", 4)
    assert set(shown["value_unit"]) == {"m"} and set(shown["value_multiplier"]) == {4}
    assert [(row["value"], row["value_unit"], row["value_multiplier"]) for row in paths.rows(DATASET, unit="m")] == [
        (4350, "m", 0), (8700, "m", 0)]
    # Nobody takes them for figures of the dataset.
    for data in (shown, list(paths.rows(DATASET, unit="m"))):
        with pytest.raises(policytrack.InvalidArgument, match="value_unit"):
            paths.push(DATASET, data)

    # What is of another kind keeps its unit and says so.
    target = paths.read("measures/build-paths/targets/km-2030", unit="m", at_least_revision=pushed.revision)
    units = dict(zip(target["output"], target["value_unit"], strict=True))
    assert units["expected"] == "m" and units["status"] == "code"
    assert target.attrs["units"]["expected"] == ("m", 0)
    assert paths.read("indicators/paths-growth").attrs["units"]["growth"] == ("percent", 0)
    km = paths.progress("measures/build-paths").iloc[0]
    metres = paths.progress("measures/build-paths", unit="m").iloc[0]
    assert (km["unit"], metres["unit"]) == ("km", "m")
    assert metres["latest_value"] == 8700 and metres["final_value"] == km["final_value"] * 1000
    assert paths.progress("plans/paths", unit="m").iloc[0]["latest_value"] == 8700
    for wrong in ({"unit": "tonnes"}, {"unit": "metres"}, {"unit_multiplier": 3}):
        with pytest.raises(policytrack.InvalidArgument, match="unit"):
            paths.read(DATASET, **wrong)


def test_waiting_for_evaluation(paths):
    for value in (110.0, 120.0, 130.0):
        pushed = paths.push(DATASET, [("2020", 100.0), ("2021", value)])
        paths.wait(pushed.revision)
        frame = paths.read("indicators/paths-growth", start="2021", end="2021", filter="output = growth")
        assert frame["value"].tolist() == [pytest.approx(value - 100)]
    with pytest.raises(policytrack.InvalidArgument, match="above the present revision"):
        paths.wait(1_000_000)


def test_waiting_where_there_is_nothing_to_evaluate(client):
    client.wait(1)


@pytest.mark.parametrize("catalogue, plan", [(HENAN, "plans/henan-auto-2024"), (ENGLAND, "plans/england-smokefree-2030")])
def test_progress_is_that_of_the_report(connected: Connected, catalogue, plan):
    client, server = connected.client, connected.server
    client.apply(catalogue)
    empty = client.commits(limit=1)[0].revision
    server.client_ok("push", *sorted((catalogue / "figures").glob("*.csv")))
    client.wait(client.commits(limit=1)[0].revision)
    report = json.loads(server.client_ok("--output", "json", "report", plan))
    frame = client.progress(plan)
    targets = [(measure["measure"], target) for measure in report["measures"] for target in measure["targets"]]
    assert list(zip(frame["measure"], frame["target"], strict=True)) == [
        (measure, target["target"]) for measure, target in targets]
    for row, (_, target) in zip(frame.to_dict("records"), targets, strict=True):
        assert row["status"] == target["status"].removeprefix("PROGRESS_STATUS_")
        for name in ("score", "ratio", "latest_value", "expected_value", "projected_value", "required_pace"):
            assert row[name] == target[name] if name in target else math.isnan(row[name]), (name, row)
        for name in ("period", "reason", "unit", "display_name"):
            assert row[name] == target.get(name, ""), name
        for name, point in (("baseline", target.get("baseline", {})), ("final", target.get("final_point", {}))):
            assert row[f"{name}_period"] == point.get("period", "")
            assert row[f"{name}_value"] == point["value"] if "value" in point else math.isnan(row[f"{name}_value"])
        if "latest_value" in target:
            assert row["latest_revision"] == int(target["latest_revision"])
            assert row["latest_time"] == pandas.Timestamp(target["latest_time"])
        else:
            assert pandas.isna(row["latest_revision"]) and pandas.isna(row["latest_time"])
        assert row["relation"] == target["relation"].removeprefix("TARGET_RELATION_")
        assert row["unit_multiplier"] == target.get("unit_multiplier", 0)
    assert frame.attrs["status"] == report["status"].removeprefix("PROGRESS_STATUS_")
    assert frame.attrs["score"] == report.get("score")
    assert (frame.attrs["judged_target_count"], frame.attrs["target_count"]) == (
        report["judged_target_count"], report["target_count"])
    then = client.progress(plan, as_of=empty)
    assert set(then["status"]) == {"NO_DATA"} and then["latest_value"].isna().all()
    assert list(then.dtypes) == list(frame.dtypes)


def test_progress_of_a_measure_at_a_period(paths):
    pushed = paths.push(DATASET, [("2020", 100.0), ("2021", 110.0), ("2022", 121.0)])
    now = paths.progress("measures/build-paths", at_least_revision=pushed.revision)
    then = paths.progress("measures/build-paths", period="2021")
    assert (now.loc[0, "period"], then.loc[0, "period"]) == ("2022", "2021")
    assert then.loc[0, "latest_value"] == 110
    with pytest.raises(ValueError, match="period"):
        paths.progress("plans/paths", period="2021")
    with pytest.raises(policytrack.InvalidArgument):
        paths.progress("datasets/paths-km")


def test_resources_and_commits(paths):
    plan = paths.get("plans/paths")
    assert isinstance(plan, v1.Plan) and plan.display_name == "Cycle paths"
    assert isinstance(paths.get("plugins/growth"), v1.Plugin)
    commits = paths.commits(filter="kind = COMMIT_KIND_DOCUMENT")
    assert [change.name for change in commits[-1].changes] == ["plans/paths"]
    assert [commit.revision for commit in paths.commits()] == list(range(paths.commits()[0].revision, 0, -1))
    assert [commit.revision for commit in paths.commits(limit=2)] == [
        commit.revision for commit in paths.list("commits")[:2]]
    assert paths.commits(limit=0) == []
    assert {item.name for item in paths.list("plugins")} >= {"plugins/growth", "plugins/attainment"}
    assert [item.name for item in paths.list("indicators", order_by="name desc")] == [
        "indicators/paths-km", "indicators/paths-growth"]
    assert [item.name for item in paths.list("measures", filter='plan = "plans/paths"')] == ["measures/build-paths"]
    assert paths.list("plans", as_of=1)[0] == plan
    paths.delete("indicators/paths-growth", validate_only=True)
    deleted = paths.delete("indicators/paths-growth")
    assert deleted.name == "indicators/paths-growth"
    with pytest.raises(policytrack.NotFound) as caught:
        paths.get("indicators/paths-growth")
    assert caught.value.metadata["resource"] == "indicators/paths-growth"
    past = paths.get("indicators/paths-growth", as_of=paths.commits()[0].revision - 1)
    assert past.name == "indicators/paths-growth"
    for call in (lambda: paths.get("plan"), lambda: paths.get("plans/paths/x"), lambda: paths.list("planes"),
                 lambda: paths.delete("plugins/growth"), lambda: paths.undelete("plans/paths")):
        with pytest.raises(policytrack.InvalidArgument) as caught:
            call()
        assert caught.value.reason == "NAME_INVALID"
    with pytest.raises(ValueError, match="as_of"):
        paths.get("plugins/growth", as_of=1)
