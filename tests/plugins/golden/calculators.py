"""Golden figures of the calculators, made another way than the plugins make them: from the formulas of
their READMEs as they stand, in exact fractions, roots and logarithms with 50 decimal digits. Totals to
date are made from the flows and the expected figures from the flows again, so that no difference of
totals is taken. `trend` has a maker of its own.

    python3 tests/plugins/golden/calculators.py > tests/plugins/golden/calculators.json

`calculators.json` is committed; a test runs this and compares."""

import datetime

from cases import PERIODS_PER_YEAR, case, decimal, exact, feed, figures, parts, power, write

EPOCH = datetime.date(1970, 1, 1)


def day(year, month, of_month):
    return (datetime.date(year, month, of_month) - EPOCH).days


def a_year_before(period, frequency, years):
    """The same period of an earlier year, None where that year has none."""
    if frequency != "DAY":
        return period - years * int(PERIODS_PER_YEAR[frequency])
    date = EPOCH + datetime.timedelta(days=period)
    try:
        return (date.replace(year=date.year - years) - EPOCH).days
    except ValueError:
        return None


def growth_case(name, frequency, points, rates, accumulation="FLOW", **parameters):
    method = parameters["method"]
    years = {"year_on_year": 1, "two_year_average": 2}.get(method, parameters.get("years", 0))
    first = min(p for p, v in points.items() if v is not None)
    out = {name: {} for name in ("growth", "published", "implied_base", "implied_base_gap", "difference")}
    for t in sorted(points.keys() | rates.keys()):
        y = points.get(t)
        if method == "previous_period":
            at, n = t - 1, 1
        elif years:
            at, n = a_year_before(t, frequency, years), years
        else:
            at, n = first, decimal(t - first) / PERIODS_PER_YEAR[frequency]
        b, p = points.get(at), rates.get(t)
        if p is not None:
            out["published"][t] = p
        if y is None or n < 1:
            continue
        y = exact(y)
        computed = implied = None
        if b is not None:
            b = exact(b)
            computed = 100 * (decimal(y / b) if n == 1 else power(y / b, 1 / decimal(n) if years else 1 / n)) - 100
            out["growth"][t] = computed
        if p is not None:
            factor = 1 + exact(p) / 100
            implied = decimal(y) / (decimal(factor) if n == 1 else power(factor, n))
            out["implied_base"][t] = implied
        if computed is not None and implied is not None:
            out["implied_base_gap"][t] = 100 * (implied - decimal(b)) / decimal(b)
            out["difference"][t] = computed - decimal(exact(p))
    return case(name, "growth", frequency, parameters,
                [feed("value", points, "vehicles", accumulation), feed("published", rates, "percent", "LEVEL")], out)


def growth():
    months = dict(zip(range(24000, 24060), figures(1, 60, 5, 900)))
    del months[24017]
    months[24030] = None
    rates = dict(zip(range(24003, 24060, 2), figures(2, 29, -60, 160, 1)))
    yield growth_case("month on month", "MONTH", months, rates, method="previous_period")
    yield growth_case("year on year, months", "MONTH", months, rates, method="year_on_year")
    yield growth_case("three years, months", "MONTH", months, rates, method="cagr", years=3)
    yield growth_case("since the first, months", "MONTH", months, rates, "STOCK", method="cagr")
    yield growth_case("two-year average, months", "MONTH", months, rates, method="two_year_average")
    quarters = dict(zip(range(8000, 8020), figures(3, 20, 0.001, 0.009, 6)))
    yield growth_case("year on year, quarters", "QUARTER", quarters,
                      dict(zip(range(8004, 8020), figures(4, 16, -90, 400, 1))), method="year_on_year")
    days = {p: v for p, v in zip(range(day(2023, 2, 20), day(2025, 3, 5)), figures(5, 800, 1, 3))}
    yield growth_case("year on year, days with 29 February", "DAY", days, {}, "LEVEL", method="year_on_year")


