#!/usr/bin/env python3
"""The golden figures of `attainment`, computed apart from its code: in decimal arithmetic of 50
digits, from the formulas as plugins/builtin/attainment/README.md cites them, and with thresholds
inverted by algebra where the code searches.

Usage: attainment.py [--check]
  writes attainment.csv beside this file; with --check compares it and ends with 1 when it differs.
"""

import csv
import io
import pathlib
import sys
from decimal import Decimal, getcontext

getcontext().prec = 50
D = Decimal
FILE = pathlib.Path(__file__).with_suffix(".csv")
COLUMNS = ["case", "method", "relation", "baseline", "target_period", "target", "upper", "tolerance", "series", "period",
           "status", "score", "ratio", "expected", "projected", "required_pace", "best_pace", "out_of_reach",
           "flip_change", "flip_status"]
DETERIORATING, LIMITED, MODERATE, ON_TRACK, ACHIEVED = 1, 2, 3, 4, 5

# name, relation, baseline period, target period, target, upper end, tolerance in percent, series
CASES = [
    # Made up: growth that methods judge differently.
    ("steep", "at_least", 2022, 2025, "150", "", "", "2022:6.98 2023:31.6 2024:62.6"),
    # Adult smoking in England in percent (catalog/england-smokefree-2030).
    ("england", "at_most", 2018, 2030, "5", "", "",
     "2011:19.8 2016:15.5 2017:14.9 2018:14.4 2019:13.9 2021:13.0 2022:12.7 2023:11.6"),
    # Malaria incidence: figures of the test data of Open SDG, indicator 3.3.3.
    ("malaria", "at_most", 2015, 2030, "0.155", "", "", "2010:1.51 2015:1.55 2016:1.6 2017:1.64 2018:1.7 2019:1.82"),
    ("fast", "at_least", 2015, 2025, "200", "", "", "2015:100 2016:120 2017:140 2018:160 2019:170 2020:180"),
    ("steady", "at_least", 2015, 2025, "200", "", "", "2015:100 2016:110 2017:120 2018:130 2019:140 2020:150"),
    ("slowing", "at_least", 2015, 2025, "200", "", "", "2015:100 2016:130 2017:140 2018:144 2019:145 2020:145.5"),
    ("standing", "at_least", 2015, 2025, "200", "", "", "2015:100 2016:101 2017:100 2018:99 2019:100 2020:100"),
    ("falling", "at_least", 2015, 2025, "200", "", "", "2015:100 2016:99 2017:97 2018:96 2019:96 2020:90"),
    ("met", "at_least", 2015, 2025, "200", "", "", "2015:100 2016:120 2017:150 2018:180 2019:199 2020:203"),
    ("negative", "at_least", 2015, 2025, "-50", "", "", "2015:-100 2016:-96 2017:-92 2018:-87 2019:-83 2020:-80"),
    ("across zero", "at_most", 2015, 2025, "-10", "", "", "2015:10 2016:8 2017:7 2018:5 2019:3 2020:1"),
    ("to zero", "at_most", 2015, 2025, "0", "", "", "2015:40 2016:30 2017:24 2018:18 2019:13 2020:10"),
    ("about", "about", 2015, 2025, "120", "", "5", "2015:100 2016:102 2017:104 2018:107 2019:108 2020:109"),
    ("shot past", "about", 2015, 2025, "120", "", "5", "2015:100 2016:105 2017:110 2018:118 2019:128 2020:131"),
    ("in the range", "within", 2015, 2025, "40", "60", "", "2015:20 2016:25 2017:30 2018:36 2019:41 2020:47"),
    ("above the range", "within", 2015, 2025, "40", "60", "", "2015:100 2016:96 2017:92 2018:90 2019:86 2020:81"),
]
METHODS = ["open_sdg", "linear_pace", "eurostat", "eurostat_2017", "un_progress_chart", "escap_current",
           "escap_anticipated", "weather"]
GROWTH = {"open_sdg", "eurostat", "eurostat_2017", "un_progress_chart"}


def root(x, n):
    return D(0) if x == 0 else (x.ln() / n).exp()


def power(x, e):
    return D(0) if x == 0 else (x.ln() * e).exp()


def band(status, x, begin, end):
    part = min(max((x - begin) / (end - begin), D(0)), D(1))
    return D("2.5") * (status - 3) + D("2.5") * part


def ladder(x, steps):
    """The status and score of a ratio: steps are (status, from, to), best first."""
    for status, begin, end in steps:
        if x >= begin:
            break
    return status, band(status, x, begin, end)


