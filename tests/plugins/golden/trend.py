"""Golden figures of plugins/trend, made another way: from the normal equations as they stand in
textbooks, uncentred, with 50 decimal digits. Needs nothing but Python.

    python3 tests/plugins/golden/trend.py > tests/plugins/golden/trend.json

`trend.json` is committed; a test runs this and compares."""

import json
import sys
from decimal import Decimal, getcontext

getcontext().prec = 50

PERIODS_PER_YEAR = {"DAY": Decimal("365.25"), "WEEK": Decimal("365.25") / 7, "MONTH": Decimal(12),
                    "QUARTER": Decimal(4), "HALF_YEAR": Decimal(2), "YEAR": Decimal(1)}


def pi():
    """Machin's formula."""
    def arctan_of_inverse(n):
        term, total, k = Decimal(1) / n, Decimal(0), 0
        while abs(term) > Decimal(10) ** -55:
            total += term / (2 * k + 1) * (-1) ** k
            term /= n * n
            k += 1
        return total
    return 4 * (4 * arctan_of_inverse(5) - arctan_of_inverse(239))


PI = pi()


def gamma_of_half(n):
    """gamma(n / 2)."""
    value, k = (Decimal(1), 2) if n % 2 == 0 else (PI.sqrt(), 1)
    while k < n:
        value *= Decimal(k) / 2
        k += 2
    return value


def incomplete_beta(x, a, b, beta):
    """Regularized, by its power series, for x up to one half."""
    term, total, k = Decimal(1), Decimal(0), 0
    while term > Decimal(10) ** -40:
        total += term
        term *= (a + b + k) / (a + 1 + k) * x
        k += 1
    return (a * x.ln() + b * (1 - x).ln()).exp() / (a * beta) * total


def inside(t, freedom):
    """The probability that Student's |T| is at most t."""
    half, rest = Decimal("0.5"), Decimal(freedom) / 2
    beta = gamma_of_half(freedom) * gamma_of_half(1) / gamma_of_half(freedom + 1)
    x = t * t / (freedom + t * t)
    if x <= half:
        return incomplete_beta(x, half, rest, beta)
    return 1 - incomplete_beta(1 - x, rest, half, beta)


def quantile(confidence, freedom, cache={}):
    """By halving until it is near, then by Newton's method."""
    if (confidence, freedom) not in cache:
        low, high = Decimal(0), Decimal(1)
        while inside(high, freedom) < confidence:
            low, high = high, 2 * high
        for _ in range(8):
            middle = (low + high) / 2
            low, high = (middle, high) if inside(middle, freedom) < confidence else (low, middle)
        t = (low + high) / 2
        scale = gamma_of_half(freedom + 1) / gamma_of_half(freedom) / (freedom * PI).sqrt()
        for _ in range(5):
            density = 2 * scale * (-Decimal(freedom + 1) / 2 * (1 + t * t / freedom).ln()).exp()
            t -= (inside(t, freedom) - confidence) / density
        assert abs(inside(t, freedom) - confidence) < Decimal(10) ** -25
        cache[confidence, freedom] = t
    return cache[confidence, freedom]


def weights(case, periods, last, horizon):
    method = case["parameters"].get("method", "ordinary")
    if method == "horizon_weighted":
        # As UN-ESCAP writes them.
        first = periods[0]
        made = [Decimal(horizon - first) / Decimal(horizon - p) for p in periods]
    elif method == "half_life":
        half_life = Decimal(case["parameters"]["half_life"]) * PERIODS_PER_YEAR[case["frequency"]]
        made = [(-Decimal(last - p) / half_life * Decimal(2).ln()).exp() for p in periods]
    else:
        made = [Decimal(1)] * len(periods)
    mean = sum(made) / len(made)
    return [w / mean for w in made]


def fit(case, points, last, horizon):
    """The outputs at `last` from points up to it."""
    a_year = PERIODS_PER_YEAR[case["frequency"]]
    compound = case["parameters"].get("curve") == "compound"
    w = weights(case, [p for p, _ in points], last, horizon)
    x = [Decimal(p) / a_year for p, _ in points]
    y = [Decimal(v).ln() if compound else Decimal(v) for _, v in points]
    n = len(points)
    sw, swx, swy = sum(w), sum(map(mul, w, x)), sum(map(mul, w, y))
    swxx = sum(wi * xi * xi for wi, xi in zip(w, x))
    swxy = sum(wi * xi * yi for wi, xi, yi in zip(w, x, y))
    determinant = sw * swxx - swx * swx
    slope = (sw * swxy - swx * swy) / determinant
    intercept = (swy - slope * swx) / sw
    residuals = sum(wi * (yi - intercept - slope * xi) ** 2 for wi, xi, yi in zip(w, x, y))
    mean = swy / sw
    variation = sum(wi * (yi - mean) ** 2 for wi, yi in zip(w, y))
    at = Decimal(horizon) / a_year
    error = (residuals / (n - 2) * (1 + (swxx - 2 * at * swx + at * at * sw) / determinant)).sqrt()
    half = quantile(Decimal(case["parameters"].get("confidence", 95)) / 100, n - 2) * error
    now, then = intercept + slope * Decimal(last) / a_year, intercept + slope * at
    out = {"fitted": now, "slope": slope, "projected": then, "lower": then - half, "upper": then + half,
           "r_squared": 1 - residuals / variation}
    if compound:
        for name in ("fitted", "projected", "lower", "upper"):
            out[name] = out[name].exp()
        out["slope"] = out["fitted"] * (slope.exp() - 1)
        out["growth_rate"] = 100 * (slope.exp() - 1)
    return out


