"""A file twice changes nothing, and what is exported pushes back unchanged: CSV and SDMX-CSV, whatever the
figures, their statuses and the texts of their dimensions are, also as of an earlier revision."""

import json
import os
import random
import struct

import pytest

from figures import create, export, revision, write

ROUNDS = 8
LETTERS = "AIEPFDGNSUVW"
MISSING = "OMLHQKJ"
VALUES = ["-0.0", "0.1", "1.7976931348623157e308", "5e-324", "0.30000000000000004", "-1234567.8901234567",
          "123456789012345680", "1e22", "3", "100", "-7.5", "2.2250738585072014e-308", "1e308", "-5e-324"]
TEXTS = ["a,b", 'the "big", one', '"', "郑州，河南", "القاهرة", "\u202eevil\u202c", "\u200fعربي (1)\u200f", "CN;1", "…",
         "a: b", "=1+1", "-", "NA", "_T", "1.5", "a\u0301b", "😀", "x y", "'", "\\", "#", "|", "null", "{year}"]
CSV_MAPPING = """dataset: {}
period: period
value: value
status: status
series_break: series_break
dimensions: {{ref_area: ref_area, maker: maker}}
"""


@pytest.fixture
def rng():
    seed = int(os.environ.get("POLICYTRACK_FILES_SEED") or random.randrange(1_000_000))
    print(f"POLICYTRACK_FILES_SEED={seed}")
    return random.Random(seed)


def any_double(rng):
    """One of the hard ones or one of any bits."""
    if rng.random() < 0.5:
        return float(rng.choice(VALUES))
    while True:
        value, = struct.unpack("<d", rng.getrandbits(64).to_bytes(8, "little"))
        if value - value == 0:  # neither infinite nor no number
            return value


def any_rows(rng):
    """Every status with and without a break, and as many again of whatever comes."""
    wanted = [(letter, broken) for letter in LETTERS + MISSING for broken in (False, True)]
    wanted += [(rng.choice(LETTERS + MISSING), rng.random() < 0.2) for _ in wanted]
    rows = {}
    for number, (letter, broken) in enumerate(wanted):
        area, maker = rng.choice(TEXTS), rng.choice(TEXTS)
        row = {"period": str(1990 + number), "dimensions": {"ref_area": area, "maker": maker}, "status": letter,
               "series_break": broken}
        if letter in LETTERS:
            row["value"] = any_double(rng)
        rows[area, maker, row["period"]] = row
    return list(rows.values())


def areas(server, name, **fields):
    create(server, name, frequency="FREQUENCY_YEAR", dimensions=[{"id": "ref_area"}, {"id": "maker"}], **fields)


