"""A server that is killed, again and again, while clients push figures and change measures and
while it evaluates: what it acknowledged is there, what it did not is there whole or not at all."""

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time

import grpc
import pytest

import harness
import kill_clients
import kill_world
import ledger as ledgers
import stubs as generated
from stored import Stored, check_chain, older_body_of, points_of

KILLS = int(os.environ.get("POLICYTRACK_KILLS", "50"))
STOPS = int(os.environ.get("POLICYTRACK_STOPS", "3"))
DRAIN_SECONDS = 2
# The clients work until this many requests and answers, at most.
MOST_TICKS = 600
READY_SECONDS = 2


def ready(server, stubs):
    """Waits until health says SERVING and a read is answered; gives the client."""
    server.start()
    api = generated.Api(stubs, server.address)
    health = api.channel.unary_unary("/grpc.health.v1.Health/Check")
    # The request for the whole server is empty; the answer is SERVING, field 1 with 1.
    assert health(b"", timeout=harness.CALL_SECONDS) == b"\x08\x01"
    for dataset in api.dataset.ListDatasets(stubs.ListDatasetsRequest(), timeout=harness.CALL_SECONDS).datasets:
        kill_world.read_series(api, dataset.name)
    return api


class Machine:
    """One data directory and the servers that run on it, one after the other."""

    def __init__(self, start, folder, stubs, rng):
        self.flags = ()
        self.start, self.folder, self.stubs, self.rng = start, folder, stubs, rng
        self.starts = []  # seconds from exec to ready
        self.server = self.api = None
        self.repeated = 0

    def restart(self):
        """Starts a server and holds it to the promise of being ready in time.

        The promise is of a machine that can run the server at once. Where more processes want to
        run than there are processors, a start that took too long is taken back, its directory put
        as it was, and tried again, three times at most. The limit itself never changes."""
        before = self.folder.with_name("before")
        for attempt in range(3):
            shutil.rmtree(before, ignore_errors=True)
            shutil.copytree(self.folder, before)
            begin = time.monotonic()
            self.server = self.start(*self.flags, data_dir=self.folder)
            self.api = ready(self.server, self.stubs)
            took = time.monotonic() - begin
            if took <= READY_SECONDS:
                self.starts.append(took)
                return
            busy = os.getloadavg()[0] > os.cpu_count()
            assert busy and attempt < 2, f"ready after {took:.2f} s, load average {os.getloadavg()[0]}"
            self.repeated += 1
            self.kill()
            shutil.rmtree(self.folder)
            shutil.copytree(before, self.folder)

    def kill(self):
        self.server.kill()
        if self.api:
            self.api.channel.close()
        self.api = None

    def stop(self):
        # A stop waits for connections to end.
        self.api.channel.close()
        assert self.server.stop() == 0

    def kill_in_start(self):
        """Kills a server at some moment from exec to a little after it would be ready."""
        self.server = self.start(data_dir=self.folder)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.server.process.wait(self.rng.uniform(0, 1.5 * (min(self.starts, default=0.1))))
            pytest.fail(f"it ended by itself: {self.server.text()}")
        self.kill()


@pytest.fixture
def seed():
    value = int(os.environ.get("POLICYTRACK_KILL_SEED") or random.randrange(1_000_000))
    print(f"POLICYTRACK_KILL_SEED={value}")
    return value


@pytest.fixture
def machine(start, tmp_path, stubs, seed):
    folder = tmp_path / "data"
    folder.mkdir()
    return Machine(start, folder, stubs, random.Random(seed))


def set_up(api):
    """The ledger of a new server that knows the documents that all is about."""
    return ledgers.Ledger(api.v1, {api.create(*document).revision for document in kill_world.SETUP})


def clients_of(ledger, rng):
    pushers = {name: kill_clients.Pusher(name, ledger, rng) for name in (*kill_clients.WRITERS, kill_clients.BULK)}
    keepers = [kill_clients.Keeper(name, ledger, rng) for name in kill_clients.KEEPERS]
    return pushers, [*pushers.values(), *keepers, kill_clients.Opener("open", ledger, rng)]


def write_until_killed(machine, ledger, clients, ticks):
    """Kills the server in the middle of all that after so many requests and answers."""
    ledger.count = 0
    with kill_clients.writing(clients, machine.server.address):
        with ledger.changed:
            assert ledger.changed.wait_for(lambda: ledger.count >= ticks, harness.CALL_SECONDS)
        machine.kill()


def check_after_start(machine, ledger, pushers):
    """All checks of a server that was started again; sends again what was not answered."""
    api = machine.api
    creates = kill_clients.unanswered_creates(ledger)
    # From the first commit to the last; of very many, not every time.
    known = () if len(ledger.commits) < 10_000 or machine.rng.random() < 0.1 else ledger.commits
    head = ledgers.check_server(api, ledger, known)
    # Not those that are repeated now, whose answers are of this server.
    before = [push for push in ledger.pushes.values() if push.answer]
    kill_clients.repeat_unanswered(api, ledger, pushers, creates, head)
    kill_clients.repeat_acknowledged(api, machine.rng.choice(before), pushers)
    # What was repeated is checked too, and outputs are computed of the state with it.
    head = ledgers.check_server(api, ledger, ledger.commits)
    ledgers.check_evaluation(api, ledger, head)


