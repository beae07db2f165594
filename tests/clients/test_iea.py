"""Real figures: two editions of the IEA's electric-vehicle data, pushed one after the other by
`policytrack push`. What the server says is held against what is computed here from the files.

The files are not part of the tree: ../shared/data, or the directory POLICYTRACK_SHARED_DATA."""

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


def concentrations(parts, **arguments):
    """{output: {year: value}} over all years."""
    found = collections.defaultdict(dict)
    for year in expected.axis(parts):
        for output, value in expected.concentration(expected.parts_at(parts, year), **arguments).items():
            found[output][year] = value
    return found


def assert_concentration(server, name, wanted, **arguments):
    for output in ("cr", "hhi", "hhi_lower", "hhi_upper", "hhi_normalised", "parts"):
        found = read_all(server, f"indicators/{name}", output, **arguments).get("_T", {})
        assert same(found, wanted.get(output, {})), output


def test_concentration_over_countries(history):
    server, first, evaluated, second = history
    both = merged(figures(FIRST, "EV sales"), figures(SECOND, "EV sales"))
    sold = totals(both)
    parts = expected.countries(sold)
    assert "World" in sold and "World" not in parts and len(parts) > 40

    # Some country is missing in most years, and so is the index then.
    wanted = concentrations(parts)
    assert 0 < len(wanted["hhi"]) < 5
    assert_concentration(server, "hhi", wanted, atLeastRevision=second["revision"])
    # As of the first edition, which had fewer countries: on demand and as it was stored.
    then = concentrations(expected.countries(totals(figures(FIRST, "EV sales"))))
    assert then != wanted
    for revision in (first["revision"], evaluated):
        assert_concentration(server, "hhi", then, asOf={"revision": revision})

    # Over those that report every year.
    steady = expected.steady(sold, 2023)
    only = {"selection": {"region": {"values": sorted(steady)}}}
    now = create(server, "hhi-steady", "concentration",
                 [of("value", "cars", "value", spreadBy="region", **only)], group_by=())
    always = concentrations(steady)
    assert len(steady) > 10 and len(always["hhi"]) > 10
    assert_concentration(server, "hhi-steady", always, **now)

    # From the dataset, summed within each country: the same.
    now = create(server, "hhi-of-rows", "concentration",
                 [{**chosen("value", "iea-ev-sales", "Cars"), "spreadBy": "region"}], group_by=())
    assert_concentration(server, "hhi-of-rows", wanted, **now)

    # Countries that stopped reporting: left out, or part of what the world sells beside the others.
    now = create(server, "hhi-of-those", "concentration", [of("value", "cars", "value", spreadBy="region")],
                 {"missing_parts": "exclude", "n": 3}, group_by=())
    present = {part: known(series) for part, series in parts.items()}
    by_year = {year: {part: series[year] for part, series in present.items() if year in series}
               for year in expected.axis(present)}
    wanted = collections.defaultdict(dict)
    for year, values in by_year.items():
        for output, value in expected.concentration(values, n=3).items():
            wanted[output][year] = value
    assert_concentration(server, "hhi-of-those", wanted, **now)
    now = create(server, "hhi-of-world", "concentration", [
        of("value", "cars", "value", spreadBy="region"),
        of("total", "cars", "value", selection={"region": {"values": ["World"]}})],
        {"missing_parts": "exclude"}, group_by=())
    wanted = collections.defaultdict(dict)
    for year, values in by_year.items():
        for output, value in expected.concentration(values, total=sold["World"].get(year) or 0).items():
            wanted[output][year] = value
    assert len(wanted["hhi_upper"]) > 5
    assert any(wanted["hhi_upper"][year] > wanted["hhi_lower"][year] for year in wanted["hhi_upper"])
    assert_concentration(server, "hhi-of-world", wanted, **now)