def json_lines(path, rows):
    return write(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def push(server, form, file, name):
    """Pushes an exported file and gives the summary."""
    flags = ["--format", form]
    if form == "csv":
        flags += ["--mapping", write(file.with_suffix(".yaml"), CSV_MAPPING.format(name))]
    return json.loads(server.client_ok("-o", "json", "push", *flags, file))


def bits(value):
    # 0.0 and -0.0 are the same figure.
    return struct.pack("<d", value + 0.0)


def stored(server, name, *flags):
    """What the service has, bit for bit."""
    found = {}
    text = server.client_ok("list", "observations", f"datasets/{name}", "--all", "-o", "json", *flags)
    for row in json.loads(text)["observations"]:
        key = (row["dimensions"]["ref_area"], row["dimensions"]["maker"], row["period"])
        found[key] = (bits(row["value"]) if "value" in row else None, row["status"],
                      row.get("series_break", False))
    return found


@pytest.mark.parametrize("form", ["csv", "sdmx-csv"])
def test_whatever_is_exported_pushes_back_unchanged(server, tmp_path, rng, form):
    for number in range(ROUNDS):
        name = f"d{number}"
        areas(server, name, unitMultiplier=rng.choice([0, 4, -3]))
        rows = any_rows(rng)
        file = json_lines(tmp_path / "rows.jsonl", rows)
        created = json.loads(server.client_ok("-o", "json", "push", "--dataset", name, file))
        assert created["created"] == len(rows)
        first, there = created["revision"], stored(server, name)
        assert {(value, key[2]) for key, (value, _, _) in there.items()} == {
            (bits(row["value"]) if "value" in row else None, row["period"]) for row in rows}

        # The file itself, twice, and what is exported of it.
        again = json.loads(server.client_ok("-o", "json", "push", "--dataset", name, file))
        text = export(server, name, form)
        back = push(server, form, write(tmp_path / "back.csv", text), name)
        for answer in (again, back):
            assert {what: answer[what] for what in ("created", "revised", "unchanged", "deleted", "rejected",
                                                    "skipped")} == {
                "created": 0, "revised": 0, "unchanged": len(rows), "deleted": 0, "rejected": 0, "skipped": 0}
            assert answer["sent_as_missing"] == sum("value" not in row for row in rows)
        assert revision(server) == first and stored(server, name) == there

        # After some are revised and one is taken away, the file of before brings back what was.
        for row in rng.sample(rows, 10):
            row.update(status="P", value=any_double(rng), series_break=not row["series_break"])
        gone = rng.choice(rows)
        rows = [row for row in rows if row is not gone]
        rows.append({"period": gone["period"], "dimensions": gone["dimensions"], "deleted": True})
        server.client_ok("push", "--dataset", name, json_lines(tmp_path / "next.jsonl", rows))
        assert export(server, name, form, "--as-of", first) == text
        assert stored(server, name) != there
        push(server, form, write(tmp_path / "asof.csv", export(server, name, form, "--as-of", first)), name)
        assert stored(server, name) == there and export(server, name, form) == text


@pytest.mark.parametrize("form", ["csv", "sdmx-csv"])
def test_minus_zero_is_zero(server, tmp_path, form):
    areas(server, "zeros")
    rows = [{"period": "2024", "dimensions": {"ref_area": "a", "maker": "b"}, "value": -0.0}]
    server.client_ok("push", "--dataset", "zeros", json_lines(tmp_path / "rows.jsonl", rows))
    before, text = revision(server), export(server, "zeros", form)
    assert ",0," in text
    answer = push(server, form, write(tmp_path / "zeros.csv", text.replace(",0,", ",-0.0,", 1)), "zeros")
    assert answer["unchanged"] == 1 and revision(server) == before


def test_an_sdmx_file_says_its_unit(server, tmp_path):
    """So that another dataset converts it or refuses it, and never takes it for its own."""
    for name, unit, multiplier in (("mass", "tonnes", 4), ("kilograms", "kg", 0), ("cars", "vehicles", 4)):
        create(server, name, unit=unit, unitMultiplier=multiplier)
    server.client_ok("push", "--dataset", "mass", "--period-column", "p", "--value-column", "v", "-",
                     stdin="p,v\n2024-01,4.35\n")
    text = export(server, "mass", "sdmx-csv")
    assert text.splitlines() == [
        "STRUCTURE[;],STRUCTURE_ID,ACTION,TIME_PERIOD,OBS_VALUE,OBS_STATUS[],UNIT_MULT,UNIT_MEASURE",
        "dataflow,POLICYTRACK:mass(1.0),I,2024-01,4.35,A,4,tonnes"]
    push(server, "sdmx-csv", write(tmp_path / "kg.csv", text.replace(":mass(", ":kilograms(")), "kilograms")
    assert export(server, "kilograms").splitlines()[1:] == ["2024-01,43500000,A,"]
    before = revision(server)
    done = server.client("push", "--format", "sdmx-csv",
                         write(tmp_path / "cars.csv", text.replace(":mass(", ":cars(")))
    assert done.returncode == 1
    assert "cars.csv:2: FIELD_INVALID: value: the figures are in `tonnes` (mass)" in done.stderr, done.stderr
    assert revision(server) == before


def test_a_unit_that_is_a_dimension_is_one(server, tmp_path):
    create(server, "units", dimensions=[{"id": "unit_measure"}])
    server.client_ok("push", "--dataset", "units", "--period-column", "p", "--value-column", "v", "--dimension",
                     "unit_measure=u", "-", stdin="p,v,u\n2024-01,1,VEH\n")
    text = export(server, "units", "sdmx-csv")
    assert text.splitlines()[1] == "dataflow,POLICYTRACK:units(1.0),I,VEH,2024-01,1,A,0"
    assert push(server, "sdmx-csv", write(tmp_path / "units.csv", text), "units")["unchanged"] == 1


def test_texts_that_no_export_could_bring_back_are_refused(server, tmp_path):
    areas(server, "texts")
    before = revision(server)
    flags = ["--dataset", "texts", "--period-column", "p", "--value-column", "v", "--dimension", "ref_area=a",
             "--dimension", "maker:=m"]
    for text in ('"a\nb"', '"a\r\nb"', '" a"', "a\t"):
        done = server.client("push", *flags, write(tmp_path / "texts.csv", f"p,v,a\n2023,1,x\n2024,1,{text}\n"))
        assert done.returncode == 1 and "texts.csv:3: FIELD_INVALID: dimensions.ref_area" in done.stderr, done.stderr
    assert revision(server) == before


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
