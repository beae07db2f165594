"""The recipes of clients/ci: their steps are read from the YAML and run against the server, with good rows,
bad rows, a server that is not there and one that comes late. A job must never be green by mistake."""

import json
import re
import socket
import subprocess

import pytest
import yaml

import world
from ci_world import CI, Repository
from harness import CODES, run

GOOD = ("2020,100", "2021,110")
# Line 3 is refused by the client, line 4 by the server.
BAD = ("2020,100", '2021,"1,234"', "2022,120")
WRONG_PERIOD = ("2020,100", "2021-05,110")
SCRIPTS = ("push-figures.sh", "push-figures-buf.sh", "report.sh")
UNAVAILABLE = 14


@pytest.fixture
def repository(server, tmp_path):
    for kind, request in world.DOCUMENTS:
        server.grpcurl_ok(f"policytrack.v1.{kind}Service/Create{kind}", request)
    return Repository(tmp_path / "repository", server.address)


@pytest.fixture
def away(tmp_path):
    """A repository whose server is not there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    return Repository(tmp_path / "repository", f"127.0.0.1:{port}")


def stored(server):
    return {row["period"]: row["value"] for row in server.observations("datasets/paths-km")}


def lines(*rows, dataset="datasets/paths-km"):
    return "".join(json.dumps({"dataset": dataset, "period": period, "value": value}) + "\n" for period, value in rows)


def test_a_pull_request_is_checked_and_writes_nothing(server, repository):
    repository.csv(*GOOD)
    done = repository.github("pull_request")
    assert done.returncode == 0, done.stderr
    assert "::error" not in done.stderr
    assert stored(server) == {}
    summary = repository.summary.read_text(encoding="utf-8")
    assert "Figures: done" in summary and "Dry run" in summary and "| 2 | 0 | 0 | 0 | 0 | 0 |" in summary


@pytest.mark.parametrize("rows, line, word", [(BAD, 3, "1,234"), (WRONG_PERIOD, 3, "2021-05")])
@pytest.mark.parametrize("event", ["pull_request", "push"])
def test_refused_rows_are_annotated_at_their_lines(server, repository, rows, line, word, event):
    repository.csv(*rows)
    done = repository.github(event)
    assert done.returncode == 1, done.stderr
    found = re.findall(r"^::error file=figures/km\.csv,line=(\d+)::(.*)$", done.stderr, re.M)
    assert [at for at, _ in found] == [str(line)] and word in found[0][1]
    assert f"\nfigures/km.csv:{line}: " in "\n" + done.stderr
    assert stored(server) == {}
    summary = repository.summary.read_text(encoding="utf-8")
    assert f"figures/km.csv:{line}" in summary and "Figures: refused" in summary


def test_what_is_merged_is_pushed(server, repository):
    repository.csv(*GOOD)
    done = repository.github("push")
    assert done.returncode == 0, done.stderr
    assert stored(server) == {"2020": 100, "2021": 110}
    assert "Dry run" not in repository.summary.read_text(encoding="utf-8")
    # The job run again, as after a lost answer, changes nothing.
    assert repository.github("push").returncode == 0
    assert "| 0 | 0 | 2 | 0 | 0 | 0 |" in repository.summary.read_text(encoding="utf-8")


def test_gitlab_has_a_report_with_and_without_refused_rows(server, repository):
    repository.csv(*GOOD)
    done = repository.gitlab("check-figures")
    assert done.returncode == 0, done.stderr
    assert repository.findings() == [] and stored(server) == {}
    repository.csv(*BAD)
    assert repository.gitlab("check-figures").returncode == 1
    [(path, line, description)] = repository.findings()
    assert (path, line) == ("figures/km.csv", 3) and "1,234" in description
    repository.csv(*GOOD)
    assert repository.gitlab("push-figures").returncode == 0
    assert stored(server) == {"2020": 100, "2021": 110}
    assert "Figures: done" in (repository.root / "policytrack-summary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("event", ["pull_request", "push"])
def test_a_stopped_server_ends_with_3_after_the_retries(away, event):
    away.csv(*GOOD)
    done = away.github(event)
    assert done.returncode == 3, done.stderr
    assert done.stderr.count("trying again") == 1
    assert "run the job again later" in away.summary.read_text(encoding="utf-8")
    assert away.gitlab("push-figures").returncode == 3


@pytest.mark.parametrize("script", ["push-figures.sh figures/km.csv", "push-figures-buf.sh figures/km.jsonl"])
def test_a_server_that_comes_late_gets_the_rows_once(start, away, tmp_path, script):
    """The first attempt fails before the server is started, which is when the script says so."""
    away.csv(*GOOD)
    away.write("figures/km.jsonl", lines(("2020", 100), ("2021", 110)))
    first = start().start()
    for kind, request in world.DOCUMENTS:
        first.grpcurl_ok(f"policytrack.v1.{kind}Service/Create{kind}", request)
    assert first.stop() == 0
    away.buf("--help")  # lays the contract and buf
    version = run([away.programs / "buf", "--version"]).stdout.strip()
    environment = away.environment({
        "POLICYTRACK_VERSION": "0.1.0", "POLICYTRACK_RETRIES": "60", "POLICYTRACK_PAUSE": "1", "BUF_VERSION": version,
        "POLICYTRACK_SCHEMA": "policytrack.binpb"})
    with subprocess.Popen(["bash", "-c", f"ci/{script}"], cwd=away.root, env=environment, text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as job:
        for line in job.stderr:
            if "trying again" in line:
                break
        late = start(data_dir=tmp_path / "data", port=int(away.address.split(":")[1])).start()
        job.stderr.read()
        assert job.wait() == 0
    assert stored(late) == {"2020": 100, "2021": 110}


@pytest.mark.parametrize("problem, word", [
    ({"POLICYTRACK_VERSION": "0.0.9"}, "0.0.9"),
    ({"POLICYTRACK_SERVER": ""}, "POLICYTRACK_SERVER"),
    ({"POLICYTRACK_VERSION": ""}, "POLICYTRACK_VERSION"),
])
def test_a_wrong_job_ends_with_2(repository, problem, word):
    repository.csv(*GOOD)
    done = repository.github("push", **problem)
    assert done.returncode == 2 and word in done.stderr


def test_a_file_that_is_not_there_ends_with_2(repository):
    done = repository.github("push")  # the glob finds nothing
    assert done.returncode == 2 and "figures/*.csv" in done.stderr
    assert "the job is wrong" in repository.summary.read_text(encoding="utf-8")


@pytest.mark.parametrize("said", ["", "{", '{"revision": 1, "rejected": 2}', '{"revision": 1, "rejected": 0, "error": {}}',
                                  '{"rejected": 0}'])
def test_an_end_with_0_that_is_not_borne_out_is_red(repository, said):
    repository.csv(*GOOD)
    repository.program("policytrack", f"""[[ $1 == --version ]] && echo policytrack 0.1.0 || echo '{said}'\n""")
    done = repository.github("push")
    assert done.returncode == 3, done.stdout + done.stderr


def test_data_does_not_become_markup_of_the_summary(repository):
    repository.csv("2020,a|b", "2021,<img src=x>", "2022,[x](y)")
    assert repository.github("pull_request").returncode == 1
    summary = repository.summary.read_text(encoding="utf-8")
    assert "<img" not in summary and "[x](y)" not in summary
    table = [line for line in summary.splitlines() if line.startswith("| figures/km.csv")]
    assert len(table) == 3 and all(len(re.findall(r"(?<!\\)\|", line)) == 4 for line in table)


def test_buf_and_jq_check_and_push(server, repository):
    repository.write("figures/km.jsonl", lines(("2020", 100)) + "\n" + lines(("2021", 110)))
    done = repository.buf("--dry-run figures/km.jsonl")
    assert done.returncode == 0, done.stderr
    assert stored(server) == {} and "2 created" in done.stderr and "nothing was written" in done.stderr
    done = repository.buf("figures/*.jsonl")
    assert done.returncode == 0, done.stderr
    assert stored(server) == {"2020": 100, "2021": 110}
    assert "| 2 | 0 | 0 | 0 | 0 | 0 |" in repository.summary.read_text(encoding="utf-8")


@pytest.mark.parametrize("flag", ["--dry-run", ""])
@pytest.mark.parametrize("text, line, word", [
    (lines(("2020", 100)) + "\n" + lines(("2021-05", 110)), 3, "2021-05"),
    (lines(("2020", 100)) + "{\n", 2, "JSON"),
    (lines(("2020", 100)) + '{"dataset": "datasets/paths-km", "period": "2021", "valeu": 1}\n', 2, "valeu"),
    (lines(("2020", "100")), 1, "value"),
    ('{"dataset": "datasets/paths-km", "period": "2021", "value": 1e999}\n', 1, "too large"),
])
def test_buf_annotates_refused_rows(server, repository, flag, text, line, word):
    repository.write("figures/km.jsonl", text)
    done = repository.buf(flag, "figures/km.jsonl")
    assert done.returncode == 1, done.stderr
    found = re.findall(r"^::error file=figures/km\.jsonl,line=(\d+)::(.*)$", done.stderr, re.M)
    assert [at for at, _ in found] == [str(line)] and word in found[0][1]
    assert stored(server) == {}


def test_buf_pushes_many_rows_of_several_datasets_as_one_commit(server, repository):
    server.grpcurl_ok("policytrack.v1.DatasetService/CreateDataset", {
        **world.DATASET, "datasetId": "more-km"})
    years = [(str(1000 + i), i) for i in range(700)]
    repository.write("figures/km.jsonl", lines(*years) + lines(("2020", 5), dataset="datasets/more-km"))
    done = repository.buf("figures/km.jsonl")
    assert done.returncode == 0 and "701 created" in done.stderr, done.stderr
    assert len(stored(server)) == 700


def test_buf_tells_a_missing_dataset_from_a_file_without_rows(repository):
    repository.write("figures/km.jsonl", lines(("2020", 1), dataset="datasets/none"))
    done = repository.buf("figures/km.jsonl")
    assert done.returncode == 1 and "datasets/none" in done.stderr
    repository.write("figures/km.jsonl", "\n")
    assert repository.buf("figures/km.jsonl").returncode == 2


def test_buf_ends_with_3_when_the_server_is_stopped(away):
    away.write("figures/km.jsonl", lines(("2020", 100)))
    done = away.buf("figures/km.jsonl")
    assert done.returncode == 3 and done.stderr.count("trying again") == 1, done.stderr


# A RetryInfo of 0 s, as the server would write it, without padding.
RETRY_INFO = [{"type": "google.rpc.RetryInfo", "value": "CgA"}]


@pytest.mark.parametrize("code, details, attempts, end", [
    (UNAVAILABLE, [], 3, 3), (UNAVAILABLE, RETRY_INFO, 3, 3),
    (8, RETRY_INFO, 3, 3), (8, [], 1, 1),
    (CODES["INVALID_ARGUMENT"], [], 1, 1), (CODES["ABORTED"], [], 1, 1), (4, [], 1, 3), (13, [], 1, 3),
    (7, [], 1, 4), (16, [], 1, 4),
])
def test_buf_tries_again_by_the_table(away, code, details, attempts, end):
    away.write("figures/km.jsonl", lines(("2020", 100)))
    error = json.dumps({"code": "any", "message": "it failed", "details": details})
    calls, ids = away.root / "calls", away.root / "ids"
    away.program("buf", f"""[[ $1 == --version ]] && {{ echo 1; exit; }}
