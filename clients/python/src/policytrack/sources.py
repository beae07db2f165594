"""What `apply` is given, as documents: YAML files and folders of them, mappings of the same form, and
messages. All problems of all of them are found in one pass, each with its place."""

from __future__ import annotations

import copy
import os
import pathlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

import yaml
from google.api import field_behavior_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from policytrack.documents import DOCUMENT_KINDS, RESOURCE_ID, Document, Kind
from policytrack.errors import DocumentProblem, Error
from policytrack.yaml_message import Field, Position, Reader, position_of

Source: TypeAlias = str | os.PathLike[str] | Mapping[str, Any] | Document
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KIND_WORDS = ", ".join(kind.word for kind in DOCUMENT_KINDS)
_FIELD_PATH = re.compile(r"([a-z0-9_.\[\]-]+): ", re.ASCII)


@dataclass
class Entry:
    """One document with its place."""

    kind: Kind
    message: Document
    file: str = ""
    positions: dict[str, Position] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.message.name

    def position(self, path: str) -> Position:
        """The place of a field path that the service gave, or the nearest place around it. The first
        part may be the kind."""
        path = path.removeprefix(f"{self.kind.word.lower()}.")
        while path and path not in self.positions:
            path = path[:max(path.rfind("."), path.rfind("["), 0)]
        return self.positions.get(path, Position())

    def problem(self, error: Error) -> DocumentProblem:
        """A refusal of the service, at the field that it is about."""
        path = error.metadata.get("field", "")
        if not path and (match := _FIELD_PATH.match(error.message)):
            path = match[1]
        position = self.position(path)
        resource = error.metadata.get("resource", "")
        if position == self.position("") and resource not in ("", self.name):
            position = self.position(_path_of_text(self.message, resource) or "")
        return DocumentProblem(error.message, self.name, self.file, *position,
                               reason=error.reason or error.code.name, error=error)


def read_sources(source: Source | Iterable[Source]) -> tuple[list[Entry], list[DocumentProblem]]:
    """The documents in the order given, and what is wrong. Raises OSError for files that cannot be read."""
    sources = [source] if isinstance(source, str | os.PathLike | Mapping | Message) else list(source)
    entries: list[Entry] = []
    problems: list[DocumentProblem] = []
    seen: set[pathlib.Path] = set()
    for item in sources:
        if isinstance(item, Message):
            entries += _from_message(item, problems)
        elif isinstance(item, Mapping):
            entries += _from_mapping(item, problems)
        else:
            for path in _find_files(pathlib.Path(item)):
                resolved = path.resolve()
                if resolved not in seen:
                    seen.add(resolved)
                    entries += _from_bytes(path.read_bytes(), str(path), problems)
    first: dict[str, Entry] = {}
    for entry in entries:
        there = first.setdefault(entry.name, entry)
        if there is not entry:
            place = f"{there.file}:{there.position('name').line}" if there.file else "an earlier document"
            problems.append(DocumentProblem(f"`{entry.name}` is already at {place}", entry.name, entry.file,
                                            *entry.position("name")))
    return entries, problems