def ratio():
    years = range(1990, 2020)
    n, d = dict(zip(years, figures(6, 30, -50, 900))), dict(zip(years, figures(7, 30, 1, 90)))
    n[1995] = d[1999] = None
    both = [t for t in years if n[t] is not None and d[t] is not None]
    yield case("kWh for 100 MWh", "ratio", "YEAR", {"per": 100},
               [feed("numerator", n, "kwh"), feed("denominator", d, "mwh")],
               {"share": {t: 100 * exact(n[t]) / (1000 * exact(d[t])) for t in both},
                "ratio": {t: 100 * exact(n[t]) / exact(d[t]) for t in both}})
    within = {t: exact(n[t]) / exact(d[t]) for t in both}
    yield case("a share cannot be outside 0 to 100", "ratio", "YEAR", {"allow_above_100": False},
               [feed("numerator", n), feed("denominator", d)],
               {"share": {t: 100 * q for t, q in within.items() if 0 <= q <= 1}, "ratio": within})


def arithmetic():
    years = range(2000, 2040)
    slots = {s: dict(zip(years, figures(seed, 40, -1000, 1000))) for seed, s in enumerate("abcdefgh", 8)}
    coefficients = {"a": 1, "b": -1, "c": 0.5, "d": 2, "e": 1, "f": -0.3, "g": 1, "h": 10}
    slots["c"][2003] = slots["h"][2004] = None
    total = dict(zip(years, figures(20, 40, -1, 1)))
    sums = {}
    for t in years:
        if any(s[t] is None for name, s in slots.items() if name != "c"):
            continue
        sums[t] = sum(exact(coefficients[name]) * exact(s[t]) for name, s in slots.items() if s[t] is not None)
        total[t] = round(float(sums[t]) + total[t] * 15, 1)
    tolerance = (1 + sum(abs(exact(c)) for c in coefficients.values())) / 2
    gaps = {t: exact(total[t]) - r for t, r in sums.items()}
    assert len({abs(g) <= tolerance for g in gaps.values()}) == 2
    yield case("eight slots against a total", "arithmetic", "YEAR",
               {"may_be_missing": "c", "rounded_to": 1, **{f"coefficient_{n}": c for n, c in coefficients.items()}},
               [feed(s, points) for s, points in slots.items()] + [feed("total", total)],
               {"result": sums, "points": {}, "discrepancy": gaps,
                "within_rounding": {t: int(abs(g) <= tolerance) for t, g in gaps.items()}})
    a, b = (dict(zip(years, figures(seed, 40, 0, 100, 1))) for seed in (21, 22))
    yield case("percentage points", "arithmetic", "YEAR", {"coefficient_b": -1},
               [feed("a", a, "percent", "LEVEL"), feed("b", b, "percent", "LEVEL")],
               {"result": {}, "points": {t: exact(a[t]) - exact(b[t]) for t in years},
                "discrepancy": {}, "within_rounding": {}})


