"""Texts of all scripts, and texts that mean something elsewhere, come back byte for byte: in every free text
of every kind of document, by every way that they are read, after a restart, through grpcurl's JSON and the
YAML of the client. Dimension values alone are put into NFC, and ids stay strict."""

import datetime
import json
import re
import unicodedata

import pytest

import bad_texts
import bad_values
import full_world
import harness
import refusals
import stubs as generated
import texts

DOCUMENTS = {"Plan": full_world.FULL_PLAN, "Dataset": full_world.FULL_DATASET, "Indicator": full_world.FULL_INDICATOR,
             "Measure": full_world.FULL_MEASURE}
V1 = "policytrack.v1."
# Of every kind there is a document full of each text.
IDS = {text: f"t{number}" for number, text in enumerate(texts.ALL)}


class World:
    """A server that can be started again on its data."""

    def __init__(self, folder, names):
        self.folder, self.names, self.server, self.api = folder, names, None, None
        self.restart()
        for method, request in full_world.CALLS[:6]:
            self.api.send(method, request)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.api.channel.close()
        self.server.kill()

    def restart(self):
        if self.server:
            self.api.channel.close()
            assert self.server.stop() == 0
        self.server = harness.ServerProcess(self.folder / "data").start()
        self.api = generated.Api(self.names, self.server.address).__enter__()

    def document(self, kind, text):
        """A document of the kind with the text in every place where any text may stand."""
        message = getattr(self.api.message(f"Create{kind}", {kind.lower(): DOCUMENTS[kind]}), kind.lower())
        for site in self.free(message):
            site.put(message, text)
        return message

    def free(self, message):
        return [site for site in bad_values.sites(self.names, message)
                if not bad_values.is_whole_list(site) and bad_texts.is_free(site)]

    def create(self, kind, identifier, document):
        request = getattr(self.names, f"Create{kind}Request")(**{f"{kind.lower()}_id": identifier})
        getattr(request, kind.lower()).CopyFrom(document)
        return self.api.send(f"Create{kind}", request)

    def listed(self, kind, **request):
        found, token = {}, ""
        while True:
            page = self.api.send(f"List{kind}s", {"pageSize": 1000, "pageToken": token, **request})
            found.update({document.name: document for document in getattr(page, f"{kind.lower()}s")})
            token = page.next_page_token
            if not token:
                return found

    def differences(self, message, text):
        """Where the text does not stand as it should."""
        return [f"{site.path}: {site.value!r}" for site in self.free(message) if site.value != text]


@pytest.fixture(scope="module")
def world(tmp_path_factory, stubs):
    with World(tmp_path_factory.mktemp("texts"), stubs) as here:
        yield here


@pytest.fixture(scope="module", params=DOCUMENTS)
def kind(request, world):
    """A kind whose documents full of texts are there, as they were answered."""
    for text in texts.ALL:
        document = world.document(request.param, text)
        created = world.create(request.param, IDS[text], document)
        assert not world.differences(created, text)
        # Only the service's own fields differ.
        for field in created.DESCRIPTOR.fields:
            if "OUTPUT_ONLY" in bad_values.annotations(world.names, field) or field.name in ("name", "etag"):
                created.ClearField(field.name)
        assert created == document, text
    return request.param


