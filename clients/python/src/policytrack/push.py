"""Pushes figures as one commit: checked here as far as Python's types go, gathered by series, and sent
as columns in messages of bounded size."""

from __future__ import annotations

import decimal
import numbers
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from policytrack import periods, v1
from policytrack.connection import Connection
from policytrack.documents import Documents, kind_of_name
from policytrack.errors import Error, InvalidArgument, RowError, RowsRefused
from policytrack.table import PREFIX, Table, make_table

Missing = Literal["refuse", "skip", "delete"]

#: Points of one block, and bytes of one message before the last block: far below the 4 MiB that
#: the service takes.
BLOCK_POINTS = 16384
MESSAGE_BYTES = 1 << 20
#: Row errors that are told one by one.
MAX_ROW_ERRORS = 1000

#: The letters of SDMX CL_OBS_STATUS, in the order of the contract.
_LETTERS = "AIEPFDGNSUVWOMLHQKJ"
_NAMES = [v1.ObservationStatus.Name(value).removeprefix("OBSERVATION_STATUS_")
          for value in sorted(v1.ObservationStatus.values())[1:]]
_STATUSES: dict[str, v1.ObservationStatus] = {
    word: value
    for letter, name in zip(_LETTERS, _NAMES, strict=True)
    for value in (getattr(v1, f"OBSERVATION_STATUS_{name}"),)
    for word in (letter, name, f"OBSERVATION_STATUS_{name}")
}


@dataclass(frozen=True)
class PushResult:
    """What a push did, or with validate_only would have done. The counts with `skipped` add up to the rows."""

    #: The revision of the commit, or the present one when nothing changed.
    revision: int
    created: int
    revised: int
    #: Equal to what is there, deletions of nothing, and repetitions within the push.
    unchanged: int
    deleted: int
    rejected: int
    #: Left out because they have no value, with missing="skip".
    skipped: int
    #: Why rows were rejected, in the order of the data, for the first 1000.
    row_errors: tuple[RowError, ...]
    #: That this is the answer of an earlier push with the same request id.
    replayed: bool
    validate_only: bool
    request_id: str


@dataclass
class _Series:
    """The points of one combination of dimension values, in the order of the data."""

    ordinals: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    statuses: list[v1.ObservationStatus] = field(default_factory=list)
    breaks: list[bool] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)


class _Refused(Exception):
    """Why one row is refused: reason, field, message."""


