"""Files that must change nothing: each is refused at its line, the exit code tells what a job should do, the store
stands as it stood, and the memory of the client is bounded whatever the file is."""

import json
import os
import resource
import subprocess
import threading

import pytest

from figures import create, export, revision, write
from harness import CALL_SECONDS, CLIENT

# The bound that docs/client.md states, with the program itself and gRPC.
MEMORY_BYTES = 160 << 20
GIGABYTES = 2 << 30
FLAGS = ["--dataset", "made", "--period-column", "p", "--value-column", "v"]
# Exit codes: the data is wrong, or the command line or the file as a whole.
REFUSED, CANNOT_BE_READ = 1, 2


@pytest.fixture
def made(server):
    """A dataset with a figure; when the test is through there is that, and nothing has been written since."""
    create(server, "made")
    create(server, "other", dimensions=[{"id": "area"}])
    server.client_ok("push", *FLAGS, "-", stdin="p,v\n2023-12,7\n")
    before, text = revision(server), export(server, "made")
    yield server
    assert revision(server) == before
    assert export(server, "made") == text


def refused(server, file, code, *said, flags=(), mapping=None):
    """Pushes a file that is refused; all of `said` is in the errors, which are few."""
    flags = list(flags)
    if mapping is not None:
        flags += ["--mapping", write(file.with_suffix(".yaml"), mapping)]
    done = server.client("push", *flags, file)
    assert done.returncode == code, (done.returncode, done.stderr)
    for words in said:
        assert words in done.stderr, done.stderr
    assert len(done.stderr) < 4000 and done.stdout == ""
    # The same as JSON, with the reason where a program looks for it.
    done = server.client("-o", "json", "push", *flags, file)
    assert done.returncode == code
    if code == REFUSED:
        answer = json.loads(done.stdout)
        assert answer["error"]["reason"] and "revision" not in answer
        return answer
    return None


def file_of(path, content, name="bad.csv"):
    path = path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# --- in the wrong encoding ---