echo >>'{calls}'; head -n 1 >>'{ids}'; echo '{error}' >&2; exit {8 * code}\n""")
    done = away.buf("--dry-run figures/km.jsonl", BUF_VERSION="1", POLICYTRACK_RETRIES="2")
    assert done.returncode == end, done.stderr
    assert len(calls.read_text().splitlines()) == attempts
    assert len(set(ids.read_text().splitlines())) == 1, "another request id"


def test_buf_waits_as_long_as_the_server_asks(away):
    """The value holds 300 s and 5 ns, so 301 s: longer than any test, so only what is said is looked at."""
    away.write("figures/km.jsonl", lines(("2020", 100)))
    error = json.dumps({"code": "unavailable", "message": "busy", "details": [
        {"type": "google.rpc.RetryInfo", "value": "CgUIrAIQBQ"}]})
    away.program("buf", f"[[ $1 == --version ]] && {{ echo 1; exit; }}\necho '{error}' >&2; exit 112\n")
    away.program("sleep", "echo slept $1 >&2\n")
    done = away.buf("figures/km.jsonl", BUF_VERSION="1")
    assert done.returncode == 3 and "slept 301" in done.stderr, done.stderr


def test_recipes_are_pinned_and_fetch_nothing():
    for name in ("github-actions.yml", "gitlab-ci.yml"):
        text = (CI / name).read_text(encoding="utf-8")
        assert not re.search(r"\b(curl|wget)\b", text)
        recipe = yaml.safe_load(text)
        for step in recipe.get("jobs", {}).get("figures", {}).get("steps", ()):
            assert "uses" not in step or re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"]), step
    for script in SCRIPTS:
        text = (CI / script).read_text(encoding="utf-8")
        assert not re.search(r"\|\s*(ba)?sh\b", text) and "set -euo pipefail" in text
        done = run([CI / script, "--help"])
        assert done.returncode == 0 and f"Usage: {script}" in done.stdout