def rolling():
    months = range(24000, 24048)
    flows = dict(zip(months, figures(23, 48, -20, 400)))
    gaps = {t: None if t % 7 == 3 else v for t, v in flows.items() if t % 11 != 5}
    methods = {"sum": sum, "mean": lambda v: sum(v) / len(v), "minimum": min, "maximum": max}
    for method, of in methods.items():
        out = {}
        for t in gaps:
            there = [exact(gaps[p]) for p in range(t - 4, t + 1) if gaps.get(p) is not None]
            if len(there) >= 3:
                out[t] = of(there)
        yield case(f"{method} of five months", "rolling", "MONTH", {"method": method, "periods": 5, "at_least": 3},
                   [feed("value", gaps)], {"value": out, "year_to_date": {}})
    to_date = {t: sum(exact(flows[p]) for p in range(t - t % 12, t + 1)) for t in months}
    yield case("since the start of the year", "rolling", "MONTH", {"method": "year_to_date"},
               [feed("value", flows)], {"value": {}, "year_to_date": to_date})
    yield case("since the first", "rolling", "MONTH", {"method": "since_first"}, [feed("value", flows)],
               {"value": {t: sum(exact(flows[p]) for p in range(24000, t + 1)) for t in months}})
    yield case("since May 2001", "rolling", "MONTH", {"method": "since_period", "since": "2001-05"},
               [feed("value", flows)],
               {"value": {t: sum(exact(flows[p]) for p in range(24016, t + 1)) for t in months if t >= 24016}})
    # Of totals to date. Whole numbers, whose totals are exact.
    flows = {t: round(v) for t, v in flows.items()}
    totals = {t: sum(flows[p] for p in range(t - t % 12, t + 1)) for t in months}
    for method, n in (("sum", 1), ("sum", 12), ("sum", 17), ("mean", 7)):
        over = {t: exact(sum(flows[p] for p in range(t - n + 1, t + 1))) for t in months if t - n + 1 >= 24000}
        yield case(f"{method} of {n} months from totals to date", "rolling", "MONTH", {"method": method, "periods": n},
                   [feed("value", totals, accumulation="YEAR_TO_DATE")],
                   {"value": {t: v / n if method == "mean" else v for t, v in over.items()}})
    yield case("since the first, from totals to date", "rolling", "MONTH", {"method": "since_first"},
               [feed("value", totals, accumulation="YEAR_TO_DATE")],
               {"value": {t: sum(flows[p] for p in range(24000, t + 1)) for t in months}})


def concentration():
    years = range(2010, 2020)
    firms = {f"firm-{i}": dict(zip(years, figures(30 + i, 10, 0.1, 10 ** (1 + i % 3)))) for i in range(9)}
    firms["firm-8"] = {t: v for t, v in firms["firm-8"].items() if t >= 2014}  # comes later

    def measured(t, other=(), total=None):
        values = {name: exact(v[t]) for name, v in firms.items() if t in v}
        whole = sum(values.values()) if total is None else exact(total[t])
        own = sorted((v / whole for name, v in values.items() if name not in other), reverse=True)
        buckets = [v / whole for name, v in values.items() if name in other]
        if total is not None:
            buckets.append(1 - sum(values.values()) / whole)
        squares, n = sum(s * s for s in own), len(own)
        found = {"cr": 100 * sum(own[:3]), "parts": n, "hhi_lower": 10000 * squares,
                 "hhi_upper": 10000 * (squares + sum(s * s for s in buckets))}
        if not buckets:
            # The normalised index as the variance of the shares, which it is: N V / (1 - 1/N).
            mean = sum(own) / n
            found["hhi"] = 10000 * squares
            found["hhi_normalised"] = n * (sum((s - mean) ** 2 for s in own) / n) / (1 - exact(1) / n)
        return found

    outputs = ("cr", "hhi", "hhi_lower", "hhi_upper", "hhi_normalised", "parts")

    def expected(**of):
        found = {t: measured(t, **of) for t in years}
        return {o: {t: found[t][o] for t in years if o in found[t]} for o in outputs}

    whole = {t: float(sum(exact(v[t]) for v in firms.values() if t in v)) + 12.5 for t in years}
    yield case("nine firms", "concentration", "YEAR", {"n": 3}, [parts("value", firms)], expected())
    yield case("two of nine are buckets", "concentration", "YEAR", {"n": 3, "other": "firm-2, firm-5"},
               [parts("value", firms)], expected(other=("firm-2", "firm-5")))
    yield case("nine firms of a larger whole", "concentration", "YEAR", {"n": 3},
               [parts("value", firms), feed("total", whole)], expected(total=whole))


