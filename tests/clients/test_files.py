"""What people send and take away as files, by `policytrack push` and `list observations`: the examples
of docs/client.md, round trips, the report of rows, and files that must change nothing."""

import json
import os
import re
import resource
import subprocess

import pytest
import yaml

from harness import CLIENT, ROOT, run

MONTH = {"frequency": "FREQUENCY_MONTH", "accumulation": "ACCUMULATION_FLOW"}
# The bound that docs/client.md states, with the program itself and gRPC.
MEMORY_BYTES = 160 << 20


def create(server, name, **fields):
    server.grpcurl_ok("policytrack.v1.DatasetService/CreateDataset", {"datasetId": name, "dataset": {
        "displayName": name, "unit": "vehicles", **MONTH, **fields}})


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def revision(server):
    """Of the newest commit."""
    return json.loads(server.client_ok("-o", "json", "commits", "--page-size", "1"))["commits"][0]["revision"]


def export(server, name, form="csv", *flags):
    return server.client_ok("list", "observations", f"datasets/{name}", "--output", form, *flags)


def rows_of(done):
    """The lines of a report of rows and the summary."""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return lines[:-1], lines[-1]


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
    server.client_ok("push", write(tmp_path / "figures.csv", file, mapping.get("encoding", "utf-8")))
    name = mapping["dataset"].removeprefix("datasets/")
    assert export(server, name).split("\n", 1)[1] == shown


def test_every_setting_is_in_the_document():
    text = (ROOT / "docs/client.md").read_text(encoding="utf-8")
    refused = run([CLIENT, "push", "--mapping", "/dev/stdin", "/dev/null"], "no_such_setting: 1\n")
    keys = re.search(r"it has (.*)", refused.stderr).group(1).split(", ")
    assert len(keys) > 20
    for key in keys:
        assert re.search(rf"^{key}:|`{key}\b", text, re.M), key


# --- round trips ---

LETTERS = "AIEPFDGNSUVW"
MISSING = "OMLHQKJ"
VALUES = ["-0.0", "0.1", "1.7976931348623157e308", "5e-324", "0.30000000000000004", "-1234567.8901234567",
          "123456789012345680", "1e22", "3", "100", "-7.5", "2.2250738585072014e-308"]


@pytest.fixture
def full(server, tmp_path):
    """A dataset with every status, breaks, and values of dimensions in several scripts."""
    create(server, "full", frequency="FREQUENCY_YEAR", unitMultiplier=4,
           dimensions=[{"id": "ref_area"}, {"id": "maker"}])
    lines = []
    for number, (area, maker) in enumerate([("郑州，河南", 'the "big", one'), ("القاهرة", "_T"), ("CN;1", "…")]):
        for year, letter in enumerate(LETTERS + MISSING, 2000):
            row = {"period": str(year), "dimensions": {"ref_area": area, "maker": maker}, "status": letter,
                   "series_break": (year + number) % 3 == 0}
            if letter in LETTERS:
                row["value"] = float(VALUES[(year + number) % len(VALUES)])
            lines.append(json.dumps(row, ensure_ascii=False))
    server.client_ok("push", "--dataset", "full", write(tmp_path / "full.jsonl", "\n".join(lines)))
    return server


CSV_MAPPING = """dataset: full
period: period
value: value
status: status
series_break: series_break
dimensions: {ref_area: ref_area, maker: maker}
"""


