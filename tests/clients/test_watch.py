"""Watching from outside: nothing is missed and nothing is told twice, whatever becomes of server and
watcher; a stop does not wait for those who only watch; and `policytrack watch`."""

import concurrent.futures
import contextlib
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import threading
import time

import grpc
import pytest

import harness
import stubs as generated
import watch_model
from watch_model import Selection

KILLS = int(os.environ.get("POLICYTRACK_WATCH_KILLS", "12"))
WATCHERS = 8
KNOWN_ID = "6fa459ea-ee8a-4ca4-894e-db77e160355e"
SETUP = [
    ("Plan", {"planId": "p1", "plan": {"displayName": "A plan"}}),
    ("Dataset", {"datasetId": "sold", "dataset": {
        "displayName": "Sold", "unit": "vehicles", "frequency": "FREQUENCY_YEAR", "accumulation": "ACCUMULATION_FLOW",
        "dimensions": [{"id": "region"}]}}),
    ("Indicator", {"indicatorId": "level", "indicator": {
        "displayName": "Level", "plugin": "plugins/level", "groupBy": ["region"],
        "inputs": [{"slot": "value", "source": "datasets/sold"}]}}),
    ("Measure", {"measureId": "m1", "measure": {
        "plan": "plans/p1", "displayName": "Sell", "lifecycle": [{
            "stage": "MEASURE_STAGE_ADOPTED", "effectiveDate": {"year": 2020, "month": 1, "day": 1}}],
        "targets": [{"id": "t", "displayName": "T", "indicator": "indicators/level", "output": "value",
                     "group": {"region": "east"}, "relation": "TARGET_RELATION_AT_LEAST", "unit": "vehicles",
                     "baseline": {"period": "2018", "value": 100}, "finalPoint": {"period": "2030", "value": 400},
                     "assessment": {"plugin": "plugins/attainment"}}]}}),
]


def set_up(api):
    for document in SETUP:
        api.create(*document)


def quiet(api, revision):
    """Waits for evaluation, which writes commits of its own."""
    api.send("GetPlanProgress", {"name": "plans/p1", "atLeastRevision": revision})


def push(api, rng):
    return api.push("datasets/sold", [api.v1.Observation(
        period=str(rng.randrange(2018, 2026)), dimensions={"region": rng.choice(("east", "west"))},
        value=float(rng.randrange(50, 500)))])


def write(api, rng):
    """One write of some kind."""
    if rng.random() < 0.7:
        return push(api, rng)
    plan = f"plans/p{rng.randrange(1, 4)}"
    return api.plan.UpdatePlan(api.message("UpdatePlan", {
        "plan": {"name": plan, "displayName": f"Plan {rng.random()}"}, "allowMissing": True}),
        timeout=harness.CALL_SECONDS)


class Writers:
    """Threads that write to whatever server there is, and count what was answered."""

    def __init__(self, stubs, address, rng):
        self.stubs, self.address = stubs, address
        self.changed = threading.Condition()
        self.count, self.stopping = 0, False
        self.threads = [threading.Thread(target=self.run, args=(random.Random(rng.random()),), daemon=True)
                        for _ in range(3)]
        for thread in self.threads:
            thread.start()

    def run(self, rng):
        while not self.stopping:
            api = generated.Api(self.stubs, self.address(), [("grpc.use_local_subchannel_pool", 1)])
            with contextlib.closing(api.channel), contextlib.suppress(grpc.RpcError):
                while not self.stopping:
                    write(api, rng)
                    with self.changed:
                        self.count += 1
                        self.changed.notify_all()

    def wait_for(self, more):
        with self.changed:
            goal = self.count + more
            assert self.changed.wait_for(lambda: self.count >= goal, harness.CALL_SECONDS * 3)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(harness.CALL_SECONDS)
            assert not thread.is_alive()


@pytest.fixture
def seed():
    value = int(os.environ.get("POLICYTRACK_WATCH_SEED") or random.randrange(1_000_000))
    print(f"POLICYTRACK_WATCH_SEED={value}")
    return value