class _Gathered:
    """The rows of a table by series; the order in which they are sent; the rows that are refused."""

    def __init__(self, table: Table, dataset: v1.Dataset, missing: Missing) -> None:
        self._table = table
        self._dataset = dataset
        self._ids = list(table.dimensions)
        self._periods: dict[tuple[type, Any], int] = {}
        self.series: dict[tuple[str, ...], _Series] = {}
        #: Position, period and dimension values of what is taken away.
        self.deletions: list[tuple[int, str, tuple[str, ...]]] = []
        self.errors: list[RowError] = []
        self.refused = 0
        self.skipped = 0
        count = len(table.period)
        columns = [column if len(column) != 1 else list(column) * count for column in table.dimensions.values()]
        keys: Iterator[tuple[Any, ...]] = zip(*columns, strict=True) if columns else iter([()] * count)
        for position, key in enumerate(keys):
            try:
                self._take(position, key, missing)
            except _Refused as refusal:
                self.refused += 1
                if len(self.errors) < MAX_ROW_ERRORS:
                    reason, where, message = refusal.args
                    self.errors.append(self.error(position, reason, where, message))
        self.order = [position for series in self.series.values() for position in series.positions]
        self.order += [position for position, _, _ in self.deletions]

    def error(self, position: int, reason: str, where: str, message: str) -> RowError:
        return RowError(self._table.rows[position], self._table.labels[position], reason, where, message)

    def number(self, position: int) -> int:
        return self._table.rows[position]

    def label(self, position: int) -> str:
        label = self._table.labels[position]
        return f"row {label}" if label == self._table.rows[position] else f"row {label!r}"

    def _take(self, position: int, key: tuple[Any, ...], missing: Missing) -> None:
        table = self._table
        value = table.value[position]
        status = v1.OBSERVATION_STATUS_NORMAL if table.status is None else _status(table.status[position])
        says_missing = status >= v1.OBSERVATION_STATUS_MISSING
        absent = periods.is_missing(value) and not says_missing
        if absent and missing == "skip":
            self.skipped += 1
            return
        for dimension, code in zip(self._ids, key, strict=True):
            _check_code(dimension, code)
        ordinal = self._ordinal(table.period[position])
        if absent and missing == "delete":
            text = periods.format_ordinal(self._dataset.frequency, ordinal)
            self.deletions.append((position, text, key))
            return
        if absent:
            raise _Refused("FIELD_REQUIRED", "value", 'value: there is none; missing="skip" leaves such rows out, '
                                                      'missing="delete" takes the observations away')
        if says_missing and not periods.is_missing(value):
            raise _Refused("FIELD_INVALID", "value", f"value: {value} is one, and the status "
                           f"{v1.ObservationStatus.Name(status).removeprefix('OBSERVATION_STATUS_')} says there is none")
        # In columns a value that is missing is the number 0.
        number = 0.0 if says_missing else _number(value)
        series_break = table.series_break is not None and _flag(table.series_break[position])
        series = self.series.get(key)
        if series is None:
            series = self.series[key] = _Series()
        series.ordinals.append(ordinal)
        series.values.append(number)
        series.statuses.append(status)
        series.breaks.append(series_break)
        series.positions.append(position)

    def _ordinal(self, period: Any) -> int:
        # There are few periods in many rows. Keys have their type, as 2024 == 2024.0 == True.
        try:
            known = self._periods.get((type(period), period))
        except TypeError:
            known = None
        if known is not None:
            return known
        try:
            text = periods.text_of(period, self._dataset.year_start_month)
            ordinal = periods.parse(self._dataset.frequency, text)
        except ValueError as error:
            absent = "FIELD_REQUIRED" if str(error) == "there is none" or period == "" else "FIELD_INVALID"
            raise _Refused(absent, "period", f"period: {error}") from None
        self._periods[type(period), period] = ordinal
        return ordinal

    def messages(self, options: v1.PushOptions) -> Iterator[v1.PushObservationsRequest]:
        """The stream. The service sees the options even when there is not one row."""
        request = v1.PushObservationsRequest(options=options, dataset=self._dataset.name)
        size = 0
        for block in self._blocks():
            if size > MESSAGE_BYTES:
                yield request
                request, size = v1.PushObservationsRequest(dataset=self._dataset.name), 0
            request.columns.append(block)
            size += block.ByteSize()
        # Rows of a message count before its columns, so they have messages of their own.
        if self.deletions and size:
            yield request
            request, size = v1.PushObservationsRequest(dataset=self._dataset.name), 0
        for _, period, key in self.deletions:
            if size > MESSAGE_BYTES:
                yield request
                request, size = v1.PushObservationsRequest(dataset=self._dataset.name), 0
            row = request.rows.add(period=period, dimensions=self._named(key), deleted=True)
            size += row.ByteSize()
        yield request

    def _named(self, key: tuple[str, ...]) -> dict[str, str]:
        return dict(zip(self._ids, key, strict=True))

    def _blocks(self) -> Iterator[v1.ObservationColumns]:
        for key, series in self.series.items():
            for start in range(0, len(series.ordinals), BLOCK_POINTS):
                part = slice(start, start + BLOCK_POINTS)
                statuses = series.statuses[part]
                if all(status == v1.OBSERVATION_STATUS_NORMAL for status in statuses):
                    statuses = []
                yield v1.ObservationColumns(
                    dimensions=self._named(key), periods=series.ordinals[part], values=series.values[part],
                    statuses=statuses, break_indexes=[i for i, broken in enumerate(series.breaks[part]) if broken])


def _check_code(dimension: str, code: Any) -> None:
    where = PREFIX + dimension
    if isinstance(code, str) and code:
        return
    if code == "" or periods.is_missing(code):
        raise _Refused("FIELD_REQUIRED", where, f"{where}: there is none; write _T for the total")
    raise _Refused("FIELD_INVALID", where, f"{where}: {code!r} is not text; a code is, as `041` is not 41")


def _number(value: Any) -> float:
    if isinstance(value, float):
        return value
    if isinstance(value, numbers.Real | decimal.Decimal) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            raise _Refused("FIELD_INVALID", "value", f"value: `{value}` is too large for a number") from None
        if isinstance(value, numbers.Integral) and int(number) != int(value):
            raise _Refused("FIELD_INVALID", "value", f"value: {value} has more digits than a number can hold")
        return number
    raise _Refused("FIELD_INVALID", "value", f"value: {value!r} is not a number")


def _status(value: Any) -> v1.ObservationStatus:
    if isinstance(value, str):
        if not value:
            return v1.OBSERVATION_STATUS_NORMAL
        if value in _STATUSES:
            return _STATUSES[value]
    elif periods.is_missing(value):
        return v1.OBSERVATION_STATUS_NORMAL
    raise _Refused("FIELD_INVALID", "status", f"status: {value!r} is none; there are " + ", ".join(
        f"{letter} ({name})" for letter, name in zip(_LETTERS, _NAMES, strict=True)))


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if periods.is_missing(value):
        return False
    # As `true` in a file of text would be, and so would `false`.
    if isinstance(value, str) or value not in (0, 1):
        raise _Refused("FIELD_INVALID", "series_break", f"break: {value!r} is neither True nor False")
    return bool(value)


