"""What people send as files, by `policytrack push`: the examples of docs/client.md and the report of rows."""

import json
import re

import pytest
import yaml

from figures import create, export, revision, rows_of, write
from harness import CLIENT, ROOT, run

# --- the document ---

def examples():
    text = (ROOT / "docs/client.md").read_text(encoding="utf-8")
    text = text[text.index("\n## Files as they come"):text.index("\n### What a file may be")]
    found = re.findall(r"```yaml\n(.*?)```\n```csv\n(.*?)```\n```text\n(.*?)```", text, re.S)
    assert len(found) == text.count("```yaml"), "an example lacks one of its three blocks"
    return found


@pytest.mark.parametrize("settings, file, shown", examples())
def test_the_examples_of_the_document(server, tmp_path, settings, file, shown):
    mapping = yaml.safe_load(settings)
    create(server, "example")
    create(server, "example-share", unit="percent", accumulation="ACCUMULATION_LEVEL")
    # What the document says is in the mapping, too.
    mapping.setdefault("dataset", "datasets/example")
    if "format" not in mapping and "period_columns" not in mapping:
        mapping = {"period": "month", "value": "value", **mapping}
    write(tmp_path / "push.yaml", yaml.safe_dump(mapping, allow_unicode=True))
    figures = write(tmp_path / "figures.csv", file, mapping.get("encoding", "utf-8"))
    server.client_ok("push", figures)
    name = mapping["dataset"].removeprefix("datasets/")
    assert export(server, name).split("\n", 1)[1] == shown
    # The same file twice changes nothing.
    before = revision(server)
    again = json.loads(server.client_ok("-o", "json", "push", figures))
    assert again["unchanged"] == len(shown.splitlines())
    assert again["created"] == again["revised"] == again["deleted"] == 0 and revision(server) == before


def test_every_setting_is_in_the_document():
    text = (ROOT / "docs/client.md").read_text(encoding="utf-8")
    refused = run([CLIENT, "push", "--mapping", "/dev/stdin", "/dev/null"], "no_such_setting: 1\n")
    keys = re.search(r"it has (.*)", refused.stderr).group(1).split(", ")
    assert len(keys) > 20
    for key in keys:
        assert re.search(rf"^{key}:|`{key}\b", text, re.M), key


# --- the report of rows ---

def test_the_report_of_rows(server, tmp_path):
    create(server, "made", dimensions=[{"id": "area"}])
    mapping = write(tmp_path / "m.yaml", "dataset: made\nperiod: p\nvalue: v\nstatus: s\ndeleted: gone\n"
                    "dimensions: {area: a}\nmissing_marks: ['-']\n")
    push = ["-o", "json", "push", "--report", "rows", "--mapping", mapping]
    file = write(tmp_path / "made.csv", "p,v,s,gone,a\n2024-01,1,,,é\n2024-02,2,P,,é\n2024-03,,Q,,é\n")
    rows, summary = rows_of(server.client(*push, file))
    assert [row["result"] for row in rows] == ["created"] * 3 and summary["created"] == 3
    assert rows[1]["new"] == {"value": 2, "status": "P", "series_break": False}

    # The same file twice changes nothing.
    before = revision(server)
    rows, summary = rows_of(server.client(*push, file))
    assert [row["result"] for row in rows] == ["unchanged"] * 3 and summary["unchanged"] == 3
    assert revision(server) == before

    # In the text of a file é may be two characters; the service has it as one.
    file = write(tmp_path / "next.csv", "p,v,s,gone,a\n2024-01,1,,,é\n2024-02,2.5,,,e\u0301\n2024-03,,,1,é\n"
                 "2024-04,4,,,é\n2024-04,4,,,é\n2024-05,-,,,é\n2024-13,5,,,é\n2024-06,x,,,é\n2024-07,,,1,é\n")
    done = server.client(*push, "--partial", file)
    rows, summary = rows_of(done)
    assert done.returncode == 1
    assert [(row["line"], row["result"]) for row in rows] == [
        (2, "unchanged"), (3, "revised"), (4, "deleted"), (5, "created"), (6, "unchanged"), (7, "skipped"),
        (8, "rejected"), (9, "rejected"), (10, "unchanged")]
    assert rows[1]["old"]["value"] == 2 and rows[1]["new"]["value"] == 2.5
    assert rows[2]["old"] == {"value": None, "status": "Q", "series_break": False} and "new" not in rows[2]
    assert "13" in rows[6]["message"] and rows[7]["reason"] == "FIELD_INVALID"
    assert {name: summary[name] for name in ("created", "revised", "unchanged", "deleted", "rejected", "skipped")} == {
        "created": 1, "revised": 1, "unchanged": 3, "deleted": 1, "rejected": 2, "skipped": 1}

    text = server.client_ok("push", "--report", "rows", "--mapping", mapping,
                            write(tmp_path / "last.csv", "p,v,s,gone,a\n2024-02,3,E,,é\n"))
    assert "last.csv:2: revised datasets/made 2024-02 area=é: 2.5 -> 3 E\n" in text
    refused = server.client("push", "--report", "rows", "--dry-run", "--mapping", mapping, file)
    assert refused.returncode == 2 and "a dry run writes nothing" in refused.stderr


