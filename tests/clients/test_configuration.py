"""docs/configuration.md against the program, --check-config, and what SIGHUP takes over."""

import re
import signal

import pytest

import harness

DOCUMENT = harness.ROOT / "docs/configuration.md"


def documented():
    """The rows of the table of all settings: (default, values, takes effect) by name."""
    rows = re.findall(r"^\| `([a-z-]+)` \|([^|]*)\|([^|]*)\|([^|]*)\|[^|]+\|$",
                      DOCUMENT.read_text(encoding="utf-8"), re.M)
    return {name: tuple(cell.strip() for cell in cells) for name, *cells in rows}


@pytest.fixture(scope="module")
def helped():
    """What --help says of each setting, as one text."""
    done = harness.run([harness.SERVER, "--help"])
    assert done.returncode == 0
    parts = re.split(r"^  (?:-h,)?--(?=[a-z])", done.stdout, flags=re.M)[1:]
    return {part.split()[0]: " ".join(part.split()) for part in parts}


def test_every_setting_is_documented_and_none_that_is_not_there(helped):
    assert documented().keys() == helped.keys() - {"help", "version"}


def test_documented_defaults_and_values_are_those_of_the_program(helped):
    for name, (default, values, _) in documented().items():
        text = helped[name]
        if re.fullmatch(r"[\w.:]+", default) and default not in ("none", "off"):
            assert f"={default} " in text or f"[{default}]" in text, f"{name}: {default}: {text}"
        bounds = re.fullmatch(r"(\d+) - (\d+)", values)
        if bounds:
            assert f"[{values}]" in text, f"{name}: {values}: {text}"
        elif "," in values and "`" not in values:
            assert all(word in text for word in values.split(", ")), f"{name}: {values}: {text}"


def check(tmp_path, text, *flags):
    file = tmp_path / "server.yaml"
    file.write_text(text, encoding="utf-8")
    done = harness.run([harness.SERVER, "--check-config", "--config", file, "--plugin-dir", harness.PLUGINS, *flags])
    assert "serves on" not in done.stderr
    return done, file, done.stderr.splitlines()


def test_good_settings_are_good_and_nothing_is_made(tmp_path):
    done, _, lines = check(tmp_path, f"data-dir: {tmp_path}/data\nworkers: 3\n")
    assert done.returncode == 0, lines
    assert "good" in done.stdout and not lines
    assert not (tmp_path / "data").exists()


def test_what_a_start_takes_is_good_and_what_it_refuses_is_not(start, tmp_path):
    """Of the data directory the check and the start ask the same."""
    used = start().start()
    folder = used.data_dir
    # Also beside the server that uses it, and where the lock file was not copied along.
    assert check(tmp_path, f"data-dir: {folder}\n")[0].returncode == 0
    assert used.stop() == 0
    (folder / "policytrack.lock").unlink()
    assert check(tmp_path, f"data-dir: {folder}\n")[0].returncode == 0
    (tmp_path / "new-disk/lost+found").mkdir(parents=True)
    assert check(tmp_path, f"data-dir: {tmp_path}/new-disk\n")[0].returncode == 0
    other = tmp_path / "other"
    other.mkdir()
    (other / "nightly-1.db").write_text("a backup", encoding="ascii")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign/policytrack.db").write_text("no database " * 20, encoding="ascii")
    for settings, words in ((f"data-dir: {other}", "holds files"), ("data-dir: /proc/x", "cannot make it"),
                            (f"data-dir: {tmp_path}/foreign", "is not an SQLite database"),
                            (f"data-dir: {tmp_path}/d\nlisten: unix:/{'x' * 200}", "bytes at most"),
                            (f"data-dir: {tmp_path}/d\nlisten: 127.0.0.1:7443\nmetrics-listen: 127.0.0.1:7443", "already")):
        done, _, lines = check(tmp_path, settings + "\n")
        assert done.returncode == 2 and len(lines) == 1 and words in lines[0], (settings, done.stderr)


