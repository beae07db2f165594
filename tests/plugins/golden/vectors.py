#!/usr/bin/env python3
"""The golden vectors of the shipped plugins, computed apart from their code: in fractions and decimals
of 50 digits, from the formulas that each README.md cites. docs/writing-plugins.md has the format.

Usage: vectors.py [--check]
  writes plugins/builtin/NAME/NAME.golden.json; with --check compares them and ends with 1 when one differs.
"""

import json
import pathlib
import re
import sys
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 50
BUILTIN = pathlib.Path(__file__).resolve().parents[3] / "plugins" / "builtin"
CLOSE = 1e-12  # of what is rounded more than once


def number(value):
    """The double nearest to an exact value; missing ones and texts as they are."""
    return float(value) if isinstance(value, (int, Fraction, Decimal)) else value


def points(*rows):
    return [[row[0], number(row[1]), *row[2:]] for row in rows]


def feed(slot, *rows, unit="pieces", accumulation="STOCK"):
    return {"slot": slot, "unit": unit, "accumulation": accumulation, "points": points(*rows)}


def spread(slot, parts, unit="vehicles", accumulation="FLOW"):
    return {"slot": slot, "unit": unit, "accumulation": accumulation,
            "parts": {name: points(*rows) for name, rows in parts.items()}}


def case(name, source, frequency, inputs, outputs, parameters=None, tolerance=None, assessment=None):
    made = {"name": name, "source": source, "frequency": frequency}
    if parameters:
        made["parameters"] = parameters
    if assessment:
        made["assessment"] = assessment
    if tolerance:
        made["tolerance"] = tolerance
    return {**made, "inputs": inputs, "outputs": outputs}


def level():
    rows = [("2024-01", 10), ("2024-02", 12.5, "PROVISIONAL"), ("2024-03", None, "SUPPRESSED"),
            ("2024-04", 0, "BREAK"), ("2024-06", -3.25, "ESTIMATED")]
    return [case("as it is", "by definition", "MONTH", [feed("value", *rows)], {"value": points(*rows)})]


def ratio():
    # National Bureau of Statistics of China, end of 2023: 720.32 million men, 689.35 million women.
    men, women = 720320000, 689350000
    inputs = [feed("numerator", ("2022", 3), ("2023", men, "ESTIMATED"), ("2024", None), ("2025", 1),
                   unit="persons"),
              feed("denominator", ("2022", 4), ("2023", women), ("2024", 1), ("2025", 0), unit="persons")]
    missing = [("2024", None, "INPUT_MISSING"), ("2025", None, "ZERO_BASE")]
    share = points(("2022", 75), ("2023", Fraction(100 * men, women), "ESTIMATED"), *missing)
    return [case("men for 100 women", "National Bureau of Statistics of China, end of 2023", "YEAR", inputs,
                 {"share": share, "ratio": share}, {"per": 100}, CLOSE)]


def arithmetic():
    inputs = [feed("a", ("2025-11", 4630000), ("2025-12", 4)), feed("b", ("2025-11", 14700000), ("2025-12", None)),
              feed("total", ("2025-11", 19320000, "PROVISIONAL"), ("2025-12", 5))]
    gone = ("2025-12", None, "INPUT_MISSING")
    judged = [case("public and private charging points", "National Energy Administration, November 2025", "MONTH",
                   inputs, {"result": points(("2025-11", 19330000), gone),
                            "discrepancy": points(("2025-11", -10000, "PROVISIONAL"), gone),
                            "within_rounding": points(("2025-11", 1, "PROVISIONAL"), gone)},
                   {"rounded_to": 10000})]
    rates = [feed("a", ("2023", 31.5), ("2024", 40.75), unit="percent", accumulation="LEVEL"),
             feed("b", ("2023", 25.25), ("2024", 31.5), unit="percent", accumulation="LEVEL")]
    return judged + [case("difference of percentages", "by hand", "YEAR", rates,
                          {"points": points(("2023", 6.25), ("2024", 9.25)),
                           "result": points(("2023", None, "UNDEFINED"), ("2024", None, "UNDEFINED"))},
                          {"coefficient_b": -1})]


