"""The client: everything that the package does, as methods of one object."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, List

import grpc

from policytrack import v1
from policytrack.apply import ApplyResult, apply
from policytrack.connection import Connection
from policytrack.documents import AsOf, Document, Documents, Resource, kind_of_collection, make_as_of
from policytrack.errors import EvaluationBehind
from policytrack.progress import progress_frame, read_progress
from policytrack.push import Missing, PushResult, push
from policytrack.read import Query, read_frame, read_rows
from policytrack.sources import Source
from policytrack.watch import make_request, watch

if TYPE_CHECKING:
    import pandas

DEFAULT_ADDRESS = "127.0.0.1:7443"


def connect(address: str | None = None, *, timeout: float = 30.0, push_timeout: float = 600.0,
            retries: int = 4) -> Client:
    """A client of the service at `host:port`; else at POLICYTRACK_SERVER, else at 127.0.0.1:7443.

    Nothing is sent before the first call. `timeout` is that of one attempt of a call, in seconds, and
    `push_timeout` that of a push. What is UNAVAILABLE is tried again up to `retries` times, after
    growing pauses or the pause that the service asks for."""
    address = address or os.environ.get("POLICYTRACK_SERVER") or DEFAULT_ADDRESS
    return Client(Connection(address, timeout=timeout, push_timeout=push_timeout, retries=retries))


class Client:
    """A connection to the service; `connect` makes it. Any thread may use it.

    Every call raises `policytrack.Error`, of a class that says what is wrong."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._documents = Documents(connection)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"policytrack.connect({self.address!r})"

    def close(self) -> None:
        """Ends the connection; calls after it fail."""
        self._connection.close()

    @property
    def address(self) -> str:
        return self._connection.address

    @property
    def channel(self) -> grpc.Channel:
        """The gRPC channel, for the stubs in `policytrack.v1.*_service_pb2_grpc`."""
        return self._connection.channel

    def apply(self, source: Source | Iterable[Source], *, dry_run: bool = False) -> ApplyResult:
        """Makes the service's documents equal to those of `source`: YAML files and folders of them, as
        `policytrack apply` reads them, mappings of the same form, messages of `policytrack.v1`, or
        several of these.

        Each document is created, changed, unchanged or undeleted. All are read and checked before one is
        sent, and applied in the order in which they refer to each other; the first refusal of the service
        stops. A `dry_run` writes nothing and tells all refusals. A document with an `etag` changes only
        that state. Raises DocumentsRefused; OSError for files that cannot be read."""
        return apply(self._connection, source, dry_run)

    def push(self, dataset: str, data: Any, *, dimensions: Mapping[str, str] | None = None, wide: bool = False,
             missing: Missing = "refuse", partial: bool = False, validate_only: bool = False,
             request_id: str = "") -> PushResult:
        """Writes figures to a dataset as one commit: all rows or none.

        `data` is a frame with the columns `period` and `value`, one for each dimension, and if wanted
        `status` and `break`; a series whose index has the periods; or rows, each a mapping with these
        names or a pair of period and value. Levels of an index count as columns by their names. With
        `wide`, every column of a frame that is no dimension is a period. `dimensions` gives dimensions
        that have one value in all rows.

        A row without value is refused, unless `missing` says to "skip" such rows or to "delete" the
        observations. With `partial` the good rows are written although others are refused. With
        `validate_only` the service checks all rows and writes nothing. A second push with the
        `request_id` of a first and the same rows gives the answer of the first.

        Raises RowsRefused with the refused rows, and InvalidArgument for data that is no figures of the
        dataset or has no row."""
        return push(self._connection, dataset, data, dimensions=dimensions or {}, wide=wide, missing=missing,
                    partial=partial, validate_only=validate_only, request_id=request_id)

    def read(self, parent: str, *, start: object = None, end: object = None, filter: str = "",
             as_of: AsOf | None = None, at_least_revision: int = 0, period_index: bool = False,
             page_size: int = 0, unit: str = "", unit_multiplier: int = 0) -> pandas.DataFrame:
        """The observations of a dataset, an indicator, or a target `measures/x/targets/y`, as a frame:
        `period` as text, one column for each dimension, for computed ones `output`, then `value`, `status`,
        `break`, `missing_reason` and `revision`. What is missing is NaN. `attrs` has the revision that was
        read, and `unit` and `unit_multiplier` of a dataset, or `units`, a mapping of what is computed from
        each output to these two.

        `start` and `end` are the first and the last period wanted. `filter` is over dimensions and output,
        such as `dimensions.region = "CN"`. `as_of` is a revision, or a time with its time zone.
        `at_least_revision` waits, at most 10 seconds, until evaluation has passed it. With `period_index`
        the index has the periods, instead of a column of text.

        With `unit`, a code of the unit list, and `unit_multiplier`, its power of ten, values whose unit is
        of that kind come in it, others in their own; the columns `value_unit` and `value_multiplier` say
        in what each is, and a push does not take the frame for figures of the dataset."""
        return read_frame(self._connection, _query(parent, start, end, filter, as_of, at_least_revision, page_size,
                                                   unit, unit_multiplier), period_index)

    def rows(self, parent: str, *, start: object = None, end: object = None, filter: str = "",
             as_of: AsOf | None = None, at_least_revision: int = 0, page_size: int = 0, unit: str = "",
             unit_multiplier: int = 0) -> Iterator[dict[str, Any]]:
        """The same without pandas: a mapping for each observation, with None where there is no value."""
        return read_rows(self._connection, _query(parent, start, end, filter, as_of, at_least_revision, page_size,
                                                  unit, unit_multiplier))

    def progress(self, name: str, *, period: str = "", as_of: AsOf | None = None,
                 at_least_revision: int = 0, unit: str = "", unit_multiplier: int = 0) -> pandas.DataFrame:
        """How far the targets of `plans/x` or `measures/x` have come: one row a target, with the names of
        the contract's TargetProgress. What is not set is missing. `attrs` has status and score of the whole.

        A measure can be judged at a `period` other than the latest with data. Targets in a unit of the kind
        of `unit` are told in it, with `unit_multiplier`, others in their own."""
        return progress_frame(read_progress(self._connection, name, period=period, as_of=make_as_of(as_of),
                                            at_least_revision=at_least_revision, unit=unit,
                                            unit_multiplier=unit_multiplier))

    def get(self, name: str, *, as_of: AsOf | None = None) -> Resource:
        """A plan, measure, dataset, indicator, plugin or commit, as a message of `policytrack.v1`."""
        return self._documents.get(name, make_as_of(as_of))

    def list(self, collection: str, *, filter: str = "", order_by: str = "", as_of: AsOf | None = None,
             show_deleted: bool = False, page_size: int = 0) -> List[Resource]:
        """All plans, measures, datasets, indicators, scripts, plugins or commits that a filter leaves, such as
        `plan = "plans/x"`."""
        return [*self._documents.pages(kind_of_collection(collection), filter=filter, order_by=order_by,
                                       as_of=make_as_of(as_of), show_deleted=show_deleted, page_size=page_size)]

    def delete(self, name: str, *, etag: str = "", validate_only: bool = False) -> Document:
        """Deletes a document, with an `etag` only in that state; gives its last state."""
        return self._documents.delete(name, etag, validate_only)

    def undelete(self, name: str, *, etag: str = "", validate_only: bool = False) -> v1.Measure:
        """Brings a deleted measure back."""
        return self._documents.undelete(name, etag, validate_only)

    def commits(self, *, filter: str = "", limit: int | None = None) -> List[v1.Commit]:
        """What was written, newest first: all of it, or the newest `limit` commits."""
        pages = self._documents.pages(kind_of_collection("commits"), filter=filter,
                                      page_size=0 if limit is None else min(limit, 1000))
        return [commit for commit in itertools.islice(pages, limit) if isinstance(commit, v1.Commit)]

    def watch(self, names: Iterable[str] = (), *, kinds: Iterable[v1.EventKind] = (), filter: str = "",
              after: AsOf | None = None, resume_token: str = "", stop_at_present: bool = False, heartbeat: int = 30,
              heartbeats: bool = False) -> Iterator[v1.WatchEventsResponse]:
        """What changes, as it happens: one message a commit, with the events selected by names (of documents and
        what is under them), kinds and filter.

        It begins with what is committed from now on, or after a revision (0: the whole history) or a time, or goes
        on after the `resume_token` of a message. When the service goes or the connection breaks it goes on by
        itself after the last message for which the caller came back, and raises Unavailable after `retries` attempts
        in a row. With `stop_at_present` it ends when what is there now is told. With `heartbeats` also messages
        without a commit are given, one at least every `heartbeat` seconds: their tokens move on too."""
        return watch(self._connection, make_request(
            names=names, kinds=kinds, filter=filter, after=after, resume_token=resume_token,
            stop_at_present=stop_at_present, heartbeat=heartbeat), heartbeats)

    def wait(self, revision: int, *, timeout: float = 60.0) -> None:
        """Waits until indicators and targets are evaluated with all that was written up to a revision, such
        as that of a push. Raises EvaluationBehind when that takes longer than `timeout` seconds."""
        # Any reading waits; without a dataset there is nothing to be evaluated.
        dataset = next(self._documents.pages(kind_of_collection("datasets"), page_size=1), None)
        if dataset is None:
            return
        request = v1.ListObservationsRequest(parent=dataset.name, page_size=1, at_least_revision=revision)
        end = time.monotonic() + timeout
        while True:
            try:
                self._connection.unary("ObservationService/ListObservations", request, v1.ListObservationsResponse)
                return
            except EvaluationBehind:
                # The service has waited for its part.
                if time.monotonic() >= end:
                    raise


def _query(parent: str, start: object, end: object, filter: str, as_of: AsOf | None, at_least_revision: int,
           page_size: int, unit: str, unit_multiplier: int) -> Query:
    return Query(parent, start, end, filter, make_as_of(as_of), at_least_revision, page_size, unit, unit_multiplier)
