"""The clients that write until the server is gone, and what they do when it is back."""

import concurrent.futures
import contextlib
import random
import threading
import uuid

import grpc

import kill_world
import stubs as generated
from harness import CALL_SECONDS
from ledger import DocumentWrite, Push, check_answer, content
from stored import check

WRITERS = ("w0", "w1", "w2", "w3", "w4")
KEEPERS = ("k0", "k1", "k2")
# Its pushes are large enough that a kill falls into the writing of one.
BULK = "bulk"
BULK_YEARS = range(1700, 1850)


def refusal(api, error):
    """The reason that the server gave, None when it is gone."""
    if "grpc-status-details-bin" not in dict(error.trailing_metadata() or ()):
        return None
    return api.error_info(error).reason


class Client:
    """Writes to resources of its own, one call after the other, until there is no answer."""

    def __init__(self, name, ledger, rng):
        self.name, self.ledger = name, ledger
        self.ended = None  # the code of the call that found the server gone
        self.rng = random.Random(f"{rng.random()} {name}")
        self.number = 0

    def next_number(self):
        self.number += 1
        return self.number

    def request_id(self):
        return str(uuid.UUID(int=self.rng.getrandbits(128)))

    def run(self, address):
        # A connection of its own, and no waiting for it: the server may be gone already.
        api = generated.Api(self.ledger.v1, address, [("grpc.use_local_subchannel_pool", 1)])
        with contextlib.closing(api.channel):
            try:
                while True:
                    self.write(api)
            except grpc.RpcError as error:
                self.ended = error.code()

    def call(self, api, method, request, refused=None):
        """Calls; gives the answer, None when it was refused as expected; raises when the server
        is gone. Other refusals are failures of the test."""
        self.ledger.tick()
        try:
            answer = method(request, timeout=CALL_SECONDS)
        except grpc.RpcError as error:
            reason = refusal(api, error)
            if reason in (None, "SERVER_STOPPING"):
                raise
            check(reason == refused, f"{self.name}: {reason}: {error.details()}")
            return None
        check(refused is None, f"{self.name}: expected {refused}, the answer is {answer}")
        self.ledger.tick()
        return answer


class Pusher(Client):
    """Pushes the same figures again and again, each time with numbers of that push in all of them."""

    def points(self):
        number = self.next_number()
        if self.name == BULK:
            years = BULK_YEARS
        else:
            years = [kill_world.YEARS[number % len(kill_world.YEARS)]]
        series = [(dataset, self.name, lane) for dataset in kill_world.DATASETS for lane in kill_world.LANES]
        points = {(*key, year): number + at / 64 for at, key in enumerate(series) for year in years}
        # And takes one away that an earlier push has written.
        gone = (*series[number % len(series)], kill_world.YEARS[(number + 13) % len(kill_world.YEARS)])
        if self.name != BULK:
            points[gone] = None
        return points

    def messages(self, v1, push):
        """The push as rows or columns, in several messages."""
        yield v1.PushObservationsRequest(options=v1.PushOptions(request_id=push.request_id))
        for dataset in kill_world.DATASETS:
            rows = push.rows(v1, dataset)
            if self.name != BULK and self.rng.random() < 0.5:
                cut = self.rng.randrange(len(rows) + 1)
                yield v1.PushObservationsRequest(dataset=dataset, rows=rows[:cut])
                yield v1.PushObservationsRequest(rows=rows[cut:])
                continue
            yield v1.PushObservationsRequest(dataset=dataset, rows=[row for row in rows if row.deleted], columns=[
                v1.ObservationColumns(
                    dimensions={"writer": self.name, "lane": lane},
                    periods=[int(row.period) for row in mine], values=[row.value for row in mine])
                for lane in kill_world.LANES
                for mine in [[row for row in rows if row.dimensions["lane"] == lane and not row.deleted]]])

    def write(self, api):
        push = Push(self.request_id(), self.points())
        messages = list(self.messages(api.v1, push))
        if self.rng.random() < 0.1:
            # One bad row at the end, and nothing of it may ever be there.
            bad = api.v1.PushObservationsRequest(rows=[api.v1.Observation(period="x", value=1)])
            self.call(api, api.observation.PushObservations, iter([*messages, bad]), refused="ROWS_INVALID")
            return
        self.ledger.pushes[push.request_id] = push
        push.answer = self.call(api, api.observation.PushObservations, iter(messages))
        push.revision = push.answer.revision


class Opener(Client):
    """Sends a push that it never closes, so that nothing of it may ever be there."""

    def write(self, api):
        gone = threading.Event()

        def messages():
            yield api.v1.PushObservationsRequest(options=api.v1.PushOptions(request_id=self.request_id()))
            for year in range(1000, 1200):
                push = Push("", {(dataset, self.name, "x", year): 1.0 for dataset in kill_world.DATASETS})
                for dataset in kill_world.DATASETS:
                    yield api.v1.PushObservationsRequest(dataset=dataset, rows=push.rows(api.v1, dataset))
            gone.wait(CALL_SECONDS)

        try:
            self.call(api, api.observation.PushObservations, messages())
        finally:
            gone.set()