def growth():
    # EVCIPA: 5.21, 8.596 and 12.818 million charging points, published as +65.0 and +49.1 percent.
    stocks = {2022: 5210000, 2023: 8596000, 2024: 12818000}
    published = {2023: Decimal("65.0"), 2024: Decimal("49.1")}
    rate = {y: Fraction(100 * (stocks[y] - stocks[y - 1]), stocks[y - 1]) for y in (2023, 2024)}
    implied = {y: Fraction(100 * stocks[y]) / (100 + Fraction(published[y])) for y in (2023, 2024)}
    first = ("2022", None, "INPUT_MISSING")
    yearly = case(
        "charging points in China", "China Electric Vehicle Charging Infrastructure Promotion Alliance, 2022-2024",
        "YEAR",
        [feed("value", *((str(y), v) for y, v in stocks.items())),
         feed("published", *((str(y), p) for y, p in published.items()), unit="percent", accumulation="LEVEL")],
        {"growth": points(first, *((str(y), rate[y]) for y in rate)),
         "published": points(first, *((str(y), published[y]) for y in rate)),
         "implied_base": points(first, *((str(y), implied[y]) for y in rate)),
         "difference": points(first, *((str(y), rate[y] - Fraction(published[y])) for y in rate))},
        tolerance=1e-9)
    months = [("2023-01", 8), ("2023-02", 0), ("2023-03", 5), ("2024-01", 10, "PROVISIONAL"), ("2024-02", 3),
              ("2024-03", 4, "BREAK")]
    monthly = case("zero base and break", "by hand", "MONTH", [feed("value", *months, accumulation="FLOW")],
                   {"growth": points(*((m, None, "INPUT_MISSING") for m, *_ in months[:3]),
                                     ("2024-01", 25, "PROVISIONAL"), ("2024-02", None, "ZERO_BASE"),
                                     ("2024-03", None, "SERIES_BREAK"))})
    doubled = Decimal(2) ** (Decimal(1) / Decimal(3))
    compound = case("doubled in three years", "by formula", "YEAR", [feed("value", ("2020", 50), ("2023", 100))],
                    {"growth": points(("2020", None, "TOO_FEW_POINTS"), ("2023", 100 * (doubled - 1)))},
                    {"method": "cagr"}, CLOSE)
    return [yearly, monthly, compound]


def rolling():
    rows = [("2024-01", 1.5), ("2024-02", 2, "ESTIMATED"), ("2024-03", 4), ("2024-04", 8), ("2024-05", None),
            ("2024-06", 16)]
    series = [feed("value", *rows, unit="vehicles", accumulation="FLOW")]
    few = "TOO_FEW_POINTS"
    total = points(("2024-01", None, few), ("2024-02", None, few), ("2024-03", 7.5, "ESTIMATED"),
                   ("2024-04", 14, "ESTIMATED"), ("2024-05", None, few), ("2024-06", None, few))
    year = points(("2024-01", 1.5), ("2024-02", 3.5, "ESTIMATED"), ("2024-03", 7.5, "ESTIMATED"),
                  ("2024-04", 15.5, "ESTIMATED"), ("2024-05", None, "INPUT_MISSING"),
                  ("2024-06", None, "PART_MISSING"))
    return [case("sum over three months", "by hand", "MONTH", series, {"value": total},
                 {"method": "sum", "periods": 3}),
            case("since the start of the year", "by hand", "MONTH", series, {"year_to_date": year},
                 {"method": "year_to_date"})]


def concentration():
    def one(name, source, shares, n):
        whole = sum(shares)
        part = [Fraction(s, whole) for s in shares]
        index = sum(p * p for p in part)
        count = len(shares)
        values = {"cr": 100 * sum(sorted(part)[-n:]), "hhi": 10000 * index, "hhi_lower": 10000 * index,
                  "hhi_upper": 10000 * index, "parts": count,
                  "hhi_normalised": (index - Fraction(1, count)) / (1 - Fraction(1, count))}
        parts = {f"firm-{i:02}": [("2024", s)] for i, s in enumerate(shares)}
        return case(name, source, "YEAR", [spread("value", parts)],
                    {output: points(("2024", value)) for output, value in values.items()}, {"n": n}, CLOSE)
    return [one("four firms", "U.S. Department of Justice, page Herfindahl-Hirschman Index: 2600", [30, 30, 20, 20], 2),
            one("six large and ten small firms", "by hand, in fractions", [1500] * 6 + [100] * 10, 4)]


def composite():
    life = Fraction("65.3")
    a, b = 100 * (life - 20) / 65, 100 * Fraction("7.9") / 18
    goalposts = case(
        "two goalposts", "Sudan 2019, Human Development Report 2020, table 1, by technical note 1", "YEAR",
        [feed("c1", ("2019", life), ("2020", life), unit="years", accumulation="LEVEL"),
         feed("c2", ("2019", Fraction("7.9"), "ESTIMATED"), ("2020", None), unit="years", accumulation="LEVEL")],
        {"index": points(("2019", (3 * a + b) / 4, "ESTIMATED"), ("2020", None, "INPUT_MISSING")),
         "components": points(("2019", 2, "ESTIMATED"), ("2020", 1))},
        {"normalisation": "goalposts", "min_1": 20, "max_1": 85, "min_2": 0, "max_2": 18, "weight_1": 3}, CLOSE)
    ordinal = case("ordinal with a flag", "Oxford COVID-19 Government Response Tracker, methodology 3.6", "DAY",
                   [feed("c1", ("2020-03-01", 0), ("2020-03-02", 2), ("2020-03-03", 3), unit="code", accumulation="LEVEL"),
                    feed("f1", ("2020-03-01", 0), ("2020-03-02", 0), ("2020-03-03", 1), unit="code",
                         accumulation="LEVEL")],
                   {"index": points(("2020-03-01", 0), ("2020-03-02", 50), ("2020-03-03", 100))},
                   {"normalisation": "ordinal", "n_1": 3}, CLOSE)
    reference = spread("r1", {"north": [("2023", 2)], "south": [("2023", 10)], "west": [("2023", 4)]},
                       unit="persons", accumulation="STOCK")
    relative = case("held against all regions", "by hand", "YEAR",
                    [feed("c1", ("2023", 4), unit="persons"), reference],
                    {"index": points(("2023", 25))}, {"normalisation": "min_max"}, CLOSE)
    return [goalposts, ordinal, relative]


