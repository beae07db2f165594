"""The database of a server, read with sqlite3 and nothing of ours, as docs/storage-format.md
describes it, of either schema: what every commit wrote, and whether every digest follows from it."""

import collections
import contextlib
import hashlib
import sqlite3
import struct
import zlib

CHAIN_START = bytes(32)
CHUNK = 512
MISSING = 0x20
# Of a value that is an integer over a power of ten.
BOUND = 1 << 51
MOST_DECIMALS = 15
PLAIN = 0x7f

Commit = collections.namedtuple(
    "Commit", "revision time principal request_id kind input_revision content_digest chain_digest")
Series = collections.namedtuple("Series", "parent output key")
# A point of a series; `end` is the revision that superseded it, None while it is present.
Point = collections.namedtuple("Point", "period value flags revision end")


def check(good, what):
    """Tells what is wrong, in modules whose asserts pytest does not rewrite."""
    if not good:
        raise AssertionError(what)


def int_(number):
    return struct.pack("<q", number)


def text(value):
    raw = value.encode() if isinstance(value, str) else value
    return int_(len(raw)) + raw


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def chain_digest(before, commit):
    return sha256(text(before), int_(commit.revision), int_(commit.time), text(commit.principal),
                  text(commit.request_id), int_(commit.kind), int_(commit.input_revision),
                  text(commit.content_digest))


def check_chain(commits, known=0):
    """Commits in order: revisions from 1 without gaps, times that never go back, and every chain
    digest follows from the one before. The first of them may be known to be right."""
    before, time = (commits[known - 1].chain_digest, commits[known - 1].time) if known else (CHAIN_START, 0)
    for number, commit in enumerate(commits[known:], known + 1):
        check(commit.revision == number, f"revision {commit.revision} stands where {number} must: a gap")
        check(commit.time >= time, f"commits/{number} is dated before the one before")
        check(chain_digest(before, commit) == commit.chain_digest,
              f"commits/{number}: the chain digest does not follow")
        before, time = commit.chain_digest, commit.time