@pytest.mark.parametrize("form", ["csv", "sdmx-csv"])
def test_an_exported_file_pushes_back_unchanged(full, tmp_path, form):
    text = export(full, "full", form)
    file = write(tmp_path / "full.csv", text)
    if form == "csv":
        write(tmp_path / "push.yaml", CSV_MAPPING)
    before = revision(full)
    answer = json.loads(full.client_ok("-o", "json", "push", "--format", form, file))
    assert answer["unchanged"] == 3 * len(LETTERS + MISSING)
    assert answer["created"] == answer["revised"] == answer["rejected"] == answer["skipped"] == 0
    assert answer["sent_as_missing"] == 3 * len(MISSING)
    assert revision(full) == before

    # Into another dataset, bit for bit.
    create(full, "copy", frequency="FREQUENCY_YEAR", unitMultiplier=4,
           dimensions=[{"id": "ref_area"}, {"id": "maker"}])
    if form == "csv":
        answer = json.loads(full.client_ok("-o", "json", "push", "--format", form, "--dataset", "copy", file))
    else:
        file = write(tmp_path / "copy.csv", text.replace("POLICYTRACK:full(", "POLICYTRACK:copy("))
        answer = json.loads(full.client_ok("-o", "json", "push", "--format", form, file))
    assert answer["created"] == 3 * len(LETTERS + MISSING)
    assert export(full, "copy") == export(full, "full")
    values = {line.split(",")[-3] for line in text.splitlines()} if form == "csv" else None
    # 0.0 and -0.0 are the same figure, and written as 0.
    assert values is None or {"0", "1.7976931348623157e+308", "5e-324", "-1234567.8901234567"} <= values
    text = text.replace(",0,", ",-0.0,")
    assert "-0.0" in text
    answer = json.loads(full.client_ok("-o", "json", "push", "--format", form, write(tmp_path / "zero.csv", text)))
    assert answer["unchanged"] == 3 * len(LETTERS + MISSING)
    assert [line.split(",")[-3:-1] for line in export(full, "full").splitlines()[-len(MISSING):]] == [
        ["", letter] for letter in MISSING]


# In 万 and below: figures as they are published, and the fifteen digits that any figure has.
FIGURES = ["43500", "43500.5", "0.07", "-1234567.89", "999999999999999", "0", "123456789.012345"]


@pytest.fixture
def made(server, tmp_path):
    create(server, "made", frequency="FREQUENCY_YEAR", dimensions=[{"id": "area"}])
    lines = [f"{2000 + i},河南,{text}\n" for i, text in enumerate(FIGURES)] + ["2020,河南,[c]\n"]
    write(tmp_path / "push.yaml", "dataset: made\nperiod: p\nvalue: v\ndimensions: {area: a}\n"
          "missing_marks: {'[c]': Q}\n")
    server.client_ok("push", write(tmp_path / "made.csv", "p,a,v\n" + "".join(lines)))
    return server


def unchanged(server, *push):
    answer = json.loads(server.client_ok("-o", "json", "push", *push))
    return answer["unchanged"] == len(FIGURES) + 1 and not answer["created"] + answer["revised"] + answer["rejected"]


@pytest.mark.parametrize("flags", [["--unit", "万辆"], ["--unit", "vehicles", "--multiplier", "4"],
                                   ["--unit", "10^4 vehicles"]])
def test_an_export_in_another_unit_pushes_back_unchanged(made, tmp_path, flags):
    text = export(made, "made", "csv", *flags)
    lines = text.splitlines()
    assert lines[0] == "period,area,value,status,series_break,unit,unit_multiplier"
    assert lines[1] == "2000,河南,4.35,A,,vehicles,4"
    assert lines[2] == "2001,河南,4.35005,A,,vehicles,4"
    assert lines[-1] == "2020,河南,,Q,,vehicles,4"
    write(tmp_path / "push.yaml", "dataset: made\nperiod: period\nvalue: value\nstatus: status\n"
          "series_break: series_break\ndimensions: {area: area}\nmissing_marks: []\n"
          "unit: vehicles\nmultiplier_column: unit_multiplier\n")
    before = revision(made)
    assert unchanged(made, write(tmp_path / "back.csv", text))
    (tmp_path / "push.yaml").unlink()
    text = export(made, "made", "sdmx-csv", *flags)
    assert text.splitlines()[1] == "dataflow,POLICYTRACK:made(1.0),I,河南,2000,4.35,A,4"
    assert unchanged(made, "--format", "sdmx-csv", write(tmp_path / "back-sdmx.csv", text))
    assert revision(made) == before
    # What a dataset keeps in 万 goes out in ones.
    create(made, "parked", frequency="FREQUENCY_YEAR", unitMultiplier=4, dimensions=[{"id": "area"}])
    made.client_ok("push", "--format", "sdmx-csv",
                   write(tmp_path / "parked.csv", text.replace("POLICYTRACK:made(", "POLICYTRACK:parked(")))
    ones = export(made, "parked", "csv", "--unit", "vehicles").splitlines()
    assert [line.split(",")[2] for line in ones[1:]] == FIGURES + [""]


