"""apply: what the command-line client does with the same files, and documents that come from Python."""

import json
import shutil

import pytest

import policytrack
from conftest import ENGLAND, HENAN, Connected
from harness import CALL_SECONDS, ServerProcess
from policytrack import v1

MEASURE = "measures/reduce-adult-smoking.yaml"
DATASET = "datasets/england-adult-smoking-prevalence.yaml"
INDICATOR = "indicators/england-adult-smoking-prevalence.yaml"
PLAN = {"kind": "Plan", "name": "plans/x", "display_name": "X"}


def outcomes(result):
    return [(document.name, document.outcome, document.note) for document in result]


def of_command_line(server, *arguments):
    answer = json.loads(server.client_ok("-o", "json", "apply", *arguments))
    return [(document["name"], document["result"], document.get("note", "")) for document in answer["documents"]]


def test_henan_is_applied_as_the_command_line_does(connected: Connected):
    client, server = connected.client, connected.server
    wanted = of_command_line(server, "--dry-run", HENAN)
    assert len(wanted) > 60 and {outcome for _, outcome, _ in wanted} == {"created"}
    assert outcomes(client.apply(HENAN, dry_run=True)) == wanted
    assert client.commits() == []
    assert [name for name, _, _ in outcomes(client.apply(HENAN))] == [name for name, _, _ in wanted]
    written = client.commits(filter="kind != COMMIT_KIND_EVALUATION")
    assert client.apply(HENAN).counts == {"unchanged": len(wanted)}
    assert {outcome for _, outcome, _ in of_command_line(server, HENAN)} == {"unchanged"}
    assert client.commits(filter="kind != COMMIT_KIND_EVALUATION") == written


def test_what_the_command_line_applied_is_unchanged(connected: Connected):
    for catalogue in (HENAN, ENGLAND):
        connected.server.client_ok("apply", catalogue)
        result = connected.client.apply(str(catalogue))
        assert set(result.counts) == {"unchanged"} and len(result) > 3


def test_a_change_is_told_by_field_as_the_command_line_does(connected: Connected, tmp_path):
    copy = shutil.copytree(ENGLAND, tmp_path / "catalogue")
    connected.client.apply(copy)
    path = copy / MEASURE
    text = path.read_text(encoding="utf-8")
    for old, new in (("category: public-health", "category: health"), ("effective_date: 2019-07-22",
                     "effective_date: 2019-07-23"), ("period: \"2018\"", "period: \"2017\"")):
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    answer = json.loads(connected.server.client_ok("-o", "json", "apply", "--dry-run", copy))
    wanted = [change for document in answer["documents"] for change in document["changes"]]
    result = connected.client.apply(copy)
    assert result.counts == {"changed": 1, "unchanged": len(result) - 1}
    changes = [change for document in result for change in document.changes]
    assert [(change.path, change.old, change.new) for change in changes] == [
        (change["path"], change["old"], change["new"]) for change in wanted]
    assert len(changes) == 3
    assert "category: \"public-health\" -> \"health\"" in str(result)


SPOILT = {
    "yaml error": (MEASURE, "regions:\n  - GB-ENG", "regions: [GB-ENG\n"),
    "unknown field": (MEASURE, "category: public-health", "kategory: public-health"),
    "unknown field below": (MEASURE, "    output: value", "    outputs: value"),
    "a key twice": (MEASURE, "category: public-health", "category: public-health\ncategory: other"),
    "a field twice": (MEASURE, "category: public-health", "displayName: other"),
    "an empty value": (MEASURE, "category: public-health", "category:"),
    "a list that is none": (MEASURE, "regions:\n  - GB-ENG", "regions: GB-ENG"),
    "a map that is none": (MEASURE, "parameters:\n        method: open_sdg", "parameters: [open_sdg]"),
    "a day that is none": (MEASURE, "effective_date: 2019-07-22", "effective_date: 2019-02-30"),
    "no whole day": (MEASURE, "effective_date: 2019-07-22", "effective_date: 2019-07"),
    "unknown kind": (MEASURE, "kind: Measure", "kind: Mesure"),
    "no kind": (MEASURE, "kind: Measure\n", ""),
    "bad enum": (DATASET, "FREQUENCY_YEAR", "FREQUENCY_EPOCH"),
    "bad number": (DATASET, "maximum: 100", "maximum: many"),
    "a number too large": (DATASET, "maximum: 100", "maximum: 1e999"),
    "missing required field": (DATASET, "unit: percent\n", ""),
    "feeds itself": (INDICATOR, "source: datasets/england-adult-smoking-prevalence",
                     "source: indicators/england-adult-smoking-prevalence"),
    # Refusals of the service.
    "dangling reference": (INDICATOR, "source: datasets/england-adult-smoking-prevalence", "source: datasets/none"),
    "dangling plan": (MEASURE, "plan: plans/england-smokefree-2030", "plan: plans/none"),
    "bad parameters": (MEASURE, "method: open_sdg", "method: guess"),
    "changed unit": (DATASET, "unit: percent", "unit: ratio"),
}