def test_what_was_acknowledged_is_there_after_every_kill(machine, seed, tmp_path, capsys):
    with capsys.disabled():
        print(f"POLICYTRACK_KILL_SEED={seed}", flush=True)
    begin = time.monotonic()
    rng = machine.rng
    # The creation of the data directory is cut short as well.
    for _ in range(2):
        machine.kill_in_start()
    machine.restart()
    ledger = set_up(machine.api)
    pushers, clients = clients_of(ledger, rng)
    kills, unanswered = 2, []
    while kills < KILLS:
        write_until_killed(machine, ledger, clients, rng.randrange(1, MOST_TICKS))
        kills += 1
        unanswered += [push for push in ledger.pushes.values() if push.answer is None]
        if rng.random() < 0.1:
            # As the kill left it, without a server that could put anything right.
            killed = shutil.copytree(machine.folder, tmp_path / "killed", dirs_exist_ok=True)
            Stored(killed).verify()
            shutil.rmtree(killed)
        while rng.random() < 0.3 and kills < KILLS:
            machine.kill_in_start()
            kills += 1
        machine.restart()
        check_after_start(machine, ledger, pushers)
    machine.stop()
    stored = Stored(machine.folder)
    ledgers.check_stored(stored, ledger)
    with capsys.disabled():
        print(f"{kills} kills in {time.monotonic() - begin:.0f} s: {len(stored.commits)} commits; "
              f"{len(ledger.pushes)} pushes, {len(unanswered)} of them without an answer and "
              f"{sum(not push.repeated for push in unanswered)} of those there; "
              f"{sum(map(len, ledger.documents.values()))} revisions of measures; "
              f"ready after {max(machine.starts):.2f} s at most, {machine.repeated} starts taken back", flush=True)


def stop_while_they_write(machine, ledger, clients, ticks):
    """Asks the server to stop in the middle of all that. Gives what its health said meanwhile."""
    ledger.count = 0
    watch = machine.api.channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=harness.CALL_SECONDS)
    said = [next(watch)]
    with kill_clients.writing(clients, machine.server.address):
        with ledger.changed:
            assert ledger.changed.wait_for(lambda: ledger.count >= ticks, harness.CALL_SECONDS)
        begin = time.monotonic()
        machine.server.process.send_signal(signal.SIGTERM)
        # Until the connection ends: what it says last, it says before.
        with contextlib.suppress(grpc.RpcError):
            said.extend(watch)
        code = machine.server.process.wait(harness.START_SECONDS)
        took = time.monotonic() - begin
    machine.api.channel.close()
    assert code == 0, machine.server.text()
    # A push is open all the time, and cut at the limit; the rest is the time of a busy machine.
    assert took < DRAIN_SECONDS + 10, took
    return said


def test_a_stop_under_load_loses_nothing_and_says_so_first(machine, seed, capsys):
    with capsys.disabled():
        print(f"POLICYTRACK_KILL_SEED={seed}", flush=True)
    machine.flags = ("--drain-seconds", DRAIN_SECONDS)
    machine.restart()
    ledger = set_up(machine.api)
    pushers, clients = clients_of(ledger, machine.rng)
    for _ in range(STOPS):
        said = stop_while_they_write(machine, ledger, clients, machine.rng.randrange(20, MOST_TICKS))
        # Health, field 1: SERVING is 1, NOT_SERVING is 2.
        assert said == [b"\x08\x01", b"\x08\x02"]
        for client in clients:
            assert client.ended in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED), (client.name, client.ended)
        Stored(machine.folder).verify()
        machine.restart()
        check_after_start(machine, ledger, pushers)
    machine.stop()
    ledgers.check_stored(Stored(machine.folder), ledger)


def test_a_large_push_is_there_whole_or_not_at_all(machine, stubs):
    """Killed while a million figures are on their way into the file, which takes some before the end:
    sevenths, which have no few decimals and so take 8 bytes each."""
    machine.restart()
    machine.api.create("Dataset", {"datasetId": "days", "dataset": {
        "displayName": "Days", "unit": "vehicles", "frequency": "FREQUENCY_DAY",
        "accumulation": "ACCUMULATION_FLOW", "dimensions": [{"id": "series"}]}})
    log = machine.folder / "policytrack.db-wal"
    values = {f"s{number}": [number + day / 7 for day in range(100_000)] for number in range(10)}

    def messages(id_):
        yield stubs.PushObservationsRequest(dataset="datasets/days", options=stubs.PushOptions(request_id=id_))
        for series, column in values.items():
            yield stubs.PushObservationsRequest(columns=[stubs.ObservationColumns(
                dimensions={"series": series}, periods=range(100_000), values=column)])

    def found():
        series = {}
        for one in kill_world.read_series(machine.api, "datasets/days")[0]:
            series.setdefault(one.dimensions["series"], []).extend(one.values)
        return series

    def size():
        return log.stat().st_size if log.exists() else 0

    absent = 0
    for number, written in enumerate((1e6, 3e6, 5e6, 8e6)):
        # A stop in between, so that the log begins anew and grows by this push alone.
        machine.stop()
        machine.restart()
        before = size()
        call = machine.api.observation.PushObservations.future(
            messages(f"0d5c9b1e-7c0b-4f0e-8a52-{number:012}"), timeout=harness.CALL_SECONDS)
        while not call.done() and size() - before < written:
            pass
        machine.kill()
        machine.restart()
        check_chain(ledgers.list_commits(machine.api)[0])
        there = found()
        assert there in ({}, values)
        if there:
            break
        absent += 1
    assert absent > 0
    answer = machine.api.observation.PushObservations(messages("0d5c9b1e-7c0b-4f0e-8a52-0000000000ff"),
                                                      timeout=harness.CALL_SECONDS)
    assert answer.created_count + answer.unchanged_count == 1_000_000
    assert found() == values