@pytest.mark.parametrize("history", [0, 25])
def test_random_watchers_see_every_commit_once_in_order_over_kills(start, stubs, seed, history):
    """With a short history who comes late is told so, and misses what was named and nothing else."""
    rng = random.Random(seed)
    running = start().start()
    with generated.Api(stubs, running.address) as api:
        set_up(api)

    def address():
        return running.address

    watchers = [watch_model.Watcher(f"watcher {n}", stubs,
                                    watch_model.random_selection(stubs, rng) if n else Selection(), rng, address)
                for n in range(WATCHERS)]
    for watcher in watchers:
        watcher.start()
    writers = Writers(stubs, address, rng)
    for kill in range(KILLS):
        writers.wait_for(rng.randrange(1, 60))
        if kill % 4 == 3:
            assert running.stop() == 0
        else:
            running.kill()
        flags = ("--watch-history", history) if rng.random() < 0.7 else ()
        running = start(*flags, data_dir=running.data_dir).start()
    writers.wait_for(20)
    writers.stop()
    assert running.stop() == 0
    # The log is read whole.
    running = start(data_dir=running.data_dir).start()
    with generated.Api(stubs, running.address) as api:
        pushed = api.push("datasets/sold", [api.v1.Observation(period="2017", dimensions={"region": "east"}, value=1)])
        quiet(api, pushed.revision)
        log = watch_model.whole_log(api)
        for watcher in watchers:
            watcher.pass_(log[-1][0].revision)
        for watcher in watchers:
            watcher.done()
            watch_model.check_seen(log, watcher.selection, watcher.seen, watcher.gaps)
    gaps = sum(len(watcher.gaps) for watcher in watchers)
    assert history or not gaps
    kinds = {event.kind for _, events in log for event in events}
    assert {stubs.EVENT_KIND_STATUS_CHANGED, stubs.EVENT_KIND_EVALUATED, stubs.EVENT_KIND_DOCUMENT_UPDATED,
            stubs.EVENT_KIND_OBSERVATIONS_CHANGED} <= kinds
    print(f"{KILLS} ends of the server, {len(log)} commits, {sum(watcher.streams for watcher in watchers)} streams, "
          f"{gaps} gaps told")


@pytest.fixture
def filled(api):
    set_up(api)
    rng = random.Random(1)
    pushed = [push(api, rng) for _ in range(10)]
    quiet(api, pushed[-1].revision)
    return api


@pytest.mark.parametrize("spoil, told", [
    (lambda seen: seen.pop(3), "not told"),
    (lambda seen: seen.insert(3, seen[2]), "twice"),
    (lambda seen: seen.insert(3, seen.pop(5)), "out of order"),
    (lambda seen: seen[4][1].pop(), "other events"),
    (lambda seen: seen[4][1].append(seen[5][1][0]), "other events"),
])
def test_what_was_missed_or_told_twice_is_noticed(filled, spoil, told):
    log = watch_model.whole_log(filled)
    seen = [(commit, list(events)) for commit, events in log]
    watch_model.check_seen(log, Selection(), seen)
    spoil(seen)
    with pytest.raises(AssertionError, match=told):
        watch_model.check_seen(log, Selection(), seen)


def test_a_stop_does_not_wait_for_who_is_idle(start, stubs):
    """Connections without a call, of a client and of ones that say nothing and answer nothing, and one that
    watches; the drain is for calls that work."""
    server = start("--drain-seconds", "60").start()
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(2)]
    # The preface of HTTP/2 and empty settings.
    silent[1].sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
    assert silent[1].recv(1)
    with contextlib.closing(silent[0]), contextlib.closing(silent[1]), generated.Api(stubs, server.address) as idle, \
            generated.Api(stubs, server.address, [("grpc.use_local_subchannel_pool", 1)]) as watching:
        set_up(idle)
        call = watching.event.WatchEvents(stubs.WatchEventsRequest(), timeout=harness.CALL_SECONDS)
        assert next(call).resume_token
        begin = time.monotonic()
        assert server.stop() == 0
        took = time.monotonic() - begin
        with pytest.raises(grpc.RpcError) as error:
            list(call)
        info = watching.error_info(error.value)
        assert info.reason == "SERVER_STOPPING" and info.metadata["resume_token"]
    assert took < 4, f"a stop took {took:.1f} s"


