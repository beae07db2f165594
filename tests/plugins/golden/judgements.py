"""Golden figures of `attainment` where attainment.py has none: targets without a final point, and
pro rata. Made from the tables of plugins/builtin/attainment/README.md in exact fractions, roots with 50
decimal digits; days and fiscal years by Python's calendar.

    python3 tests/plugins/golden/judgements.py > tests/plugins/golden/judgements.json

`judgements.json` is committed; a test runs this and compares."""

import datetime

from cases import case, decimal, exact, feed, figures, power, write

DETERIORATING, LIMITED, MODERATE, ON_TRACK, ACHIEVED = 1, 2, 3, 4, 5
EPOCH = datetime.date(1970, 1, 1)
D = decimal


def clamp(x, low, high):
    return min(max(x, low), high)


def between(status, x, low, high):
    """The score of a status whose band is run through between two values."""
    return D(5) / 2 * (status - 3 + clamp((x - low) / (high - low), D(0), D(1)))


# --- a direction without a final point ---

def open_sdg(v, y0, limit):
    c = D(1)
    if limit is not None:
        share = abs(D(exact(y0)) / D(exact(limit)))
        if share <= 1:
            c = 1 - power(share, D("4.44"))
        elif share < 2:
            c = 1 - power(2 - share, D("4.44"))
    if v < 0:
        return DETERIORATING, max(125 * v - D("2.5"), D(-5))
    if v >= D("0.015") * c:
        return ON_TRACK, D(5) if c == 0 else min(500 * v / c - 5, D(5))
    if v >= D("0.005") * c:
        return MODERATE, 250 * v / c - D("1.25")
    return LIMITED, 500 * v / c - D("2.5")


def eurostat(v, edition):
    score = clamp(250 * v, D(-5), D(5))
    if v > D("0.01"):
        return ON_TRACK, score
    if edition == 2017:
        return (MODERATE if v >= 0 else DETERIORATING), score
    if v >= D("0.001"):
        return MODERATE, score
    return (LIMITED if v >= D("-0.001") else DETERIORATING), score


def united_nations(v):
    for status, low, high in ((ON_TRACK, "0.02", "0.035"), (MODERATE, "0.005", "0.02"), (LIMITED, "0", "0.005"),
                              (DETERIORATING, "-0.02", "0")):
        if v >= D(low) or status == DETERIORATING:
            return status, between(status, v, D(low), D(high))


METHODS = {"open_sdg": open_sdg, "eurostat": lambda v, y0, limit: eurostat(v, 2024),
           "eurostat_2017": lambda v, y0, limit: eurostat(v, 2017),
           "un_progress_chart": lambda v, y0, limit: united_nations(v)}


def directions():
    series = {"slow": [50.0, 50.2, 50.15, 50.4, 51.3, 52.1, 53.9, 54.0, 56.2, 57.7],
              "fast": [3.0, 3.2, 3.9, 4.4, 4.1, 5.8, 6.6, 8.0, 9.1, 12.5],
              "falling": [80.0, 79.9, 79.0, 78.9, 77.0, 74.1, 74.0, 70.3, 66.6, 61.0],
              "below 0": [-40.0, -39.9, -39.0, -40.5, -38.0, -35.2, -34.0, -30.0, -29.3, -22.0]}
    for name, values in series.items():
        points = dict(enumerate(values, 2015))
        y0 = values[0]
        for relation, d in (("AT_LEAST", 1), ("AT_MOST", -1)):
            for method, judge in METHODS.items():
                for limit in (None, 100, 45) if method == "open_sdg" else (None,):
                    out = {"status": {}, "score": {}}
                    for t, y in points.items():
                        if t == 2015:
                            continue
                        s = -1 if y0 < 0 else 1
                        v = s * d * (power(exact(y) / exact(y0), D(1) / D(t - 2015)) - 1)
                        out["status"][t], out["score"][t] = judge(v, y0, limit)
                    parameters = {"method": method} if limit is None else {"method": method, "natural_limit": limit}
                    yield case(f"{name}, {relation}, {method}, limit {limit}", "attainment", "YEAR", parameters,
                               [feed("value", points, accumulation="STOCK"),
                                feed("path", {2015: None}, accumulation="STOCK", aligned=False)], out,
                               assessment={"relation": relation, "baseline_period": 2015})


