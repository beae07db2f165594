"""Real figures: two editions of the IEA's electric-vehicle data, pushed one after the other by
`policytrack push`. What the server says is held against what is computed here from the files."""

import collections

import pytest

import iea_expected as expected
from iea_world import (FIRST, SECOND, V1, chosen, create, figures, growth, history, known, merged,
                       needs_editions, of, push, ratio, read, read_all, same, same_regions, total, totals)

pytestmark = needs_editions


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
