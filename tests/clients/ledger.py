"""What clients of a server that is killed keep: every write that they sent and what they were
answered; and the check of a server, or of its database, against it."""

import collections
import threading

import grpc

import kill_world
from harness import CALL_SECONDS
from stored import Commit, check, check_chain

OUTPUT_ONLY = ("stage", "create_time", "update_time", "revision", "etag", "delete_time", "purge_time")
DOCUMENT, PUSH, EVALUATION = 1, 2, 3


class Push:
    """A push: its figures by (dataset, writer, lane, year), None for a deletion."""

    def __init__(self, request_id, points):
        self.request_id, self.points = request_id, points
        self.answer = None    # once it was acknowledged
        self.revision = None  # once it is known to be there
        self.counts = None    # what it did, then
        self.repeated = False  # that it was done when it was sent again

    def rows(self, v1, dataset):
        return [v1.Observation(period=str(year), dimensions={"writer": writer, "lane": lane}, value=value,
                               deleted=value is None)
                for (of, writer, lane, year), value in self.points.items() if of == dataset]


class DocumentWrite:
    """A create, update, delete or undelete of a measure, with the state that it leaves."""

    def __init__(self, state, deleted, number, request=None):
        self.state, self.deleted, self.number, self.request = state, deleted, number, request
        self.answer = None
        self.revision = None


def content(measure):
    """A measure without what the server adds to it."""
    copy = type(measure)()
    copy.CopyFrom(measure)
    for field in OUTPUT_ONLY:
        copy.ClearField(field)
    return copy


class Ledger:
    """Clients add to it from their threads, each to resources of its own; it is checked while
    none runs."""

    def __init__(self, v1, setup_revisions):
        self.v1 = v1
        self.setup = set(setup_revisions)
        self.pushes = {}  # by request id
        self.documents = collections.defaultdict(list)  # writes by measure, in order
        self.touched = set()  # measures since the last check
        self.figures = {}  # (value, revision) by (dataset, writer, lane, year), as of the last check
        self.effects = {}  # figures written and deleted by revision
        self.commits = []  # as of the last check
        self.count = 0     # of what was sent and answered since the last start
        self.changed = threading.Condition()

    def tick(self):
        with self.changed:
            self.count += 1
            self.changed.notify_all()

    def apply(self, push):
        """Adds what is there to the figures; gives what it must have counted, by dataset."""
        counts = {dataset: collections.Counter() for dataset in kill_world.DATASETS}
        effect = self.effects[push.revision] = {}
        for key, value in push.points.items():
            before = self.figures.get(key)
            if value is None:
                counts[key[0]]["deleted" if before else "unchanged"] += 1
                if self.figures.pop(key, None):
                    effect[key] = None
            else:
                counts[key[0]]["revised" if before else "created"] += 1
                self.figures[key] = (value, push.revision)
                effect[key] = value
        push.counts = sum(counts.values(), collections.Counter())
        return counts

    def figures_by_series(self):
        series = collections.defaultdict(dict)
        for (*key, year), (value, _) in self.figures.items():
            series[tuple(key)][year] = value
        return series


def list_commits(api, known=()):
    """All commits after those known, oldest first, and what they changed."""
    commits, changes, token = [], {}, ""
    while True:
        page = api.event.ListCommits(api.v1.ListCommitsRequest(page_size=1000 if not known else 100, page_token=token),
                                     timeout=CALL_SECONDS)
        for one in page.commits:
            if one.revision == len(known):
                check(bytes.fromhex(one.chain_digest) == known[-1].chain_digest,
                      f"commits/{one.revision} is another than before")
                return commits[::-1], changes
            commits.append(Commit(one.revision, one.time.seconds * 1_000_000 + one.time.nanos // 1000, one.principal,
                                  one.request_id, one.kind, one.input_revision, bytes.fromhex(one.content_digest),
                                  bytes.fromhex(one.chain_digest)))
            changes[one.revision] = one.changes
        token = page.next_page_token
        if not token:
            return commits[::-1], changes


