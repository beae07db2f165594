"""The IEA's figures as the server has them and as plain Python has them: what the tests of real
input share. The files are not part of the tree: ../shared/data, or the directory
POLICYTRACK_SHARED_DATA."""

import collections
import csv
import json
import os
import pathlib

import pytest

import iea_expected as expected
from harness import ROOT

DATA = pathlib.Path(os.environ.get("POLICYTRACK_SHARED_DATA", ROOT.parent / "shared/data"))
FIRST = DATA / "iea_ev_2023ed_historical_cars.csv"
SECOND = DATA / "iea_ev_2024ed.csv"
V1 = "policytrack.v1."

needs_editions = pytest.mark.skipif(not FIRST.exists() or not SECOND.exists(),
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


def read_all(server, parent, output, **arguments):
    """{region: {year: value}} of an output, of all regions; region is _T without groups."""
    found = collections.defaultdict(dict)
    request = {"parent": parent, "filter": f'output = "{output}"', "pageSize": 1000, **arguments}
    while True:
        answer = server.grpcurl_ok(V1 + "ObservationService/ListObservations", request)
        for row in answer.get("observations", []):
            region = row.get("dimensions", {}).get("region", "_T")
            found[region][int(row["period"])] = row.get("value")
        if not answer.get("nextPageToken"):
            return dict(found)
        request["pageToken"] = answer["nextPageToken"]


def create(server, name, plugin, inputs, parameters=None, group_by=("region",)):
    """Creates an indicator; gives its revision, to read what it has computed."""
    made = server.grpcurl_ok(V1 + "IndicatorService/CreateIndicator", {"indicatorId": name, "indicator": {
        "displayName": name, "plugin": f"plugins/{plugin}", "groupBy": list(group_by),
        "parameters": parameters or {}, "inputs": inputs}})
    return {"atLeastRevision": made["revision"]}


def of(slot, indicator, output, **more):
    return {"slot": slot, "source": f"indicators/{indicator}", "output": output, **more}


def chosen(slot, dataset, mode, powertrains=None):
    """History of one mode, summed over the powertrains."""
    selection = {"category": {"values": ["Historical"]}, "mode": {"values": [mode]}}
    if powertrains:
        selection["powertrain"] = {"values": powertrains}
    return {"slot": slot, "source": f"datasets/{dataset}", "aggregation": "AGGREGATION_SUM", "selection": selection}


def totals(data, mode="Cars", powertrains=None):
    """{region: total()} of every region."""
    regions = {key[0] for key in data if key[1] == "Historical" and key[2] == mode
               and (powertrains is None or key[3] in powertrains)}
    kept = {key: series for key, series in data.items() if powertrains is None or key[3] in powertrains}
    return {region: total(kept, region, mode) for region in regions}


def ratio(numerator, denominator, per=1):
    """{region: {year: quotient}}, None where either is missing or the denominator 0."""
    found = {}
    for region in numerator.keys() | denominator.keys():
        above, below = numerator.get(region, {}), denominator.get(region, {})
        found[region] = {year: per * above[year] / below[year]
                         if above.get(year) is not None and below.get(year) else None
                         for year in above.keys() | below.keys()}
    return found


def same_regions(found, wanted):
    """Both have the same values; the tolerance is 1e-9."""
    found = {region: known(series) for region, series in found.items() if known(series)}
    wanted = {region: known(series) for region, series in wanted.items() if known(series)}
    assert found.keys() == wanted.keys()
    for region, series in wanted.items():
        assert found[region] == pytest.approx(series, rel=1e-9, abs=1e-9), region
    return sum(map(len, wanted.values()))


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
            "accumulation": accumulation, "dimensions": [
                {"id": id_, "totalCodes": expected.TOTALS if id_ == "region" else ()} for id_ in DIMENSIONS],
            "producer": "International Energy Agency"}})
    for name, category in (("cars", "Historical"), ("cars-steps", "Projection-STEPS")):
        server.grpcurl_ok(V1 + "IndicatorService/CreateIndicator", {"indicatorId": name, "indicator": {
            "displayName": "Electric cars sold", "plugin": "plugins/level", "groupBy": ["region"],
            "inputs": [{"slot": "value", "source": "datasets/iea-ev-sales", "aggregation": "AGGREGATION_SUM",
                        "selection": {"category": {"values": [category]}, "mode": {"values": ["Cars"]}}}]}})
    server.grpcurl_ok(V1 + "IndicatorService/CreateIndicator", {"indicatorId": "cars-growth", "indicator": {
        "displayName": "Growth of electric cars sold", "plugin": "plugins/growth", "groupBy": ["region"],
        "inputs": [{"slot": "value", "source": "indicators/cars", "output": "value"}]}})
    # By what its source hands on as totals, the parts are countries.
    create(server, "hhi", "concentration", [of("value", "cars", "value", spreadBy="region")], group_by=())
    first = push(server, tmp_path, FIRST, "iea-ev-sales")
    # So that the outputs of both editions are in the history.
    read(server, "indicators/cars-growth", "China", atLeastRevision=first["revision"])
    evaluated = int(server.grpcurl_ok(V1 + "EventService/ListCommits", {"pageSize": 1})["commits"][0]["revision"])
    second = push(server, tmp_path, SECOND, "iea-ev-sales")
    read(server, "indicators/cars-growth", "China", atLeastRevision=second["revision"])
    return server, first, evaluated, second