def _find_files(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """The file, or those below the folder that hold documents, in sorted order."""
    if not path.is_dir():
        yield path
        return
    found = []
    for folder, _, names in os.walk(path, onerror=_fail):
        for name in names:
            file = pathlib.Path(folder, name)
            # Mapping files of the command line's `push` stand beside documents and are none.
            if file.suffix in (".yaml", ".yml") and file.stem != "push" and not file.stem.endswith(".mapping"):
                found.append(file)
    if not found:
        raise FileNotFoundError(f"{path}: there is no .yaml or .yml file in it")
    yield from sorted(found)


def _fail(error: OSError) -> None:
    raise error


def _from_message(message: Message, problems: list[DocumentProblem]) -> Iterator[Entry]:
    for kind in DOCUMENT_KINDS:
        if isinstance(message, kind.message):
            yield from _checked(Entry(kind, cast("Document", copy.deepcopy(message))), problems)
            return
    problems.append(DocumentProblem(f"a {message.DESCRIPTOR.name} is not a document; there are {_KIND_WORDS}"))


def _from_mapping(mapping: Mapping[str, Any], problems: list[DocumentProblem]) -> Iterator[Entry]:
    try:
        # One way of reading: values keep their types, as texts that look like numbers get quotes.
        text = yaml.safe_dump(_plain(mapping), allow_unicode=True, sort_keys=False)
    except yaml.YAMLError as error:
        problems.append(DocumentProblem(f"a document holds what YAML cannot say: {error}", str(mapping.get("name", ""))))
        return
    for entry in _from_bytes(text.encode(), "", problems):
        # Lines of a text that nobody wrote would lead nowhere.
        entry.positions = {}
        yield entry


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _from_bytes(data: bytes, file: str, problems: list[DocumentProblem]) -> list[Entry]:
    """The documents of a text; those that have a problem are left out."""
    try:
        roots = list(yaml.compose_all(data.decode("utf-8"), Loader=_LOADER))
    except UnicodeDecodeError:
        problems.append(DocumentProblem("the file is not UTF-8 text", file=file))
        return []
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Position(mark.line + 1, mark.column + 1) if mark else Position()
        problems.append(DocumentProblem(f"this is not YAML: {getattr(error, 'problem', None) or error}", "", file, *place))
        return []
    entries: list[Entry] = []
    for root in roots:
        # What stands between two `---` may be nothing.
        if root is not None and not (isinstance(root, yaml.ScalarNode) and root.value in ("", "~", "null")):
            entries += _from_node(root, file, problems)
    return entries


def _from_node(root: yaml.Node, file: str, problems: list[DocumentProblem]) -> Iterator[Entry]:
    before = len(problems)
    name = ""

    def fail(position: Position, text: str) -> None:
        place = position if file else Position()
        problems.append(DocumentProblem(text, name, file, *place))

    if not isinstance(root, yaml.MappingNode):
        fail(position_of(root), "a document must be a map with `kind`, `name` and the fields of the resource")
        return
    scalars = {key.value: value for key, value in root.value if isinstance(value, yaml.ScalarNode)}
    name = scalars["name"].value if "name" in scalars else ""
    if "kind" not in scalars:
        fail(position_of(root), f"`kind` is missing; write one of {_KIND_WORDS}")
        return
    word = scalars["kind"].value
    kind = next((kind for kind in DOCUMENT_KINDS if kind.word == word), None)
    if kind is None:
        fail(position_of(scalars["kind"]), f"there is no kind `{word}`; write one of {_KIND_WORDS}")
        return
    entry = Entry(kind, cast("Document", kind.message()), file)
    Reader(fail, entry.positions).read(root, ("kind",), entry.message)
    if len(problems) == before:
        yield from _checked(entry, problems)


def _checked(entry: Entry, problems: list[DocumentProblem]) -> Iterator[Entry]:
    """The entry, without what the server sets, when it has a name and all that is required."""
    clear_output_only(entry.message)
    collection, _, resource_id = entry.name.partition("/")
    if collection != entry.kind.collection or not RESOURCE_ID.fullmatch(resource_id):
        fault = ("name", f"`{entry.name}` is not a name such as {entry.kind.collection}/x; ids are "
                         "lower-case letters, digits and hyphens, at most 63", "NAME_INVALID")
    else:
        missing = _first_missing(entry.message, "")
        if missing is None:
            yield entry
            return
        path, message = missing
        fault = (path, f"{entry.kind.word.lower()}.{path}: {message}", "FIELD_REQUIRED")
    position = entry.position(fault[0])
    problems.append(DocumentProblem(fault[1], entry.name, entry.file, *position, reason=fault[2]))


def _behaves(descriptor: Field, behavior: int) -> bool:
    return behavior in descriptor.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def _parts(message: Message, path: str) -> Iterator[tuple[Field, str, Message]]:
    """The messages within, with their paths, but for those of other packages, which are values."""
    for descriptor, value in message.ListFields():
        type_ = descriptor.message_type
        if type_ is None:
            continue
        prefix = f"{path}.{descriptor.name}" if path else descriptor.name
        if type_.GetOptions().map_entry:
            if type_.fields_by_name["value"].message_type:
                yield from ((descriptor, f"{prefix}.{key}", item) for key, item in value.items())
        elif type_.file.package.startswith("policytrack."):
            items = enumerate(value) if descriptor.is_repeated else ()
            yield from ((descriptor, f"{prefix}[{i}]", item) for i, item in items)
            if not descriptor.is_repeated:
                yield descriptor, prefix, value


def clear_output_only(message: Message) -> None:
    """Takes away what the server sets, at any depth."""
    for descriptor, _ in message.ListFields():
        if _behaves(descriptor, field_behavior_pb2.OUTPUT_ONLY):
            message.ClearField(descriptor.name)
    for _, _, part in _parts(message, ""):
        clear_output_only(part)


def _first_missing(message: Message, path: str) -> tuple[str, str] | None:
    """The path of the first required field that is not set, with what it must be."""
    present = {descriptor.name for descriptor, _ in message.ListFields()}
    for descriptor in message.DESCRIPTOR.fields:
        # Without presence, 0 and false cannot be told from unset, and may be meant.
        unclear = not descriptor.has_presence and descriptor.cpp_type in (
            FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_BOOL) and not descriptor.is_repeated
        if (_behaves(descriptor, field_behavior_pb2.REQUIRED) and descriptor.name not in present and not unclear):
            return f"{path}.{descriptor.name}" if path else descriptor.name, _wanted(descriptor)
    return next((missing for _, part_path, part in _parts(message, path)
                 if (missing := _first_missing(part, part_path)) is not None), None)


def _wanted(descriptor: Field) -> str:
    """What a required field must be, in the words of the service."""
    if descriptor.is_repeated:
        return "must have at least one entry"
    if descriptor.has_presence:
        return "must be set"
    if descriptor.enum_type:
        return f"must be one of {descriptor.enum_type.name} other than unspecified"
    return "must not be empty" if descriptor.cpp_type == FieldDescriptor.CPPTYPE_STRING else "must be set and not 0"


def _path_of_text(message: Message, wanted: str, path: str = "") -> str:
    """The path of the first text field that is `wanted`, or ""."""
    for descriptor, value in message.ListFields():
        if descriptor.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            texts = list(value) if descriptor.is_repeated else [value]
            if wanted in texts:
                here = f"{path}.{descriptor.name}" if path else descriptor.name
                return f"{here}[{texts.index(wanted)}]" if descriptor.is_repeated else here
    return next((found for _, part_path, part in _parts(message, path)
                 if (found := _path_of_text(part, wanted, part_path))), "")
