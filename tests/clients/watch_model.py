"""Watchers of a server that comes and goes, and what they must have seen."""

import random
import threading
import types
from typing import NamedTuple

import grpc

import stubs as generated
from harness import CALL_SECONDS

# How a stream may end while the server is killed, stopped or gone, or the watcher goes.
INTERRUPTIONS = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


class Selection(NamedTuple):
    names: tuple = ()
    kinds: tuple = ()
    filter: str = ""

    def request(self, v1, **start):
        request = v1.WatchEventsRequest(names=self.names, kinds=self.kinds, filter=self.filter, **start)
        request.heartbeat_interval.seconds = 1
        return request

    def everything(self):
        return self == Selection()

    def takes(self, event):
        """As the contract says, worked out here."""
        if self.kinds and event.kind not in self.kinds:
            return False
        if self.names and not any(event.name == name or event.name.startswith(name + "/") for name in self.names):
            return False
        return {"": lambda: True,
                "created_count > 0": lambda: event.created_count > 0,
                'principal = "evaluator"': lambda: event.principal == "evaluator"}[self.filter]()


FILTERS = ("", "", "created_count > 0", 'principal = "evaluator"')


def random_selection(v1, rng):
    names = rng.sample(("plans", "plans/p1", "datasets/sold", "measures", "indicators/level",
                        "measures/m1/targets/t", "commits"), rng.choice((0, 0, 1, 2)))
    kinds = rng.sample(range(1, 8), rng.choice((0, 0, 1, 3)))
    return Selection(tuple(names), tuple(kinds), rng.choice(FILTERS))


class Watcher(threading.Thread):
    """Watches from the first commit on until it has passed a revision, over any number of streams: it
    leaves when it likes, and goes on with the last token that it has dealt with."""

    def __init__(self, name, stubs, selection, rng, address):
        super().__init__(name=name, daemon=True)
        self.v1, self.selection, self.address = stubs, selection, address
        self.error_info = lambda error: generated.Api.error_info(types.SimpleNamespace(v1=stubs), error)
        self.rng = random.Random(f"{rng.random()} {name}")
        self.seen = []  # (commit, events), in the order of arrival
        self.token, self.revision, self.goal = None, 0, None
        # What a server did not tell any more: after which revision, up to which.
        self.gaps = []
        self.streams, self.problem = 0, None

    def run(self):
        try:
            while self.goal is None or self.revision < self.goal:
                self.watch_once()
        except Exception as problem:  # Told by who waits for the thread.
            self.problem = problem

    def watch_once(self):
        self.streams += 1
        start = {"resume_token": self.token} if self.token else {"after_revision": self.revision}
        request = self.selection.request(self.v1, **start)
        leave_after = self.rng.choice((1, 3, 10, 1000))
        with grpc.insecure_channel(self.address(), options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            call = self.v1.EventServiceStub(channel).WatchEvents(request, timeout=CALL_SECONDS * 5)
            try:
                for count, message in enumerate(call, start=1):
                    self.deal_with(message)
                    if count == leave_after or self.goal is not None and self.revision >= self.goal:
                        call.cancel()
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.OUT_OF_RANGE:
                    self.leave_out(self.error_info(error))
                elif error.code() not in INTERRUPTIONS:
                    raise

    def leave_out(self, info):
        """Goes on where the server still tells, as the state of then would be read instead."""
        assert info.reason == "RESUME_TOKEN_EXPIRED"
        oldest = int(info.metadata["oldest_revision"])
        assert oldest > self.revision, "what is told no more was told"
        self.gaps.append((self.revision, oldest))
        self.token, self.revision = None, oldest

    def deal_with(self, message):
        assert message.resume_token, "a message without token"
        if message.HasField("commit"):
            assert message.event_count == len(message.events)
            self.seen.append((message.commit, list(message.events)))
        else:
            assert not message.events
        self.token, self.revision = message.resume_token, message.revision

    def pass_(self, revision):
        """Lets it end when it has passed the revision."""
        self.goal = revision

    def done(self):
        self.join(CALL_SECONDS * 3)
        assert not self.is_alive(), f"{self.name} has not passed revision {self.goal} after {self.revision}"
        if self.problem:
            raise self.problem


def whole_log(api):
    """Every commit with its events, in order, read by one poll of a quiet server."""
    seen = [(message.commit, list(message.events))
            for message in api.send("WatchEvents", {"afterRevision": 0, "stopAtPresent": True})
            if message.HasField("commit")]
    commits = []
    token = ""
    while True:
        page = api.event.ListCommits(api.v1.ListCommitsRequest(page_size=1000, page_token=token), timeout=CALL_SECONDS)
        commits += page.commits
        token = page.next_page_token
        if not token:
            break
    for commit in commits:
        commit.ClearField("changes")
    assert [commit for commit, _ in seen] == commits[::-1], "the watch does not tell what the commit log says"
    return seen


def check_seen(log, selection, seen, gaps=()):
    """Holds what a watcher saw against the log: each commit that it selects once, whole, in order, and
    nothing of what it was told that it would not be told."""
    revisions = [commit.revision for commit, _ in seen]
    assert revisions == sorted(set(revisions)), "commits came twice or out of order"
    wanted = []
    for commit, events in log:
        selected = [event for event in events if selection.takes(event)]
        left_out = any(after < commit.revision <= upto for after, upto in gaps)
        if (selected or selection.everything()) and not left_out:
            wanted.append((commit, selected))
    missing = {commit.revision for commit, _ in wanted} - set(revisions)
    assert not missing, f"commits were not told: {sorted(missing)[:10]}"
    assert seen == wanted, "commits were told that are not selected, or with other events"
