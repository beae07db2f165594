"""Real figures: two editions of the IEA's electric-vehicle data, pushed one after the other by
`policytrack push`. What the server says is held against what is computed here from the files.

The files are not part of the tree: ../shared/data, or the directory POLICYTRACK_SHARED_DATA."""

import collections
import csv
import json
import os
import pathlib

import pytest

from harness import ROOT

DATA = pathlib.Path(os.environ.get("POLICYTRACK_SHARED_DATA", ROOT.parent / "shared/data"))
FIRST = DATA / "iea_ev_2023ed_historical_cars.csv"
SECOND = DATA / "iea_ev_2024ed.csv"
V1 = "policytrack.v1."

pytestmark = pytest.mark.skipif(not FIRST.exists() or not SECOND.exists(),
                                reason=f"the editions of the IEA's data are not in {DATA}")

DIMENSIONS = ("region", "category", "mode", "powertrain")
DATASETS = {"iea-ev-sales": ("EV sales", "vehicles", "ACCUMULATION_FLOW"),
            "iea-ev-stock": ("EV stock", "vehicles", "ACCUMULATION_STOCK"),
            "iea-charging-points": ("EV charging points", "pieces", "ACCUMULATION_STOCK")}


def figures(path, parameter):
    """{(region, category, mode, powertrain): {year: value}} of a file."""
    found = collections.defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["parameter"] == parameter:
                key = tuple(row[name] for name in DIMENSIONS)
                assert found[key].setdefault(int(row["year"]), float(row["value"])) == float(row["value"])
    return found


def merged(*editions):
    """What is known after all editions: the later one revises, and takes nothing away."""
    found = collections.defaultdict(dict)
    for edition in editions:
        for key, series in edition.items():
            found[key].update(series)
    return found


def total(data, region, mode="Cars", category="Historical"):
    """{year: sum over powertrains, None where one that has reported before is missing}."""
    parts = [series for key, series in data.items() if key[:3] == (region, category, mode)]
    years = sorted({year for series in parts for year in series})
    return {year: sum(series[year] for series in parts if min(series) <= year)
            if all(year in series for series in parts if min(series) <= year) else None for year in years}


def growth(series):
    return {year: (series[year] / series[year - 1] - 1) * 100 for year in series
            if series[year] is not None and series.get(year - 1)}


def push(server, folder, path, dataset):
    """Pushes one parameter of a file through a mapping; gives the answer of the client."""
    mapping = folder / f"{dataset}-{path.stem}.yaml"
    lines = [f"dataset: datasets/{dataset}", "period: year", "value: value", "where:",
             f"  parameter: {DATASETS[dataset][0]}", "dimensions:", *(f"  {name}: {name}" for name in DIMENSIONS)]
    mapping.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return json.loads(server.client_ok("-o", "json", "push", "--mapping", mapping, path))


def read(server, parent, region, output=None, **arguments):
    """{year: value} of one region of an output of an indicator."""
    filter_ = f'dimensions.region = "{region}"' + (f' AND output = "{output}"' if output else "")
    answer = server.grpcurl_ok(V1 + "ObservationService/ListObservations", {
        "parent": parent, "filter": filter_, **arguments})
    return {int(row["period"]): row.get("value") for row in answer.get("observations", [])}


def known(series):
    return {year: value for year, value in series.items() if value is not None}


def same(found, wanted):
    return known(found) == pytest.approx(known(wanted), rel=1e-9, abs=1e-9)


@pytest.fixture
def history(server, tmp_path):
    """The server after both editions, with the revision of each."""
    for name, (display_name, unit, accumulation) in DATASETS.items():
        server.grpcurl_ok(V1 + "DatasetService/CreateDataset", {"datasetId": name, "dataset": {
            "displayName": display_name, "unit": unit, "frequency": "FREQUENCY_YEAR",
            "accumulation": accumulation, "dimensions": [{"id": id_} for id_ in DIMENSIONS],
            "producer": "International Energy Agency"}})
    for name, category in (("cars", "Historical"), ("cars-steps", "Projection-STEPS")):
        server.grpcurl_ok(V1 + "IndicatorService/CreateIndicator", {"indicatorId": name, "indicator": {
            "displayName": "Electric cars sold", "plugin": "plugins/level", "groupBy": ["region"],
            "inputs": [{"slot": "value", "source": "datasets/iea-ev-sales", "aggregation": "AGGREGATION_SUM",
                        "selection": {"category": {"values": [category]}, "mode": {"values": ["Cars"]}}}]}})
    server.grpcurl_ok(V1 + "IndicatorService/CreateIndicator", {"indicatorId": "cars-growth", "indicator": {
        "displayName": "Growth of electric cars sold", "plugin": "plugins/growth", "groupBy": ["region"],
        "inputs": [{"slot": "value", "source": "indicators/cars", "output": "value"}]}})
    first = push(server, tmp_path, FIRST, "iea-ev-sales")
    # So that the outputs of both editions are in the history.
    read(server, "indicators/cars-growth", "China", atLeastRevision=first["revision"])
    evaluated = int(server.grpcurl_ok(V1 + "EventService/ListCommits", {"pageSize": 1})["commits"][0]["revision"])
    second = push(server, tmp_path, SECOND, "iea-ev-sales")
    read(server, "indicators/cars-growth", "China", atLeastRevision=second["revision"])
    return server, first, evaluated, second