def check_history(ledger, commits, known=0):
    """Every acknowledged push is a commit, and every commit of a push is one of the ledger, once.
    Gives the pushes that are newly known to be there, in order."""
    check_chain(commits, known)
    check(commits[:len(ledger.commits)] == ledger.commits, "a commit that was there before is not there now")
    found, new = {}, []
    for commit in commits:
        if commit.kind == EVALUATION:
            check(0 < commit.input_revision < commit.revision,
                  f"commits/{commit.revision} evaluates revision {commit.input_revision}")
        if commit.kind != PUSH:
            continue
        push = ledger.pushes.get(commit.request_id)
        check(push, f"commits/{commit.revision} is a push that nobody sent, or that was refused")
        check(commit.request_id not in found, f"commits/{commit.revision}: the push was done twice")
        found[commit.request_id] = commit.revision
        if push.counts is None:
            new.append(push)
    for push in ledger.pushes.values():
        if push.revision:
            check(found.get(push.request_id) == push.revision,
                  f"lost: the push acknowledged as commits/{push.revision}")
        push.revision = found.get(push.request_id)
    return new


def check_documents(api, ledger, commits):
    """The revisions of every measure touched are the writes of the ledger in order, with one that
    was not answered there whole or not at all."""
    for name in sorted(ledger.touched):
        ledger.documents[name] = check_revisions(api, name, ledger.documents[name])
        for write in ledger.documents[name][-1:]:
            now = api.measure.GetMeasure(api.v1.GetMeasureRequest(name=name), timeout=CALL_SECONDS)
            check(content(now) == write.state and now.HasField("delete_time") == write.deleted,
                  f"{name} is not what was written last")
    known = ledger.setup | {write.revision for writes in ledger.documents.values() for write in writes}
    for commit in commits:
        check(commit.kind != DOCUMENT or commit.revision in known,
              f"commits/{commit.revision} is a document that nobody wrote")


def check_revisions(api, name, writes):
    try:
        page = api.measure.ListMeasureRevisions(
            api.v1.ListMeasureRevisionsRequest(name=name, page_size=1000), timeout=CALL_SECONDS)
    except grpc.RpcError as error:
        check(error.code() is grpc.StatusCode.NOT_FOUND, f"{name}: {error}")
        check(all(write.answer is None for write in writes), f"lost: {name}")
        return []
    check(not page.next_page_token, f"{name} has more revisions than this test makes")
    found = list(reversed(page.measure_revisions))
    kept = []
    for write in writes:
        there = found[len(kept)] if len(kept) < len(found) else None
        same = there and content(there.snapshot) == write.state and there.deleted == write.deleted
        if write.answer is not None:
            check(same and there.snapshot == write.answer,
                  f"lost: the write of {name} acknowledged as commits/{write.answer.revision}")
        elif not same:
            continue
        write.revision = there.snapshot.revision
        check(there.name == f"{name}/revisions/{write.revision}", f"{there.name} has another revision")
        kept.append(write)
    check(len(kept) == len(found), f"{name} has a revision that nobody wrote, or half of a write")
    return kept


def check_pushes(api, ledger, new, changes):
    """Every push newly known to be there is there whole: as of its revision and by its counts."""
    for push in new:
        wanted = ledger.apply(push)
        counted = {change.name: collections.Counter({
            "created": change.created_count, "revised": change.revised_count, "deleted": change.deleted_count})
            for change in changes[push.revision]}
        for dataset, counts in wanted.items():
            counts = counts.copy()
            del counts["unchanged"]
            check(+counted.get(dataset, collections.Counter()) == +counts,
                  f"commits/{push.revision} counts {counted} and was to do {wanted}")
        if push.answer:
            check_answer(push.answer, push)
        check_whole(api, push)


def check_answer(answer, push):
    check(answer.revision == push.revision, f"a push was answered with {answer.revision}, not {push.revision}")
    for name in ("created", "revised", "unchanged", "deleted", "rejected"):
        check(getattr(answer, f"{name}_count") == push.counts[name],
              f"commits/{push.revision} was answered with {answer} and was to do {push.counts}")


def check_whole(api, push):
    missing = 0
    writers = {writer for _, writer, _, _ in push.points}
    years = [year for *_, year in push.points]
    for dataset in kill_world.DATASETS:
        series, _ = kill_world.read_series(
            api, dataset, filter=" OR ".join(f'dimensions.writer = "{writer}"' for writer in writers),
            start_period=str(min(years)), end_period=str(max(years)), as_of=api.v1.AsOf(revision=push.revision))
        found = {(dataset, one.dimensions["writer"], one.dimensions["lane"], year): (value, revision)
                 for one in series for year, value, revision in zip(one.periods, one.values, one.revisions)}
        missing += sum(found.get(key) != (None if value is None else (value, push.revision))
                       for key, value in push.points.items() if key[0] == dataset)
    check(missing == 0, f"half a push: {missing} of {len(push.points)} figures of commits/{push.revision} "
                        "are not there as of it")