# What must not escape the checks: how the data or the ledger is spoilt, and what is then said.

@contextlib.contextmanager
def database_of(folder):
    with contextlib.closing(sqlite3.connect(folder / "policytrack.db")) as database, database:
        yield database


def lose_the_last_writes(folder, ledger):
    shutil.rmtree(folder)
    shutil.copytree(folder.with_name("before"), folder)


def lose_a_series_of_a_push(folder, ledger):
    with database_of(folder) as database:
        database.execute("DELETE FROM chunks WHERE series_id = (SELECT series_id FROM series"
                         " WHERE parent = 'datasets/sold' AND key = 'w1\x1fy')")


def lose_a_commit(folder, ledger):
    with database_of(folder) as database:
        database.execute("DELETE FROM commits WHERE revision = 12")


def backdate_a_commit(folder, ledger):
    with database_of(folder) as database:
        database.execute("UPDATE commits SET time = time - 1 WHERE revision = 12")


def lose_a_change_of_a_measure(folder, ledger):
    with database_of(folder) as database:
        database.execute("DELETE FROM documents WHERE (name, revision) IN (SELECT name, min(revision)"
                         " FROM documents WHERE name LIKE 'measures/%' GROUP BY name HAVING count(*) > 1)")


def forget_a_push(folder, ledger):
    del ledger.pushes[next(iter(ledger.pushes))]


def forget_the_answers(folder, ledger):
    with database_of(folder) as database:
        database.execute("DELETE FROM request_log")


def change_a_number(folder, parent):
    """The oldest of a series, with a right checksum, as if a push or a plugin had meant it."""
    with database_of(folder) as database:
        series, chunk, body = database.execute(
            "SELECT series_id, chunk, body FROM chunks JOIN series USING (series_id)"
            " WHERE parent = ? AND key = 'w2\x1fx'", [parent]).fetchone()
        points = points_of(body)
        oldest = min(points, key=lambda point: point.revision)
        points[points.index(oldest)] = oldest._replace(value=oldest.value + 1)
        database.execute("UPDATE chunks SET body = ? WHERE series_id = ? AND chunk = ?",
                         [older_body_of(points), series, chunk])


def change_a_figure(folder, ledger):
    change_a_number(folder, "datasets/made")


def change_an_output(folder, ledger):
    change_a_number(folder, "indicators/level")


@pytest.mark.parametrize("spoil, told", [
    (lose_the_last_writes, "lost: the push acknowledged"),
    (lose_a_series_of_a_push, "half a push"),
    (lose_a_commit, "a gap"),
    (backdate_a_commit, "commits/12: the chain digest does not follow"),
    (lose_a_change_of_a_measure, "lost: the write of measures/"),
    (forget_a_push, "a push that nobody sent"),
    (forget_the_answers, "was done twice"),
    (change_a_figure, "half a push"),
    (change_an_output, "outputs are not those of the figures"),
])
def test_what_is_lost_or_changed_is_noticed(machine, spoil, told):
    machine.restart()
    ledger = set_up(machine.api)
    machine.kill()
    machine.restart()  # keeps the state before the writes
    pushers, clients = clients_of(ledger, machine.rng)
    write_until_killed(machine, ledger, clients, 300)
    spoil(machine.folder, ledger)
    machine.restart()
    with pytest.raises(AssertionError, match=told):
        check_after_start(machine, ledger, pushers)


@pytest.mark.parametrize("spoil, told", [
    (lose_a_series_of_a_push, "the content digest does not follow|it lists"),
    (lose_a_commit, "a gap"),
    (lose_a_change_of_a_measure, "it lists"),
    (change_a_figure, "the content digest does not follow"),
    (change_an_output, "the content digest does not follow"),
])
def test_what_is_spoilt_is_noticed_in_the_file_alone(machine, spoil, told):
    machine.restart()
    ledger = set_up(machine.api)
    pushers, clients = clients_of(ledger, machine.rng)
    write_until_killed(machine, ledger, clients, 300)
    machine.restart()
    check_after_start(machine, ledger, pushers)
    machine.stop()
    ledgers.check_stored(Stored(machine.folder), ledger)
    spoil(machine.folder, ledger)
    with pytest.raises(AssertionError, match=told):
        Stored(machine.folder).verify()