def test_the_client_tells_lines_and_goes_on_from_its_token_file(server, stubs, tmp_path):
    token = tmp_path / "seen.token"
    with generated.Api(stubs, server.address) as api:
        set_up(api)
        pushed = api.push("datasets/sold", [api.v1.Observation(period="2020", dimensions={"region": "east"}, value=7)])
        quiet(api, pushed.revision)
    watch = ["watch", "--stop-at-present", "--token-file", token]
    told = server.client_ok(*watch, "--from", "0").splitlines()
    assert any("plans/p1: created" in line for line in told)
    assert any("datasets/sold: 1 created, 2020" in line for line in told)
    assert any(f"evaluated up to revision {pushed.revision}" in line for line in told)
    assert any("measures/m1/targets/t: no data yet -> " in line for line in told)
    assert [int(line.split()[0]) for line in told] == sorted(int(line.split()[0]) for line in told)
    assert server.client_ok(*watch) == ""
    # What is told as JSON can be gone on with from any last event of a commit.
    events = [json.loads(line) for line in server.client_ok(
        "watch", "--stop-at-present", "--from", "0", "--output", "json").splitlines()]
    assert len(events) == len(told)
    at, last = next((n, event) for n, event in enumerate(events) if "resume_token" in event)
    rest = server.client_ok("watch", "--stop-at-present", "--resume-token", last["resume_token"], "-o", "json")
    assert [json.loads(line) for line in rest.splitlines()] == events[at + 1:]
    changes = server.client_ok("watch", "--stop-at-present", "--from", "0", "--kind", "status-changed", "measures/m1")
    assert changes and all("measures/m1/targets/t" in line for line in changes.splitlines())


def test_the_client_says_what_is_wrong(server, tmp_path):
    (tmp_path / "other").write_bytes(b"\x00\xff no token \x1b[2J")
    for arguments, code, words in (
            (["--from", "soon"], 2, "--from"), (["--kind", "none"], 2, "status-changed"),
            (["--from", "9"], 1, "FIELD_INVALID"), (["--filter", "no_such = 1"], 1, "FILTER_INVALID"),
            (["--resume-token", "made-up"], 1, "RESUME_TOKEN_INVALID"), (["Plans"], 1, "NAME_INVALID"),
            (["--resume-token", "x", "--from", "1"], 2, "--from"),
            (["--token-file", tmp_path], 2, "token file"),
            (["--resume-token", ""], 2, "--resume-token"),
            (["--token-file", tmp_path / "other"], 2, "holds no token"),
            (["--token-file", tmp_path / "none" / "token"], 2, "token file")):
        done = server.client("watch", "--stop-at-present", *arguments)
        assert (done.returncode, words in done.stderr) == (code, True), (arguments, done)
    (tmp_path / "empty").write_text("\n", encoding="ascii")
    done = server.client("watch", "--token-file", tmp_path / "empty")
    assert done.returncode == 2 and "is empty" in done.stderr


