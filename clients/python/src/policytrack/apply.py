"""Makes the service's documents equal to those that are given, with the order and the words of the
command-line client."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from policytrack import v1
from policytrack.connection import Connection
from policytrack.diff import Change, diff
from policytrack.documents import DOCUMENT_KINDS, Document, Documents
from policytrack.errors import (
    DocumentProblem,
    DocumentsRefused,
    Error,
    EtagMismatch,
    InvalidArgument,
    NotFound,
    ResourceDeleted,
)
from policytrack.sources import Entry, Source, read_sources

__all__ = ["Applied", "ApplyResult", "Change", "apply"]

Outcome = Literal["created", "changed", "unchanged", "undeleted"]


@dataclass(frozen=True)
class Applied:
    """What happened to one document, or in a dry run would have."""

    name: str
    outcome: Outcome
    changes: tuple[Change, ...] = ()
    note: str = ""

    def __str__(self) -> str:
        head = f"{self.outcome:10} {self.name}" + (f" ({self.note})" if self.note else "")
        return "\n".join([head, *(f"    {change}" for change in self.changes)])


@dataclass(frozen=True)
class ApplyResult:
    """What happened to the documents, in the order in which they were applied."""

    documents: tuple[Applied, ...] = ()
    dry_run: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """How many documents had each outcome."""
        return dict(Counter(document.outcome for document in self.documents))

    def __iter__(self) -> Iterator[Applied]:
        return iter(self.documents)

    def __len__(self) -> int:
        return len(self.documents)

    def __str__(self) -> str:
        return "\n".join(map(str, self.documents))


def apply(connection: Connection, source: Source | Iterable[Source], dry_run: bool) -> ApplyResult:
    """Nothing is sent before every document has been read without error. Stops at the first refusal of
    the service; a dry run goes on and tells all of them. Raises DocumentsRefused."""
    entries, problems = read_sources(source)
    if not problems:
        entries, problems = _in_order(entries)
    if problems:
        raise DocumentsRefused(problems, applied=ApplyResult((), dry_run))
    # A job that applied nothing must not look as if it had.
    if not entries:
        raise InvalidArgument("there is no document in what was given", reason="FILE_INVALID")
    documents = Documents(connection)
    names = {entry.name for entry in entries}
    applied: list[Applied] = []
    cause: Error | None = None
    for entry in entries:
        try:
            applied.append(_apply_one(documents, entry, dry_run, names))
        except Error as error:
            if not _is_refusal(error):
                raise
            problems.append(entry.problem(error))
            cause = cause or error
            # A dry run changes nothing, so there is more to learn by going on.
            if not dry_run:
                break
    if problems:
        done = {document.name for document in applied}
        raise DocumentsRefused(problems, applied=ApplyResult(tuple(applied), dry_run),
                               not_applied=[entry.name for entry in entries if entry.name not in done]) from cause
    return ApplyResult(tuple(applied), dry_run)


def _is_refusal(error: Error) -> bool:
    """Whether something is wrong with the document, and not with the service or the caller's rights."""
    return error.code.name in ("INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "ABORTED",
                               "OUT_OF_RANGE") or (error.code.name == "RESOURCE_EXHAUSTED"
                                                   and error.retry_after is None)


def _in_order(entries: list[Entry]) -> tuple[list[Entry], list[DocumentProblem]]:
    """Plans, datasets, scripts, indicators each after the indicators that feed it, measures; otherwise in the
    order given. Indicators that feed each other in a circle are a problem."""
    entries = sorted(entries, key=lambda entry: DOCUMENT_KINDS.index(entry.kind))
    by_name = {entry.name: entry for entry in entries}
    problems: list[DocumentProblem] = []
    order: list[Entry] = []
    done: set[str] = set()

    # Depth first without recursion: chains of indicators may be longer than Python's stack.
    for root in entries:
        path: list[tuple[Entry, Iterator[str]]] = []
        if root.name not in done:
            path.append((root, _sources_of(root)))
        while path:
            entry, sources = path[-1]
            source = next((name for name in sources if name in by_name and name not in done), None)
            if source is None:
                path.pop()
                done.add(entry.name)
                order.append(entry)
                continue
            open_names = [opened.name for opened, _ in path]
            if source in open_names:
                circle = [*open_names[open_names.index(source):], source]
                start = by_name[source]
                problems.append(DocumentProblem(f"these indicators feed each other: {' <- '.join(circle)}", source,
                                                start.file, *start.position("inputs"), reason="INDICATOR_CYCLE"))
            else:
                path.append((by_name[source], _sources_of(by_name[source])))
    return order, problems


def _sources_of(entry: Entry) -> Iterator[str]:
    message = entry.message
    inputs = message.inputs if isinstance(message, v1.Indicator) else ()
    return (item.source for item in inputs if item.source.startswith("indicators/"))


def _apply_one(documents: Documents, entry: Entry, dry_run: bool, names: set[str]) -> Applied:
    try:
        present = documents.get(entry.name)
    except NotFound:
        return _create(documents, entry, dry_run, names)
    assert isinstance(present, type(entry.message))
    outcome: Outcome = "unchanged"
    if isinstance(present, v1.Measure) and present.HasField("delete_time"):
        alive = documents.undelete(entry.name, present.etag, dry_run)
        present = present if dry_run else alive
        outcome = "undeleted"
    changes = diff(present, entry.message)
    if not changes:
        return Applied(entry.name, outcome)
    return _change(documents, entry, present, changes, outcome, dry_run, names)


def _change(documents: Documents, entry: Entry, present: Document, changes: tuple[Change, ...], outcome: Outcome,
            dry_run: bool, names: set[str]) -> Applied:
    desired = copy.deepcopy(entry.message)
    own_etag = bool(desired.etag)
    if not own_etag:
        desired.etag = present.etag
    try:
        updated = documents.replace(entry.kind, desired, dry_run)
    except ResourceDeleted:
        if outcome == "undeleted" and dry_run:
            return Applied(entry.name, outcome, changes)
        raise
    except EtagMismatch:
        # An update whose answer was lost is repeated and meets its own new etag.
        now = documents.get(entry.name)
        if own_etag or not isinstance(now, type(entry.message)) or diff(now, entry.message):
            raise
        return Applied(entry.name, "changed", changes)
    except NotFound as error:
        return Applied(entry.name, "changed", changes, _forgive(error, dry_run, names))
    # The service may have put the document into a form that it already had.
    changes = diff(present, updated)
    if not changes:
        return Applied(entry.name, outcome)
    return Applied(entry.name, "changed", changes, "undeleted" if outcome == "undeleted" else "")


def _create(documents: Documents, entry: Entry, dry_run: bool, names: set[str]) -> Applied:
    try:
        documents.create(entry.kind, entry.message, dry_run)
    except NotFound as error:
        return Applied(entry.name, "created", note=_forgive(error, dry_run, names))
    return Applied(entry.name, "created")


def _forgive(error: NotFound, dry_run: bool, names: set[str]) -> str:
    """In a dry run, what this apply would create first is not there yet."""
    resource = error.metadata.get("resource", "")
    if not dry_run or resource not in names:
        raise error
    return f"refers to {resource}, which this apply creates; checked in full when it is there"