def test_the_report_is_of_this_push_whatever_others_write(server, tmp_path):
    """A replayed push tells what it did then, although others have written since."""
    create(server, "made")
    push = ["push", "--dataset", "made", "--period-column", "p", "--value-column", "v"]
    server.client_ok(*push, write(tmp_path / "a.csv", "p,v\n2024-01,1\n"))
    mine = ["-o", "json", *push, "--report", "rows", "--request-id", "7d5f1c7e-7a39-4c0e-9e0e-0f6f4f3b7a11",
            write(tmp_path / "b.csv", "p,v\n2024-01,2\n2024-02,2\n")]
    first, _ = rows_of(server.client(*mine))
    server.client_ok(*push, write(tmp_path / "c.csv", "p,v\n2024-01,9\n2024-02,9\n"))
    again, summary = rows_of(server.client(*mine))
    assert summary["replayed"] and again == first
    assert [(row["result"], row.get("old", {}).get("value"), row["new"]["value"]) for row in first] == [
        ("revised", 1, 2), ("created", None, 2)]


SDMX = "STRUCTURE[;],STRUCTURE_ID,ACTION,AREA,TIME_PERIOD,OBS_VALUE,OBS_STATUS[]\n"


def sdmx(tmp_path, *rows):
    return write(tmp_path / "made.csv", SDMX + "".join(f"dataflow,POLICYTRACK:made(1.0),{row}\n" for row in rows))


def test_the_report_of_rows_of_sdmx_csv_in_words_and_as_json(server, tmp_path):
    create(server, "made", dimensions=[{"id": "area"}])
    push = ["push", "--format", "sdmx-csv", "--report", "rows"]
    first = sdmx(tmp_path, "I,x,2024-01,1,P", "A,y,2024-01,2,B;E", "R,z,2024-01,,Q")
    lines = server.client_ok(*push, first).replace(f"{tmp_path}/", "").splitlines()
    assert lines == ["made.csv:2: created datasets/made 2024-01 area=x: 1 P",
                     "made.csv:3: created datasets/made 2024-01 area=y: 2 E break",
                     "made.csv:4: created datasets/made 2024-01 area=z: no value Q",
                     "3 created, 0 revised, 0 unchanged, 0 deleted, 0 rejected, 0 skipped, 1 sent as missing; "
                     f"revision {revision(server)}"]
    before = revision(server)
    again = server.client_ok(*push, first).splitlines()
    assert [" unchanged datasets/made" in line for line in again[:3]] == [True] * 3 and revision(server) == before

    changes = sdmx(tmp_path, "I,x,2024-01,1,P", "M,y,2024-01,3,", "D,z,2024-01,,", "D,gone,2024-01,,", "M,z,2024-02,,",
                   "I,z,2024-T1,1,", "I,z,2024,1,", "X,z,2024-01,1,")
    done = server.client(*push, "--partial", changes)
    assert done.returncode == 1
    lines = done.stdout.replace(f"{tmp_path}/", "").splitlines()
    assert lines[:4] == ["made.csv:2: unchanged datasets/made 2024-01 area=x",
                         "made.csv:3: revised datasets/made 2024-01 area=y: 2 E break -> 3",
                         "made.csv:4: deleted datasets/made 2024-01 area=z: no value Q",
                         "made.csv:5: unchanged datasets/made 2024-01 area=gone"]
    for line, number, said in zip(lines[4:8], range(6, 10), ("a row writes its observation whole", "is a trimester",
                                                            "must be a month such as", "ACTION: `X` is none of")):
        assert line.startswith(f"made.csv:{number}: rejected") and said in line, line
    assert lines[8].startswith("0 created, 1 revised, 2 unchanged, 1 deleted, 4 rejected, 0 skipped; revision ")

    # As JSON, of the same push once more: what was taken away is no longer there.
    rows, summary = rows_of(server.client("-o", "json", *push, "--partial", changes))
    assert [(row["line"], row["result"]) for row in rows] == [
        (2, "unchanged"), (3, "unchanged"), (4, "unchanged"), (5, "unchanged"), *((n, "rejected") for n in range(6, 10))]
    assert all(row["reason"] and row["message"] for row in rows[4:])
    assert (summary["unchanged"], summary["rejected"]) == (4, 4)
