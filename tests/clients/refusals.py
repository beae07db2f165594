"""How a refusal has to look, whatever was refused; and that it changed nothing."""

import hashlib
import re
import sys
from typing import NamedTuple

import grpc

import harness

sys.path.insert(0, str(harness.ROOT / "tests"))
import contract  # noqa: E402  (no package; found by the line above)

METHODS = {method.name: method for method in contract.methods(harness.ROOT)}
DOCUMENTED = contract.documented(harness.ROOT)
CODES = contract.reasons(harness.ROOT)
# What a status may weigh in the trailers: 4 KiB, and what encloses the details.
MAX_DETAIL_BYTES = 4096 + 128
# What no client should see: statements, files, and characters that move a terminal's cursor.
SECRETS = re.compile(r"\b(?:SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b|sqlite|\.cc:\d|/usr/|/home/|/tmp/", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Refusal(NamedTuple):
    code: str
    reason: str
    message: str
    metadata: dict
    detail_bytes: int
    infos: int

    def __str__(self):
        return f"{self.code} {self.reason} {self.message[:200]!r} {self.metadata}"


def refusal(v1, error):
    """What a call that failed says."""
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    infos = [v1.ErrorInfo.FromString(detail.value) for detail in v1.Status.FromString(details).details
             if detail.Is(v1.ErrorInfo.DESCRIPTOR)]
    info = infos[0] if infos else v1.ErrorInfo()
    return Refusal(error.code().name, info.reason, error.details() or "", dict(info.metadata), len(details), len(infos))


def faults_of(method, seen, data_dir):
    """What is wrong with a refusal by itself, in words."""
    if seen.infos != 1:
        yield f"{seen.infos} ErrorInfo"
        return
    documented = {**contract.OF_ANY_METHOD, **DOCUMENTED[method]}
    if seen.reason not in documented:
        yield f"{method} does not document {seen.reason}"
    if CODES.get(seen.reason) != seen.code:
        yield f"docs/errors.md gives {seen.reason} the code {CODES.get(seen.reason)}"
    if seen.code in ("INTERNAL", "UNKNOWN", "UNIMPLEMENTED"):
        yield "a fault of the service"
    if len(seen.message.split()) < 4:
        yield "the message does not stand alone"
    if not seen.metadata:
        yield "nothing says where"
    if SECRETS.search(seen.message) or str(data_dir) in seen.message:
        yield "the message tells of the inside"
    if CONTROL.search(seen.message):
        yield "the message holds control characters"
    if seen.detail_bytes > MAX_DETAIL_BYTES:
        yield f"{seen.detail_bytes} bytes of details"


def names_place(seen, path):
    """Whether the refusal names the field at `path`, one around it or one in it, or a thing."""
    field = seen.metadata.get("field", "")
    if field in ("request", "message") or not field:
        return bool(field or {"resource", "position", "row", "request_id"} & set(seen.metadata))
    return field == path or path.startswith((field + ".", field + "[")) or field.startswith((path + ".", path + "["))


def last_write(api):
    """The revision of the last commit of a client. Evaluation follows in its own time."""
    request = api.v1.ListCommitsRequest(page_size=1, filter="kind != COMMIT_KIND_EVALUATION")
    try:
        answer = api.event.ListCommits(request, timeout=harness.CALL_SECONDS)
    except grpc.RpcError as error:
        # The library closes the connection of a call whose headers are too large; one that is
        # made before the client has seen it goes down with it.
        if error.code() is not grpc.StatusCode.UNAVAILABLE or "Socket closed" not in error.details():
            raise
        answer = api.event.ListCommits(request, timeout=harness.CALL_SECONDS)
    return answer.commits[0].revision


class State:
    """What clients have put into the store, to be compared."""

    def __init__(self, api):
        v1 = api.v1
        self.revision = last_write(api)
        digest = hashlib.sha256()
        for answer in (
                api.plan.ListPlans(v1.ListPlansRequest(page_size=1000)),
                api.measure.ListMeasures(v1.ListMeasuresRequest(page_size=1000, show_deleted=True)),
                api.dataset.ListDatasets(v1.ListDatasetsRequest(page_size=1000)),
                api.script.ListScripts(v1.ListScriptsRequest(page_size=1000)),
                api.indicator.ListIndicators(v1.ListIndicatorsRequest(page_size=1000))):
            assert not answer.next_page_token
            for document in getattr(answer, answer.DESCRIPTOR.fields[0].name):
                digest.update(document.SerializeToString(deterministic=True))
                if document.DESCRIPTOR.name == "Dataset":
                    request = v1.ListObservationsRequest(parent=document.name, page_size=10_000)
                    for row in api.observation.ListObservations(request).observations:
                        digest.update(row.SerializeToString(deterministic=True))
        self.digest = digest.hexdigest()

    def __eq__(self, other):
        return (self.revision, self.digest) == (other.revision, other.digest)

    def __repr__(self):
        return f"revision {self.revision}, documents and figures {self.digest[:12]}"


def outcome(v1, call, *arguments, timeout=harness.CALL_SECONDS, **options):
    """None when the call succeeds, else how it was refused."""
    try:
        call(*arguments, timeout=timeout, **options)
    except grpc.RpcError as error:
        return refusal(v1, error)
    return None
