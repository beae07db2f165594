"""Reads observations, as plain rows or as frames. They travel as columns, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policytrack import periods, v1
from policytrack.connection import Connection
from policytrack.documents import Documents
from policytrack.table import BREAK, PERIOD, STATUS, VALUE, dimension_column

if TYPE_CHECKING:
    import pandas


def require_pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ImportError("frames need pandas: pip install 'policytrack[pandas]'; "
                          "`rows` reads without it") from error
    return pandas


@dataclass(frozen=True)
class Query:
    """What is read."""

    parent: str
    start: object = None
    end: object = None
    filter: str = ""
    as_of: v1.AsOf | None = None
    at_least_revision: int = 0
    page_size: int = 0
    unit: str = ""
    unit_multiplier: int = 0


#: Columns that say what each value is in; there when a unit was asked for.
VALUE_UNIT, VALUE_MULTIPLIER = "value_unit", "value_multiplier"


def read_pages(connection: Connection, query: Query) -> Iterator[v1.ReadSeriesResponse]:
    request = v1.ReadSeriesRequest(
        parent=query.parent, filter=query.filter, as_of=query.as_of, at_least_revision=query.at_least_revision,
        start_period="" if query.start is None else periods.text_of(query.start),
        end_period="" if query.end is None else periods.text_of(query.end), page_size=query.page_size,
        unit=query.unit, unit_multiplier=query.unit_multiplier)
    while True:
        page = connection.unary("ObservationService/ReadSeries", request, v1.ReadSeriesResponse)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def _units(page: v1.ReadSeriesResponse) -> dict[str, tuple[str, int]]:
    """Unit and multiplier of the values of each output; that of a dataset is ""."""
    return {unit.output: (unit.unit, unit.unit_multiplier) for unit in page.units}


class Words:
    """Enum values as words, without the prefix that they all have."""

    def __init__(self, enum: Any, prefix: str) -> None:
        self._words: dict[int, str] = {value: name.removeprefix(prefix) for name, value in enum.items()}
        self._words[0] = ""

    def __getitem__(self, value: int) -> str:
        # A newer service may have more of them.
        return self._words.get(value, str(value))


OBSERVATION_STATUSES = Words(v1.ObservationStatus, "OBSERVATION_STATUS_")
MISSING_REASONS = Words(v1.MissingReason, "MISSING_REASON_")
NORMAL = OBSERVATION_STATUSES[v1.OBSERVATION_STATUS_NORMAL]


def _points(series: v1.Series) -> tuple[list[str], list[bool], dict[int, str]]:
    """Statuses, breaks, and the reasons why there is no value, by position."""
    count = len(series.periods)
    statuses = [OBSERVATION_STATUSES[status] for status in series.statuses] or [NORMAL] * count
    breaks = [False] * count
    for i in series.break_indexes:
        breaks[i] = True
    missing = {i: MISSING_REASONS[reason]
               for i, reason in zip(series.missing_indexes, series.missing_reasons, strict=True)}
    return statuses, breaks, missing


def read_rows(connection: Connection, query: Query) -> Iterator[dict[str, Any]]:
    """One mapping for every observation, with the names of the columns of a frame."""
    for page in read_pages(connection, query):
        units = _units(page)
        for series in page.series:
            statuses, breaks, missing = _points(series)
            unit, multiplier = units.get(series.output, ("", 0))
            shown: dict[str, Any] = {VALUE_UNIT: unit, VALUE_MULTIPLIER: multiplier} if query.unit else {}
            key = {dimension_column(name): value for name, value in sorted(series.dimensions.items())}
            if series.output:
                key["output"] = series.output
            for i, ordinal in enumerate(series.periods):
                yield {PERIOD: periods.format_ordinal(series.frequency, ordinal), **key,
                       VALUE: None if i in missing else series.values[i], STATUS: statuses[i], BREAK: breaks[i],
                       "missing_reason": missing.get(i, ""), "revision": series.revisions[i], **shown}


def read_frame(connection: Connection, query: Query, period_index: bool) -> pandas.DataFrame:
    """See Client.read."""
    pandas = require_pandas()
    columns: dict[str, list[Any]] = {name: [] for name in (PERIOD, "output", VALUE, STATUS, BREAK, "missing_reason",
                                                           "revision")}
    ordinals: list[int] = []
    keys: dict[str, list[str]] = {}
    revision = 0
    frequency: v1.Frequency = v1.FREQUENCY_UNSPECIFIED
    texts: dict[int, str] = {}
    units: dict[str, tuple[str, int]] = {}
    for page in read_pages(connection, query):
        revision = page.revision
        units = _units(page)
        for series in page.series:
            statuses, breaks, missing = _points(series)
            count, before, frequency = len(series.periods), len(ordinals), series.frequency
            values = list(series.values)
            reasons = [""] * count
            for i, reason in missing.items():
                values[i], reasons[i] = float("nan"), reason
            for ordinal in series.periods:
                if ordinal not in texts:
                    texts[ordinal] = periods.format_ordinal(frequency, ordinal)
            ordinals.extend(series.periods)
            columns["output"] += [series.output] * count
            columns[VALUE] += values
            columns[STATUS] += statuses
            columns[BREAK] += breaks
            columns["missing_reason"] += reasons
            columns["revision"].extend(series.revisions)
            for name, value in series.dimensions.items():
                column = keys.setdefault(name, [])
                column += [value] * (before + count - len(column))
    columns[PERIOD] = [texts[ordinal] for ordinal in ordinals]
    parent = _Parent(connection, query.parent, revision)
    names = [*parent.dimensions, *(name for name in sorted(keys) if name not in parent.dimensions)]
    ordered = {PERIOD: pandas.Series(columns[PERIOD], dtype=object)}
    ordered |= {dimension_column(name): pandas.Series(keys.get(name, []), dtype=object) for name in names}
    for name, dtype in (("output", object), (VALUE, "float64"), (STATUS, object), (BREAK, bool),
                        ("missing_reason", object), ("revision", "int64")):
        if name != "output" or parent.computed:
            ordered[name] = pandas.Series(columns[name], dtype=dtype)
    if query.unit:
        of_each = [units.get(output, ("", 0)) for output in columns["output"]]
        ordered[VALUE_UNIT] = pandas.Series([unit for unit, _ in of_each], dtype=object)
        ordered[VALUE_MULTIPLIER] = pandas.Series([multiplier for _, multiplier in of_each], dtype="int64")
    frame = pandas.DataFrame(ordered)
    frame.attrs.update(parent=query.parent, revision=revision)
    if parent.computed:
        frame.attrs["units"] = units
    else:
        frame.attrs["unit"], frame.attrs["unit_multiplier"] = units.get("", ("", 0))
    if period_index:
        frame.index = _period_index(pandas, ordinals, frequency or parent.frequency, parent)
        frame = frame.drop(columns=PERIOD)
    return frame


def _period_index(pandas: Any, ordinals: list[int], frequency: v1.Frequency, parent: _Parent) -> Any:
    """Ordinals as pandas counts them. Its periods of years are named by the year in which they end."""
    if frequency == v1.FREQUENCY_HALF_YEAR:
        raise ValueError("pandas has no half-years; read without period_index")
    shift, freq = 0, None
    if frequency == v1.FREQUENCY_YEAR:
        month = parent.year_start_month()
        freq = pandas.offsets.YearEnd(month=(month - 2) % 12 + 1)
        shift = (0 if month == 1 else 1) - 1970
    elif frequency == v1.FREQUENCY_QUARTER:
        shift, freq = -1970 * 4, pandas.offsets.QuarterEnd(startingMonth=12)
    elif frequency == v1.FREQUENCY_MONTH:
        shift, freq = -1970 * 12, pandas.offsets.MonthEnd()
    elif frequency == v1.FREQUENCY_WEEK:
        # pandas numbers from the week before.
        shift, freq = 1, pandas.offsets.Week(weekday=6)
    else:
        freq = pandas.offsets.Day()
    shifted = pandas.Series(ordinals, dtype="int64").to_numpy() + shift
    return pandas.PeriodIndex(pandas.arrays.PeriodArray(shifted, dtype=pandas.PeriodDtype(freq)), name=PERIOD)


class _Parent:
    """What the document of the observations says about their columns, as of the revision that was read."""

    def __init__(self, connection: Connection, name: str, revision: int) -> None:
        self._documents = Documents(connection)
        self._as_of = v1.AsOf(revision=revision)
        self._name = name
        self.dimensions: list[str] = []
        self.frequency: v1.Frequency = v1.FREQUENCY_YEAR
        self.computed = not name.startswith("datasets/")
        if name.count("/") != 1:
            return
        document = self._documents.get(name, self._as_of)
        if isinstance(document, v1.Dataset):
            self.dimensions = [dimension.id for dimension in document.dimensions]
            self.frequency = document.frequency
        elif isinstance(document, v1.Indicator):
            self.dimensions = list(document.group_by)

    def year_start_month(self) -> int:
        """The first month of the years, which is that of the datasets that all comes from."""
        name = self._name
        if name.count("/") == 3:
            measure_name, _, target_id = name.rpartition("/targets/")
            measure = self._documents.get(measure_name, self._as_of)
            assert isinstance(measure, v1.Measure)
            name = next(target.indicator for target in measure.targets if target.id == target_id)
        while True:
            document = self._documents.get(name, self._as_of)
            if isinstance(document, v1.Dataset):
                return document.year_start_month or 1
            assert isinstance(document, v1.Indicator)
            name = document.inputs[0].source