def test_a_gbk_file_told_as_utf_8(made, tmp_path):
    file = file_of(tmp_path, "p,v,产地\n2024-01,1,河南\n".encode("gbk"))
    refused(made, file, CANNOT_BE_READ, "bad.csv:1: the file is not UTF-8 text: there is no character at byte 4",
            "`encoding: gb18030` for a Chinese file", flags=FLAGS)
    # Where it begins in a row, that row is named.
    file = file_of(tmp_path, "p,v,a\n2024-01,1,x\n2024-02,2,河南\n".encode("gbk"))
    answer = refused(made, file, REFUSED, "bad.csv:3: FILE_INVALID: the file is not UTF-8 text", flags=FLAGS)
    assert [(row["line"], row["reason"]) for row in answer["row_errors"]] == [(3, "FILE_INVALID")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_utf_16_file_told_as_utf_8(made, tmp_path, encoding):
    file = file_of(tmp_path, "p,v\n2024-01,1\n".encode(encoding))
    refused(made, file, CANNOT_BE_READ, "bad.csv:1: the file is not UTF-8 text", "`encoding: utf-16", flags=FLAGS)


def test_a_utf_16_file_without_mark_or_of_the_other_order(made, tmp_path):
    file = file_of(tmp_path, "p,v\n2024-01,1\n".encode("utf-16-le"))
    refused(made, file, CANNOT_BE_READ, "bad.csv:1: ", "there is no byte order mark", "`encoding: utf-16le`",
            flags=[*FLAGS, "--encoding", "utf-16"])
    refused(made, file, CANNOT_BE_READ, "bad.csv:1: ", flags=[*FLAGS, "--encoding", "utf-16be"])


def test_a_windows_1256_file_told_as_something_else(made, tmp_path):
    file = file_of(tmp_path, "p,v,a\n2024-01,1,القاهرة\n".encode("windows-1256"))
    refused(made, file, REFUSED, "bad.csv:2: FILE_INVALID: the file is not UTF-8 text",
            "`encoding: windows-1256` for an Arabic one", flags=FLAGS)


@pytest.mark.parametrize("encoding, text", [("windows-1256", "القاهرة"), ("gbk", "河南"), ("gb18030", "河南")])
def test_a_utf_8_file_told_as_something_else(made, tmp_path, encoding, text):
    """Each byte of it is a letter of Windows-1256, and each two may be one of GBK."""
    file = file_of(tmp_path, f"p,v,a\n2024-01,1,x\n2024-02,2,{text}\n")
    refused(made, file, REFUSED, "bad.csv:3: FILE_INVALID: the file is not", "all of it is UTF-8",
            "leave `encoding` out", flags=[*FLAGS, "--encoding", encoding])


def test_bytes_that_are_no_character_of_what_is_told(made, tmp_path):
    file = file_of(tmp_path, b"p,v\n2024-01,1\n2024-02,\x81\x20\n")
    refused(made, file, REFUSED, "bad.csv:3: FILE_INVALID: the file is not GBK text",
            flags=[*FLAGS, "--encoding", "gbk"])


def test_a_program_is_no_table(made, tmp_path):
    file = file_of(tmp_path, CLIENT.read_bytes()[:100_000])
    refused(made, file, CANNOT_BE_READ, "bad.csv:1: ", flags=FLAGS)


# --- a mapping that maps nothing ---

@pytest.mark.parametrize("mapping, code, said", [
    ("{}\n", CANNOT_BE_READ, "no dataset: give --dataset, or `dataset`"),
    ("", CANNOT_BE_READ, "a mapping is a map of dataset"),
    ("dataset: made\n", CANNOT_BE_READ, "no period: give --period-column"),
    ("dataset: made\nperiod: p\n", CANNOT_BE_READ, "no value: give --value-column"),
    ("dataset: made\nperiod: P\nvalue: V\n", CANNOT_BE_READ, "bad.csv:1: there is no column `P`; the header has p, v"),
    ("dataset: made\nperiod: p\nvalue: v\nwhere: {p: x}\n", REFUSED,
     "no row to push (2 not selected by `where`); nothing was sent"),
    ("dataset: made\nperiod: p\nvalue: v\nmissing_marks: ['1', '2']\n", REFUSED,
     "no row to push (2 skipped as missing); nothing was sent"),
    ("dataset: made\nperiod_columns: []\n", CANNOT_BE_READ, "no period"),
    ("dataset: made\nperiod_columns: rest\ndimensions: {a: p, b: v}\n", CANNOT_BE_READ,
     "there is no column beside those that the mapping names"),
], ids=["empty", "nothing", "no-period", "no-value", "other-columns", "where", "marks", "no-columns", "no-rest"])
def test_a_mapping_that_maps_nothing(made, tmp_path, mapping, code, said):
    refused(made, file_of(tmp_path, "p,v\n2024-01,1\n2024-02,2\n"), code, said, mapping=mapping)


# --- a row twice with two values ---

def test_a_row_twice_with_two_values(made, tmp_path):
    file = file_of(tmp_path, "p,v\n2024-01,1\n2024-02,5\n2024-01,2\n")
    refused(made, file, REFUSED, "bad.csv:4: ", "line 2 gives", flags=FLAGS)
    # Also where they are in two files, and nothing of either is written.
    one, two = file_of(tmp_path, "p,v\n2024-01,1\n", "one.csv"), file_of(tmp_path, "p,v\n2024-01,2\n", "two.csv")
    done = made.client("push", *FLAGS, one, two)
    assert done.returncode == REFUSED and "two.csv:2: " in done.stderr and "one.csv:2 gives" in done.stderr, done.stderr


# --- a file of another dataset ---

HEADER = "STRUCTURE,STRUCTURE_ID,ACTION,TIME_PERIOD,OBS_VALUE\n"


@pytest.mark.parametrize("content, flags, code, said", [
    (HEADER + "dataflow,POLICYTRACK:other(1.0),I,2024-01,1\n", ["--dataset", "made"], CANNOT_BE_READ,
     "bad.csv:2: the file is of `POLICYTRACK:other(1.0)`, and `POLICYTRACK:made(1.0)` is expected"),
    ("DATAFLOW,TIME_PERIOD,OBS_VALUE\nOFFICE:CARS(1.0),2024-01,1\n", ["--dataset", "made"], CANNOT_BE_READ,
     "bad.csv:2: the file is of `OFFICE:CARS(1.0)`"),
    (HEADER + "dataflow,POLICYTRACK:gone(1.0),I,2024-01,1\n", [], REFUSED, "RESOURCE_NOT_FOUND"),
    (HEADER + "dataflow,POLICYTRACK:made(1.0),I,2024-01,1\ndataflow,POLICYTRACK:other(1.0),I,2024-02,1\n", [],
     REFUSED, "bad.csv:3: FIELD_INVALID: the row is of `POLICYTRACK:other(1.0)`, and the file of"),
    # Its columns are those of another dataset: one too many, and one too few.
    ("STRUCTURE,STRUCTURE_ID,ACTION,AREA,TIME_PERIOD,OBS_VALUE\ndataflow,POLICYTRACK:made(1.0),I,x,2024-01,1\n", [],
     CANNOT_BE_READ, "bad.csv:1: the column `AREA` is no dimension of datasets/made"),
    (HEADER + "dataflow,POLICYTRACK:other(1.0),I,2024-01,1\n", [], CANNOT_BE_READ,
     "bad.csv:1: there is no column AREA for the dimension `area` of datasets/other"),
], ids=["structure", "dataflow", "unknown", "in-a-row", "columns", "no-columns"])
def test_an_sdmx_file_of_another_dataset(made, tmp_path, content, flags, code, said):
    refused(made, file_of(tmp_path, content), code, said, flags=["--format", "sdmx-csv", *flags])


def test_an_sdmx_file_in_another_unit_or_frequency(made, tmp_path):
    file = file_of(tmp_path, "DATAFLOW,TIME_PERIOD,OBS_VALUE,UNIT_MEASURE\nPOLICYTRACK:made(1.0),2024-01,1,yuan\n")
    refused(made, file, REFUSED, "bad.csv:2: FIELD_INVALID: value: the figures are in `yuan`",
            flags=["--format", "sdmx-csv"])
    file = file_of(tmp_path, "DATAFLOW,FREQ,TIME_PERIOD,OBS_VALUE\nPOLICYTRACK:made(1.0),Q,2024-01,1\n")
    refused(made, file, REFUSED, "bad.csv:2: FIELD_INVALID: FREQ: `Q` is not the frequency of datasets/made",
            flags=["--format", "sdmx-csv"])


@pytest.mark.parametrize("content, flags, code, said", [
    ("year,figure\n2024,1\n", FLAGS, CANNOT_BE_READ, "bad.csv:1: there is no column `p`; the header has year, figure"),
    ("p,v,area\n2024-01,1,x\n", [*FLAGS, "--dimension", "area=area"], REFUSED, "bad.csv:2: FIELD_INVALID: dimensions"),
    ("p,v\n2024-01,1\n", ["--dataset", "other", *FLAGS[2:]], REFUSED, "bad.csv:2: "),
    ("p,v\n2024-Q1,1\n", FLAGS, REFUSED, "bad.csv:2: FIELD_INVALID: period"),
    ("p,v\n2024-01,1\n", ["--dataset", "gone", *FLAGS[2:]], REFUSED, "RESOURCE_NOT_FOUND"),
], ids=["columns", "dimensions", "no-dimensions", "frequency", "unknown"])
def test_a_csv_file_of_another_dataset(made, tmp_path, content, flags, code, said):
    refused(made, file_of(tmp_path, content), code, said, flags=flags)


# --- what is too wide, too long or without an end ---

def measured(server, *arguments, feed=None):
    """The exit code, the errors and the largest resident size of a run of the client; `feed` gives what goes in."""
    process = subprocess.Popen([str(word) for word in (CLIENT, "--server", server.address, *arguments)],
                               stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30)))

    def write_all():
        try:
            for block in feed:
                process.stdin.buffer.write(block)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it has seen enough

    writer = threading.Thread(target=write_all, daemon=True)
    if feed is not None:
        writer.start()
    errors = process.stderr.read()
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if feed is not None:
        writer.join(CALL_SECONDS)
    return process.returncode, errors, usage.ru_maxrss << 10


