"""PolicyTrack from Python: plans and figures in, progress out.

    import policytrack

    with policytrack.connect() as client:
        client.apply("plan.yaml")
        client.push("datasets/nev-output", frame)
        print(client.progress("plans/henan-auto-2024"))

Documents are messages of `policytrack.v1`; figures are pandas frames or plain rows."""

from policytrack.apply import Applied, ApplyResult, Change
from policytrack.client import Client, connect
from policytrack.errors import (
    Aborted,
    AlreadyExists,
    DeadlineExceeded,
    DocumentProblem,
    DocumentsRefused,
    Error,
    EtagMismatch,
    EvaluationBehind,
    FailedPrecondition,
    InvalidArgument,
    NotAllowed,
    NotFound,
    RequestIdReused,
    RequestTooLarge,
    ResourceDeleted,
    ResourceInUse,
    ResumeTokenExpired,
    RowError,
    RowsRefused,
    Unavailable,
)
from policytrack.push import PushResult

__all__ = [
    "Aborted",
    "AlreadyExists",
    "Applied",
    "ApplyResult",
    "Change",
    "Client",
    "DeadlineExceeded",
    "DocumentProblem",
    "DocumentsRefused",
    "Error",
    "EtagMismatch",
    "EvaluationBehind",
    "FailedPrecondition",
    "InvalidArgument",
    "NotAllowed",
    "NotFound",
    "PushResult",
    "RequestIdReused",
    "RequestTooLarge",
    "ResourceDeleted",
    "ResourceInUse",
    "ResumeTokenExpired",
    "RowError",
    "RowsRefused",
    "Unavailable",
    "connect",
]
