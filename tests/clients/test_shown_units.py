"""Files in the unit asked for: an export with --unit pushes back unchanged or is refused, and what is computed says
the unit of each value."""

import json
import re

import pytest

from figures import create, export, revision, write

# In 万 and below: figures as they are published, and the fifteen digits that any figure has.
FIGURES = ["43500", "43500.5", "0.07", "-1234567.89", "999999999999999", "0", "123456789.012345"]


@pytest.fixture
def made(server, tmp_path):
    create(server, "made", frequency="FREQUENCY_YEAR", dimensions=[{"id": "area"}])
    lines = [f"{2000 + i},河南,{text}\n" for i, text in enumerate(FIGURES)] + ["2020,河南,[c]\n"]
    write(tmp_path / "push.yaml", "dataset: made\nperiod: p\nvalue: v\ndimensions: {area: a}\n"
          "missing_marks: {'[c]': Q}\n")
    server.client_ok("push", write(tmp_path / "made.csv", "p,a,v\n" + "".join(lines)))
    return server


def unchanged(server, *push):
    answer = json.loads(server.client_ok("-o", "json", "push", *push))
    return answer["unchanged"] == len(FIGURES) + 1 and not answer["created"] + answer["revised"] + answer["rejected"]


@pytest.mark.parametrize("flags", [["--unit", "万辆"], ["--unit", "vehicles", "--multiplier", "4"],
                                   ["--unit", "10^4 vehicles"]])
def test_an_export_in_another_unit_pushes_back_unchanged(made, tmp_path, flags):
    text = export(made, "made", "csv", *flags)
    lines = text.splitlines()
    assert lines[0] == "period,area,value,status,series_break,unit,unit_multiplier"
    assert lines[1] == "2000,河南,4.35,A,,vehicles,4"
    assert lines[2] == "2001,河南,4.35005,A,,vehicles,4"
    assert lines[-1] == "2020,河南,,Q,,vehicles,4"
    write(tmp_path / "push.yaml", "dataset: made\nperiod: period\nvalue: value\nstatus: status\n"
          "series_break: series_break\ndimensions: {area: area}\nmissing_marks: []\n"
          "unit: vehicles\nmultiplier_column: unit_multiplier\n")
    before = revision(made)
    assert unchanged(made, write(tmp_path / "back.csv", text))
    (tmp_path / "push.yaml").unlink()
    text = export(made, "made", "sdmx-csv", *flags)
    assert text.splitlines()[1] == "dataflow,POLICYTRACK:made(1.0),I,河南,2000,4.35,A,4,vehicles"
    assert unchanged(made, "--format", "sdmx-csv", write(tmp_path / "back-sdmx.csv", text))
    assert revision(made) == before
    # What a dataset keeps in 万 goes out in ones.
    create(made, "parked", frequency="FREQUENCY_YEAR", unitMultiplier=4, dimensions=[{"id": "area"}])
    made.client_ok("push", "--format", "sdmx-csv",
                   write(tmp_path / "parked.csv", text.replace("POLICYTRACK:made(", "POLICYTRACK:parked(")))
    ones = export(made, "parked", "csv", "--unit", "vehicles").splitlines()
    assert [line.split(",")[2] for line in ones[1:]] == FIGURES + [""]


def test_an_export_that_would_not_push_back_is_refused(made, tmp_path):
    create(made, "huge", frequency="FREQUENCY_YEAR", unitMultiplier=4)
    made.client_ok("push", "--dataset", "huge", "--period-column", "p", "--value-column", "v",
                   write(tmp_path / "huge.csv", "p,v\n2001,1.7976931348623157e308\n"))
    done = made.client("list", "observations", "datasets/huge", "--output", "csv", "--unit", "vehicles")
    assert done.returncode == 1 and "beyond what a double holds" in done.stderr
    made.client_ok("push", "--dataset", "made", "--period-column", "p", "--value-column", "v", "--dimension", "area:=x",
                   write(tmp_path / "computed.csv", "p,v\n2001,1.3436424411240122\n"))
    done = made.client("list", "observations", "datasets/made", "--output", "csv", "--unit", "万辆")
    assert done.returncode == 1 and "has more digits than come back from" in done.stderr
    done = made.client("list", "observations", "datasets/made", "--output", "csv", "--unit", "万辆",
                       "--filter", "value > 4 AND value < 5")
    assert done.returncode == 1 and "leave the value out of the filter" in done.stderr
    create(made, "named", dimensions=[{"id": "unit"}])
    done = made.client("list", "observations", "datasets/named", "--output", "csv", "--unit", "vehicles")
    assert done.returncode == 1 and "has the name of another column" in done.stderr


def test_what_is_computed_says_the_unit_of_each_value(made):
    made.grpcurl_ok("policytrack.v1.IndicatorService/CreateIndicator", {"indicatorId": "trend", "indicator": {
        "displayName": "Trend", "plugin": "plugins/trend", "groupBy": ["area"],
        "inputs": [{"slot": "value", "source": "datasets/made"}]}})
    flags = ["--wait", revision(made), "--unit", "万辆", "--filter", 'output = "fitted" OR output = "r_squared"']
    lines = made.client_ok("list", "observations", "indicators/trend", "--output", "csv", *flags).splitlines()
    assert lines[0].endswith(",missing_reason,joint,unit,unit_multiplier")
    assert {tuple(line.split(",")[i] for i in (0, -2, -1)) for line in lines[1:]} == {
        ("fitted", "vehicles", "4"), ("r_squared", "ratio", "0")}
    table = made.client_ok("list", "observations", "indicators/trend", *flags)
    assert re.search(r"^fitted .* 万辆 ", table, re.M) and re.search(r"^r_squared .* ratio ", table, re.M)
    done = made.client("list", "observations", "indicators/trend", "--unit", "yuan")
    assert done.returncode == 1 and "cannot be converted to yuan" in done.stderr


def test_an_sdmx_export_says_the_unit_of_its_figures(made, tmp_path):
    create(made, "heavy", frequency="FREQUENCY_YEAR", unit="kg")
    made.client_ok("push", "--dataset", "heavy", "--period-column", "p", "--value-column", "v",
                   write(tmp_path / "heavy.csv", "p,v\n2001,4350\n"))
    text = export(made, "heavy", "sdmx-csv", "--unit", "tonnes")
    assert text.splitlines() == ["STRUCTURE[;],STRUCTURE_ID,ACTION,TIME_PERIOD,OBS_VALUE,OBS_STATUS[],UNIT_MULT,UNIT_MEASURE",
                                 "dataflow,POLICYTRACK:heavy(1.0),I,2001,4.35,A,0,tonnes"]
    before = revision(made)
    (tmp_path / "push.yaml").unlink()
    answer = json.loads(made.client_ok("-o", "json", "push", "--format", "sdmx-csv", write(tmp_path / "back.csv", text)))
    assert answer["unchanged"] == 1 and revision(made) == before
