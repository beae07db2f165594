"""Resources one by one and by collection: plans, datasets, scripts, indicators and measures, which are
documents, and plugins and commits, which are only read. What differs between them is names; the
rest goes by the contract's conventions."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from policytrack import v1
from policytrack.connection import Connection
from policytrack.errors import InvalidArgument

Document: TypeAlias = v1.Plan | v1.Dataset | v1.Indicator | v1.Measure
Resource: TypeAlias = Document | v1.Plugin | v1.Commit
#: A revision, a time with its time zone, or the text of either.
AsOf: TypeAlias = int | str | datetime.datetime | Timestamp


@dataclass(frozen=True)
class Kind:
    """A kind of resource, as YAML files and names say it."""

    word: str
    collection: str
    message: type[Message]
    service: str
    document: bool = True

    def request(self, verb: str, **fields: Any) -> Message:
        """The request of a method such as `Get`, without the fields that are not set."""
        noun = self.word + "s" if verb == "List" else self.word
        request_type = cast("type[Message]", getattr(v1, f"{verb}{noun}Request"))
        known = request_type.DESCRIPTOR.fields_by_name
        given = {name: value for name, value in fields.items() if value}
        for name in given:
            if name not in known:
                raise ValueError(f"{self.collection} are read without {name}")
        return request_type(**given)

    def method(self, verb: str) -> str:
        return f"{self.service}/{verb}{self.word}" + ("s" if verb == "List" else "")


#: Documents come in the order in which they refer to each other: one names only documents of its
#: own kind or of those before.
KINDS = (
    Kind("Plan", "plans", v1.Plan, "PlanService"),
    Kind("Dataset", "datasets", v1.Dataset, "DatasetService"),
    Kind("Script", "scripts", v1.Script, "ScriptService"),
    Kind("Indicator", "indicators", v1.Indicator, "IndicatorService"),
    Kind("Measure", "measures", v1.Measure, "MeasureService"),
    Kind("Plugin", "plugins", v1.Plugin, "PluginService", document=False),
    Kind("Commit", "commits", v1.Commit, "EventService", document=False),
)
DOCUMENT_KINDS = tuple(kind for kind in KINDS if kind.document)
RESOURCE_ID = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


def kind_of_collection(collection: str) -> Kind:
    for kind in KINDS:
        if kind.collection == collection:
            return kind
    raise InvalidArgument(f"`{collection}` is not a collection; there are "
                          f"{', '.join(kind.collection for kind in KINDS)}", reason="NAME_INVALID")


def kind_of_name(name: str) -> Kind:
    collection, slash, rest = name.partition("/")
    if slash and "/" not in rest:
        for kind in KINDS:
            if kind.collection == collection:
                return kind
    raise InvalidArgument(f"`{name}` is not a name such as plans/x, measures/x, datasets/x, indicators/x, "
                          "scripts/x, plugins/x or commits/12", reason="NAME_INVALID", metadata={"field": "name"})


def make_as_of(as_of: AsOf | None) -> v1.AsOf | None:
    """The point in history of whatever stands for one. Raises ValueError."""
    if as_of is None:
        return None
    if isinstance(as_of, str):
        if as_of.isascii() and as_of.isdigit():
            as_of = int(as_of)
        else:
            time = Timestamp()
            try:
                time.FromJsonString(as_of)
            except ValueError:
                raise ValueError(f"as_of: `{as_of}` is neither a revision such as 12 nor a time such as "
                                 "2024-11-12T08:00:00Z") from None
            as_of = time
    if isinstance(as_of, Timestamp):
        return v1.AsOf(time=as_of)
    if isinstance(as_of, datetime.datetime):
        if as_of.tzinfo is None:
            raise ValueError(f"as_of: {as_of} has no time zone, and so is no point in time; "
                             "give it one, such as datetime.timezone.utc")
        time = Timestamp()
        if hasattr(as_of, "nanosecond"):
            # A pandas timestamp, which is finer than its base class.
            time.FromNanoseconds(as_of.value)  # type: ignore[attr-defined]
        else:
            time.FromDatetime(as_of)
        return v1.AsOf(time=time)
    if isinstance(as_of, bool) or as_of < 1:
        raise ValueError(f"as_of: {as_of} is not a revision; the first is 1")
    return v1.AsOf(revision=as_of)


class Documents:
    """The calls on resources, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str, as_of: v1.AsOf | None = None) -> Resource:
        return cast("Resource", self._call(kind_of_name(name), "Get", name=name, as_of=as_of))

    def pages(self, kind: Kind, **fields: Any) -> Iterator[Resource]:
        """All resources of a list, page by page."""
        response_type = getattr(v1, f"List{kind.word}sResponse")
        token = ""
        while True:
            request = kind.request("List", page_token=token, **fields)
            response = self._connection.unary(kind.method("List"), request, response_type)
            yield from getattr(response, kind.collection)
            token = response.next_page_token
            if not token:
                return

    def create(self, kind: Kind, document: Document, validate_only: bool) -> Document:
        # One request id over all attempts, so that a retry cannot create twice.
        fields = {f"{kind.word.lower()}_id": document.name.partition("/")[2], kind.word.lower(): document}
        return cast("Document", self._call(kind, "Create", request_id=str(uuid.uuid4()), validate_only=validate_only,
                                           **fields))

    def replace(self, kind: Kind, document: Document, validate_only: bool) -> Document:
        """Replaces all fields, of the state that the etag names if there is one."""
        return cast("Document", self._call(kind, "Update", update_mask={"paths": ["*"]}, validate_only=validate_only,
                                           **{kind.word.lower(): document}))

    def delete(self, name: str, etag: str, validate_only: bool) -> Document:
        return cast("Document", self._call(self._document_kind(name), "Delete", name=name, etag=etag,
                                           validate_only=validate_only))

    def undelete(self, name: str, etag: str, validate_only: bool) -> v1.Measure:
        kind = self._document_kind(name)
        if kind.message is not v1.Measure:
            raise InvalidArgument("only measures can be undeleted; apply creates other documents anew",
                                  reason="NAME_INVALID", metadata={"field": "name"})
        return cast("v1.Measure", self._call(kind, "Undelete", name=name, etag=etag, validate_only=validate_only))

    def _call(self, kind: Kind, verb: str, **fields: Any) -> Message:
        return self._connection.unary(kind.method(verb), kind.request(verb, **fields), kind.message)

    @staticmethod
    def _document_kind(name: str) -> Kind:
        kind = kind_of_name(name)
        if not kind.document:
            raise InvalidArgument(f"`{name}` is not the name of a document, such as measures/x",
                                  reason="NAME_INVALID", metadata={"field": "name"})
        return kind