def check_figures(api, ledger):
    """The present is what the ledger says, and nothing else."""
    found = {}
    for dataset in kill_world.DATASETS:
        for one in kill_world.read_series(api, dataset)[0]:
            key = (dataset, one.dimensions["writer"], one.dimensions["lane"])
            found.update({(*key, year): (value, revision)
                          for year, value, revision in zip(one.periods, one.values, one.revisions)})
    different = {key for key in found.keys() | ledger.figures.keys() if found.get(key) != ledger.figures.get(key)}
    check(not different, f"{len(different)} figures are not those of the ledger, such as {sorted(different)[:3]}")


def check_server(api, ledger, known=()):
    """All of it; the ledger then knows what became of what was not answered. Commits already
    known need not be listed again."""
    newer, changes = list_commits(api, known)
    commits = [*known, *newer]
    new = check_history(ledger, commits, len(known))
    check_documents(api, ledger, commits)
    check_pushes(api, ledger, new, changes)
    check_figures(api, ledger)
    ledger.touched.clear()
    ledger.commits = commits
    return commits[-1].revision


def check_evaluation(api, ledger, revision):
    """Outputs and judgements, once evaluation has passed the revision, are those computed here."""
    outputs = kill_world.outputs_of(ledger.figures_by_series())
    different = kill_world.differing(kill_world.read_outputs(api, revision), outputs)
    check(not different, f"{len(different)} outputs are not those of the figures, such as {different[:3]}")
    for name, writes in ledger.documents.items():
        if not writes or writes[-1].deleted:
            continue
        target, = api.progress.GetMeasureProgress(api.v1.GetMeasureProgressRequest(
            name=name, at_least_revision=revision), timeout=CALL_SECONDS).targets
        total = outputs.get(("total", "value", (writes[-1].state.targets[0].group["writer"],)))
        if total is None:
            check(not target.HasField("latest_value"), f"{name} is judged without figures")
            continue
        year = max(year for year, value in total.items() if not isinstance(value, kill_world.Missing))
        found = (target.period, target.latest_value, target.expected_value)
        wanted = (str(year), total[year], kill_world.expected_of(writes[-1].number, year))
        check(found[0] == wanted[0] and all(abs(a - b) <= 1e-9 * abs(b) for a, b in zip(found[1:], wanted[1:])),
              f"{name} is judged by {found} and not by {wanted}")


def check_stored(stored, ledger):
    """The database of a stopped server: whole, and every commit is what the ledger says."""
    stored.verify()
    check_history(ledger, stored.commits)
    for commit in stored.commits:
        if commit.kind != PUSH:
            continue
        found = {}
        for series, change in stored.written[commit.revision].items():
            of = stored.series[series]
            key = (of.parent, *of.key.split("\x1f"))
            found.update({(*key, year): value for year, (value, _) in change.written.items()})
            found.update({(*key, year): None for year in change.deleted})
        check(found == ledger.effects[commit.revision],
              f"commits/{commit.revision} wrote other figures than were pushed")
    figures = {(dataset, *key.split("\x1f")): series for dataset in kill_world.DATASETS
               for (_, key), series in stored.present(dataset).items() if series}
    check(figures == ledger.figures_by_series(), "the present figures are not those of the ledger")
    outputs = kill_world.outputs_of(ledger.figures_by_series())
    # A missing value is stored as flags, with the reason in the upper byte.
    found = {(indicator, output, tuple(key.split("\x1f"))): {
        year: kill_world.Missing(value >> 8) if isinstance(value, int) else value for year, value in series.items()}
        for indicator in kill_world.INDICATORS
        for (output, key), series in stored.present(f"indicators/{indicator}").items()
        if series and (indicator, output) in kill_world.OUTPUTS}
    different = kill_world.differing(found, outputs)
    check(not different, f"{len(different)} stored outputs are not those of the figures, such as {different[:3]}")