def test_every_problem_is_named_with_its_line(tmp_path):
    (tmp_path / "file").write_text("no directory", encoding="utf-8")
    trusted = tmp_path / "trusted.sha256"
    trusted.write_text("# ours\nabc  growth.so\n", encoding="utf-8")
    done, file, lines = check(tmp_path, f"""\
data-dir: {tmp_path}/file
workers: many
colour: red
listen: nowhere
readers: 0
max-push-mib: 64
max-push-total-mib: 16
""", "--slow-call-ms", "-1", "--plugin-allow-list", trusted)
    expected = [f"{file}:1: .*is not a directory", f"{file}:2: workers: .*many", f"{file}:3: .*colour",
                f"{file}:4: .*nowhere", f"{file}:5: readers: ", f"{file}:7: .*less than", "--slow-call-ms: .*range",
                rf"--plugin-allow-list: {trusted}:2: "]
    assert done.returncode == 2
    for pattern in expected:
        assert any(re.search(pattern, line) for line in lines), f"{pattern}:\n{done.stderr}"
    assert len(lines) == len(expected), done.stderr


@pytest.mark.parametrize("text, place, word", [
    ("data-dir: [d\n", ":", "YAML"), ("- data-dir\n", ":1: ", "name: value"),
    ("data-dir: d\ndata-dir: e\n", ":2: ", "line 1"), ("data-dir: {a: b}\n", ":1: ", "one value"),
    ("data-dir: d\nconfig: other.yaml\n", ":2: ", "no setting"), ("data-dir: d\nhelp: true\n", ":2: ", "no setting"),
    ("data-dir: d\nworkers:\n", ":2: ", "workers")])
def test_a_file_that_is_wrong_is_refused_by_name(tmp_path, text, place, word):
    done, file, lines = check(tmp_path, text)
    assert done.returncode == 2
    assert any(f"{file}{place}" in line and word in line for line in lines), done.stderr


def test_a_start_with_wrong_settings_says_the_same(start, tmp_path):
    file = tmp_path / "server.yaml"
    file.write_text("workers: 0\nnonsense: 1\n", encoding="utf-8")
    code, log = start("--config", file).refused()
    assert code == 2
    assert f"{file}:1: workers: " in log and f"{file}:2: " in log
    assert not (tmp_path / "data").exists()


def reload(server):
    server.process.send_signal(signal.SIGHUP)
    return server.wait_for_line(r"settings reloaded: (.*)|nothing reloaded.*").group(0)


def test_sighup_takes_over_what_can_change_and_says_what_cannot(start, tmp_path):
    file = tmp_path / "server.yaml"
    file.write_text("workers: 8\n", encoding="utf-8")
    server = start("--config", file).start()
    assert "nothing is new" in reload(server)
    file.write_text("workers: 16\nslow-call-ms: 7\nlog-level: debug\n", encoding="utf-8")
    said = reload(server)
    assert "slow-call-ms 7" in said and "log-level debug" in said and "workers" not in said
    assert re.search(r"warn workers needs a restart: it stays 8 and not 16", server.text())
    server.client_ok("plugins")
    assert server.wait_for_line(r"debug call .*method=/policytrack.v1.PluginService/ListPlugins")
    # What is wrong changes nothing, and is said with its line.
    file.write_text("slow-call-ms: 9\nworkers: 0\n", encoding="utf-8")
    said = reload(server)
    assert f"{file}:2: workers: " in said
    file.write_text("slow-call-ms: 7\nlog-level: debug\n", encoding="utf-8")
    assert "nothing is new" in reload(server)
    assert server.stop() == 0


def test_what_is_marked_now_is_what_a_reload_takes_over(start, tmp_path):
    """Every number that is not marked is said to need a restart, and every one that is marked is applied."""
    rows = {name: row for name, row in documented().items() if re.fullmatch(r"\d+", row[0])}
    file = tmp_path / "server.yaml"
    file.write_text("", encoding="utf-8")
    server = start("--config", file).start()
    # One less is in the range of each, but for those that begin at 0.
    others = {name: abs(int(row[0]) - 1) for name, row in rows.items()}
    file.write_text("".join(f"{name}: {other}\n" for name, other in others.items()), encoding="utf-8")
    said = reload(server)
    for name, (default, _, effect) in rows.items():
        wanted = others[name]
        if effect == "now":
            assert f"{name} {wanted}" in said
        else:
            assert f"{name} needs a restart: it stays {default} and not {wanted}" in server.text()
