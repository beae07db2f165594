"""What a push must do, written once more in Python and from the contract: which rows are refused
and why, what the others do, and the state after it."""

import collections
import datetime
import itertools
import math
import unicodedata

DELETION = "deletion"
# Statuses up to here stand for values, those from here to the last say why there is none.
FIRST_MISSING, LAST_STATUS = 13, 19
Stored = collections.namedtuple("Stored", "value status series_break")
Refused = collections.namedtuple("Refused", "row reason field")


def day_ordinal(text):
    return datetime.date.fromisoformat(text).toordinal() - datetime.date(1970, 1, 1).toordinal()


def week_ordinal(text):
    monday = datetime.datetime.strptime(text + "-1", "%G-W%V-%u").date()
    return (monday - datetime.date(1969, 12, 29)).days // 7


def part_ordinal(parts, mark):
    def ordinal(text):
        year, part = text.split(mark)
        return int(year) * parts + int(part) - 1
    return ordinal


class DatasetModel:
    """A dataset of the tests: the periods that are pushed, its dimensions with the values that each
    allows (None: any), and the range of its values."""

    def __init__(self, frequency, periods, ordinal, dimensions=None, range_=(-math.inf, math.inf)):
        self.frequency, self.ordinals = frequency, {text: ordinal(text) for text in periods}
        self.dimensions, self.range = dimensions or {}, range_

    def json(self, name):
        return {"datasetId": name, "dataset": {
            "displayName": name, "unit": "vehicles", "frequency": f"FREQUENCY_{self.frequency}",
            "accumulation": "ACCUMULATION_STOCK",
            "dimensions": [{"id": id_, "values": [{"code": code} for code in codes or []]}
                           for id_, codes in self.dimensions.items()],
            "allowedRange": {end: value for end, value in zip(("minimum", "maximum"), self.range)
                             if not math.isinf(value)}}}


DATASETS = {
    "datasets/year": DatasetModel("YEAR", ["0001", *map(str, range(1990, 2010)), "9999"], int),
    "datasets/half": DatasetModel(
        "HALF_YEAR", [f"{year}-S{half}" for year in range(1998, 2003) for half in (1, 2)], part_ordinal(2, "-S"),
        {"region": None}),
    "datasets/quarter": DatasetModel(
        "QUARTER", ["0001-Q1", "2023-Q4", "2024-Q1", "2024-Q3", "2024-Q4", "9999-Q4"], part_ordinal(4, "-Q"),
        {"region": ("A", "B", "Ö"), "kind": None}),
    "datasets/month": DatasetModel(
        "MONTH", ["2023-12", "2024-01", "2024-02", "2024-12", "2025-01"], part_ordinal(12, "-"),
        {"region": ("A", "B", "Ö"), "kind": None}, (0, 1000)),
    "datasets/week": DatasetModel(
        "WEEK", ["2020-W01", "2020-W53", "2021-W01", "2021-W52", "2024-W07"], week_ordinal, {"kind": ("x",)}),
    "datasets/day": DatasetModel(
        "DAY", ["0001-01-01", "1969-12-31", "1970-01-01", *(f"2024-02-{day}" for day in range(20, 30)), "9999-12-31"],
        day_ordinal, {}, (-5, 5)),
}


