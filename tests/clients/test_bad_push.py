"""Pushes with every kind of bad input: each field of rows, columns and of the message around them, from
bad_values.py, and what only rows together or the stream can have wrong. A bad row is told by number and
field; nothing of the stream is written; in a dry run the other rows are counted as good."""

import pytest

import bad_texts
import bad_values
import full_world
import harness
import refusals
import stubs as generated
import wire

METHOD = "PushObservations"
DATASET = "datasets/paths-km"
EAST = {"city": "east", "kind": "kerbed"}
UUID = "00000000-0000-4000-8000-000000000001"
GOOD = {
    "options": {"requestId": UUID, "validateOnly": False, "returnPartialSuccess": False}, "dataset": DATASET,
    "rows": [{"period": "2030", "value": 1, "dimensions": EAST, "status": "OBSERVATION_STATUS_PROVISIONAL",
              "seriesBreak": True},
             {"period": "2031", "dimensions": EAST, "deleted": True}],
    "columns": [{"dimensions": {"city": "west", "kind": "raised"}, "periods": [2030, 2031], "values": [1, 2],
                 "statuses": ["OBSERVATION_STATUS_NORMAL", "OBSERVATION_STATUS_ESTIMATED"], "breakIndexes": [1]}]}


def row(period="2030", **fields):
    return {"period": period, "dimensions": EAST, **fields}


def rows(*of, **fields):
    return {"dataset": DATASET, "rows": list(of), **fields}


def columns(**fields):
    return {"dataset": DATASET, "columns": [{"dimensions": EAST, "periods": [2030, 2031], "values": [1, 2], **fields}]}


# What is bad, the messages of the stream, the reason, and the row and field named (a field alone where it is the
# message around the rows).
CASES = [
    ("a row before any dataset", [{"rows": [row(value=1)]}], "FIELD_REQUIRED", "dataset"),
    ("columns before any dataset", [{"columns": columns()["columns"]}], "FIELD_REQUIRED", "dataset"),
    ("a dataset that does not exist", [{"dataset": "datasets/none", "rows": [row(value=1)]}],
     "RESOURCE_NOT_FOUND", "datasets/none"),
    ("the second dataset does not exist", [rows(row(value=1)), {"dataset": "datasets/none", "rows": [row(value=1)]}],
     "RESOURCE_NOT_FOUND", "datasets/none"),
    ("an indicator as dataset", [{"dataset": "indicators/paths-km", "rows": [row(value=1)]}], "NAME_INVALID", "dataset"),
    ("options in a later message", [rows(row(value=1)), {"options": {"validateOnly": True}}], "FIELD_INVALID", "options"),
    ("options after an empty message", [{}, {"options": {}}], "FIELD_INVALID", "options"),
    ("a value that is not listed", [rows({**row(value=1), "dimensions": {"city": "north", "kind": "kerbed"}})],
     "ROWS_INVALID", (0, "dimensions.city")),
    ("a dimension that is not declared", [rows({**row(value=1), "dimensions": {**EAST, "colour": "red"}})],
     "ROWS_INVALID", (0, "dimensions.colour")),
    ("a dimension left out", [rows({**row(value=1), "dimensions": {"city": "east"}})],
     "ROWS_INVALID", (0, "dimensions.kind")),
    ("no dimensions", [rows({"period": "2030", "value": 1})], "ROWS_INVALID", (0, "dimensions.city")),
    ("columns without dimensions", [columns(dimensions={})], "ROWS_INVALID", (0, "dimensions.city")),
    ("neither value nor deleted", [rows(row())], "ROWS_INVALID", (0, "value")),
    ("both value and deleted", [rows(row(value=1, deleted=True))], "ROWS_INVALID", (0, "deleted")),
    ("deleted with a status", [rows(row(deleted=True, status="OBSERVATION_STATUS_NORMAL"))],
     "ROWS_INVALID", (0, "deleted")),
    ("deleted with a break", [rows(row(deleted=True, seriesBreak=True))], "ROWS_INVALID", (0, "deleted")),
    ("an empty row", [rows({})], "ROWS_INVALID", (0, "dimensions.city")),
    ("below the allowed range", [rows(row(value=-0.1))], "ROWS_INVALID", (0, "value")),
    ("above the allowed range", [columns(values=[1, 10000.5])], "ROWS_INVALID", (1, "value")),
    ("one row twice with two values", [rows(row(value=1), row(value=2))], "ROWS_INVALID", (1, "period")),
    ("one row twice, one of them a deletion", [rows(row(value=1), row(deleted=True))], "ROWS_INVALID", (1, "period")),
    ("one row twice with two statuses", [rows(row(value=1), row(value=1, status="OBSERVATION_STATUS_FORECAST"))],
     "ROWS_INVALID", (1, "period")),
    ("a row and a column that differ", [rows(row(value=5)), columns()], "ROWS_INVALID", (1, "period")),
    ("one point twice in columns", [columns(periods=[2030, 2030])], "ROWS_INVALID", (1, "period")),
    ("a bad row counts over messages and columns",
     [rows(row(value=1)), columns(periods=[2031, 2032]), rows(row("2033", value=1), row("soon", value=1))],
     "ROWS_INVALID", (4, "period")),
    ("the same dataset again", [rows(row(value=1)), {"dataset": "datasets/spare"}, rows(row("soon", value=1))],
     "ROWS_INVALID", (1, "period")),
    ("fewer values than periods", [columns(values=[1])], "FIELD_INVALID", "columns[0].values"),
    ("more values than periods", [columns(values=[1, 2, 3])], "FIELD_INVALID", "columns[0].values"),
    ("fewer statuses than periods", [columns(statuses=["OBSERVATION_STATUS_NORMAL"])], "FIELD_INVALID",
     "columns[0].statuses"),
    ("a break at the end", [columns(breakIndexes=[2])], "FIELD_INVALID", "columns[0].break_indexes"),
    ("a negative break", [columns(breakIndexes=[-1])], "FIELD_INVALID", "columns[0].break_indexes"),
    ("the request_id of another push", [rows(row(value=1), options={"requestId": UUID[:-1] + "9"})],
     "REQUEST_ID_REUSED", UUID[:-1] + "9"),
]