@pytest.fixture(scope="module")
def england(tmp_path_factory):
    """One server for all that changes nothing."""
    server = ServerProcess(tmp_path_factory.mktemp("england")).start()
    with policytrack.connect(server.address, timeout=CALL_SECONDS) as client:
        client.apply(ENGLAND)
        client.wait(client.commits(limit=1)[0].revision)
        yield Connected(server, client)
    server.kill()


@pytest.mark.parametrize("what", SPOILT)
def test_a_bad_document_is_told_at_the_place_that_the_command_line_tells(england: Connected, tmp_path, what):
    name, old, new = SPOILT[what]
    client = england.client
    before = client.commits(filter="kind != COMMIT_KIND_EVALUATION")
    copy = shutil.copytree(ENGLAND, tmp_path / "catalogue")
    text = (copy / name).read_text(encoding="utf-8")
    assert old in text
    (copy / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    told = england.server.client("apply", copy)
    assert told.returncode == 1, told.stderr
    with pytest.raises(policytrack.DocumentsRefused) as caught:
        client.apply(copy)
    assert client.commits(filter="kind != COMMIT_KIND_EVALUATION") == before
    for problem in caught.value.problems:
        place = f"{problem.file}:{problem.line}:{problem.column}: "
        lines = [line.removeprefix(place) for line in told.stderr.splitlines() if line.startswith(place)]
        assert lines, f"{problem}\n---\n{told.stderr}"
        # The parsers of YAML have words of their own.
        if what != "yaml error":
            assert any(problem.message in line for line in lines), f"{problem}\n---\n{told.stderr}"
    assert str(caught.value).startswith(f"{copy / name}:")


def test_all_problems_are_told_at_once_and_nothing_is_sent(client, tmp_path):
    (tmp_path / "a.yaml").write_text("kind: Plan\nname: plans/a\ndisplay: A\n---\nkind: Plan\nname: plans/B\n"
                                     "display_name: B\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("kind: Plan\nname: plans/c\ndisplay_name: \"C\n", encoding="utf-8")
    (tmp_path / "c.yaml").write_bytes(b"kind: Plan\nname: plans/d\ndisplay_name: \xff\n")
    with pytest.raises(policytrack.DocumentsRefused) as caught:
        client.apply([tmp_path / "c.yaml", tmp_path])
    assert [(problem.file[-6:], problem.line, problem.reason) for problem in caught.value.problems] == [
        ("c.yaml", 0, "FILE_INVALID"), ("a.yaml", 3, "FILE_INVALID"), ("a.yaml", 6, "NAME_INVALID"),
        ("b.yaml", 4, "FILE_INVALID")]
    assert client.list("plans") == []


def test_folders_with_several_documents_a_file_and_mappings_of_push(client, tmp_path):
    (tmp_path / "all.yml").write_text("kind: Plan\nname: plans/a\ndisplay_name: A\n---\n---\nkind: Plan\n"
                                      "name: plans/b\ndisplay_name: 2024\n", encoding="utf-8")
    (tmp_path / "x.mapping.yaml").write_text("dataset: datasets/x\n", encoding="utf-8")
    (tmp_path / "push.yaml").write_text("dataset: datasets/x\n", encoding="utf-8")
    assert [document.name for document in client.apply(tmp_path)] == ["plans/a", "plans/b"]
    plan = client.get("plans/b")
    assert isinstance(plan, v1.Plan) and plan.display_name == "2024"
    with pytest.raises(FileNotFoundError):
        client.apply(tmp_path / "none.yaml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError):
        client.apply(tmp_path / "empty")
    with pytest.raises(policytrack.InvalidArgument):
        client.apply([])
    (tmp_path / "empty.yaml").write_text("---\n", encoding="utf-8")
    with pytest.raises(policytrack.InvalidArgument):
        client.apply(tmp_path / "empty.yaml")


def test_documents_from_python_keep_their_types(paths):
    """A text that looks like a number stays a text, and a number a number."""
    measure = paths.get("measures/build-paths")
    assert isinstance(measure, v1.Measure)
    assert measure.targets[0].baseline.period == "2020"
    assert measure.targets[0].assessment.parameters["method"] == "linear_pace"
    again = {"kind": "Indicator", "name": "indicators/g", "display_name": "G", "plugin": "plugins/growth",
             "parameters": {"lag": 2, "mode": "percent"},
             "inputs": [{"slot": "value", "source": "datasets/paths-km"}]}
    dry = paths.get("indicators/paths-growth")
    assert isinstance(dry, v1.Indicator)
    try:
        paths.apply(again, dry_run=True)
    except policytrack.DocumentsRefused as error:
        # Whatever parameters the plugin has: it is they that are wrong, not their types in YAML.
        assert error.reason == "PARAMETERS_INVALID"
    with pytest.raises(policytrack.DocumentsRefused, match="YAML cannot say"):
        paths.apply({**PLAN, "description": object()})
    with pytest.raises(policytrack.DocumentsRefused, match="no field `colour`"):
        paths.apply({**PLAN, "colour": "red"})


def test_a_message_is_read_changed_and_applied(paths):
    plan = paths.get("plans/paths")
    assert isinstance(plan, v1.Plan)
    plan.display_name = "مسارات الدراجات"
    plan.translations["zh"].display_name = "自行车道"
    result = paths.apply(plan)
    assert outcomes(result) == [("plans/paths", "changed", "")]
    now = paths.get("plans/paths")
    assert isinstance(now, v1.Plan)
    assert (now.display_name, now.translations["zh"].display_name) == ("مسارات الدراجات", "自行车道")
    # The message has the etag of the state before.
    plan.display_name = "Other"
    with pytest.raises(policytrack.DocumentsRefused) as caught:
        paths.apply(plan)
    assert caught.value.reason == "ETAG_MISMATCH"
    assert isinstance(caught.value.problems[0].error, policytrack.EtagMismatch)
    assert caught.value.not_applied == ("plans/paths",)
    plan.etag = ""
    assert paths.apply(plan).counts == {"changed": 1}


def test_the_first_refusal_stops_and_says_what_was_applied(client):
    dataset = {"kind": "Dataset", "name": "datasets/x", "display_name": "X", "unit": "furlongs",
               "frequency": "FREQUENCY_YEAR", "accumulation": "ACCUMULATION_STOCK"}
    measure = {"kind": "Measure", "name": "measures/x", "plan": "plans/y", "display_name": "X",
               "lifecycle": [{"stage": "MEASURE_STAGE_PROPOSED", "effective_date": "2024-01-01"}]}
    documents = [measure, dataset, PLAN]
    with pytest.raises(policytrack.DocumentsRefused) as caught:
        client.apply(documents)
    assert outcomes(caught.value.applied) == [("plans/x", "created", "")]
    assert caught.value.not_applied == ("datasets/x", "measures/x")
    assert [problem.name for problem in caught.value.problems] == ["datasets/x"]
    # A dry run tells all.
    with pytest.raises(policytrack.DocumentsRefused) as caught:
        client.apply(documents, dry_run=True)
    assert [(problem.name, problem.reason) for problem in caught.value.problems] == [
        ("datasets/x", "FIELD_INVALID"), ("measures/x", "RESOURCE_NOT_FOUND")]


def test_a_deleted_measure_comes_back(connected: Connected, paths):
    paths.delete("measures/build-paths")
    assert paths.list("measures") == []
    assert [measure.name for measure in paths.list("measures", show_deleted=True)] == ["measures/build-paths"]
    paths.undelete("measures/build-paths")
    assert len(paths.list("measures")) == 1
    measure = paths.get("measures/build-paths")
    assert isinstance(measure, v1.Measure)
    paths.delete("measures/build-paths")
    measure.etag = ""
    assert outcomes(paths.apply(measure, dry_run=True)) == [("measures/build-paths", "undeleted", "")]
    assert outcomes(paths.apply(measure)) == [("measures/build-paths", "undeleted", "")]
    assert len(paths.list("measures")) == 1