class Model:
    """The figures of all datasets, by dataset, dimension values and period ordinal."""

    def __init__(self):
        self.figures = {}

    def judge(self, row, dataset, dimensions, period, value, status, series_break, deleted):
        """The place and the new state of a row, or why it is refused. A row of these tests has one
        fault at most, so that no order of checks matters."""
        model = DATASETS.get(dataset)
        if model is None:
            return Refused(row, "RESOURCE_NOT_FOUND", "dataset")
        for id_, code in dimensions.items():
            code = unicodedata.normalize("NFC", code)
            allowed = model.dimensions.get(id_, ())
            if id_ not in model.dimensions or not code or allowed and code not in (*allowed, "_T"):
                return Refused(row, "FIELD_INVALID", f"dimensions.{id_}")
        for id_ in model.dimensions:
            if id_ not in dimensions:
                return Refused(row, "FIELD_REQUIRED", f"dimensions.{id_}")
        if period == "":
            return Refused(row, "FIELD_REQUIRED", "period")
        ordinal = model.ordinals.get(period) if isinstance(period, str) else period
        if ordinal not in model.ordinals.values():
            return Refused(row, "FIELD_INVALID", "period")
        place = (dataset, tuple(unicodedata.normalize("NFC", dimensions[id_]) for id_ in model.dimensions), ordinal)
        if deleted:
            if value is not None or status or series_break:
                return Refused(row, "FIELD_INVALID", "deleted")
            return place, DELETION
        if not 0 <= status <= LAST_STATUS:
            return Refused(row, "FIELD_INVALID", "status")
        missing = status >= FIRST_MISSING
        if missing and not isinstance(period, str) and value == 0:
            value = None  # a column has a number for every period
        if value is None and not missing:
            return Refused(row, "FIELD_REQUIRED", "value")
        if value is not None and missing:
            return Refused(row, "FIELD_INVALID", "value")
        if value is not None and (not math.isfinite(value) or not model.range[0] <= value <= model.range[1]):
            return Refused(row, "FIELD_INVALID", "value")
        return place, Stored(value or 0.0, status or 1, series_break)

    def push(self, rows):
        """Counts by dataset and kind, the rows refused in order, and the figures afterwards when
        the good rows are written."""
        first, refused, counts = {}, [], collections.defaultdict(collections.Counter)
        figures = dict(self.figures)
        for number, row in enumerate(rows):
            judged = self.judge(number, *row)
            if isinstance(judged, Refused):
                refused.append(judged)
                continue
            place, state = judged
            if place not in first:
                first[place] = state
            elif first[place] == state:
                counts[place[0]]["unchanged"] += 1
            else:
                refused.append(Refused(number, "FIELD_INVALID", "period"))
        for place, state in first.items():
            before = figures.get(place)
            if state == DELETION:
                counts[place[0]]["deleted" if before else "unchanged"] += 1
                figures.pop(place, None)
            elif before == state:
                counts[place[0]]["unchanged"] += 1
            else:
                counts[place[0]]["revised" if before else "created"] += 1
                figures[place] = state
        return counts, refused, figures


