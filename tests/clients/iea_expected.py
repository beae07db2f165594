"""What the server should say of the IEA's figures, computed apart from it: plain Python over
{region: {year: value}}, where None is a value that is missing though the series has begun."""

import math
import statistics

# Regions that are totals or subtotals of others, or what is left of the world.
TOTALS = ("Europe", "EU27", "Other Europe", "Rest of the world", "World")


def countries(series):
    return {region: values for region, values in series.items() if region not in TOTALS}


def steady(series, last):
    """The countries that, once they have begun, have a value every year up to the last."""
    found = {}
    for region, values in countries(series).items():
        known = [year for year, value in values.items() if value is not None]
        if known and len(known) == last - min(known) + 1:
            found[region] = values
    return found


def parts_at(series, year):
    """{part: value} of the parts that have begun by then; None where one is missing."""
    return {part: values.get(year) for part, values in series.items()
            if any(value is not None and begun <= year for begun, value in values.items())}


def axis(series):
    return sorted({year for values in series.values() for year in values})


def concentration(parts, n=4, total=None):
    """The outputs of plugins/concentration for one period; {} where they are missing."""
    if not parts or None in parts.values():
        return {}
    whole = math.fsum(parts.values()) if total is None else total
    rest = whole - math.fsum(parts.values())
    if rest < -1e-9 * whole or whole <= 0:
        return {}
    shares = sorted((value / whole for value in parts.values() if value > 0), reverse=True)
    lower = 1e4 * math.fsum(share ** 2 for share in shares)
    outputs = {"hhi_lower": lower, "hhi_upper": lower, "parts": len(shares)}
    if rest > 1e-9 * whole:
        outputs["hhi_upper"] = lower + 1e4 * (rest / whole) ** 2
        if len(shares) >= n:
            outputs["cr"] = 100 * math.fsum(shares[:n])
        return outputs
    equal = 1 / len(shares)
    outputs["cr"] = 100 * math.fsum(shares[:n])
    outputs["hhi"] = lower
    outputs["hhi_normalised"] = 1 if len(shares) == 1 else (lower / 1e4 - equal) / (1 - equal)
    return outputs


def weighted_mean(values, weights):
    """{year: mean over countries}, None where a country that has begun has no value or no weight."""
    found = {}
    for year in axis(values):
        parts = parts_at(values, year)
        weighed = {part: weights.get(part, {}).get(year) for part in parts}
        known = parts and None not in parts.values() and None not in weighed.values()
        base = math.fsum(weighed.values()) if known else 0
        found[year] = math.fsum(parts[p] * weighed[p] for p in parts) / base if base else None
    return found


def reference(series, year, up_to_now):
    """The values of all countries at a year, or up to it."""
    return [value for values in countries(series).values() for at, value in values.items()
            if value is not None and (at <= year if up_to_now else at == year)]


def score(value, values, way):
    """One component against its reference; None where there is none."""
    if value is None or len(values) < 2 or max(values) == min(values):
        return None
    if way == "min_max":
        return 100 * (value - min(values)) / (max(values) - min(values))
    return (value - statistics.fmean(values)) / statistics.pstdev(values)


def composite(components, weights, way, least, up_to_now=False):
    """{region: {year: index}}: weighted mean of the scores that there are, if `least` of them are. A total of
    countries is no country, and has none."""
    found = {}
    for region in {region for series in components for region in countries(series)}:
        found[region] = {}
        for year in {year for series in components for year in series.get(region, {})}:
            scores = [score(series.get(region, {}).get(year), reference(series, year, up_to_now), way)
                      for series in components]
            there = [(value, weight) for value, weight in zip(scores, weights) if value is not None]
            if len(there) >= least:
                found[region][year] = (math.fsum(value * weight for value, weight in there)
                                       / math.fsum(weight for _, weight in there))
    return found


def projected(series, year, curve="linear", periods=5, least=4):
    """{at: value that a line through the last periods up to then has in a later year}; a compound
    curve is a line through the logarithms."""
    found = {}
    for at, value in series.items():
        points = [(then - at, series[then]) for then in range(at - periods + 1, at + 1)
                  if series.get(then) is not None]
        if value is None or len(points) < least:
            continue
        if curve == "compound" and min(figure for _, figure in points) <= 0:
            continue
        carry, back = (math.log, math.exp) if curve == "compound" else (float, float)
        line = statistics.linear_regression([x for x, _ in points], [carry(figure) for _, figure in points])
        found[at] = back(line.intercept + line.slope * (year - at))
    return found