def refused_in_bounded_memory(server, *arguments, feed=None, code=REFUSED, said=""):
    seen, errors, memory = measured(server, "push", *arguments, feed=feed)
    assert seen == code and said in errors, (seen, errors)
    assert memory < MEMORY_BYTES, f"{memory >> 20} MiB"
    assert len(errors) < 4000


@pytest.mark.parametrize("header", [True, False], ids=["header", "row"])
def test_a_million_columns(made, tmp_path, header):
    wide = b"," * 999_999 + b"\n"
    file = file_of(tmp_path, wide if header else b"p,v\n2024-01,1\n" + wide)
    said = "a record has more than 10000 fields"
    refused(made, file, CANNOT_BE_READ if header else REFUSED, f"bad.csv:{1 if header else 3}: ", said, flags=FLAGS)
    refused_in_bounded_memory(made, *FLAGS, file, code=CANNOT_BE_READ if header else REFUSED, said=said)


@pytest.mark.parametrize("name", ["sparse.csv", "sparse.jsonl"])
def test_two_gigabytes_of_zeros(made, tmp_path, name):
    with (tmp_path / name).open("wb") as file:
        file.write(b"p,v\n2024-01,1\n" if name.endswith("csv") else b'{"period": "2024-01", "value": 1}\n')
        file.truncate(GIGABYTES)
    flags = FLAGS if name.endswith("csv") else FLAGS[:2]
    line = 3 if name.endswith("csv") else 2
    refused_in_bounded_memory(made, *flags, tmp_path / name, said=f"{name}:{line}: FILE_INVALID: the file is not UTF-8")


