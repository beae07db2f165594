"""Periods: their texts and ordinals, as the contract has them, and the objects that stand for them
in Python: text, the number of a year, dates, and pandas periods.

Ordinals: day since 1970-01-01, ISO week since that of 1969-12-29, month year*12+month-1, quarter
year*4+quarter-1, half-year year*2+half-1, the year itself."""

from __future__ import annotations

import datetime
import re
from typing import Any

from policytrack import v1

_EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
_EPOCH_WEEK = datetime.date(1969, 12, 29).toordinal()

#: Word and form by frequency.
_FORMS = {
    v1.FREQUENCY_DAY: ("day", "a day such as 2024-09-05", r"(\d{4})-(\d\d)-(\d\d)"),
    v1.FREQUENCY_WEEK: ("week", "an ISO 8601 week such as 2024-W07", r"(\d{4})-W(\d\d)"),
    v1.FREQUENCY_MONTH: ("month", "a month such as 2024-09", r"(\d{4})-(\d\d)"),
    v1.FREQUENCY_QUARTER: ("quarter", "a quarter such as 2024-Q3", r"(\d{4})-Q(\d)"),
    v1.FREQUENCY_HALF_YEAR: ("half-year", "a half-year such as 2024-S1", r"(\d{4})-S(\d)"),
    v1.FREQUENCY_YEAR: ("year", "a year such as 2024", r"(\d{4})"),
}
_PATTERNS = {frequency: re.compile(form[2], re.ASCII) for frequency, form in _FORMS.items()}
_IN_YEAR = {v1.FREQUENCY_MONTH: 12, v1.FREQUENCY_QUARTER: 4, v1.FREQUENCY_HALF_YEAR: 2, v1.FREQUENCY_YEAR: 1}


def form_of(frequency: v1.Frequency) -> str:
    """What a text of this frequency looks like, for messages."""
    return _FORMS[frequency][1]


def parse(frequency: v1.Frequency, text: str) -> int:
    """The ordinal of a text of exactly this frequency's form. Raises ValueError, with what it is instead."""
    word, form, _ = _FORMS[frequency]
    match = _PATTERNS[frequency].fullmatch(text)
    if match is None:
        for other, pattern in _PATTERNS.items():
            if pattern.fullmatch(text):
                raise ValueError(f'"{text}" is a {_FORMS[other][0]}; must be {form}')
        raise ValueError(f'"{text}" is not a {word}; must be {form}, in exactly this form')
    ordinal = _ordinal(frequency, *map(int, match.groups()))
    if ordinal is None:
        raise ValueError(f'"{text}" names no {word} that exists; must be {form}')
    return ordinal


def _ordinal(frequency: v1.Frequency, year: int, part: int = 1, day: int = 1) -> int | None:
    try:
        if frequency == v1.FREQUENCY_DAY:
            return datetime.date(year, part, day).toordinal() - _EPOCH_DAY
        if frequency == v1.FREQUENCY_WEEK:
            return (datetime.date.fromisocalendar(year, part, 1).toordinal() - _EPOCH_WEEK) // 7
    except ValueError:
        return None
    in_year = _IN_YEAR[frequency]
    return year * in_year + part - 1 if year >= 1 and 1 <= part <= in_year else None


def format_ordinal(frequency: v1.Frequency, ordinal: int) -> str:
    """The text of an ordinal that the service gave."""
    if frequency == v1.FREQUENCY_DAY:
        return datetime.date.fromordinal(ordinal + _EPOCH_DAY).isoformat()
    if frequency == v1.FREQUENCY_WEEK:
        week = datetime.date.fromordinal(ordinal * 7 + _EPOCH_WEEK).isocalendar()
        return f"{week.year:04d}-W{week.week:02d}"
    in_year = _IN_YEAR[frequency]
    year, part = divmod(ordinal, in_year)
    letter = {12: f"-{part + 1:02d}", 4: f"-Q{part + 1}", 2: f"-S{part + 1}", 1: ""}[in_year]
    return f"{year:04d}{letter}"


def text_of(value: object, year_start_month: int | None = None) -> str:
    """The text of whatever stands for a period. A pandas period of years must start in
    `year_start_month` when that is known. Raises ValueError."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        raise ValueError(f"{value} is not a period")
    if isinstance(value, datetime.datetime):
        if value != value:
            raise ValueError("there is none")
        if value.timetz() != datetime.time():
            raise ValueError(f"{value} is a time within a day; write the day as 2024-09-05")
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if hasattr(value, "freqstr") and hasattr(value, "start_time"):
        return _text_of_pandas(value, year_start_month)
    try:
        year = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        raise ValueError("there is none" if is_missing(value) else f"{value!r} is not a period") from None
    if year != value or not 0 <= year <= 9999:
        raise ValueError(f"{value!r} is not a period")
    # A year that shares its column with a gap has become 2024.0.
    return f"{year:04d}"


def _text_of_pandas(period: Any, year_start_month: int | None) -> str:
    freq, start = period.freqstr, period.start_time
    base, _, anchor = freq.partition("-")
    if freq == "D":
        return f"{start.year:04d}-{start.month:02d}-{start.day:02d}"
    if freq == "W-SUN":
        return format_ordinal(v1.FREQUENCY_WEEK, (start.toordinal() - _EPOCH_WEEK) // 7)
    if freq == "M":
        return f"{start.year:04d}-{start.month:02d}"
    if base == "Q" and start.month % 3 == 1 and anchor in ("MAR", "JUN", "SEP", "DEC"):
        if anchor != "DEC":
            raise ValueError(f"{period} of frequency {freq} counts quarters of a fiscal year; quarters are those "
                             "of the calendar: use Q-DEC")
        return f"{start.year:04d}-Q{(start.month + 2) // 3}"
    if base in ("A", "Y"):
        wanted = year_start_month or (1 if year_start_month is not None else start.month)
        if start.month != wanted:
            raise ValueError(f"{period} of frequency {freq} starts in month {start.month}; the years of this "
                             f"dataset start in month {wanted}")
        # A fiscal year is named by the year in which it starts; pandas names it by its end.
        return f"{start.year:04d}"
    raise ValueError(f"{period} has the frequency {freq}, which no dataset has; write the period as text")


def is_missing(value: object) -> bool:
    """None, NaN, and the missing values of pandas."""
    if value is None:
        return True
    if isinstance(value, str):
        return False
    if type(value).__name__ in ("NAType", "NaTType"):
        return True
    return bool(value != value)
