"""push: frames and rows become observations, whole or not at all, and what is refused is named."""

import decimal
import uuid

import numpy
import pandas
import pytest

import policytrack
from policytrack import v1

DATASET = "datasets/paths-km"
REGIONAL = "datasets/regional"


def counts(result):
    names = ("created", "revised", "unchanged", "deleted", "rejected", "skipped")
    return {name: getattr(result, name) for name in names if getattr(result, name)}


def refused(client, *arguments, **options):
    """The row errors of a push that must write nothing."""
    before = client.commits(filter="kind = COMMIT_KIND_PUSH")
    with pytest.raises(policytrack.RowsRefused) as caught:
        client.push(*arguments, **options)
    assert client.commits(filter="kind = COMMIT_KIND_PUSH") == before
    assert caught.value.rejected == len(caught.value.row_errors)
    return caught.value


def frame_of(**columns):
    return pandas.DataFrame({"period": ["2024-09", "2024-10", "2024-09"], "region": ["河南", "河南", "القاهرة"],
                             "fuel": "EV", "value": [1.5, 2.5, 0.0], **columns})


def test_a_frame_comes_back_as_it_went(regional):
    frame = frame_of(status=["NORMAL", "P", "OBSERVATION_STATUS_ESTIMATED"], **{"break": [False, True, False]})
    pushed = regional.push(REGIONAL, frame)
    assert counts(pushed) == {"created": 3}
    read = regional.read(REGIONAL)
    assert list(read.columns) == ["period", "region", "fuel", "value", "status", "break", "missing_reason", "revision"]
    wanted = frame.assign(status=["NORMAL", "PROVISIONAL", "ESTIMATED"])
    order = ["region", "period"]
    pandas.testing.assert_frame_equal(
        read[list(frame.columns)].sort_values(order, ignore_index=True),
        wanted.sort_values(order, ignore_index=True), check_dtype=False, check_column_type=False)
    assert set(read["revision"]) == {pushed.revision}
    assert read.attrs == {"parent": REGIONAL, "revision": read.attrs["revision"], "unit": "vehicles",
                          "unit_multiplier": 0}
    # What was read can be pushed back.
    assert counts(regional.push(REGIONAL, read)) == {"unchanged": 3}
    indexed = regional.read(REGIONAL, period_index=True)
    assert isinstance(indexed.index, pandas.PeriodIndex) and "period" not in indexed.columns
    assert counts(regional.push(REGIONAL, indexed)) == {"unchanged": 3}


def test_plain_rows_and_everything_that_counts_as_a_number(paths):
    rows = [("2020", 1), (2021, numpy.float64(2.5)), {"period": "2022", "value": decimal.Decimal("3.25")},
            {"period": 2023.0, "value": numpy.int64(4), "status": "F", "break": True}]
    assert counts(paths.push(DATASET, iter(rows))) == {"created": 4}
    assert [(row["period"], row["value"], row["status"], row["break"]) for row in paths.rows(DATASET)] == [
        ("2020", 1, "NORMAL", False), ("2021", 2.5, "NORMAL", False), ("2022", 3.25, "NORMAL", False),
        ("2023", 4, "FORECAST", True)]
    assert counts(paths.push(DATASET, list(paths.rows(DATASET)))) == {"unchanged": 4}