def blocks(start, block, end=b""):
    """Two gigabytes."""
    yield start
    for _ in range(GIGABYTES // len(block)):
        yield block
    yield end


def test_a_line_of_two_gigabytes(made):
    refused_in_bounded_memory(made, *FLAGS, "-", feed=blocks(b"p,v\n2024-01,1\n", b"x" * (1 << 20)),
                              said="standard input:3: FILE_INVALID: this is not CSV: a record is longer than 1048576")


def test_a_line_of_json_of_two_gigabytes(made):
    refused_in_bounded_memory(made, *FLAGS[:2], "--format", "jsonl", "-",
                              feed=blocks(b'{"period": "2024-01", "value": 1}\n', b" " * (1 << 20)),
                              said="standard input:2: FILE_INVALID: ")


def test_a_quoted_field_without_end(made):
    refused_in_bounded_memory(made, *FLAGS, "-", feed=blocks(b'p,v\n2024-01,1\n2024-02,"', b"2024-03,1\n" * 100_000),
                              said="standard input:3: FILE_INVALID: this is not CSV: a record is longer than 1048576 "
                                   "bytes; is a closing quote missing?")


def test_a_short_quoted_field_without_end(made, tmp_path):
    refused(made, file_of(tmp_path, 'p,v\n2024-01,1\n2024-02,"2\n2024-03,3\n'), REFUSED,
            "bad.csv:3: FILE_INVALID: this is not CSV: a closing quote is missing", flags=FLAGS)


def test_two_gigabytes_of_rows_with_a_bad_one_at_the_end(made, tmp_path):
    """None of which is selected, so that what is read is all that can take memory."""
    row = b"2024-01,1,other," + b"x" * 8000 + b"\n"
    mapping = write(tmp_path / "m.yaml", "dataset: made\nperiod: p\nvalue: v\nwhere: {kind: mine}\n")
    rows = blocks(b"p,v,kind,text\n", row * 100, b"2024-01,x,mine,\n")
    line = 1 + GIGABYTES // (len(row) * 100) * 100 + 1
    refused_in_bounded_memory(made, "--mapping", mapping, "-", feed=rows,
                              said=f"standard input:{line}: FIELD_INVALID: value: `x` is not a number")


def test_millions_of_bad_rows_are_told_in_few_words(made):
    code, errors, memory = measured(made, "push", *FLAGS, "-", feed=(b"p,v\n", *[b"2024-01,x\n" * 100_000] * 20))
    assert code == REFUSED and "... and 1999000 more refused rows" in errors
    assert len(errors.splitlines()) < 1010 and memory < MEMORY_BYTES


# --- and what is long and good ---

def test_a_long_file_is_streamed(server, tmp_path):
    create(server, "made")
    filler = b"2024-01,1,other," + b"x" * 900 + b"\n"
    with (tmp_path / "long.csv").open("wb") as file:
        file.write(b"p,v,kind,text\n")
        for _ in range(150):
            file.write(filler * 1000)
        file.write(b"2024-01,5,mine,\n")
    write(tmp_path / "m.yaml", "dataset: made\nperiod: p\nvalue: v\nwhere: {kind: mine}\n")
    code, errors, memory = measured(server, "push", "--mapping", tmp_path / "m.yaml", tmp_path / "long.csv")
    assert code == 0, errors
    assert memory < MEMORY_BYTES
    assert export(server, "made").splitlines()[1:] == ["2024-01,5,A,"]


def test_a_pipe_is_read_once(server, tmp_path):
    """Although its bytes are needed several times."""
    create(server, "made")
    fifo = tmp_path / "pipe.csv"
    os.mkfifo(fifo)
    writer = threading.Thread(target=lambda: fifo.write_text("p,v\n2024-01,5\n"), daemon=True)
    writer.start()
    assert "pipe.csv:2: created datasets/made 2024-01: 5\n" in server.client_ok(
        "push", *FLAGS, "--report", "rows", fifo)
    writer.join(CALL_SECONDS)