# --- pro rata ---

def pace(r):
    if r > D("0.9"):
        return ON_TRACK, min(D("6.25") * (r - D("0.5")), D(5))
    if r >= D("0.5"):
        return MODERATE, D("6.25") * (r - D("0.5"))
    return (LIMITED, 5 * r - D("2.5")) if r >= 0 else (DETERIORATING, max(5 * r - D("2.5"), D(-5)))


def pro_rata_case(name, frequency, relation, flows, year_of, targets, to_date, **parameters):
    """`year_of` gives the first and the last period of the year of a period; `targets` are by last period."""
    out = {o: {} for o in ("status", "score", "ratio", "expected", "projected", "required_pace")}
    values = {}
    for t in flows:
        first, last = year_of(t)
        total = sum(exact(flows[p]) for p in range(first, t + 1))
        values[t] = float(total) if to_date else flows[t]
        assert not to_date or exact(values[t]) == total
        if last not in targets:
            continue
        target, gone, whole = exact(targets[last]), t - first + 1, last - first + 1
        due = target * gone / whole
        out["expected"][t] = due
        met = total >= target if relation == "AT_LEAST" else (t == last and total <= target)
        if relation == "AT_LEAST":
            r = D(total / due)
            out["ratio"][t] = r
            out["status"][t], out["score"][t] = (ACHIEVED, 5) if met else pace(r)
        elif total == 0:
            out["status"][t], out["score"][t] = (ACHIEVED if met else ON_TRACK), 5
        else:
            r = D(due / total)
            out["ratio"][t] = r
            if total <= target:
                out["status"][t], out["score"][t] = (ACHIEVED, 5) if met else pace(r)
            else:
                beyond = D((total - target) / target)
                out["status"][t] = DETERIORATING
                out["score"][t] = D("-2.5") - D("2.5") * min(beyond, D(1))
        out["projected"][t] = total * whole / gone
        if met:
            out["required_pace"][t] = 0
        elif t < last and (relation == "AT_LEAST" or total <= target):
            out["required_pace"][t] = (target - total) * whole / (whole - gone)
        else:
            del out["projected"][t]
    accumulation = "YEAR_TO_DATE" if to_date else "FLOW"
    for o in ("projected", "required_pace"):
        # Of a year that is over, or an allowance that is used up, other rules say what there is.
        out[o] = {t: v for t, v in out[o].items() if t < year_of(t)[1]}
    return case(name, "attainment", frequency, {"method": "pro_rata", **parameters},
                [feed("value", values, accumulation=accumulation),
                 feed("path", targets, accumulation=accumulation, aligned=False)], out, incomplete=True,
                assessment={"relation": relation, "target_period": max(targets)})


def pro_rata():
    def calendar(t):
        return t - t % 12, t - t % 12 + 11

    def fiscal(t):  # April to March
        first = (t - 3) - (t - 3) % 12 + 3
        return first, first + 11

    def days(t):
        year = (EPOCH + datetime.timedelta(days=t)).year
        return (datetime.date(year, 1, 1) - EPOCH).days, (datetime.date(year, 12, 31) - EPOCH).days

    months = dict(zip(range(24288, 24324), (float(round(v)) for v in figures(80, 36, 2, 20))))
    ends = {24299: 150, 24311: 100, 24323: 130.5}
    for relation in ("AT_LEAST", "AT_MOST"):
        for to_date in (False, True):
            yield pro_rata_case(f"months, {relation}, {'to date' if to_date else 'flows'}", "MONTH", relation, months,
                                calendar, ends, to_date)
    fiscal_months = dict(zip(range(24291, 24315), (float(round(v)) for v in figures(81, 24, 2, 20))))
    yield pro_rata_case("fiscal years to March", "MONTH", "AT_LEAST", fiscal_months, fiscal, {24302: 140, 24314: 160},
                        True, year_end_month=3)
    first, last = days(19722 + 60)
    days_of_2024 = dict(zip(range(first, last + 1), (float(round(v)) for v in figures(82, 366, 0, 9))))
    yield pro_rata_case("days of a leap year", "DAY", "AT_LEAST", days_of_2024, days, {last: 1700}, False)


if __name__ == "__main__":
    write([*directions(), *pro_rata()])
