"""What the kill tests write and compute: two datasets, four indicators over them, measures with
targets on one of those, and all of their outputs computed again in plain Python."""

import collections

from google.protobuf import json_format

from harness import CALL_SECONDS

DATASETS = ("datasets/made", "datasets/sold")
LANES = ("x", "y", "z")
YEARS = range(1950, 1990)
PLAN = {"planId": "plan", "plan": {"displayName": "Plan"}}
INPUT_MISSING, PART_MISSING = 1, 2
SETUP = (
    ("Plan", PLAN),
    *(("Dataset", {"datasetId": name, "dataset": {
        "displayName": name, "unit": "vehicles", "frequency": "FREQUENCY_YEAR",
        "accumulation": "ACCUMULATION_FLOW", "dimensions": [{"id": "writer"}, {"id": "lane"}]}})
      for name in ("made", "sold")),
    ("Indicator", {"indicatorId": "level", "indicator": {
        "displayName": "Made", "plugin": "plugins/level", "groupBy": ["writer", "lane"],
        "inputs": [{"slot": "value", "source": "datasets/made"}]}}),
    ("Indicator", {"indicatorId": "total", "indicator": {
        "displayName": "Made in all lanes", "plugin": "plugins/level", "groupBy": ["writer"],
        "inputs": [{"slot": "value", "source": "datasets/made", "aggregation": "AGGREGATION_SUM"}]}}),
    ("Indicator", {"indicatorId": "growth", "indicator": {
        "displayName": "Growth of the total", "plugin": "plugins/growth", "groupBy": ["writer"],
        "inputs": [{"slot": "value", "source": "indicators/total", "output": "value"}]}}),
    ("Indicator", {"indicatorId": "share", "indicator": {
        "displayName": "Sold of made", "plugin": "plugins/ratio", "groupBy": ["writer", "lane"],
        "inputs": [{"slot": "numerator", "source": "datasets/sold"},
                   {"slot": "denominator", "source": "datasets/made"}]}}),
)
INDICATORS = ("level", "total", "growth", "share")
# What is computed here too; growth has further outputs, of figures that are published beside others.
OUTPUTS = {("level", "value"), ("total", "value"), ("growth", "growth"), ("share", "share"), ("share", "ratio")}

Missing = collections.namedtuple("Missing", "reason")


def measure(v1, name, number, writer):
    """A measure that says its number in every part of it."""
    return json_format.ParseDict({
        "name": name, "plan": "plans/plan", "displayName": f"Measure {number}",
        "description": f"{number} " * 200, "category": f"c{number}",
        "lifecycle": [{"stage": "MEASURE_STAGE_IN_FORCE", "effectiveDate": {"year": 2000, "month": 1, "day": 1}}],
        "references": [{"title": f"Reference {number}"}],
        "targets": [{
            "id": "total", "displayName": f"Target {number}", "indicator": "indicators/total",
            "output": "value", "group": {"writer": writer}, "relation": "TARGET_RELATION_AT_LEAST",
            "baseline": {"period": "1900", "value": 0}, "finalPoint": {"period": "2000", "value": 1e9 + number},
            "unit": "vehicles",
            "assessment": {"plugin": "plugins/attainment", "parameters": {"method": "linear_pace"}}}],
    }, v1.Measure())


def expected_of(number, year):
    """What the straight way of such a target asks for."""
    return (1e9 + number) * (year - 1900) / 100


def total_of(lanes):
    """The sum over lanes; a lane counts from its first year on."""
    result = {}
    for year in sorted(set().union(*lanes)):
        counts = [lane for lane in lanes if lane and min(lane) <= year]
        whole = all(year in lane for lane in counts)
        result[year] = sum(lane[year] for lane in counts) if whole else Missing(PART_MISSING)
    return result


def growth_of(series):
    def one(year):
        now, base = series[year], series.get(year - 1)
        if isinstance(now, Missing) or base is None or isinstance(base, Missing):
            return Missing(INPUT_MISSING)
        return 100 * (now - base) / base

    return {year: one(year) for year in series}


def ratio_of(numerator, denominator, factor):
    return {year: factor * numerator[year] / denominator[year]
            if year in numerator and year in denominator else Missing(INPUT_MISSING)
            for year in numerator.keys() | denominator.keys()}


def outputs_of(figures):
    """All outputs by (indicator, output, dimension values) and year, from the figures by
    (dataset, writer, lane) and year."""
    outputs = {}
    for writer in sorted({writer for _, writer, _ in figures}):
        lanes = {lane: figures.get(("datasets/made", writer, lane), {}) for lane in LANES}
        total = total_of(list(lanes.values()))
        outputs["total", "value", (writer,)] = total
        outputs["growth", "growth", (writer,)] = growth_of(total)
        for lane, made in lanes.items():
            sold = figures.get(("datasets/sold", writer, lane), {})
            outputs["level", "value", (writer, lane)] = dict(made)
            outputs["share", "share", (writer, lane)] = ratio_of(sold, made, 100)
            outputs["share", "ratio", (writer, lane)] = ratio_of(sold, made, 1)
    return {key: series for key, series in outputs.items() if series}


def differing(found, wanted):
    """The keys and years at which two sets of outputs differ, computed values by a little."""
    def same(a, b):
        if a is None or b is None or isinstance(a, Missing) or isinstance(b, Missing):
            return a == b
        return abs(a - b) <= 1e-12 * max(abs(a), abs(b))

    return [(key, year, found.get(key, {}).get(year), wanted.get(key, {}).get(year))
            for key in sorted(found.keys() | wanted.keys())
            for year in sorted(found.get(key, {}).keys() | wanted.get(key, {}).keys())
            if not same(found.get(key, {}).get(year), wanted.get(key, {}).get(year))]


def read_series(api, parent, **arguments):
    """All pages of a parent's series, and the last answer."""
    series, token = [], ""
    while True:
        answer = api.observation.ReadSeries(api.v1.ReadSeriesRequest(
            parent=parent, page_token=token, **arguments), timeout=CALL_SECONDS)
        series += answer.series
        token = answer.next_page_token
        if not token:
            return series, answer


def read_outputs(api, revision):
    """As outputs_of, from the server, after evaluation has passed the revision."""
    found = {}
    for indicator in INDICATORS:
        series, answer = read_series(api, f"indicators/{indicator}", at_least_revision=revision)
        assert not answer.evaluation.failure_reason, answer.evaluation
        for one in series:
            if (indicator, one.output) not in OUTPUTS:
                continue
            values = dict(zip(one.periods, one.values))
            values.update((one.periods[at], Missing(reason))
                          for at, reason in zip(one.missing_indexes, one.missing_reasons))
            dimensions = tuple(one.dimensions[id_] for id_ in ("writer", "lane") if id_ in one.dimensions)
            found.setdefault((indicator, one.output, dimensions), {}).update(values)
    return found
