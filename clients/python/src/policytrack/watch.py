"""Every change as it happens: one stream of events after another, each going on where the last one ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policytrack import v1
from policytrack.connection import Connection
from policytrack.documents import AsOf, make_as_of

#: A service that is silent for so many seconds beyond its heartbeat is not there any more.
PATIENCE = 15.0


def make_request(*, names: Iterable[str], kinds: Iterable[v1.EventKind], filter: str, after: AsOf | None,
                 resume_token: str, stop_at_present: bool, heartbeat: int) -> v1.WatchEventsRequest:
    """See Client.watch. Raises ValueError."""
    request = v1.WatchEventsRequest(names=names, kinds=kinds, filter=filter, stop_at_present=stop_at_present)
    request.heartbeat_interval.seconds = heartbeat
    if resume_token and after is not None:
        raise ValueError("a watch goes on after a resume_token or begins after a revision or a time, not both")
    if resume_token:
        request.resume_token = resume_token
    if after in (0, "0"):
        # No revision to read, but one to begin after.
        request.after_revision = 0
        return request
    point = make_as_of(after)
    if point is not None and point.HasField("time"):
        request.after_time.CopyFrom(point.time)
    elif point is not None:
        request.after_revision = point.revision
    return request


def watch(connection: Connection, request: v1.WatchEventsRequest, heartbeats: bool) -> Iterator[v1.WatchEventsResponse]:
    """See Client.watch."""
    patience = request.heartbeat_interval.seconds + PATIENCE
    for message in connection.follow("EventService/WatchEvents", lambda: request, v1.WatchEventsResponse, patience,
                                     lambda message: message.resume_token != request.resume_token):
        if heartbeats or message.HasField("commit"):
            yield message
        # Only now has the caller dealt with it.
        request.resume_token = message.resume_token

