"""What the makers of golden cases share: figures that are the same everywhere, exact numbers, and
how a case is written. Needs nothing but Python."""

import json
import sys
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 50

PERIODS_PER_YEAR = {"DAY": Decimal("365.25"), "WEEK": Decimal("365.25") / 7, "MONTH": Decimal(12),
                    "QUARTER": Decimal(4), "HALF_YEAR": Decimal(2), "YEAR": Decimal(1)}


def figures(seed, count, low, high, digits=2):
    """Figures between two ends, rounded as published ones are; they are taken as the doubles that they
    are read as, exactly."""
    found = []
    for _ in range(count):
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        found.append(round(low + (high - low) * ((seed >> 11) / 2 ** 53), digits))
    return found


def exact(value):
    return Fraction(value)


def decimal(value):
    value = Fraction(value)
    return Decimal(value.numerator) / Decimal(value.denominator)


def power(base, exponent):
    """base^exponent for any exponent, base above 0."""
    return (decimal(base).ln() * decimal(exponent)).exp()


def feed(slot, points, unit="vehicles", accumulation="FLOW", **more):
    """Points as {period: value}, None for one that is missing."""
    return {"slot": slot, "unit": unit, "accumulation": accumulation,
            "points": [[p, v] for p, v in sorted(points.items())], **more}


def parts(slot, series, unit="vehicles", accumulation="FLOW", **more):
    """A spread slot: {part: {period: value}}."""
    return {"slot": slot, "unit": unit, "accumulation": accumulation, "points": [],
            "parts": {name: [[p, v] for p, v in sorted(points.items())] for name, points in series.items()}, **more}


def case(name, plugin, frequency, parameters, feeds, expected, **more):
    """`expected` is {output: {period: value}}, None for one that has to be missing. Of an output that is
    named, no other period has a value."""
    return {"name": name, "plugin": plugin, "frequency": frequency, "parameters": parameters, "feeds": feeds,
            "expected": {output: [[p, None if v is None else float(v)] for p, v in sorted(points.items())]
                         for output, points in expected.items()}, **more}


def write(made):
    json.dump({"cases": list(made)}, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")