def test_both_editions(history, tmp_path):
    server, first, evaluated, second = history
    old, new = figures(FIRST, "EV sales"), figures(SECOND, "EV sales")
    both = merged(old, new)

    # What the pushes did, counted from the files.
    points = {(key, year): value for key, series in old.items() for year, value in series.items()}
    later = {(key, year): value for key, series in new.items() for year, value in series.items()}
    assert first["created"] == len(points)
    assert second["created"] == len(later.keys() - points.keys())
    assert second["revised"] == sum(points[at] != later[at] for at in later.keys() & points.keys())
    assert second["unchanged"] == len(later) - second["created"] - second["revised"]
    assert second["revised"] > 0
    assert first["rejected"] == second["rejected"] == first["deleted"] == second["deleted"] == 0

    # China 2021 as first pushed and as revised.
    for powertrain in ("BEV", "PHEV"):
        at = {"parent": "datasets/iea-ev-sales", "startPeriod": "2021", "endPeriod": "2021", "filter":
              'dimensions.region = "China" AND dimensions.category = "Historical" AND '
              f'dimensions.mode = "Cars" AND dimensions.powertrain = "{powertrain}"'}
        key = ("China", "Historical", "Cars", powertrain)
        for as_of, wanted in (({"asOf": {"revision": first["revision"]}}, old[key][2021]), ({}, new[key][2021])):
            rows = server.grpcurl_ok(V1 + "ObservationService/ListObservations", {**at, **as_of})["observations"]
            assert [row["value"] for row in rows] == [wanted]

    # Sums and growth of every region, now and as of the first push: its own revision is computed on
    # demand, that of the evaluation after it is in the store, and both say the same.
    then = {"asOf": {"revision": first["revision"]}}
    stored = {"asOf": {"revision": evaluated}}
    assert evaluated > first["revision"]
    regions = {key[0] for key in both}
    for region in sorted(regions):
        now_total, old_total = total(both, region), total(old, region)
        assert same(read(server, "indicators/cars", region), now_total), region
        for as_of in (then, stored):
            assert same(read(server, "indicators/cars", region, **as_of), old_total), region
        assert same(read(server, "indicators/cars-growth", region, "growth"), growth(now_total)), region
        assert same(read(server, "indicators/cars-growth", region, "growth", **then), growth(old_total)), region

    china_now, china_then = total(both, "China"), total(old, "China")
    assert china_then[2021] != china_now[2021]
    found = read(server, "indicators/cars-growth", "China", "growth")
    assert found[2023] == pytest.approx((china_now[2023] / china_now[2022] - 1) * 100, abs=1e-9)
    found = read(server, "indicators/cars-growth", "China", "growth", **then)
    assert found[2022] == pytest.approx((china_then[2022] / china_then[2021] - 1) * 100, abs=1e-9)
    assert 2023 not in found

    # Projections are there and are not mixed with history.
    assert max(known(read(server, "indicators/cars", "China"))) == 2023
    steps = read(server, "indicators/cars-steps", "China")
    assert same(steps, total(both, "China", category="Projection-STEPS"))
    assert max(known(steps)) == 2035
    assert read(server, "indicators/cars-steps", "China", **then) == {}

    # Pushed again it changes nothing.
    again = push(server, tmp_path, SECOND, "iea-ev-sales")
    assert (again["created"], again["revised"], again["unchanged"]) == (0, 0, len(later))
    assert again["not_selected"] == second["not_selected"] > 0


def test_charging_points_and_their_speeds(history, tmp_path):
    server, *_ = history
    points = figures(SECOND, "EV charging points")
    server.grpcurl_ok(V1 + "IndicatorService/CreateIndicator", {"indicatorId": "fast-share", "indicator": {
        "displayName": "Fast points of all public ones", "plugin": "plugins/ratio", "groupBy": ["region"],
        "inputs": [
            {"slot": slot, "source": "datasets/iea-charging-points", "aggregation": "AGGREGATION_SUM",
             "selection": {"category": {"values": ["Historical"]}, "powertrain": {"values": values}}}
            for slot, values in (("numerator", ["Publicly available fast"]),
                                 ("denominator", ["Publicly available fast", "Publicly available slow"]))]}})
    pushed = push(server, tmp_path, SECOND, "iea-charging-points")
    assert pushed["created"] == sum(map(len, points.values()))
    fast = points["China", "Historical", "EV", "Publicly available fast"]
    every = total(points, "China", mode="EV")
    found = read(server, "indicators/fast-share", "China", "share", atLeastRevision=pushed["revision"])
    assert same(found, {year: 100 * value / every[year] for year, value in fast.items() if every.get(year)})
    assert max(known(found)) == 2023