# Messages of a stream that are taken, and why that is right; nothing is written by them.
ACCEPTED = [
    ("no message", [], "there is nothing to write"),
    ("an empty message", [{}], "a first message may hold options alone"),
    ("a dataset alone", [{"dataset": DATASET}], "a first message may hold options alone"),
    ("a deletion of nothing", [rows(row(deleted=True))], "it counts as unchanged"),
    ("one row twice with one value", [rows(row("2020", deleted=True, dimensions={"city": "east", "kind": "none"}),
                                           row("2020", deleted=True, dimensions={"city": "east", "kind": "none"}))],
     "a repetition counts as unchanged"),
]


UNREADABLE = {*bad_texts.NOT_UTF8, *(f"a key that is {what}" for what in bad_texts.NOT_UTF8)}
# Columns are told as the rows that they stand for.
ROW_NAMES = {"periods": "period", "values": "value", "statuses": "status"}


class Pusher:
    """A server that holds the full world, pushed to with raw bytes."""

    def __init__(self, server, api):
        self.server, self.api, self.v1 = server, api, api.v1
        for method, request in full_world.CALLS:
            api.send(method, request)
        api.send(METHOD, full_world.PUSH)
        api.send(METHOD, rows(row("2020", value=1), options={"requestId": UUID[:-1] + "9"}))
        self.call = api.channel.stream_unary(f"/policytrack.v1.ObservationService/{METHOD}")

    def good(self):
        message = self.api.message(METHOD, GOOD)
        message.options.SetInParent()
        return message

    def refused(self, messages):
        seen = refusals.outcome(self.v1, self.call, iter(messages))
        assert seen is not None, "it was taken"
        return seen, list(refusals.faults_of(METHOD, seen, self.server.data_dir))

    def fault(self, variant):
        """What is wrong with how a variant was refused, in words, or ""."""
        if (variant.path, variant.what) == ("columns[0].break_indexes", "an entry twice"):
            return ""  # The break is where it was.
        place, _, field = variant.path.partition(".")
        seen, found = self.refused([variant.data])
        if seen.metadata.get("field") == "message":
            expected = {"FIELD_INVALID"} if variant.what in UNREADABLE else set()
            named = True
        elif seen.reason == "ROWS_INVALID":
            first = {"rows[0]": 0, "rows[1]": 1, "columns[0]": 2}.get(place)
            expected = {"ROWS_INVALID"} if first is not None else set()
            name = field.split(".")[0].split("[")[0]
            named = (first is not None and int(seen.metadata["row"]) >= first
                     and (not field or seen.metadata["field"].split(".")[0] in (name, ROW_NAMES.get(name))))
            found += self.partial_faults(variant, seen)
        else:
            expected = variant.reasons
            # Columns of two lengths may be told by either.
            named = refusals.names_place(seen, place if variant.what == "an entry twice" else variant.path)
        if seen.reason not in expected:
            found.append(f"not by {' or '.join(sorted(expected or variant.reasons))}")
        if not named:
            found.append("another place is named")
        return f"{variant.path} [{variant.what}]: {'; '.join(found)}: {seen}" if found else ""

    def partial_faults(self, variant, seen):
        """The same in a dry run: the bad rows are listed, the others are counted as good."""
        message = self.v1.PushObservationsRequest.FromString(variant.data)
        message.options.CopyFrom(self.v1.PushOptions(return_partial_success=True, validate_only=True))
        answer = self.api.send(METHOD, message)
        sent = len(message.rows) + sum(len(block.periods) for block in message.columns)
        counted = sum(getattr(answer, f"{kind}_count") for kind in ("created", "revised", "unchanged", "deleted",
                                                                     "rejected"))
        errors = answer.row_errors
        if counted != sent or answer.rejected_count != len(errors) or not errors:
            yield f"the counts do not add up: {counted} of {sent}, {answer.rejected_count} refused, {len(errors)} told"
        elif (str(errors[0].row), errors[0].field) != (seen.metadata["row"], seen.metadata["field"]):
            yield f"the dry run names row {errors[0].row}, {errors[0].field}"
        for error in errors:
            if error.reason not in ("FIELD_REQUIRED", "FIELD_INVALID", "RESOURCE_NOT_FOUND") or not error.message:
                yield f"a row error of reason {error.reason!r}"