@pytest.fixture
def compared(history, tmp_path):
    """Three indicators by region with what they should say: chargers for 100 cars, the share of fast
    chargers, and the share of battery cars in sales."""
    server, *_ = history
    for dataset in ("iea-ev-stock", "iea-charging-points"):
        push(server, tmp_path, SECOND, dataset)
    points, stock = figures(SECOND, "EV charging points"), figures(SECOND, "EV stock")
    sold = merged(figures(FIRST, "EV sales"), figures(SECOND, "EV sales"))
    fast = ["Publicly available fast"]
    create(server, "chargers", "ratio", [chosen("numerator", "iea-charging-points", "EV"),
                                         chosen("denominator", "iea-ev-stock", "Cars")], {"per": 100})
    create(server, "fast", "ratio", [chosen("numerator", "iea-charging-points", "EV", fast),
                                     chosen("denominator", "iea-charging-points", "EV")])
    last = create(server, "battery", "ratio", [chosen("numerator", "iea-ev-sales", "Cars", ["BEV"]),
                                               chosen("denominator", "iea-ev-sales", "Cars")])
    wanted = [("chargers", "ratio", ratio(totals(points, "EV"), totals(stock), 100)),
              ("fast", "share", ratio(totals(points, "EV", fast), totals(points, "EV"), 100)),
              ("battery", "share", ratio(totals(sold, powertrains=["BEV"]), totals(sold), 100))]
    return server, last, wanted, sold


def test_shares_and_densities_and_their_weighted_mean(compared):
    server, last, wanted, sold = compared
    for name, output, series in wanted:
        assert same_regions(read_all(server, f"indicators/{name}", output, **last), series) > 200, name
    # The mean of the shares of all countries, weighted by their sales, is the share of their sum.
    weights = {"aggregation": "AGGREGATION_WEIGHTED_MEAN", "weightSource": "indicators/cars", "weightOutput": "value"}
    now = create(server, "battery-mean", "level", [of("value", "battery", "share", **weights)], group_by=())
    mean = expected.weighted_mean(expected.countries(wanted[2][2]), totals(sold))
    assert same(read_all(server, "indicators/battery-mean", "value", **now)["_T"], mean)
    battery = expected.steady(wanted[2][2], 2023)
    now = create(server, "battery-steady", "level", [of("value", "battery", "share", **weights, selection={
        "region": {"values": sorted(battery)}})], group_by=())
    mean = expected.weighted_mean(battery, totals(sold))
    assert len(battery) > 10 and len(known(mean)) > 10
    assert same(read_all(server, "indicators/battery-steady", "value", **now)["_T"], mean)
    year = max(known(mean))
    counted = expected.parts_at(battery, year)
    sums = [sum(series[part][year] for part in counted) for series in (totals(sold, powertrains=["BEV"]), totals(sold))]
    assert mean[year] == pytest.approx(100 * sums[0] / sums[1], rel=1e-9)


def test_composite_over_countries(compared):
    server, _, wanted, _ = compared
    weights = (1, 2, 0.5)
    inputs = [entry for i, (name, output, _) in enumerate(wanted, 1) for entry in (
        of(f"c{i}", name, output), of(f"r{i}", name, output, spreadBy="region"))]
    series = [component for *_, component in wanted]
    parameters = {"missing_components": "reweight", "min_components": 2,
                  **{f"weight_{i}": weight for i, weight in enumerate(weights, 1)}}
    for way, up_to_now in (("min_max", False), ("z_score", False), ("min_max", True), ("z_score", True)):
        name = f"index-{way.replace('_', '-')}-{'all' if up_to_now else 'year'}"
        now = create(server, name, "composite", inputs, {
            **parameters, "normalisation": way, "reference": "up_to_now" if up_to_now else "same_period"})
        found = read_all(server, f"indicators/{name}", "index", **now)
        assert same_regions(found, expected.composite(series, weights, way, 2, up_to_now)) > 200, name

    # An index of indices: how charging stands, and that beside the share of battery cars.
    create(server, "charging", "composite", inputs[:4], {
        "normalisation": "min_max", "missing_components": "reject", "weight_2": 3})
    now = create(server, "nested", "composite", [of("c1", "charging", "index"), *(
        {**entry, "slot": entry["slot"][0] + "2"} for entry in inputs[4:])], {
            "normalisation_2": "min_max", "missing_components": "reject"})
    charging = expected.composite(series[:2], (1, 3), "min_max", 2)
    battery = expected.composite(series[2:], (1,), "min_max", 1)
    nested = {region: {year: (values[year] + battery[region][year]) / 2 for year in values
                       if year in battery.get(region, {})} for region, values in charging.items()}
    assert same_regions(read_all(server, "indicators/nested", "index", **now), nested) > 200