def test_an_export_that_would_not_push_back_is_refused(full, made, tmp_path):
    done = full.client("list", "observations", "datasets/full", "--output", "csv", "--unit", "vehicles")
    assert done.returncode == 1 and "beyond what a double holds" in done.stderr
    full.client_ok("push", "--dataset", "made", "--period-column", "p", "--value-column", "v", "--dimension", "area:=x",
                   write(tmp_path / "computed.csv", "p,v\n2001,1.3436424411240122\n"))
    done = full.client("list", "observations", "datasets/made", "--output", "csv", "--unit", "万辆")
    assert done.returncode == 1 and "has more digits than come back from" in done.stderr
    done = full.client("list", "observations", "datasets/made", "--output", "csv", "--unit", "万辆",
                       "--filter", "value > 4 AND value < 5")
    assert done.returncode == 1 and "leave the value out of the filter" in done.stderr
    create(full, "heavy", unit="kg")
    done = full.client("list", "observations", "datasets/heavy", "--output", "sdmx-csv", "--unit", "tonnes")
    assert done.returncode == 1 and "write csv" in done.stderr
    create(full, "named", dimensions=[{"id": "unit"}])
    done = full.client("list", "observations", "datasets/named", "--output", "csv", "--unit", "vehicles")
    assert done.returncode == 1 and "has the name of another column" in done.stderr


def test_what_is_computed_says_the_unit_of_each_value(made):
    made.grpcurl_ok("policytrack.v1.IndicatorService/CreateIndicator", {"indicatorId": "trend", "indicator": {
        "displayName": "Trend", "plugin": "plugins/trend", "groupBy": ["area"],
        "inputs": [{"slot": "value", "source": "datasets/made"}]}})
    flags = ["--wait", revision(made), "--unit", "万辆", "--filter", 'output = "fitted" OR output = "r_squared"']
    lines = made.client_ok("list", "observations", "indicators/trend", "--output", "csv", *flags).splitlines()
    assert lines[0].endswith(",missing_reason,joint,unit,unit_multiplier")
    assert {tuple(line.split(",")[i] for i in (0, -2, -1)) for line in lines[1:]} == {
        ("fitted", "vehicles", "4"), ("r_squared", "ratio", "0")}
    table = made.client_ok("list", "observations", "indicators/trend", *flags)
    assert re.search(r"^fitted .* 万辆 ", table, re.M) and re.search(r"^r_squared .* ratio ", table, re.M)
    done = made.client("list", "observations", "indicators/trend", "--unit", "yuan")
    assert done.returncode == 1 and "cannot be converted to yuan" in done.stderr


def test_an_export_is_whole_and_of_its_time(server, tmp_path):
    create(server, "days", frequency="FREQUENCY_DAY", dimensions=[{"id": "series"}])
    text = "p,v,s\n" + "".join(f"2024-01-{day:02},{day},s{series}\n"
                               for series in range(400) for day in range(1, 32))
    push = ["push", "--dataset", "days", "--period-column", "p", "--value-column", "v", "--dimension", "series=s"]
    server.client_ok(*push, write(tmp_path / "days.csv", text))
    first = revision(server)
    server.client_ok(*push, write(tmp_path / "more.csv", "p,v,s\n2024-02-01,1,s0\n"))
    # More than a page of the service.
    assert len(export(server, "days").splitlines()) == 1 + 400 * 31 + 1
    assert len(export(server, "days", "csv", "--as-of", first).splitlines()) == 1 + 400 * 31
    done = server.client("list", "datasets", "--output", "csv")
    assert done.returncode == 2 and "is for list observations" in done.stderr


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


# --- what must change nothing ---

FLAGS = ["--dataset", "made", "--period-column", "p", "--value-column", "v"]