@pytest.fixture(scope="module")
def pusher(tmp_path_factory, stubs):
    with (harness.running(tmp_path_factory.mktemp("bad-push") / "data") as server,
          generated.Api(stubs, server.address, [("grpc.max_send_message_length", -1)]) as api):
        yield Pusher(server, api)


@pytest.fixture
def unchanged(pusher):
    before = refusals.State(pusher.api)
    yield
    assert refusals.State(pusher.api) == before


def test_the_good_message_is_good_and_sets_every_field(pusher, unchanged):
    message = pusher.good()
    message.options.CopyFrom(pusher.v1.PushOptions(validate_only=True))
    answer = pusher.api.send(METHOD, message)
    assert (answer.created_count, answer.unchanged_count, answer.rejected_count) == (3, 1, 0)
    found = {f"{site.field.containing_type.name}.{site.field.name}" for site in bad_values.sites(pusher.v1, message)}
    for name in ("PushObservationsRequest", "Observation", "ObservationColumns"):
        for field in getattr(pusher.v1, name).DESCRIPTOR.fields:
            if "OUTPUT_ONLY" not in bad_values.annotations(pusher.v1, field):
                assert f"{name}.{field.name}" in found, f"{name}.{field.name} is not varied"


@pytest.mark.parametrize("part", ["options", "dataset", "rows[0]", "rows[1]", "columns[0]", ""])
def test_every_field(pusher, unchanged, part):
    variants = [variant for variant in bad_values.Bad(pusher.v1, pusher.good()).variants()
                if variant.path.split(".")[0] == part or not part and variant.path in ("rows", "columns")]
    faults = list(filter(None, (pusher.fault(variant) for variant in variants)))
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("what, messages, reason, place", CASES, ids=[case[0] for case in CASES])
def test_case(pusher, unchanged, what, messages, reason, place):
    seen, faults = pusher.refused([pusher.api.message(METHOD, message).SerializeToString() for message in messages])
    assert seen.reason == reason and not faults, (faults, str(seen))
    if reason == "ROWS_INVALID":
        assert (int(seen.metadata["row"]), seen.metadata["field"]) == place, seen
    else:
        assert place in seen.metadata.values(), seen