class RandomPush:
    """A random stream of rows and columns: its messages as lists of parts, each part a row or a
    block of one series, and all its rows as the model takes them."""

    def __init__(self, rng, unknown_dataset):
        self.rng = rng
        self.fault_share = rng.choice((0, 0, 0.02, 0.3))
        names = [*DATASETS, *(["datasets/unknown"] if unknown_dataset else [])]
        self.messages = []
        most = rng.choice((1, 1, 3, 8, 8, 40))
        for _ in range(rng.randrange(1, 6)):
            dataset = rng.choice(names)
            rows = [self.row(dataset) for _ in range(rng.randrange(most + 1))]
            blocks = [self.block(dataset) for _ in range(rng.randrange(3))]
            self.messages.append((dataset, rows, blocks))

    def rows(self):
        """As they count: in a message rows before columns."""
        return [row for _, rows, blocks in self.messages for row in itertools.chain(rows, *blocks)]

    def dimensions(self, dataset):
        model = DATASETS.get(dataset)
        # Two spellings of one letter are one value.
        free = ("a", "_T", "e\u0301", "\u00e9")
        return {id_: self.rng.choice((*codes, "_T", "O\u0308") if codes and "Ö" in codes else codes or free)
                for id_, codes in (model.dimensions if model else {}).items()}

    def row(self, dataset):
        row = self.good(dataset, self.dimensions(dataset))
        if self.rng.random() < 0.15:
            row = (*row[:3], None, 0, False, True)
        if self.rng.random() < self.fault_share:
            row = self.spoil(row)
        return row

    def good(self, dataset, dimensions):
        model = DATASETS.get(dataset)
        return (dataset, dimensions, self.rng.choice(list(model.ordinals) if model else ["2024"]),
                self.rng.choice((0.0, -0.0, 1.0, 1.5, 5.0) if self.rng.random() < 0.9 else (2.5, 0.1)),
                self.rng.choice((0, 0, 0, 1, 1, 4, 11)), self.rng.random() < 0.1, False)

    def spoil(self, row):
        dataset, dimensions, period, value, status, series_break, deleted = row
        kinds = ["period", "extra dimension"]
        kinds += [] if deleted else ["no value", "not finite", "status", "range"]
        kinds += ["deleted"] if not deleted else []
        kinds += ["no dimension", "empty dimension", "no code"] if dimensions else []
        kind = self.rng.choice(kinds)
        if kind == "period":
            period = self.rng.choice(("", "x", "2024-13", "2024-02-30", "24", "2024-W54", "2024-Q5", "2023-W53"))
        elif kind == "extra dimension":
            dimensions = {**dimensions, "other": "a"}
        elif kind == "no dimension":
            dimensions = dict(list(dimensions.items())[1:])
        elif kind == "empty dimension":
            dimensions = {**dimensions, next(iter(dimensions)): ""}
        elif kind == "no code":
            id_ = next(iter(dimensions))
            model = DATASETS.get(dataset)
            if model is None or not model.dimensions[id_]:
                return row
            dimensions = {**dimensions, id_: "no such code"}
        elif kind == "no value":
            value = None
        elif kind == "not finite":
            value = self.rng.choice((math.nan, math.inf, -math.inf))
        elif kind == "range":
            value = -6.0
        elif kind == "status":
            status = self.rng.choice((LAST_STATUS + 1, 77, -1, FIRST_MISSING))
        else:
            deleted = True
        return dataset, dimensions, period, value, status, series_break, deleted

    def block(self, dataset):
        """Rows of one series; periods as ordinals, some of which may be none."""
        dimensions = self.dimensions(dataset)
        model = DATASETS.get(dataset)
        ordinals = list(model.ordinals.values()) if model else [2024]
        rows = []
        spoilt = self.rng.random() < self.fault_share
        for _ in range(self.rng.randrange(6)):
            row = self.good(dataset, dimensions)
            period, value, status = self.rng.choice(ordinals), row[3], row[4]
            if spoilt and self.rng.random() < 0.3:
                kind = self.rng.randrange(3)
                period = 10_000_000_000 if kind == 0 else period
                value = math.inf if kind == 1 else value
                status = 99 if kind == 2 else status
            elif self.rng.random() < 0.1:
                value, status = 0.0, self.rng.randint(FIRST_MISSING, LAST_STATUS)
            rows.append((dataset, dimensions, period, value, status, row[5], False))
        if spoilt and self.rng.random() < 0.3:
            rows = [(row[0], {**dimensions, "other": "a"}, *row[2:]) for row in rows]
            # One fault a row.
            rows = [(*row[:2], ordinals[0], 1.0, 0, row[5], False) for row in rows]
        return rows

    def shuffled(self):
        """The same rows in another order, each message and part by itself."""
        other = object.__new__(RandomPush)
        other.messages = [(dataset, self.rng.sample(rows, len(rows)), self.rng.sample(blocks, len(blocks)))
                          for dataset, rows, blocks in self.rng.sample(self.messages, len(self.messages))]
        return other

    def requests(self, v1, options):
        yield v1.PushObservationsRequest(options=options)
        for dataset, rows, blocks in self.messages:
            yield v1.PushObservationsRequest(
                dataset=dataset,
                rows=[v1.Observation(period=period, dimensions=dimensions, value=value, status=status,
                                     series_break=series_break, deleted=deleted)
                      for _, dimensions, period, value, status, series_break, deleted in rows],
                columns=[v1.ObservationColumns(
                    dimensions=block[0][1], periods=[row[2] for row in block], values=[row[3] for row in block],
                    statuses=[row[4] for row in block] if any(row[4] for row in block) else [],
                    break_indexes=[at for at, row in enumerate(block) if row[5]])
                    for block in blocks if block])