def mul(a, b):
    return a * b


def expected(case):
    """{output: [[period, value], ...]} for each period that has enough points."""
    parameters = case["parameters"]
    step = int(PERIODS_PER_YEAR[case["frequency"]]) if case["accumulation"] == "YEAR_TO_DATE" else 1
    found = {}
    for last, _ in case["points"]:
        horizon = parameters.get("horizon_ordinal") or last + parameters.get("horizon", 1)
        reach = parameters.get("periods", 0) or last + 1
        points = [(p, v) for p, v in case["points"] if last - reach < p <= last and (last - p) % step == 0]
        if len(points) < parameters.get("min_points", 4) or horizon <= last:
            continue
        for output, value in fit(case, points, last, horizon).items():
            found.setdefault(output, []).append([last, float(value)])
    return found


def random(seed):
    """Numbers from 0 to 1, the same everywhere."""
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        yield (seed >> 11) / 2 ** 53


def noisy(periods, base, slope, noise, seed):
    """Figures along a line, one in six left out."""
    numbers = random(seed)
    return [[p, base + slope * (p - periods[0]) + noise * (next(numbers) - 0.5)] for p in periods
            if next(numbers) > 1 / 6]


def cases():
    # New-energy vehicles sold in China, in ten thousands, 2014 to 2023 (China Association of
    # Automobile Manufacturers).
    sold = [[2014 + i, v * 1e4] for i, v in enumerate(
        [7.5, 33.1, 50.7, 77.7, 125.6, 120.6, 136.7, 352.1, 688.7, 949.5])]
    def case(name, frequency, points, accumulation="STOCK", **parameters):
        return {"name": name, "frequency": frequency, "accumulation": accumulation, "points": points,
                "parameters": parameters}
    yield case("textbook", "YEAR", [[1, 2.0], [2, 4.0], [3, 5.0], [4, 4.0], [5, 5.0]], min_points=3)
    yield case("vehicles sold", "YEAR", sold, "FLOW", horizon=2)
    yield case("vehicles sold, compound", "YEAR", sold, "FLOW", curve="compound", confidence=80)
    yield case("vehicles sold, UN-ESCAP", "YEAR", sold, "FLOW", method="horizon_weighted",
               horizon_period="2030", horizon_ordinal=2030)
    yield case("vehicles sold, half-life of two years", "YEAR", sold, "FLOW", method="half_life", half_life=2,
               curve="compound", confidence=99.9)
    yield case("large figures, small changes", "MONTH", noisy(range(24000, 24060), 1e12, 0.25, 3, 1),
               horizon=12)
    yield case("days", "DAY", noisy(range(19000, 19120), 12.5, 0.003, 0.2, 2), periods=60, horizon=30,
               min_points=10)
    yield case("days, half-life", "DAY", noisy(range(19000, 19080), 12.5, -0.01, 0.2, 3), method="half_life",
               half_life=0.05, horizon=7, min_points=20)
    yield case("weeks by distance", "WEEK", noisy(range(2700, 2750), -3, 0.11, 5, 4), method="horizon_weighted",
               horizon=10, periods=26, confidence=50)
    yield case("quarters, compound by distance", "QUARTER", noisy(range(8000, 8040), 900, 21, 120, 5),
               method="horizon_weighted", curve="compound", horizon=4, periods=16)
    yield case("half-years", "HALF_YEAR", noisy(range(4000, 4020), 0.002, -0.0001, 0.001, 6), horizon=3,
               min_points=3, confidence=90)
    yield case("year-to-date totals", "MONTH", noisy(range(24000, 24096), 500, 3, 60, 7), "YEAR_TO_DATE",
               horizon=12)


def main():
    made = []
    for case in cases():
        case["expected"] = expected(case)
        case["parameters"].pop("horizon_ordinal", None)
        made.append(case)
    quantiles = [[confidence, freedom, float(quantile(Decimal(str(confidence)) / 100, freedom))]
                 for confidence in (1, 50, 80, 90, 95, 99, 99.9)
                 for freedom in (1, 2, 3, 4, 5, 6, 7, 10, 15, 30, 31, 60, 100, 101, 365, 1999, 2000, 2001, 10000)]
    json.dump({"cases": made, "quantiles": quantiles}, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