@pytest.mark.parametrize("what, messages, why", ACCEPTED, ids=[case[0] for case in ACCEPTED])
def test_accepted(pusher, unchanged, what, messages, why):
    answer = pusher.api.send(METHOD, *messages)
    assert answer.created_count == answer.revised_count == answer.deleted_count == answer.rejected_count == 0, why


def test_a_dataset_that_does_not_exist_is_told_apart_in_row_errors(pusher, unchanged):
    messages = [rows(row(value=1), {**row(value=1), "dimensions": {"city": "north", "kind": "x"}},
                     options={"returnPartialSuccess": True, "validateOnly": True}),
                {"dataset": "datasets/none", "rows": [row(value=1)]}]
    answer = pusher.api.send(METHOD, *messages)
    assert [(error.row, error.reason, error.field) for error in answer.row_errors] == [
        (1, "FIELD_INVALID", "dimensions.city"), (2, "RESOURCE_NOT_FOUND", "dataset")]


def test_very_many_entries(pusher, unchanged):
    message = pusher.good()
    message.options.validate_only = True
    for variant in bad_values.Bad(pusher.v1, message).crowded():
        seen = refusals.outcome(pusher.v1, pusher.call, iter([variant.data]), timeout=10)
        assert seen is None or not list(refusals.faults_of(METHOD, seen, pusher.server.data_dir)), (variant.path, seen)


def test_over_long_texts(pusher, unchanged):
    for variant in bad_values.Bad(pusher.v1, pusher.good()).over_long():
        seen, faults = pusher.refused([variant.data])
        expected = {"ROWS_INVALID"} if variant.path.startswith(("rows", "columns")) else variant.reasons
        assert seen.reason in expected and not faults, (variant.path, faults, str(seen))


@pytest.mark.parametrize("before", [0, 1])
def test_bytes_that_are_no_message(pusher, unchanged, before):
    good = pusher.api.message(METHOD, rows(row(value=1))).SerializeToString()
    for data in (b"\xff" * 100, good + b"\x7b", good[:-1], good + b"\x7b" * 10_000 + b"\x7c" * 10_000):
        seen, faults = pusher.refused([good] * before + [data])
        assert (seen.reason, seen.metadata["field"]) == ("FIELD_INVALID", "message") and not faults, seen


def test_unknown_fields_are_left_out(pusher, unchanged):
    message = pusher.good()
    message.options.validate_only = True
    answer = pusher.call(iter([message.SerializeToString() + wire.piece(1000, b"from the future")]),
                         timeout=harness.CALL_SECONDS)
    assert pusher.v1.PushObservationsResponse.FromString(answer).created_count == 3


@pytest.mark.parametrize("before", [0, 1])
def test_a_message_above_4_mib(pusher, unchanged, before):
    good = pusher.api.message(METHOD, rows(row(value=1))).SerializeToString()
    seen = refusals.outcome(pusher.v1, pusher.call, iter([good] * before + [good + wire.piece(1000, bytes(4 << 20))]))
    assert (seen.code, seen.infos) == ("RESOURCE_EXHAUSTED", 0), seen


def test_very_many_bad_rows_are_told_in_few_words(pusher, unchanged):
    bad = pusher.api.message(METHOD, rows(*({**row("x" * 100, value=1)} for _ in range(5000))))
    seen, faults = pusher.refused([bad.SerializeToString()])
    assert (seen.reason, seen.metadata["rejected_count"]) == ("ROWS_INVALID", "5000") and not faults, (faults, seen)
    bad.options.CopyFrom(pusher.v1.PushOptions(return_partial_success=True, validate_only=True))
    answer = pusher.api.send(METHOD, bad)
    assert (answer.rejected_count, len(answer.row_errors)) == (5000, 1000)