def trend():
    years, figures = list(range(2019, 2023)), [Fraction(v) for v in (10, 13, 15, 20)]
    n = len(years)
    middle, mean = Fraction(sum(years), n), sum(figures) / n
    sxx = sum((x - middle) ** 2 for x in years)
    slope = sum((x - middle) * (y - mean) for x, y in zip(years, figures)) / sxx
    rest = sum((y - mean - slope * (x - middle)) ** 2 for x, y in zip(years, figures))
    fitted, projected = (mean + slope * (x - middle) for x in (2022, 2023))
    # Student's t with two degrees of freedom has a quantile in closed form.
    p = Decimal("0.975")
    quantile = (2 * p - 1) * (2 / (4 * p * (1 - p))).sqrt()
    spread_of = rest / (n - 2) * (1 + Fraction(1, n) + (2023 - middle) ** 2 / sxx)
    half = quantile * (Decimal(spread_of.numerator) / spread_of.denominator).sqrt()
    line = Decimal(projected.numerator) / projected.denominator
    values = {"fitted": fitted, "slope": slope, "projected": projected, "lower": line - half, "upper": line + half,
              "r_squared": 1 - rest / sum((y - mean) ** 2 for y in figures)}
    early = [(str(y), None, "TOO_FEW_POINTS") for y in years[:-1]]
    return [case("a line through four figures", "normal equations in fractions", "YEAR",
                 [feed("value", *zip(map(str, years), figures))],
                 {name: points(*early, ("2022", value)) for name, value in values.items()}, tolerance=1e-10)]


def attainment():
    # 100 in 2015 to 200 in 2025, at least; Statistics Canada's method as Open SDG 2.4 documents it.
    series = {2015: 100, 2016: 120, 2018: 160, 2020: 180, 2022: 205}
    way = (Decimal(2) ** (Decimal(1) / 10)) - 1
    rows = {"status": [("2015", None, "TOO_FEW_POINTS")], "ratio": [("2015", None, "TOO_FEW_POINTS")],
            "score": [("2015", None, "TOO_FEW_POINTS")]}
    for year, value in list(series.items())[1:]:
        pace = (Decimal(value) / 100) ** (1 / Decimal(year - 2015)) - 1
        r = pace / way
        score = min(Decimal("7.1429") * r - Decimal("4.2857"), Decimal(5))
        assert r >= Decimal("0.95"), "all of them on track"
        rows["status"].append((str(year), 5 if value >= 200 else 4))
        rows["ratio"].append((str(year), r))
        rows["score"].append((str(year), score))
    inputs = [feed("value", *((str(y), v) for y, v in series.items()), unit="vehicles"),
              feed("path", ("2025", 200), unit="vehicles")]
    context = {"relation": "AT_LEAST", "baseline_period": "2015", "target_period": "2025"}
    baseline = points(*((str(y), 100) for y in series))
    open_sdg = case("doubling in ten years", "Open SDG 2.4, Progress Measurement Methodology", "YEAR", inputs,
                    {**{name: points(*found) for name, found in rows.items()}, "baseline": baseline},
                    {"method": "open_sdg"}, 1e-9, context)
    pace = {year: Fraction(value - 100, year - 2015) / 10 for year, value in series.items() if year > 2015}
    linear = case("the same by straight lines", "by formula", "YEAR", inputs,
                  {"ratio": points(("2015", None, "TOO_FEW_POINTS"), *((str(y), r) for y, r in pace.items())),
                   "expected": points(*((str(y), 100 + 10 * (y - 2015)) for y in series))},
                  {"method": "linear_pace"}, 1e-9, context)
    return [open_sdg, linear]


def text(cases):
    """JSON with a point on a line."""
    pretty = json.dumps({"cases": cases}, indent=2, ensure_ascii=False)
    return re.sub(r"\[\s+(\"[^\"]*\"),\s+([^\s\[\]]+?)((?:,\s+\"[A-Z_]+\")*)\s+\]",
                  lambda m: "[" + m[1] + ", " + m[2] + re.sub(r",\s+", ", ", m[3]) + "]", pretty) + "\n"


def main():
    check = sys.argv[1:] == ["--check"]
    differ = []
    for maker in (level, ratio, arithmetic, growth, rolling, concentration, composite, trend, attainment):
        path = BUILTIN / maker.__name__ / f"{maker.__name__}.golden.json"
        made = text(maker())
        if not check:
            path.write_text(made, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != made:
            differ.append(str(path))
    for path in differ:
        print(f"{path} is not what vectors.py makes", file=sys.stderr)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
