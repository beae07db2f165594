"""What can go wrong, as exceptions. The class follows from the reason that the service gives
(docs/errors.md of the project lists them all), else from the code.

Texts may change; decide by class or by `reason`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc

if TYPE_CHECKING:
    from policytrack.apply import ApplyResult


class Error(Exception):
    """A call that failed. `message` stands alone: what is wrong, where, and what to do."""

    #: What an error of this class has when no answer of the service says otherwise.
    default_code: grpc.StatusCode = grpc.StatusCode.UNKNOWN

    def __init__(self, message: str, *, code: grpc.StatusCode | None = None, reason: str = "",
                 metadata: Mapping[str, str] | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        #: The stable reason, or "" when the answer did not come from the service.
        self.reason = reason
        #: What the error is about: `field`, `resource`, `position` and the like.
        self.metadata = dict(metadata or {})
        #: Seconds after which the service asks to be called again; None when it does not say.
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.message} [{self.reason or self.code.name}]"

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross process borders in pools of workers.
        return _remake, (type(self), self.message), self.__dict__


def _remake(cls: type[Error], message: str) -> Error:
    error = cls.__new__(cls, message)
    error.args = (message,)
    return error


class InvalidArgument(Error, ValueError):
    """A field, name, filter, order, token or parameter is not right; `metadata["field"]` names it."""

    default_code = grpc.StatusCode.INVALID_ARGUMENT


class RequestIdReused(InvalidArgument):
    """The request id came before with other rows: take a new one."""


@dataclass(frozen=True)
class RowError:
    """Why one row was refused."""

    #: The row's number in the data that was pushed, from 0.
    row: int
    #: Its label: that of the frame's index, in a wide frame with that of the column; else the number.
    index: Any
    reason: str
    #: Such as `period` or `dimensions.region`.
    field: str
    message: str


class RowsRefused(InvalidArgument):
    """A push that was refused because of its rows: nothing was written."""

    def __init__(self, message: str, *, row_errors: Sequence[RowError] = (), rejected: int = 0,
                 metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message, reason="ROWS_INVALID", metadata=metadata)
        #: The refused rows in the order of the data, at most 1000 of them.
        self.row_errors = tuple(row_errors)
        #: How many there are.
        self.rejected = rejected


class NotFound(Error):
    """What is named does not exist, as of the revision asked for; `metadata["resource"]` is its name."""

    default_code = grpc.StatusCode.NOT_FOUND


class AlreadyExists(Error):
    """The name is taken, or what would be undeleted is not deleted."""

    default_code = grpc.StatusCode.ALREADY_EXISTS


class Aborted(Error):
    """Somebody else was faster."""

    default_code = grpc.StatusCode.ABORTED


class EtagMismatch(Aborted):
    """The resource has changed since it was read: read it again and apply the change to that."""


class FailedPrecondition(Error):
    """The state of the service does not allow it, such as a plugin that cannot be used."""

    default_code = grpc.StatusCode.FAILED_PRECONDITION


class ResourceInUse(FailedPrecondition):
    """Something refers to it; `metadata["referrer"]` is its name."""


class ResourceDeleted(FailedPrecondition):
    """The measure is deleted: undelete it first."""


class RequestTooLarge(Error):
    """Over a size limit: send it in parts."""

    default_code = grpc.StatusCode.RESOURCE_EXHAUSTED


class ResumeTokenExpired(Error):
    """A watch would go on further back than the service tells: read the state anew and watch after its revision."""

    default_code = grpc.StatusCode.OUT_OF_RANGE


class NotAllowed(Error):
    """Without a token, with a bad one, or with one that does not permit it."""

    default_code = grpc.StatusCode.PERMISSION_DENIED


class Unavailable(Error):
    """The service cannot be reached or cannot do it now, after all retries."""

    default_code = grpc.StatusCode.UNAVAILABLE


class DeadlineExceeded(Error):
    """No answer in time."""

    default_code = grpc.StatusCode.DEADLINE_EXCEEDED


class EvaluationBehind(DeadlineExceeded):
    """Indicators are not yet evaluated up to the revision asked for: ask again, or wait for it."""


@dataclass(frozen=True)
class DocumentProblem:
    """What is wrong with a document."""

    message: str
    #: Its name, or "" when it could not be read.
    name: str = ""
    #: The file, or "" when the document did not come from one.
    file: str = ""
    #: Line and column in the file, from 1; 0 when there is none.
    line: int = 0
    column: int = 0
    reason: str = "FILE_INVALID"
    #: What the service said; None when the problem was found before anything was sent.
    error: Error | None = None

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}:{self.column}" if self.column else f":{self.line}"
        return ": ".join(filter(None, (place, self.name, f"{self.message} [{self.reason}]")))


class DocumentsRefused(Error):
    """Documents that cannot be applied. Code, reason and metadata are those of the first problem."""

    default_code = grpc.StatusCode.INVALID_ARGUMENT

    def __init__(self, problems: Sequence[DocumentProblem], *, applied: ApplyResult,
                 not_applied: Sequence[str] = ()) -> None:
        first = problems[0]
        cause = first.error
        super().__init__("\n".join(map(str, problems)), code=cause.code if cause else None,
                         reason=first.reason, metadata=cause.metadata if cause else None)
        self.problems = tuple(problems)
        #: What was applied before it; of a dry run, what would have been.
        self.applied = applied
        #: Names of what was not.
        self.not_applied = tuple(not_applied)

    def __str__(self) -> str:
        return self.message


_BY_REASON: dict[str, type[Error]] = {
    "REQUEST_ID_REUSED": RequestIdReused,
    "ETAG_MISMATCH": EtagMismatch,
    "RESOURCE_IN_USE": ResourceInUse,
    "RESOURCE_DELETED": ResourceDeleted,
    "EVALUATION_BEHIND": EvaluationBehind,
    "REQUEST_TOO_LARGE": RequestTooLarge,
    "RESUME_TOKEN_EXPIRED": ResumeTokenExpired,
    "TOO_MANY_WATCHERS": Unavailable,
}

_OF_CODES: tuple[type[Error], ...] = (InvalidArgument, NotFound, AlreadyExists, Aborted, FailedPrecondition,
                                      NotAllowed, Unavailable, DeadlineExceeded)
_BY_CODE = {cls.default_code: cls for cls in _OF_CODES} | {grpc.StatusCode.UNAUTHENTICATED: NotAllowed}


def make_error(code: grpc.StatusCode, message: str, reason: str, metadata: Mapping[str, str],
               retry_after: float | None = None) -> Error:
    """The exception of a status of the service."""
    if reason == "ROWS_INVALID":
        return RowsRefused(message, rejected=int(metadata.get("rejected_count", "0")), metadata=metadata)
    cls = _BY_REASON.get(reason) or _BY_CODE.get(code) or Error
    return cls(message, code=code, reason=reason, metadata=metadata, retry_after=retry_after)
