"""Where sales of electric cars are going, held against the projection scenario of the IEA (STEPS):
the trend of the history, the history beside the scenario, and the scenario as a target. All of it
is computed here from the files as well."""

import pytest

import iea_expected as expected
from iea_world import (FIRST, SECOND, V1, create, figures, history, known, merged, needs_editions, of, ratio,
                       read_all, same_regions, total, totals)

pytestmark = needs_editions

SCENARIO = "Projection-STEPS"
YEAR = 2030


@pytest.fixture
def sales(history):
    """The server, what was sold by region, and what the scenario says."""
    server, *_ = history
    both = merged(figures(FIRST, "EV sales"), figures(SECOND, "EV sales"))
    scenario = {region: total(both, region, category=SCENARIO)
                for region in {key[0] for key in both if key[1:3] == (SCENARIO, "Cars")}}
    assert len(scenario) == 6
    return server, totals(both), scenario


@pytest.mark.parametrize("curve", ["linear", "compound"])
def test_trends_against_the_scenario(sales, curve):
    server, sold, scenario = sales
    now = create(server, "trend", "trend", [of("value", "cars", "value")],
                 {"curve": curve, "periods": 5, "horizon_period": str(YEAR)})
    found = read_all(server, "indicators/trend", "projected", **now)
    wanted = {region: expected.projected(series, YEAR, curve) for region, series in sold.items()}
    assert same_regions(found, wanted) > 200
    # What the trend says of 2030 as a part of what the scenario says: both from the server.
    steps = read_all(server, "indicators/cars-steps", "value", **now)
    last = max(year for series in wanted.values() for year in series)
    assert last == 2023
    # India's cars with fuel cells end in 2022 in the scenario, so its sum is missing from then on.
    comparable = {region for region in scenario if scenario[region][YEAR] and wanted[region].get(last)}
    assert len(comparable) >= 4 and steps["India"][YEAR] is None
    gaps = {region: found[region][last] / steps[region][YEAR] for region in comparable}
    assert gaps == pytest.approx({region: wanted[region][last] / scenario[region][YEAR] for region in comparable},
                                 rel=1e-9)


def test_history_beside_the_scenario(sales):
    server, sold, scenario = sales
    now = create(server, "of-scenario", "ratio", [of("numerator", "cars", "value"),
                                                  of("denominator", "cars-steps", "value")])
    wanted = ratio({region: sold[region] for region in scenario}, scenario)
    assert min(map(len, map(known, wanted.values()))) >= 2
    found = read_all(server, "indicators/of-scenario", "ratio", **now)
    assert same_regions({region: found[region] for region in scenario}, wanted) >= 15


def test_the_scenario_as_a_target(sales):
    server, sold, scenario = sales
    started, last = 2018, 2023
    regions = sorted(region for region in scenario
                     if scenario[region][YEAR] and sold[region].get(started) and sold[region].get(last))
    assert len(regions) >= 4
    target = {"indicator": "indicators/cars", "output": "value", "relation": "TARGET_RELATION_AT_LEAST",
              "unit": "vehicles", "baseline": {"period": str(started)},
              "assessment": {"plugin": "plugins/attainment", "parameters": {"method": "un_progress_chart"}}}
    server.grpcurl_ok(V1 + "PlanService/CreatePlan", {"planId": "steps", "plan": {"displayName": "Stated policies"}})
    made = server.grpcurl_ok(V1 + "MeasureService/CreateMeasure", {"measureId": "steps", "measure": {
        "plan": "plans/steps", "displayName": "What is sold in 2030",
        "lifecycle": [{"stage": "MEASURE_STAGE_IN_FORCE", "effectiveDate": {"year": 2024, "month": 1, "day": 1}}], "targets": [
            {**target, "id": f"t{i}", "displayName": region, "group": {"region": region},
             "finalPoint": {"period": str(YEAR), "value": scenario[region][YEAR]}}
            for i, region in enumerate(regions)]}})
    progress = server.grpcurl_ok(V1 + "ProgressService/GetMeasureProgress",
                                 {"name": "measures/steps", "atLeastRevision": made["revision"]})
    for region, found in zip(regions, progress["targets"]):
        first, latest, goal = sold[region][started], sold[region][last], scenario[region][YEAR]
        growth = (latest / first) ** (1 / (last - started))
        then = first * growth ** (YEAR - started)
        assert found["period"] == str(last)
        assert found["baseline"]["value"] == pytest.approx(first, rel=1e-9)
        assert found["projectedValue"] == pytest.approx(then, rel=1e-9), region
        assert found["ratio"] == pytest.approx((then - first) / (goal - first), rel=1e-9), region
        # The first year on the way of equal growth from now to the scenario.
        pace = latest * ((goal / latest) ** (1 / (YEAR - last)) - 1)
        if latest < goal:
            assert found["requiredPace"] == pytest.approx(pace, rel=1e-9), region