def test_the_client_goes_on_over_a_restart_and_gives_up_without_a_server(start, stubs, tmp_path):
    token = tmp_path / "seen.token"
    server = start().start()
    with generated.Api(stubs, server.address) as api:
        set_up(api)
    with subprocess.Popen([harness.CLIENT, "--server", server.address, "--retries", "30", "watch", "plans", "--from", "0",
                           "--token-file", token], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as client:
        try:
            assert "plans/p1: created" in client.stdout.readline()
            for number, end in enumerate(("kill", "stop", "kill")):
                getattr(server, end)()
                server = start(data_dir=server.data_dir, port=server.port).start()
                with generated.Api(stubs, server.address) as api:
                    api.create("Plan", {"planId": f"after-{number}", "plan": {"displayName": "After"}})
                last = client.stdout.readline()
                assert f"plans/after-{number}: created" in last
        finally:
            client.send_signal(signal.SIGKILL)
    # The client may have been killed between telling it and writing that it did.
    assert server.client_ok("watch", "plans", "--stop-at-present", "--token-file", token) in ("", last)
    server.kill()
    done = harness.run([harness.CLIENT, "--server", server.address, "--retries", "1", "watch", "--token-file", token])
    assert done.returncode == 3 and "UNAVAILABLE" in done.stderr


def test_a_watch_ends_at_a_damaged_commit(start, stubs, tmp_path):
    server = start().start()
    with generated.Api(stubs, server.address) as api:
        set_up(api)
        api.create("Plan", {"planId": "p2", "plan": {"displayName": "Other"}, "requestId": KNOWN_ID})
        # The last commit is looked at by a start.
        api.create("Plan", {"planId": "p3", "plan": {"displayName": "After it"}})
        commit = next(commit for commit in api.event.ListCommits(stubs.ListCommitsRequest(page_size=1000)).commits
                      if commit.request_id == KNOWN_ID).name
    assert server.stop() == 0
    with contextlib.closing(sqlite3.connect(server.data_dir / "policytrack.db")) as database, database:
        changed = database.execute("UPDATE commits SET request_id = CAST(X'FF' AS TEXT) WHERE request_id = ?", (KNOWN_ID,))
        assert changed.rowcount == 1
    server = start(data_dir=server.data_dir).start()
    done = server.client("watch", "--from", "0", "--stop-at-present")
    assert done.returncode == 3 and "STORE_DAMAGED" in done.stderr and commit in done.stderr, done.stderr
    assert "again" not in done.stderr and "plans/p1: created" in done.stdout, done
    done = server.client("get", commit)
    assert done.returncode == 3 and "STORE_DAMAGED" in done.stderr and commit in done.stderr, done.stderr
    assert server.client("get", "commits/1").returncode == 0


@pytest.mark.parametrize("signs, calls", [(1, 3), (2, 8)])
def test_a_greeting_alone_is_no_progress(stubs, signs, calls):
    """A service whose every stream breaks, right after its first message or later."""
    class Breaking(stubs.EventServiceServicer):
        asked = 0

        def WatchEvents(self, request, context):
            self.asked += 1
            for _ in range(signs):
                yield stubs.WatchEventsResponse(resume_token="the-same")
            code = grpc.StatusCode.INVALID_ARGUMENT if self.asked == calls and signs > 1 else grpc.StatusCode.UNAVAILABLE
            context.abort(code, "it broke")

    service = Breaking()
    breaking = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    stubs.add_EventServiceServicer_to_server(service, breaking)
    port = breaking.add_insecure_port("127.0.0.1:0")
    breaking.start()
    try:
        done = harness.run([harness.CLIENT, "--server", f"127.0.0.1:{port}", "--retries", "2", "watch", "--resume-token",
                            "the-same"])
    finally:
        breaking.stop(None)
    assert (done.returncode, service.asked) == (1 if signs > 1 else 3, calls), done.stderr


def test_a_client_that_is_killed_goes_on_and_misses_nothing(server, stubs, tmp_path):
    rng = random.Random(5)
    token = tmp_path / "seen.token"
    watch = [harness.CLIENT, "--server", server.address, "-o", "json", "watch", "--from", "0", "--token-file", token]
    told = []
    with generated.Api(stubs, server.address) as api:
        set_up(api)
        for _ in range(8):
            for _ in range(5):
                write(api, rng)
            with subprocess.Popen([str(word) for word in watch], stdout=subprocess.PIPE, text=True) as client:
                told.append([json.loads(client.stdout.readline()) for _ in range(rng.randrange(1, 6))])
                client.kill()
                # What it had written before it was killed was told as well.
                told[-1] += [json.loads(line) for line in client.stdout if line.endswith("\n")]
        quiet(api, api.event.ListCommits(stubs.ListCommitsRequest(page_size=1)).commits[0].revision)
    told.append([json.loads(line) for line in harness.run([*watch, "--stop-at-present"]).stdout.splitlines()])
    whole = [json.loads(line) for line in server.client_ok(
        "watch", "--from", "0", "--stop-at-present", "-o", "json").splitlines()]
    seen = []
    for run in told:
        # Again is told at most the commit that was dealt with last.
        again = [event for event in run if event in seen]
        assert not again or {event["revision"] for event in again} == {seen[-1]["revision"]}
        seen += [event for event in run if event not in seen]
    assert seen == whole


def test_a_server_that_gives_no_sign_is_given_up(start, tmp_path):
    server = start().start()
    client = subprocess.Popen([harness.CLIENT, "--server", server.address, "--retries", "1", "--timeout", "2", "watch",
                               "--heartbeat", "1", "--token-file", tmp_path / "token"], stderr=subprocess.PIPE, text=True)
    # The first message has come, and so its token.
    while not (tmp_path / "token").exists():
        assert client.poll() is None
    server.process.send_signal(signal.SIGSTOP)
    try:
        _, told = client.communicate(timeout=harness.CALL_SECONDS * 2)
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert client.returncode == 3 and "no sign of life" in told, told
