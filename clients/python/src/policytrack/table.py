"""Figures as people have them, as columns: pandas frames and series, long or wide, and plain rows.
pandas is looked at only when the caller has brought it along."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policytrack import v1
from policytrack.errors import InvalidArgument

if TYPE_CHECKING:
    import pandas

PERIOD, VALUE, STATUS, BREAK = "period", "value", "status", "break"
#: What a reading has beside what a push takes: set by the service, ignored when pushed back.
READ_ONLY = ("revision", "missing_reason")
RESERVED = (PERIOD, VALUE, STATUS, BREAK, *READ_ONLY, "output")
PREFIX = "dimensions."


def dimension_column(dimension: str) -> str:
    """The column of a dimension: its id, after `dimensions.` where a column of another meaning has it."""
    return PREFIX + dimension if dimension in RESERVED else dimension


@dataclass
class Table:
    """Columns of equal length; a missing one is None, a constant dimension a list of one value."""

    period: Sequence[Any]
    value: Sequence[Any]
    status: Sequence[Any] | None
    series_break: Sequence[Any] | None
    dimensions: Mapping[str, Sequence[Any]]
    #: The number of each row in what was given, and its label.
    rows: Sequence[int]
    labels: Sequence[Any]


def make_table(data: Any, dataset: v1.Dataset, constants: Mapping[str, str], wide: bool) -> Table:
    """The columns of whatever was given. Raises InvalidArgument when it does not fit the dataset."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, pandas.Series):
        if wide:
            raise ValueError("wide is for frames, with a column for each period")
        data = data.to_frame(VALUE)
    layout = _Layout(dataset, constants)
    if pandas is not None and isinstance(data, pandas.DataFrame):
        return _from_wide(data, layout) if wide else _from_long(data, layout)
    if wide:
        raise ValueError("wide is for frames, with a column for each period")
    return _from_rows(data, layout)


class _Layout:
    """Which columns a dataset has."""

    def __init__(self, dataset: v1.Dataset, constants: Mapping[str, str]) -> None:
        self.name = dataset.name
        self.ids = [dimension.id for dimension in dataset.dimensions]
        #: As columns of one value.
        self.constants: dict[str, list[Any]] = {dimension: [value] for dimension, value in constants.items()}
        for dimension in constants:
            if dimension not in self.ids:
                raise self.wrong(f"dimensions: {dataset.name} has no dimension `{dimension}`; it has "
                                 f"{', '.join(self.ids) or 'none'}", PREFIX + dimension)

    @staticmethod
    def wrong(message: str, field: str, reason: str = "FIELD_INVALID") -> InvalidArgument:
        return InvalidArgument(message, reason=reason, metadata={"field": field})

    def dimension_of(self, column: object) -> str | None:
        """The dimension that a column is of."""
        if not isinstance(column, str):
            return None
        bare = column.removeprefix(PREFIX)
        return bare if bare in self.ids and column in (dimension_column(bare), PREFIX + bare) else None

    def check(self, columns: Iterable[Any]) -> dict[Any, str]:
        """The dimensions by column; every dimension once, and nothing that is unknown."""
        found: dict[Any, str] = {}
        seen = set()
        for column in columns:
            dimension = self.dimension_of(column)
            if column in seen or (dimension is not None and dimension in (*found.values(), *self.constants)):
                raise self.wrong(f"`{column}` is here twice", str(column))
            seen.add(column)
            if dimension is not None:
                found[column] = dimension
            elif column not in (PERIOD, VALUE, STATUS, BREAK, *READ_ONLY):
                # A misspelt `status` that goes unseen would make provisional figures final.
                raise self.wrong(f"`{column}` is no column of {self.name}; there are "
                                 f"{', '.join([PERIOD, *map(dimension_column, self.ids), VALUE, STATUS, BREAK])}; "
                                 "rename or drop it", str(column))
        for dimension in self.ids:
            if dimension not in found.values() and dimension not in self.constants:
                raise self.wrong(f"the dimension `{dimension}` of {self.name} has no column; add one, or give "
                                 f'dimensions={{"{dimension}": "_T"}} for the total',
                                 PREFIX + dimension, "FIELD_REQUIRED")
        return found

    def require(self, column: str, columns: Iterable[Any]) -> None:
        if column not in columns:
            raise self.wrong(f"there is no column `{column}`", column, "FIELD_REQUIRED")


