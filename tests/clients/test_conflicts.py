"""A thousand changes of one measure by many clients at once: none is lost, and the history has each
of them once, in order."""

import concurrent.futures

import grpc
import pytest

import stubs as generated
import world
from harness import CALL_SECONDS

NAME = "measures/build-paths"


@pytest.fixture
def measured(api):
    """The client, with the small plan and the state of its measure."""
    for document in world.DOCUMENTS:
        created = api.create(*document)
    assert created.name == NAME
    return api, created


def in_parallel(server, v1, count, body):
    """Runs body(client, number) with so many clients, each with a connection of its own."""
    def run(number):
        with generated.Api(v1, server.address, [("grpc.use_local_subchannel_pool", 1)]) as own:
            return body(own, number)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def revisions_of(api):
    """All revisions, newest first, over pages of a size of their own."""
    found, token = [], ""
    while True:
        page = api.measure.ListMeasureRevisions(api.v1.ListMeasureRevisionsRequest(
            name=NAME, page_size=97, page_token=token), timeout=CALL_SECONDS)
        found += page.measure_revisions
        token = page.next_page_token
        if not token:
            return found


def check_history(api, created, answers):
    """Every answer is the revision that it names, and there are no others but the first."""
    history = revisions_of(api)
    numbers = [one.snapshot.revision for one in history]
    assert numbers == sorted(set(numbers), reverse=True)
    wanted = {answer.revision: answer for answer in (created, *answers)}
    assert len(wanted) == len(answers) + 1
    assert numbers == sorted(wanted, reverse=True)
    for one in history:
        assert one.name == f"{NAME}/revisions/{one.snapshot.revision}"
        assert one.snapshot == wanted[one.snapshot.revision]
        assert not one.deleted
    return [one.snapshot for one in reversed(history)]


def test_a_thousand_changes_with_an_etag(measured, server, capsys):
    """Each reads a count and writes the next one back; all of them are counted."""
    api, created = measured
    clients, each = 16, 63
    v1 = api.v1

    def count(own, number):
        answers, refused = [], 0
        while len(answers) < each:
            measure = own.measure.GetMeasure(v1.GetMeasureRequest(name=NAME), timeout=CALL_SECONDS)
            so_far = measure.parameters[0].number if measure.parameters else 0
            del measure.parameters[:]
            measure.parameters.add(id="count", number=so_far + 1, unit="projects")
            measure.parameters.add(id="by", text=f"{number} {len(answers)}")
            request = v1.UpdateMeasureRequest(measure=measure)
            request.update_mask.paths.append("parameters")
            try:
                answers.append(own.measure.UpdateMeasure(request, timeout=CALL_SECONDS))
            except grpc.RpcError as error:
                assert error.code() == grpc.StatusCode.ABORTED, error
                assert own.error_info(error).reason == "ETAG_MISMATCH"
                refused += 1
        return answers, refused

    results = in_parallel(server, v1, clients, count)
    with capsys.disabled():
        print(f"{clients * each} changes, {sum(refused for _, refused in results)} refused on the way", flush=True)
    assert any(refused for _, refused in results)
    history = check_history(api, created, [answer for answers, _ in results for answer in answers])
    assert [measure.parameters[0].number for measure in history[1:]] == list(range(1, clients * each + 1))
    by = [tuple(map(int, measure.parameters[1].text.split())) for measure in history[1:]]
    for number in range(clients):
        assert [turn for who, turn in by if who == number] == list(range(each))


def fields_of(v1, turn):
    """One field a client, each with a value of its own for every turn."""
    text = f"turn {turn}"
    return [
        ("display_name", v1.Measure(display_name=text)),
        ("description", v1.Measure(description=text)),
        ("category", v1.Measure(category=text)),
        ("language_code", v1.Measure(language_code=("en", "zh", "ar", "de")[turn % 4])),
        ("agencies", v1.Measure(agencies=[v1.Agency(display_name=text)])),
        ("regions", v1.Measure(regions=[f"CN-{chr(65 + turn // 26 % 26)}{chr(65 + turn % 26)}"])),
        ("milestones", v1.Measure(milestones=[v1.Milestone(id=f"m{turn}", display_name=text)])),
        ("references", v1.Measure(references=[v1.Reference(title=text)])),
    ]


def test_a_thousand_changes_of_different_fields(measured, server):
    """Without an etag: the mask alone keeps each from the fields of the others."""
    api, created = measured
    v1, each = api.v1, 125

    def change(own, number):
        answers = []
        for turn in range(each):
            field, value = fields_of(v1, turn)[number]
            # What the mask does not name is not looked at.
            measure = v1.Measure(name=NAME, display_name="not meant", description="not meant", category="not meant")
            measure.ClearField(field)
            measure.MergeFrom(value)
            request = v1.UpdateMeasureRequest(measure=measure)
            request.update_mask.paths.append(field)
            answers.append((field, own.measure.UpdateMeasure(request, timeout=CALL_SECONDS)))
        return answers

    fields = [field for field, _ in fields_of(v1, 0)]
    results = in_parallel(server, v1, len(fields), change)
    by_revision = {answer.revision: field for answers in results for field, answer in answers}
    assert len(by_revision) == len(fields) * each
    history = check_history(api, created, [answer for answers in results for _, answer in answers])
    turns = dict.fromkeys(fields, 0)
    for before, after in zip(history, history[1:]):
        field = by_revision[after.revision]
        wanted = v1.Measure()
        wanted.CopyFrom(before)
        wanted.ClearField(field)
        wanted.MergeFrom(dict(fields_of(v1, turns[field]))[field])
        turns[field] += 1
        for added in ("update_time", "revision", "etag"):
            wanted.ClearField(added)
            after.ClearField(added)
            before.ClearField(added)
        assert wanted == after, field
    assert set(turns.values()) == {each}