class Keeper(Client):
    """Creates, changes, deletes and undeletes measures, each time with the etag of the last state."""

    def names(self):
        return [name for name, writes in self.ledger.documents.items()
                if name.startswith(f"measures/{self.name}-") and writes]

    def write(self, api):
        names = self.names()
        live = [name for name in names if not self.ledger.documents[name][-1].deleted]
        if len(live) < 3 and self.rng.random() < 0.6 or not live:
            # A deleted one comes back now and then, else its history is closed.
            gone = [name for name in names[-4:] if name not in live]
            if gone and self.rng.random() < 0.7:
                return self.undelete(api, self.rng.choice(gone))
            return self.create(api)
        name = self.rng.choice(live)
        if self.rng.random() < 0.15:
            return self.change(api, name, '"r1"', refused="ETAG_MISMATCH")
        if self.rng.random() < 0.25:
            return self.delete(api, name)
        return self.change(api, name, self.etag(api, name))

    def etag(self, api, name):
        return self.call(api, api.measure.GetMeasure, api.v1.GetMeasureRequest(name=name)).etag

    def attempt(self, api, method, name, request, write, refused=None):
        self.ledger.touched.add(name)
        if refused is None:
            self.ledger.documents[name].append(write)
        answer = self.call(api, method, request, refused)
        if answer is not None:
            write.answer = answer
            write.revision = answer.revision

    def new_state(self, v1, name):
        number = self.next_number()
        return DocumentWrite(kill_world.measure(v1, name, number, self.rng.choice(WRITERS)), False, number)

    def create(self, api):
        name = f"measures/{self.name}-{self.number}"
        write = self.new_state(api.v1, name)
        write.request = api.v1.CreateMeasureRequest(
            measure_id=name.split("/")[1], measure=write.state, request_id=self.request_id())
        self.attempt(api, api.measure.CreateMeasure, name, write.request, write)

    def change(self, api, name, etag, refused=None):
        write = self.new_state(api.v1, name)
        request = api.v1.UpdateMeasureRequest(measure=write.state)
        request.measure.etag = etag
        self.attempt(api, api.measure.UpdateMeasure, name, request, write, refused)

    def again(self, name, deleted):
        last = self.ledger.documents[name][-1]
        return DocumentWrite(last.state, deleted, last.number)

    def delete(self, api, name):
        request = api.v1.DeleteMeasureRequest(name=name, etag=self.etag(api, name))
        self.attempt(api, api.measure.DeleteMeasure, name, request, self.again(name, True))

    def undelete(self, api, name):
        request = api.v1.UndeleteMeasureRequest(name=name, etag=self.etag(api, name))
        self.attempt(api, api.measure.UndeleteMeasure, name, request, self.again(name, False))


@contextlib.contextmanager
def writing(clients, address):
    """All clients at work; waits at the end until each has found the server gone."""
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        running = [pool.submit(client.run, address) for client in clients]
        yield
        for one in running:
            one.result(CALL_SECONDS)


def unanswered_creates(ledger):
    """Those that are the last write of their measure; as they were sent, with what was found."""
    return [(name, writes[-1]) for name, writes in ledger.documents.items()
            if writes and writes[-1].request and writes[-1].answer is None]


def repeat_unanswered(api, ledger, pushers, creates, head):
    """Sends again what was not answered, with the same request_id: what is there gives its first
    answer, what is not is done now, once."""
    for push in [push for push in ledger.pushes.values() if push.answer is None]:
        writer = next(iter(push.points))[1]
        answer = api.observation.PushObservations(
            pushers[writer].messages(api.v1, push), timeout=CALL_SECONDS)
        check(answer.replayed or push.revision is None, f"commits/{push.revision} was done twice")
        check(push.revision or not answer.replayed, f"a push that is not there was answered with {answer}")
        if answer.replayed:
            check_answer(answer, push)
        else:
            check(answer.revision > head, "a new push has an old revision")
        push.answer, push.revision, push.repeated = answer, answer.revision, not answer.replayed
    for name, write in creates:
        try:
            answer = api.measure.CreateMeasure(write.request, timeout=CALL_SECONDS)
        except grpc.RpcError as error:
            check(refusal(api, error) != "RESOURCE_EXISTS", f"{name} was done twice")
            raise
        check(write.revision is None or answer.revision == write.revision, f"{name} was created twice")
        check(write.revision is not None or answer.revision > head, f"{name} has an old revision")
        check(content(answer) == write.state, f"{name} is not what was created")
        if write.revision is None:
            ledger.documents[name].append(write)
            ledger.touched.add(name)
        write.answer, write.revision = answer, answer.revision


def repeat_acknowledged(api, push, pushers):
    """A push of any time before gives its first answer again, and its id takes no other figures."""
    writer = next(iter(push.points))[1]
    answer = api.observation.PushObservations(pushers[writer].messages(api.v1, push), timeout=CALL_SECONDS)
    check(answer.replayed, f"commits/{push.revision} was done twice")
    first = type(answer)()
    first.CopyFrom(push.answer)
    first.replayed = True
    check(answer == first, f"{first} is now {answer}")
    other = Push(push.request_id, {**push.points, next(iter(push.points)): 0.5})
    try:
        api.observation.PushObservations(pushers[writer].messages(api.v1, other), timeout=CALL_SECONDS)
    except grpc.RpcError as error:
        check(refusal(api, error) == "REQUEST_ID_REUSED", error)
    else:
        check(False, "a request id took other figures")