class Case:
    """One target and the series up to a period, whose last value may be asked about."""

    def __init__(self, row, method):
        self.name, self.relation, self.t0, self.T, target, upper, tolerance, series = row
        self.method = method
        self.points = [(int(p), D(v)) for p, v in (pair.split(":") for pair in series.split())]
        self.period, self.value = self.points[-1]
        self.y0 = dict(self.points)[self.t0]
        target = D(target)
        self.aim_value = target
        infinity = D("Infinity")
        width = abs(target) * D(tolerance or 0) / 100
        self.low, self.high = {"at_least": (target, infinity), "at_most": (-infinity, target),
                               "about": (target - width, target + width),
                               "within": (target, D(upper or 0))}[self.relation]
        self.n = D(self.period - self.t0)
        self.N = D(self.T - self.t0)

    def met(self, v):
        return self.low <= v <= self.high

    def side(self, v):
        d = 1 if v < self.low else -1
        aim = (self.low if d > 0 else self.high) if self.relation == "within" else self.aim_value
        return d, aim

    # The verdict on a value that is not met: status, score, ratio; None where undefined.
    def verdict(self, v, d, aim):
        m, y0 = self.method, self.y0
        if m in GROWTH:
            yT = aim
            b = y0 if y0 != 0 else D("0.001")
            t = yT if yT != 0 else D("0.001")
            if y0 * v < 0 or y0 * yT < 0:
                return None
            s = -1 if y0 < 0 else 1
            if m == "un_progress_chart":
                q = d * (b * power(v / b, self.N / self.n) - y0) / abs(yT - y0)
                return (*ladder(q, [(4, D("0.95"), D("1.8")), (3, D("0.1"), D("0.95")), (2, D(0), D("0.1")),
                                    (1, D("-0.85"), D(0))]), q)
            required = abs(root(t / b, self.N) - 1)
            r = s * d * (root(v / b, self.n) - 1) / required
            if m == "open_sdg":
                status = 4 if r >= D("0.95") else 3 if r >= D("0.6") else 2 if r >= 0 else 1
                score = (min(max(D("7.1429") * r - D("4.2857"), D(0)), D(5)) if r >= D("0.6")
                         else max(D("4.1667") * r - D("2.5"), D(-5)))
                return status, score, r
            status = 4 if r > D("0.95") else 3 if r >= D("0.6") else 2 if r >= 0 else 1
            percent = 100 * r
            score = D(5) / 70 * (percent - 60) if percent > 60 else D(5) / 120 * (percent + 60) - 5
            return status, min(max(score, D(-5)), D(5)), r
        if m == "linear_pace":
            r = d * (v - y0) / self.n / abs((aim - y0) / self.N)
            status = 4 if r > D("0.9") else 3 if r >= D("0.5") else 2 if r >= 0 else 1
            score = min(D("6.25") * (r - D("0.5")), D(5)) if r >= D("0.5") else max(5 * r - D("2.5"), D(-5))
            return status, score, r
        if m in ("escap_current", "escap_anticipated"):
            at = v if m == "escap_current" else self.anticipated(v)
            share = min(max(d * (at - y0) / abs(aim - y0), D(-1)), D(1))
            line = min(self.n / self.N, D(1)) if m == "escap_current" else D("0.9")
            if share > line or (share == line and m == "escap_current"):
                return 4, band(4, share, line, D(1)), share
            if share > 0:
                return 3, band(3, share, D(0), line), share
            return 1, band(1, share, D(-1), D(0)), share
        closed = d * self.change(v) * (self.T - self.period) / (d * (aim - v))
        if d * self.change(v) <= 0:
            return 1, band(1, closed, D("-0.8"), D(0)), closed
        if closed > D("0.95"):
            return 4, band(4, closed, D("0.95"), D("1.1")), closed
        if closed >= D("0.8"):
            return 3, band(3, closed, D("0.8"), D("0.95")), closed
        return 2, band(2, closed, D(0), D("0.8")), closed

    def last_six(self):
        return self.points[-6:]

    def change(self, v):
        first, y = self.last_six()[0]
        return (v - y) / (self.period - first)

    def anticipated(self, v):
        """Weighted least squares, weights (T - tmin) / (T - t), by the normal equations."""
        points = self.points[:-1] + [(self.period, v)]
        tmin = points[0][0]
        w = [D(self.T - tmin) / (self.T - t) for t, _ in points]
        mean_t = sum(a * t for a, (t, _) in zip(w, points)) / sum(w)
        mean_y = sum(a * y for a, (_, y) in zip(w, points)) / sum(w)
        slope = (sum(a * (t - mean_t) * (y - mean_y) for a, (t, y) in zip(w, points))
                 / sum(a * (t - mean_t) ** 2 for a, (t, _) in zip(w, points)))
        return mean_y + slope * (self.T - mean_t)

    def enough(self):
        if self.method == "weather":
            return len(self.last_six()) >= 4
        return self.n >= 1

    def status(self, v):
        if self.met(v):
            return ACHIEVED
        verdict = self.verdict(v, *self.side(v)) if self.enough() else None
        return verdict[0] if verdict else None

    # Every value at which the status may change, by inverting the thresholds.
    def borders(self):
        found = {x for x in (self.low, self.high) if x.is_finite()}
        if not self.enough():
            return found
        for d, aim in {self.side(x) for x in (self.value, self.low - 1, self.high + 1) if x.is_finite()}:
            y0, m = self.y0, self.method
            thresholds = {"open_sdg": "0.95 0.6 0", "eurostat": "0.95 0.6 0", "eurostat_2017": "0.95 0.6 0",
                          "un_progress_chart": "0.95 0.1 0", "linear_pace": "0.9 0.5 0", "escap_anticipated": "0.9 0",
                          "escap_current": f"{min(self.n / self.N, D(1))} 0", "weather": "0.95 0.8 0"}[m]
            for r in map(D, thresholds.split()):
                if m in GROWTH:
                    b = y0 if y0 != 0 else D("0.001")
                    t = aim if aim != 0 else D("0.001")
                    if y0 * aim < 0:
                        continue
                    if m == "un_progress_chart":
                        end = y0 + d * r * abs(aim - y0)
                        if end * y0 > 0:
                            found.add(b * power(end / b, self.n / self.N))
                        continue
                    s = -1 if y0 < 0 else 1
                    growth = 1 + s * d * r * abs(root(t / b, self.N) - 1)
                    if growth > 0:
                        found.add(b * growth ** int(self.n))
                elif m == "linear_pace":
                    found.add(y0 + d * r * abs(aim - y0) * self.n / self.N)
                elif m == "escap_current":
                    found.add(y0 + d * r * abs(aim - y0))
                elif m == "escap_anticipated":
                    # The prediction is linear in the last value.
                    zero = self.anticipated(D(0))
                    found.add((y0 + d * r * abs(aim - y0) - zero) / (self.anticipated(D(1)) - zero))
                else:
                    # r (aim - v) = (v - first) / span * left
                    first, y = self.last_six()[0]
                    k = D(self.T - self.period) / (self.period - first)
                    found.add((r * aim + k * y) / (r + k))
        return found

    def flip(self):
        now = self.status(self.value)
        if now is None or (self.method in GROWTH and self.y0 == 0):
            return None
        best = None
        tiny = D("1e-30")
        for border in self.borders():
            # At the border, or just beyond it where the border still has the old status.
            beyond = tiny * max(abs(border), D(1))
            for v in (border, border - beyond, border + beyond):
                after = self.status(v)
                if after is not None and after != now and (best is None or abs(v - self.value) < abs(best[0])):
                    best = (v - self.value, after)
        return best

    def row(self):
        v, y0 = self.value, self.y0
        out = dict.fromkeys(COLUMNS, "")
        out.update(case=self.name, method=self.method, relation=self.relation, baseline=self.t0,
                   target_period=self.T, period=self.period)
        number = lambda x: f"{x + 0:.17g}" if x is not None else ""
        met = self.met(v)
        aim_of_base = self.aim_value if self.relation != "within" else min(max(y0, self.low), self.high)
        part = self.n / self.N
        if self.method in GROWTH and y0 * aim_of_base >= 0:
            b = y0 if y0 != 0 else D("0.001")
            t = aim_of_base if aim_of_base != 0 else D("0.001")
            out["expected"] = number(b * power(t / b, part))
        else:
            out["expected"] = number(y0 + (aim_of_base - y0) * part)
        left = D(self.T - self.period)
        if met:
            out["required_pace"] = number(D(0))
        else:
            d, aim = self.side(v)
            if self.method in GROWTH and v * aim >= 0 and v != 0:
                out["required_pace"] = number(v * (root((aim if aim != 0 else D("0.001")) / v, left) - 1))
            else:
                out["required_pace"] = number((aim - v) / left)
            since = [p for p in self.points if p[0] >= self.t0]
            paces = [d * (b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(since, since[1:])]
            best = max(paces)
            out["best_pace"] = number(d * best)
            remaining = d * (aim - v)
            # The first whole period that is later than T - remaining / best.
            first = next((p for p in range(self.period, self.T + 1) if best <= 0 or p > self.T - remaining / best),
                         self.T)
            out["out_of_reach"] = max(first, self.period)
        if self.enough():
            side = self.side(y0 if met else v)
            verdict = None if met and self.met(y0) else self.verdict(v, *side) if self.method != "weather" or not met \
                else None
            if verdict:
                out["ratio"] = number(verdict[2])
            if self.method in GROWTH:
                out["projected"] = number(y0 * power(v / y0, self.N / self.n)) if y0 * v >= 0 and y0 != 0 else ""
            elif self.method == "weather":
                out["projected"] = number(v + self.change(v) * left)
            elif self.method == "escap_anticipated":
                out["projected"] = number(self.anticipated(v))
            else:
                out["projected"] = number(v + (v - y0) / self.n * left)
        status = self.status(v)
        if status is not None:
            out["status"] = status
            out["score"] = number(D(5) if met else self.verdict(v, *self.side(v))[1])
        flip = self.flip()
        if flip:
            out["flip_change"], out["flip_status"] = number(flip[0]), flip[1]
        return out


def table():
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in CASES:
        for method in METHODS:
            out = Case(row, method).row()
            out.update(target=row[4], upper=row[5], tolerance=row[6], series=row[7])
            writer.writerow(out)
    return text.getvalue()


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(0 if FILE.read_text(encoding="utf-8") == table() else "attainment.csv is not what attainment.py computes")
    FILE.write_text(table(), encoding="utf-8")