def composite():
    years = range(2001, 2013)
    c = [dict(zip(years, figures(50 + i, 12, 10, 90))) for i in range(3)]
    sets = [{f"area-{a}": dict(zip(years, figures(60 + 10 * i + a, 12, 5, 95))) for a in range(7)} for i in range(3)]
    weights = [2, 1, 0.5]
    w = [exact(x) for x in weights]
    index = {"unit": "index", "accumulation": "LEVEL"}

    def one(i, points):
        return feed(f"c{i + 1}", points, **index)

    def mean(scores):
        there = [(x, s) for x, s in zip(w, scores) if s is not None]
        return sum(x * s for x, s in there) / sum(x for x, _ in there)

    stated = {f"weight_{i + 1}": weights[i] for i in range(3)}
    for way, reference in (("min_max", "same_period"), ("min_max", "up_to_now"), ("z_score", "same_period"),
                           ("z_score", "up_to_now")):
        out = {}
        for t in years:
            scores = []
            for i in range(3):
                begin = t if reference == "same_period" else years[0]
                pool = [exact(area[p]) for area in sets[i].values() for p in range(begin, t + 1)]
                v = exact(c[i][t])
                if way == "min_max":
                    s = decimal(100 * (v - min(pool)) / (max(pool) - min(pool)))
                else:
                    m = sum(pool) / len(pool)
                    s = decimal(v - m) / decimal(sum((x - m) ** 2 for x in pool) / len(pool)).sqrt()
                if i == 1:  # lower is better
                    s = 100 - s if way == "min_max" else -s
                scores.append(s)
            out[t] = sum(decimal(x) * s for x, s in zip(w, scores)) / decimal(sum(w))
        yield case(f"{way}, {reference}", "composite", "YEAR",
                   {"normalisation": way, "reference": reference, "direction_2": "lower", **stated},
                   [one(i, c[i]) for i in range(3)]
                   + [parts(f"r{i + 1}", sets[i], aligned=False, **index) for i in range(3)],
                   {"index": out, "components": {t: 3 for t in years}})
    posts = [(5, 95), (1, 100), (0, 200)]
    out = {}
    for t in years:
        v = [exact(c[i][t]) for i in range(3)]
        scores = [decimal((v[0] - 5) / 90), decimal(v[1]).ln() / decimal(100).ln(), decimal(v[2] / 200)]
        out[t] = (sum(decimal(x) * s.ln() for x, s in zip(w, scores)) / decimal(sum(w))).exp()
    yield case("goalposts and their logarithm, geometric", "composite", "YEAR",
               {"normalisation": "goalposts", "normalisation_2": "log_goalposts", "scale": 1, "mean": "geometric",
                **{f"{e}_{i + 1}": posts[i][k] for i in range(3) for k, e in enumerate(("min", "max"))}, **stated},
               [one(i, c[i]) for i in range(3)], {"index": out, "components": {t: 3 for t in years}})
    # Levels of 0 to 4, 0 to 3 and 0 to 5, the first two with a flag; some are not known.
    highest = [4, 3, 5]
    levels = [{t: (t * (i + 2) + i) % (highest[i] + 1) if (t + i) % 5 else None for t in years} for i in range(3)]
    flags = [{t: (t // 2 + i) % 2 for t in years} for i in range(2)]
    flagged = [feed(f"f{i + 1}", flags[i], **index) for i in range(2)]
    for rule in ("zero", "reweight", "reject"):
        out, count = {}, {}
        for t in years:
            scores = []
            for i in range(3):
                v = levels[i][t]
                half = exact(1 - flags[i][t]) / 2 if i < 2 else 0
                scores.append(None if v is None else exact(0) if v == 0 else 100 * (v - half) / highest[i])
            count[t] = sum(s is not None for s in scores)
            if rule == "zero":
                scores = [s or exact(0) for s in scores]
            if rule != "reject" or count[t] == 3:
                out[t] = mean(scores)
        yield case(f"ordinal scales, {rule}", "composite", "YEAR",
                   {"normalisation": "ordinal", "missing_components": rule,
                    **{f"n_{i + 1}": highest[i] for i in range(3)}, **stated},
                   [one(i, levels[i]) for i in range(3)] + flagged, {"index": out, "components": count})


if __name__ == "__main__":
    write([*growth(), *ratio(), *arithmetic(), *rolling(), *concentration(), *composite()])