class Bytes:
    """Numbers, one after the other."""

    def __init__(self, raw):
        self.raw, self.at = raw, 0

    def varint(self):
        number = shift = 0
        while True:
            byte = self.raw[self.at]
            self.at += 1
            number |= (byte & 0x7f) << shift
            if byte < 0x80:
                check(byte or not shift, "a varint has needless bytes")
                return number
            shift += 7

    def zigzag(self):
        number = self.varint()
        return number >> 1 if number % 2 == 0 else -(number >> 1) - 1

    def runs(self, count, number=None):
        """Each of `count` items, of which a run states the number once: a varint, or as told."""
        items = []
        while len(items) < count:
            length = self.varint()
            check(0 < length <= count - len(items), "a run does not fit")
            items += [(number or self.varint)()] * length
        return items

    def take(self, size):
        check(self.at + size <= len(self.raw), "cut off")
        self.at += size
        return self.raw[self.at - size:self.at]

    def doubles(self, count):
        return struct.unpack(f"<{count}d", self.take(8 * count))

    def values(self, count):
        """Of version 2: as they lie in memory, or as integers over a power of ten."""
        form, = self.take(1)
        if form == PLAIN:
            return self.doubles(count)
        check(form <= MOST_DECIMALS, f"there is no form {form} of values")
        least = self.zigzag()
        bits, = self.take(1)
        check(1 <= bits <= 52, f"{bits} bits a value")
        packed = int.from_bytes(self.take((bits * count + 7) // 8), "little")
        integers = [least + (packed >> bits * i) % (1 << bits) for i in range(count)]
        check(packed >> bits * count == 0, "bits to spare are set")
        check(all(abs(integer) < BOUND for integer in (least, *integers)), "an integer is at the bound")
        return [float(integer) / float(10 ** form) for integer in integers]

    def distances(self, count):
        """Of version 2: runs of revisions, each by its zigzag distance from that of the run before."""
        revision = 0

        def further():
            nonlocal revision
            revision += self.zigzag()
            return revision

        return self.runs(count, further)


def points_of(body, end=None):
    """The points in a body of `chunks` or `history`."""
    version = body[0]
    check(version in (1, 2), f"version {version} is not known")
    check(struct.pack("<I", zlib.crc32(body[:-4])) == body[-4:], "the checksum does not match")
    read = Bytes(body[:-4])
    read.at = 1
    count = read.varint()
    check(count > 0, "a body without points")
    periods = [read.zigzag()]
    steps = [read.varint() for _ in range(count - 1)] if version == 1 else read.runs(count - 1)
    for step in steps:
        periods.append(periods[-1] + step)
    check(all(a < b < 1 << 63 for a, b in zip(periods, periods[1:])), "periods do not increase")
    values = read.doubles(count) if version == 1 else read.values(count)
    flags = read.runs(count)
    revisions = read.runs(count) if version == 1 else read.distances(count)
    check(all(0 <= revision < 1 << 63 for revision in revisions), "a revision is none")
    check(read.at == len(read.raw), "bytes to spare")
    for value, flag in zip(values, flags):
        good = value == value and abs(value) != float("inf") and struct.pack("<d", value) != b"\0" * 7 + b"\x80"
        check(good and not (flag & MISSING and value), f"{value} with flags {flag} is not a value")
    return [Point(*row, end) for row in zip(periods, values, flags, revisions)]


def varint(number):
    return bytes([number]) if number < 0x80 else bytes([number & 0x7f | 0x80]) + varint(number >> 7)


def older_body_of(points):
    """These points in version 1, which is read and no longer written."""
    first = points[0].period
    body = b"".join([
        b"\1", varint(len(points)), varint(2 * first if first >= 0 else -2 * first - 1),
        *(varint(after.period - before.period) for before, after in zip(points, points[1:])),
        *(struct.pack("<d", point.value) for point in points),
        *(varint(1) + varint(point.flags) for point in points),
        *(varint(1) + varint(point.revision) for point in points)])
    return body + struct.pack("<I", zlib.crc32(body))


def series_ranges(body):
    """Of a body of `changes`: first and last period by series id."""
    read, ranges, series = Bytes(body), {}, 0
    while read.at < len(body):
        series += read.varint()
        first = read.zigzag()
        ranges[series] = (first, first + read.varint())
    return ranges


class Change:
    """What one commit did to one series in the end: flags and value of every period written, and
    the periods deleted."""

    def __init__(self):
        self.written, self.superseded = {}, set()

    @property
    def deleted(self):
        return self.superseded - self.written.keys()

    def digest(self):
        written, deleted = sorted(self.written.items()), sorted(self.deleted)
        return sha256(int_(len(written)), *(int_(period) for period, _ in written),
                      *(struct.pack("<d", value) for _, (value, _) in written),
                      *(struct.pack("<H", flags) for _, (_, flags) in written),
                      int_(len(deleted)), *(int_(period) for period in deleted))

    def counts(self):
        revised = len(self.written.keys() & self.superseded)
        return len(self.written) - revised, revised, len(self.deleted)

    def range(self):
        touched = self.written.keys() | self.superseded
        return min(touched), max(touched)


class Stored:
    """All that a database holds, in memory."""

    def __init__(self, folder):
        with contextlib.closing(sqlite3.connect(folder / "policytrack.db")) as database:
            def read(sql):
                return database.execute(sql).fetchall()

            check(read("PRAGMA integrity_check") == [("ok",)], "the file is damaged")
            check(read("PRAGMA application_id") == [(0x5054726b,)], "not a database of PolicyTrack")
            check(read("PRAGMA user_version") in ([(1,)], [(2,)]), "neither schema 1 nor 2")
            self.commits = [Commit(*row) for row in read(
                "SELECT revision, time, principal, request_id, kind, input_revision, content_digest,"
                " chain_digest FROM commits ORDER BY revision")]
            self.changes = read("SELECT revision, name, document, created, revised, deleted, body FROM changes")
            self.documents = {row[:2]: row[2:] for row in read(
                "SELECT name, revision, deleted, body FROM documents ORDER BY name, revision")}
            self.heads = {row[:2]: row[2:] for row in read(
                "SELECT collection, name, revision, deleted FROM document_heads")}
            self.series = {row[0]: Series(*row[1:]) for row in read(
                "SELECT series_id, parent, output, key FROM series")}
            self.points = {series: [] for series in self.series}
            for series, chunk, body in read("SELECT series_id, chunk, body FROM chunks ORDER BY chunk"):
                points = points_of(body)
                check(all(point.period // CHUNK == chunk for point in points), "a point is in another's chunk")
                self.points[series] += points
            for series, end, *range_, body in read(
                    "SELECT series_id, superseded, first_revision, first_period, last_period, body FROM history"):
                points = points_of(body, end)
                check(range_ == [min(point.revision for point in points), points[0].period, points[-1].period],
                      "a row of history is not of the range that it states")
                self.points[series] += points
            self.evaluations = read("SELECT revision, parent, body FROM evaluations")
        # By revision and series id.
        self.written = collections.defaultdict(lambda: collections.defaultdict(Change))
        for series, points in self.points.items():
            for point in points:
                check(point.end is None or point.revision < point.end, "a point ends before it was written")
                self.written[point.revision][series].written[point.period] = (point.value, point.flags)
                if point.end is not None:
                    self.written[point.end][series].superseded.add(point.period)

    def present(self, parent):
        """Values of the present by (output, key) and period; the flags instead where there is none."""
        return {(series.output, series.key): {
            point.period: point.flags if point.flags & MISSING else point.value
            for point in self.points[id_] if point.end is None}
            for id_, series in self.series.items() if series.parent == parent}

    def content_digest(self, revision):
        documents = sorted((name.encode(), deleted, body) for (name, of), (deleted, body)
                           in self.documents.items() if of == revision)
        series = sorted((*map(str.encode, self.series[id_]), change.digest())
                        for id_, change in self.written.get(revision, {}).items())
        evaluations = sorted((parent.encode(), body) for of, parent, body in self.evaluations if of == revision)
        return sha256(
            int_(len(documents)),
            *(text(name) + int_(deleted) + text(sha256(body)) for name, deleted, body in documents),
            int_(len(series)), *(b"".join(map(text, one)) for one in series),
            int_(len(evaluations)), *(text(parent) + text(sha256(body)) for parent, body in evaluations))

    def verify(self):
        """Every digest, count and range of every commit follows from what is stored, and nothing is
        stored that no commit wrote."""
        check_chain(self.commits)
        known = range(1, len(self.commits) + 1)
        written = [*self.written, *(revision for _, revision in self.documents),
                   *(revision for revision, _, _ in self.evaluations)]
        check(all(revision in known for revision in written), "something is of a revision that is no commit")
        self._verify_heads()
        self._verify_changes()
        by_revision = collections.defaultdict(list)
        for name, revision in self.documents:
            by_revision[revision].append(name)
        for commit in self.commits:
            check(self.content_digest(commit.revision) == commit.content_digest,
                  f"commits/{commit.revision}: the content digest does not follow from what is stored")

    def _verify_heads(self):
        last = {}
        for (name, revision), (deleted, _) in self.documents.items():
            last[name.split("/")[0], name] = (revision, deleted)
        check(last == self.heads, "the present state of a document is not its last revision")

    def _verify_changes(self):
        expected = {}
        existed = set()
        for name, revision in sorted(self.documents, key=lambda key: key[1]):
            deleted = self.documents[name, revision][0]
            expected[revision, name, 1] = (int(not deleted and name not in existed),
                                           int(not deleted and name in existed), int(deleted), {})
            existed.add(name)
        for revision, series in self.written.items():
            for id_, change in series.items():
                key = (revision, self.series[id_].parent, 0)
                counts = expected.get(key, (0, 0, 0, {}))
                expected[key] = (*(a + b for a, b in zip(counts, change.counts())),
                                 {**counts[3], id_: change.range()})
        found = {tuple(row[:3]): (*row[3:6], series_ranges(row[6])) for row in self.changes}
        for key in expected.keys() | found.keys():
            check(expected.get(key) == found.get(key),
                  f"commits/{key[0]}: under {key[1]} it lists {found.get(key)}, stored is {expected.get(key)}")