def _with_index(frame: pandas.DataFrame, layout: _Layout, wide: bool) -> pandas.DataFrame:
    """The frame with the levels of its index that have a meaning as columns."""
    import pandas

    index = frame.index
    names = list(index.names)
    if (not wide and names == [None] and PERIOD not in frame.columns
            and isinstance(index, pandas.PeriodIndex | pandas.DatetimeIndex)):
        return frame.rename_axis(PERIOD).reset_index()
    known = [name for name in names
             if layout.dimension_of(name) or (name in (PERIOD, VALUE, STATUS, BREAK) and not wide)]
    return frame.reset_index(level=known) if known else frame


def _from_long(frame: pandas.DataFrame, layout: _Layout) -> Table:
    labels = list(frame.index)
    flat = _with_index(frame, layout, wide=False)
    dimensions = layout.check(flat.columns)
    for column in (PERIOD, VALUE):
        layout.require(column, flat.columns)
    return Table(
        period=flat[PERIOD].tolist(),
        value=flat[VALUE].tolist(),
        status=flat[STATUS].tolist() if STATUS in flat.columns else None,
        series_break=flat[BREAK].tolist() if BREAK in flat.columns else None,
        dimensions={dimension: flat[column].tolist() for column, dimension in dimensions.items()}
        | layout.constants,
        rows=range(len(flat)),
        labels=labels)


def _from_wide(frame: pandas.DataFrame, layout: _Layout) -> Table:
    """Every column that is no dimension is a period; row by row, as one reads."""
    labels = list(frame.index)
    flat = _with_index(frame, layout, wide=True)
    if flat.columns.nlevels > 1:
        raise layout.wrong("a wide frame has one row of column names; stack the others first", PERIOD)
    columns = list(flat.columns)
    periods = [column for column in columns if layout.dimension_of(column) is None]
    dimensions = layout.check([column for column in columns if column not in periods])
    if not periods:
        raise layout.wrong("there is no column with a period as its name", PERIOD, "FIELD_REQUIRED")
    if len(set(columns)) < len(columns):
        raise layout.wrong("a column is here twice", PERIOD)
    count = len(flat)
    values = [flat[period].tolist() for period in periods]
    repeated = {dimension: flat[column].tolist() for column, dimension in dimensions.items()}
    return Table(
        period=periods * count,
        value=[values[j][i] for i in range(count) for j in range(len(periods))],
        status=None,
        series_break=None,
        dimensions={dimension: [value for value in column for _ in periods] for dimension, column in repeated.items()}
        | layout.constants,
        rows=[i for i in range(count) for _ in periods],
        labels=[(label, period) for label in labels for period in periods])


def _from_rows(data: Any, layout: _Layout) -> Table:
    """Mappings with the names of the columns, or pairs of period and value."""
    if isinstance(data, Mapping | str | bytes) or not isinstance(data, Iterable):
        raise TypeError(f"figures come as a frame, a series, or rows, not as {type(data).__name__}; a row is "
                        "a mapping with `period` and `value`, or a pair of the two")
    rows: list[Mapping[str, Any]] = []
    for number, row in enumerate(data):
        if isinstance(row, Mapping):
            rows.append(row)
        elif isinstance(row, Sequence) and not isinstance(row, str) and len(row) == 2:
            rows.append({PERIOD: row[0], VALUE: row[1]})
        else:
            raise TypeError(f"row {number} is neither a mapping nor a pair of period and value, but {row!r}")
    columns = {column: None for row in rows for column in row}
    dimensions = layout.check(columns) if rows else {}

    def column(name: str) -> list[Any]:
        return [row.get(name) for row in rows]

    return Table(
        period=column(PERIOD),
        value=column(VALUE),
        status=column(STATUS) if STATUS in columns else None,
        series_break=column(BREAK) if BREAK in columns else None,
        dimensions={dimension: column(name) for name, dimension in dimensions.items()}
        | layout.constants,
        rows=range(len(rows)),
        labels=range(len(rows)))