def test_series_and_wide_frames(regional, paths):
    series = pandas.Series([1.0, 2.0], index=pandas.period_range("2020", periods=2, freq="Y"))
    assert counts(paths.push(DATASET, series)) == {"created": 2}
    levels = pandas.MultiIndex.from_tuples([("EV", "2024-01"), ("ICE", "2024-01")], names=["fuel", "period"])
    series = pandas.Series([1.0, 2.0], index=levels, name="anything")
    assert counts(regional.push(REGIONAL, series, dimensions={"region": "_T"})) == {"created": 2}
    # A level called `status` is no label.
    levelled = series.to_frame("value").assign(status="P").set_index("status", append=True)
    assert counts(regional.push(REGIONAL, levelled, dimensions={"region": "_T"})) == {"revised": 2}
    assert counts(regional.push(REGIONAL, series, dimensions={"region": "_T"})) == {"revised": 2}
    wide = pandas.DataFrame({"fuel": ["EV", "ICE"], "2024-01": [1.0, 2.0], "2024-02": [3.0, 4.0]}, index=["a", "b"])
    assert counts(regional.push(REGIONAL, wide, wide=True, dimensions={"region": "_T"})) == {
        "created": 2, "unchanged": 2}
    wide.columns = ["fuel", pandas.Period("2024-01", "M"), pandas.Period("2024-02", "M")]
    assert counts(regional.push(REGIONAL, wide.set_index("fuel"), wide=True, dimensions={"region": "_T"})) == {
        "unchanged": 4}
    wide.iloc[1, 2] = numpy.nan
    error = refused(regional, REGIONAL, wide, wide=True, dimensions={"region": "_T"})
    assert [(row.row, row.index) for row in error.row_errors] == [(1, ("b", pandas.Period("2024-02", "M")))]


@pytest.mark.parametrize("gap", [None, float("nan"), numpy.nan, pandas.NA], ids=str)
def test_a_gap_is_never_a_zero_and_never_dropped(paths, gap):
    paths.push(DATASET, [("2020", 1.0), ("2021", 2.0)])
    frame = pandas.DataFrame({"period": ["2020", "2021", "2022"], "value": pandas.Series([5.0, gap, gap], dtype=object)})
    frame.index = ["x", "y", "z"]
    error = refused(paths, DATASET, frame)
    assert [(row.row, row.index, row.reason, row.field) for row in error.row_errors] == [
        (1, "y", "FIELD_REQUIRED", "value"), (2, "z", "FIELD_REQUIRED", "value")]
    assert "row 1 ('y')" in str(error) and "'z'" in str(error)
    assert counts(paths.push(DATASET, frame, missing="skip", validate_only=True)) == {"revised": 1, "skipped": 2}
    assert counts(paths.push(DATASET, frame, missing="skip")) == {"revised": 1, "skipped": 2}
    assert paths.read(DATASET)["value"].tolist() == [5.0, 2.0]
    # The year that is not there cannot be taken away.
    assert counts(paths.push(DATASET, frame, missing="delete")) == {"unchanged": 2, "deleted": 1}
    assert paths.read(DATASET)["period"].tolist() == ["2020"]
    with pytest.raises(ValueError, match="missing"):
        paths.push(DATASET, frame, missing="zero")


def test_a_status_says_why_there_is_no_value(paths):
    frame = pandas.DataFrame({"period": ["2020", "2021", "2022"], "value": [5.0, None, None],
                              "status": ["D", "Q", "MISSING_NOT_COLLECTED"]})
    assert counts(paths.push(DATASET, frame)) == {"created": 3}
    read = paths.read(DATASET)
    assert read["status"].tolist() == ["DEFINITION_DIFFERS", "MISSING_SUPPRESSED", "MISSING_NOT_COLLECTED"]
    assert read["value"].isna().tolist() == [False, True, True]
    assert counts(paths.push(DATASET, read)) == {"unchanged": 3}
    frame["value"] = [5.0, 1.0, None]
    [row] = refused(paths, DATASET, frame).row_errors
    assert (row.row, row.reason, row.field) == (1, "FIELD_INVALID", "value") and "MISSING_SUPPRESSED" in row.message


def test_nullable_and_whole_number_columns(paths):
    frame = pandas.DataFrame({"period": [2020, 2021], "value": pandas.array([1, None], dtype="Int64")})
    assert [row.row for row in refused(paths, DATASET, frame).row_errors] == [1]
    frame["value"] = pandas.array([1, 2], dtype="Int64")
    assert counts(paths.push(DATASET, frame)) == {"created": 2}