@pytest.mark.parametrize("content, flags, code, said", [
    ("p,v,省\n2024-01,1,河南\n".encode("gb18030"), FLAGS, 1, "not UTF-8 text"),
    (b"p,v,a\n2024-01,1,x\n2024-02,2,\xb2\xfa\n", FLAGS, 1, ":3: FILE_INVALID: the file is not UTF-8 text"),
    ("p,v\n2024-01,1\n".encode("utf-16"), FLAGS, 2, "encoding: utf-16"),
    (b"p,v\n2024-01,1\n2024-02,\x81\x20\n", [*FLAGS, "--encoding", "gbk"], 1, "not GBK text"),
    (b"p,v\n2024-01,1\n2024-01,2\n", FLAGS, 1, "line 2 gives"),
    (b"STRUCTURE,STRUCTURE_ID,ACTION,TIME_PERIOD,OBS_VALUE\ndataflow,POLICYTRACK:other(1.0),I,2024-01,1\n",
     ["--format", "sdmx-csv", "--dataset", "made"], 2, "`POLICYTRACK:made(1.0)` is expected"),
    (b"STRUCTURE,STRUCTURE_ID,ACTION,TIME_PERIOD,OBS_VALUE\ndataflow,POLICYTRACK:gone(1.0),I,2024-01,1\n",
     ["--format", "sdmx-csv"], 1, "RESOURCE_NOT_FOUND"),
    (b"year,figure\n2024,1\n", FLAGS, 2, "there is no column `p`"),
    (b"p,v\n2024-01,1\n", ["--dimension", "area=v", *FLAGS], 1, "area"),
    (b"," * 999_999 + b"\n", FLAGS, 2, "more than 10000 fields"),
    (b"p,v\n2024-01,1\n" + b"x" * (100 << 20) + b"\n", FLAGS, 1, ":3: FILE_INVALID"),
    (b"\0" * 1000, FLAGS, 2, "NUL"),
], ids=["gb18030", "gbk-in-a-row", "utf-16", "not-gbk", "twice", "other-structure", "no-dataset", "other-columns",
        "other-dimensions", "million-columns", "long-row", "zeros"])
def test_a_bad_file_is_refused_and_changes_nothing(server, tmp_path, content, flags, code, said):
    create(server, "made")
    before = revision(server)
    (tmp_path / "bad.csv").write_bytes(content)
    done = server.client("push", *flags, tmp_path / "bad.csv")
    assert done.returncode == code and said in done.stderr, done.stderr
    assert len(done.stderr) < 4000
    assert revision(server) == before and len(export(server, "made").splitlines()) == 1


def test_a_mapping_that_maps_nothing_is_refused(server, tmp_path):
    create(server, "made")
    file = write(tmp_path / "a.csv", "p,v\n2024-01,1\n")
    for text, said in (("{}", "no dataset"), ("dataset: made\n", "no period"),
                       ("dataset: made\nperiod: p\nvalue: v\nwhere: {p: x}\n", "no row to push (1 not selected")):
        done = server.client("push", "--mapping", write(tmp_path / "m.yaml", text), file)
        assert done.returncode in (1, 2) and said in done.stderr, done.stderr
    assert export(server, "made").count("\n") == 1


def peak_memory(server, *arguments):
    """The exit code, the errors and the largest resident size of a run of the client."""
    process = subprocess.Popen([str(word) for word in (CLIENT, "--server", server.address, *arguments)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30)))
    errors = process.stderr.read()
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, errors, usage.ru_maxrss << 10


@pytest.mark.parametrize("name", ["sparse.csv", "sparse.jsonl"])
def test_two_sparse_gigabytes_are_refused_in_bounded_memory(server, tmp_path, name):
    create(server, "made")
    with (tmp_path / name).open("wb") as file:
        file.write(b"p,v\n2024-01,1\n" if name.endswith("csv") else b'{"period": "2024-01", "value": 1}\n')
        file.truncate(2 << 30)
    flags = FLAGS if name.endswith("csv") else FLAGS[:2]
    code, errors, memory = peak_memory(server, "push", *flags, tmp_path / name)
    assert code == 1 and "NUL" in errors, errors
    assert memory < MEMORY_BYTES
    assert export(server, "made").count("\n") == 1


def test_a_long_file_is_streamed(server, tmp_path):
    """A stand-in for files of gigabytes: 20 times what the memory of the client may grow by."""
    create(server, "made")
    filler = b"2024-01,1,other," + b"x" * 900 + b"\n"
    with (tmp_path / "long.csv").open("wb") as file:
        file.write(b"p,v,kind,text\n")
        for _ in range(400):
            file.write(filler * 1000)
        file.write(b"2024-01,5,mine,\n")
    write(tmp_path / "m.yaml", "dataset: made\nperiod: p\nvalue: v\nwhere: {kind: mine}\n")
    code, errors, memory = peak_memory(server, "push", "--mapping", tmp_path / "m.yaml", tmp_path / "long.csv")
    assert code == 0, errors
    assert memory < MEMORY_BYTES
    assert export(server, "made").splitlines()[1:] == ["2024-01,5,A,"]