def quoted(text):
    """A text in a filter. A star would stand for anything."""
    escapes = {"\\": "\\\\", '"': '\\"', "*": "\\*", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(escapes.get(character, character) for character in text) + '"'


def test_the_list_is_long_and_each_text_is_there_once():
    assert len(texts.ALL) >= 150 and len(set(texts.ALL)) == len(texts.ALL)
    assert all(len(text.encode()) <= 1000 and "\0" not in text for text in texts.ALL)


def test_get_and_list(world, kind):
    listed = world.listed(kind)
    for text, identifier in IDS.items():
        name = f"{kind.lower()}s/{identifier}"
        got = world.api.send(f"Get{kind}", {"name": name})
        assert not world.differences(got, text)
        assert listed[name] == got


def test_filters_find_a_text_and_no_other(world, kind):
    """Also where two texts differ in their form alone, as composed and apart."""
    for text, identifier in IDS.items():
        filter_ = f"display_name = {quoted(text)}"
        assert [*world.listed(kind, filter=filter_)] == [f"{kind.lower()}s/{identifier}"], filter_
        filter_ = f"references.title:{quoted(text)}"
        assert [*world.listed(kind, filter=filter_)] == [f"{kind.lower()}s/{identifier}"], filter_


def test_orders_are_by_bytes_on_every_page(world, kind):
    listed = world.listed(kind, orderBy="display_name desc", pageSize=50)
    names = [document.display_name for document in listed.values()]
    assert names == sorted(names, key=lambda name: name.encode(), reverse=True)
    assert set(texts.ALL) <= set(names)


def test_updates_and_revisions(world, kind):
    """Each document gets the text of the next by a mask, and its revisions show both."""
    field = kind.lower()
    for text, other in zip(texts.ALL, texts.ALL[1:] + texts.ALL[:1]):
        name = f"{field}s/u{IDS[text]}"
        world.create(kind, f"u{IDS[text]}", world.document(kind, text))
        request = getattr(world.names, f"Update{kind}Request")()
        getattr(request, field).CopyFrom(world.document(kind, other))
        getattr(request, field).name = name
        request.update_mask.paths.extend(path.name for path, _ in getattr(request, field).ListFields())
        assert not world.differences(world.api.send(f"Update{kind}", request), other)
        revisions = getattr(world.api.send(f"List{kind}Revisions", {"name": name}), f"{field}_revisions")
        assert [world.differences(revision.snapshot, wanted) for revision, wanted in zip(revisions, (other, text))] == [
            [], []]
        assert len(revisions) == 2


def test_a_restart(world, kind):
    before = world.listed(kind)
    world.restart()
    assert world.listed(kind) == before
    for text, identifier in IDS.items():
        assert not world.differences(world.api.send(f"Get{kind}", {"name": f"{kind.lower()}s/{identifier}"}), text)


def test_json_of_grpcurl(world):
    """One plan refers to them all; it goes in and comes out as JSON."""
    references = [{"title": text, "note": text} for text in texts.ALL]
    world.server.grpcurl_ok(V1 + "PlanService/CreatePlan", {
        "planId": "by-grpcurl", "plan": {"displayName": "All", "references": references}})
    plan = world.server.grpcurl_ok(V1 + "PlanService/GetPlan", {"name": "plans/by-grpcurl"})
    assert plan["references"] == references
    stored = world.api.send("GetPlan", {"name": "plans/by-grpcurl"})
    assert [reference.note for reference in stored.references] == texts.ALL


def mixed(world, kind):
    """Documents of the kind that hold all texts between them, a different one in every place."""
    left = list(texts.ALL)
    while left:
        document = world.document(kind, "")
        for site in world.free(world.document(kind, "x")):
            site.put(document, left.pop() if left else "enough")
        yield document


def test_yaml_of_the_client(world, tmp_path):
    """What `get` writes is what `apply` reads: nothing has changed, and in another store it makes the same."""
    folder, stored = tmp_path / "documents", {}
    folder.mkdir()
    for kind in DOCUMENTS:
        for number, document in enumerate(mixed(world, kind)):
            created = world.create(kind, f"y{number}", document)
            stored[created.name] = created
            (folder / f"{kind}-{number}.yaml").write_text(world.server.client_ok("get", created.name), encoding="utf-8")
    counts = json.loads(world.server.client_ok("apply", folder, "--output", "json"))["summary"]
    assert {key: count for key, count in counts.items() if count} == {"unchanged": len(stored)}, counts
    with World(tmp_path, world.names) as other:
        other.server.client_ok("apply", folder)
        for name, document in stored.items():
            again = other.api.send(f"Get{document.DESCRIPTOR.name}", {"name": name})
            wanted = {site.path: site.value for site in other.free(document)}
            assert {site.path: site.value for site in other.free(again)} == wanted


def in_nfc(text):
    """The text as a dimension value, or None where it cannot be one."""
    normal = unicodedata.normalize("NFC", text)
    categories = {unicodedata.category(character) for character in text}
    if categories & {"Cc", "Zl", "Zp"} or "\ufeff" in text or len(normal.encode()) > 256:
        return None
    return None if {"Zs"} & {unicodedata.category(text[0]), unicodedata.category(text[-1])} else normal


def test_dimension_values_are_put_into_nfc(world):
    day = datetime.date(2000, 1, 1)
    world.api.send("CreateDataset", {"datasetId": "values", "dataset": {
        "displayName": "Values", "unit": "km", "frequency": "FREQUENCY_DAY", "accumulation": "ACCUMULATION_FLOW",
        "dimensions": [{"id": "open"}]}})
    days = {text: str(day + datetime.timedelta(days=number)) for number, text in enumerate(texts.ALL)}
    answer = world.api.send("PushObservations", {
        "dataset": "datasets/values", "options": {"returnPartialSuccess": True},
        "rows": [{"period": days[text], "value": 1, "dimensions": {"open": text}} for text in texts.ALL]})
    refused = {texts.ALL[error.row] for error in answer.row_errors}
    assert {error.field for error in answer.row_errors} == {"dimensions.open"}
    assert refused == {text for text in texts.ALL if in_nfc(text) is None}
    rows = world.api.send("ListObservations", {"parent": "datasets/values", "pageSize": 10_000}).observations
    wanted = {days[text]: in_nfc(text) for text in texts.ALL if text not in refused}
    assert {row.period: row.dimensions["open"] for row in rows} == wanted
    series = world.api.send("ReadSeries", {"parent": "datasets/values", "pageSize": 10_000}).series
    assert {one.dimensions["open"] for one in series} == set(wanted.values())
    for value in set(wanted.values()):
        found = world.api.send("ListObservations", {"parent": "datasets/values",
                                                    "filter": f"dimensions.open = {quoted(value)}"}).observations
        assert {row.dimensions["open"] for row in found} == {value}, value
    # The same values, listed.
    codes = sorted(set(wanted.values()) - {"_T"})
    dataset = world.api.send("CreateDataset", {"datasetId": "listed", "dataset": {
        "displayName": "Listed", "unit": "km", "frequency": "FREQUENCY_DAY", "accumulation": "ACCUMULATION_FLOW",
        "dimensions": [{"id": "closed", "values": [{"code": unicodedata.normalize("NFD", code)} for code in codes]}]}})
    assert [value.code for value in dataset.dimensions[0].values] == codes


def test_ids_stay_strict(world):
    for text in texts.ALL:
        strict = re.fullmatch("[a-z]([a-z0-9-]{0,61}[a-z0-9])?", text)
        for kind in DOCUMENTS:
            request = {f"{kind.lower()}Id": text, kind.lower(): DOCUMENTS[kind], "validateOnly": True}
            seen = refusals.outcome(world.names, lambda timeout: world.api.send(f"Create{kind}", request))
            assert seen is None if strict else seen.reason == "NAME_INVALID", (text, seen)