def push(connection: Connection, dataset: str, data: Any, *, dimensions: Mapping[str, str], wide: bool,
         missing: Missing, partial: bool, validate_only: bool, request_id: str) -> PushResult:
    """See Client.push."""
    if missing not in ("refuse", "skip", "delete"):
        raise ValueError(f'missing is "refuse", "skip" or "delete", not {missing!r}')
    if kind_of_name(dataset).collection != "datasets":
        raise InvalidArgument(f"dataset: `{dataset}` is not a name such as datasets/x", reason="NAME_INVALID",
                              metadata={"field": "dataset"})
    definition = Documents(connection).get(dataset)
    assert isinstance(definition, v1.Dataset)
    rows = _Gathered(make_table(data, definition, dimensions, wide), definition, missing)
    # An export that broke off looks like this.
    if not rows.order and not rows.refused:
        raise InvalidArgument("no row to push" + (f" ({rows.skipped} skipped, as they have no value)"
                                                  if rows.skipped else "") + "; nothing was sent",
                              reason="FIELD_REQUIRED", metadata={"field": "rows"})
    if rows.refused and not (partial or validate_only):
        raise _refusal(rows.refused, rows.errors, "nothing was sent")
    options = v1.PushOptions(request_id=request_id or str(uuid.uuid4()), validate_only=validate_only,
                             return_partial_success=partial or validate_only)
    try:
        answer = _send(connection, rows, options)
    except RowsRefused as error:
        raise _explained(connection, rows, error) from error
    errors = sorted([*rows.errors, *_row_errors(rows, answer.row_errors)], key=lambda error: error.row)
    rejected = rows.refused + answer.rejected_count
    if rejected and not partial:
        raise _refusal(rejected, errors, "nothing was written")
    return PushResult(
        revision=answer.revision, created=answer.created_count, revised=answer.revised_count,
        unchanged=answer.unchanged_count, deleted=answer.deleted_count, rejected=rejected, skipped=rows.skipped,
        row_errors=tuple(errors[:MAX_ROW_ERRORS]), replayed=answer.replayed, validate_only=validate_only,
        request_id=options.request_id)


def _send(connection: Connection, rows: _Gathered, options: v1.PushOptions) -> v1.PushObservationsResponse:
    return connection.stream("ObservationService/PushObservations", lambda: rows.messages(options),
                             v1.PushObservationsResponse)


def _row_errors(rows: _Gathered, errors: Sequence[v1.RowError]) -> Iterator[RowError]:
    """The service's errors with the rows as the caller knows them: rows are sent in another order."""
    for error in errors:
        message = re.sub(r"\brow (\d+) gives", lambda match: f"{rows.label(rows.order[int(match[1])])} gives",
                         error.message)
        yield rows.error(rows.order[error.row], error.reason, error.field, message)


def _explained(connection: Connection, rows: _Gathered, refusal: RowsRefused) -> RowsRefused:
    """An atomic push that is refused says that rows are wrong; a dry run of the same rows says which."""
    options = v1.PushOptions(return_partial_success=True, validate_only=True, request_id=str(uuid.uuid4()))
    try:
        answer = _send(connection, rows, options)
    except Error:
        return _in_labels(rows, refusal)
    if not answer.rejected_count:
        # What was wrong is right by now; the refusal stands all the same.
        return _in_labels(rows, refusal)
    errors = sorted(_row_errors(rows, answer.row_errors), key=lambda error: error.row)
    return _refusal(answer.rejected_count, errors, "nothing was written")


def _in_labels(rows: _Gathered, refusal: RowsRefused) -> RowsRefused:
    """The refusal with the first row as the caller knows it, when there is no more to be learned."""
    message = re.sub(r"\brow (\d+):", lambda match: f"{rows.label(rows.order[int(match[1])])}:", refusal.message, count=1)
    metadata = dict(refusal.metadata)
    if "row" in metadata:
        metadata["row"] = str(rows.number(rows.order[int(metadata["row"])]))
    return RowsRefused(message.partition("; validate_only with")[0], rejected=refusal.rejected, metadata=metadata)


def _refusal(count: int, errors: Sequence[RowError], outcome: str) -> RowsRefused:
    shown = [f"  row {error.row}" + (f" ({error.index!r})" if error.index != error.row else "") +
             f": {error.reason}: {error.message}" for error in errors[:5]]
    if count > len(shown):
        shown.append(f"  ... and {count - len(shown)} more in row_errors")
    return RowsRefused("\n".join([f"{count} row{'' if count == 1 else 's'} refused; {outcome}", *shown]),
                       row_errors=errors[:MAX_ROW_ERRORS], rejected=count,
                       metadata={"rejected_count": str(count), "field": errors[0].field, "row": str(errors[0].row)})