BAD = {
    "period": ({"period": ["2024-09", "2024", "2024-09"]}, "FIELD_INVALID", "period", "is a year; must be a month"),
    "no such month": ({"period": ["2024-09", "2024-13", "2024-09"]}, "FIELD_INVALID", "period", "2024-13"),
    "no period": ({"period": ["2024-09", None, "2024-09"]}, "FIELD_REQUIRED", "period", "there is none"),
    "a day": ({"period": pandas.to_datetime(["2024-09-01"] * 3)}, "FIELD_INVALID", "period", "is a day"),
    "text": ({"value": [1.0, "1,234", 2.0]}, "FIELD_INVALID", "value", "1,234"),
    "true": ({"value": [1.0, True, 2.0]}, "FIELD_INVALID", "value", "True"),
    "too many digits": ({"value": [1.0, 2**53 + 1, 2.0]}, "FIELD_INVALID", "value", "digits"),
    "status": ({"status": ["A", "X", None]}, "FIELD_INVALID", "status", "'X'"),
    "break": ({"break": [False, "false", None]}, "FIELD_INVALID", "series_break", "'false'"),
    "a code that is a number": ({"region": ["a", 41, "b"]}, "FIELD_INVALID", "dimensions.region", "41"),
    "no code": ({"region": ["a", None, "b"]}, "FIELD_REQUIRED", "dimensions.region", "_T"),
    # What the service refuses.
    "infinite": ({"value": [1.0, float("inf"), 2.0]}, "FIELD_INVALID", "value", "finite"),
    "out of range": ({"value": [1.0, -1.0, 2.0]}, "FIELD_INVALID", "value", "-1"),
    "unknown code": ({"fuel": ["EV", "LPG", "EV"]}, "FIELD_INVALID", "dimensions.fuel", "LPG"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_row_stops_the_push_and_is_named_by_its_label(regional, what):
    columns, reason, field, word = BAD[what]
    frame = frame_of()
    for name, values in columns.items():
        frame[name] = pandas.Series(values, dtype=None if what == "a day" else object)
    frame.index = ["first", "second", "third"]
    error = refused(regional, REGIONAL, frame)
    wanted = ["first", "second", "third"] if what == "a day" else ["second"]
    assert [(row.index, row.reason, row.field) for row in error.row_errors] == [
        (label, reason, field) for label in wanted]
    assert word in error.row_errors[0].message
    assert (error.code.name, error.reason) == ("INVALID_ARGUMENT", "ROWS_INVALID")
    assert isinstance(error, ValueError)
    # A dry run tells the same; a partial push writes the others.
    assert refused(regional, REGIONAL, frame, validate_only=True).row_errors == error.row_errors
    if what != "a day":
        result = regional.push(REGIONAL, frame, partial=True)
        assert counts(result) == {"created": 2, "rejected": 1}
        assert result.row_errors == error.row_errors


def test_rows_of_many_series_keep_their_numbers(regional):
    """They are sent series by series, and so in another order."""
    count = 40_000
    frame = pandas.DataFrame({"period": [f"{1900 + i // 480:04d}-{i // 40 % 12 + 1:02d}" for i in range(count)],
                              "region": [f"R{i % 40}" for i in range(count)], "fuel": "EV",
                              "value": [float(i) for i in range(count)]})
    spoilt = frame.copy()
    bad = [0, 41, 12_345, count - 1]
    spoilt.loc[bad, "value"] = -1.0
    again = regional.push(REGIONAL, spoilt, partial=True)
    assert [row.row for row in again.row_errors] == bad
    assert counts(again) == {"created": count - len(bad), "rejected": len(bad)}
    assert counts(regional.push(REGIONAL, frame)) == {"created": len(bad), "unchanged": count - len(bad)}
    read = regional.read(REGIONAL, page_size=7)
    merged = frame.merge(read, on=["period", "region", "fuel"], suffixes=("", "_read"))
    assert len(merged) == len(read) == count
    assert (merged["value"] == merged["value_read"]).all()


def test_messages_stay_far_below_what_the_service_takes(regional):
    """A series of all months there are, and many series with long names."""
    months = pandas.DataFrame({"period": [f"{year:04d}-{month:02d}" for year in range(1, 10_000)
                                          for month in range(1, 13)], "value": 0.1, "status": "P", "break": True})
    assert regional.push(REGIONAL, months, dimensions={"region": "_T", "fuel": "_T"}).created == 9999 * 12
    names = pandas.DataFrame({"period": "2024-01", "region": [f"{i:05d}" + "é" * 100 for i in range(20_000)],
                              "fuel": "EV", "value": 1.0})
    assert regional.push(REGIONAL, names).created == 20_000
    names["value"] = numpy.nan
    assert regional.push(REGIONAL, names, missing="delete").deleted == 20_000
    assert len(regional.read(REGIONAL, start="1950-01", end="1950-12")) == 12


def test_one_row_twice_is_told_with_its_label(regional):
    frame = pandas.DataFrame({"period": ["2024-02", "2024-01", "2024-02"], "region": ["b", "a", "b"], "fuel": "EV",
                              "value": [1.0, 2.0, 3.0]}, index=["k", "l", "m"])
    error = refused(regional, REGIONAL, frame)
    assert [row.index for row in error.row_errors] == ["m"]
    assert "row 'k' gives another value" in error.row_errors[0].message


def test_data_that_is_no_figures_of_the_dataset_is_refused(regional):
    for wrong, word in ((frame_of().iloc[:0], "no row to push"), ([], "no row to push"),
                        (frame_of(satus="P"), "satus"), (frame_of().drop(columns="value"), "value"),
                        (frame_of().drop(columns="period"), "period"), (frame_of().drop(columns="region"), "region"),
                        (frame_of(output="x"), "output"), (frame_of(**{"dimensions.region": "x"}), "twice")):
        with pytest.raises(policytrack.InvalidArgument, match=word):
            regional.push(REGIONAL, wrong)
    with pytest.raises(policytrack.InvalidArgument, match="skipped"):
        regional.push(REGIONAL, frame_of(value=numpy.nan), missing="skip")
    with pytest.raises(policytrack.InvalidArgument, match="colour"):
        regional.push(REGIONAL, frame_of(), dimensions={"colour": "red"})
    with pytest.raises(policytrack.InvalidArgument, match="datasets/x"):
        regional.push("regional", frame_of())
    with pytest.raises(policytrack.NotFound):
        regional.push("datasets/none", frame_of())
    for wrong in ({"2024-01": 1.0}, "2024-01", 5, [5], [("2024-01", 1.0, "P")]):
        with pytest.raises(TypeError):
            regional.push(REGIONAL, wrong)
    assert regional.commits(filter="kind = COMMIT_KIND_PUSH") == []


def test_a_dimension_may_be_called_like_a_column(regional):
    frame = pandas.DataFrame({"period": ["2024-01"], "dimensions.status": ["used"], "value": [1.0], "status": ["P"]})
    assert counts(regional.push("datasets/odd", frame)) == {"created": 1}
    read = regional.read("datasets/odd")
    assert (read.loc[0, "dimensions.status"], read.loc[0, "status"]) == ("used", "PROVISIONAL")
    assert counts(regional.push("datasets/odd", read)) == {"unchanged": 1}
    assert counts(regional.push("datasets/odd", [*regional.rows("datasets/odd")])) == {"unchanged": 1}


def test_a_request_id_makes_a_push_safe_to_repeat(paths):
    mine = str(uuid.uuid4())
    first = paths.push(DATASET, [("2020", 1.0)], request_id=mine)
    again = paths.push(DATASET, [("2020", 1.0)], request_id=mine)
    assert (again.replayed, again.revision, again.created) == (True, first.revision, 1)
    with pytest.raises(policytrack.RequestIdReused):
        paths.push(DATASET, [("2020", 2.0)], request_id=mine)
    # Without one, every push has its own.
    ids = {paths.push(DATASET, [("2020", 1.0)]).request_id for _ in range(2)}
    assert len(ids) == 2
    commit = paths.get(f"commits/{first.revision}")
    assert isinstance(commit, v1.Commit) and commit.request_id == mine
