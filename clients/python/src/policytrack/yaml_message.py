"""YAML to protobuf messages by descriptor, as the command-line client reads it. The form is proto
JSON written as YAML, with these reliefs: a text field takes a plain number as the text it is
(`period: 2024`), and a date may be written as text.

Everything that could be a mistake is refused with its line and column: unknown fields, keys twice,
empty values, a value of another type."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Collection
from typing import Any, NamedTuple, TypeAlias

import yaml
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date


#: The descriptor of a field, of whichever implementation of protobuf is in use.
Field: TypeAlias = Any


class Position(NamedTuple):
    """From 1; 0 where there is none."""

    line: int = 0
    column: int = 0


def position_of(node: yaml.Node) -> Position:
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)


#: Deeper than any document; an alias that holds itself would have no end.
MAX_DEPTH = 64
_NULLS = ("", "~", "null", "Null", "NULL")
_INTEGER = re.compile(r"-?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", re.ASCII)
_LIMITS = {FieldDescriptor.CPPTYPE_INT32: 31, FieldDescriptor.CPPTYPE_INT64: 63}
_EXPECTED = {
    FieldDescriptor.CPPTYPE_INT32: "a whole number",
    FieldDescriptor.CPPTYPE_INT64: "a whole number",
    FieldDescriptor.CPPTYPE_DOUBLE: "a number, with a point and without separators",
    FieldDescriptor.CPPTYPE_BOOL: "true or false",
}


def is_quoted(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and bool(node.style)


def is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in _NULLS


def parse_date(text: str) -> Date:
    """2024-11-09, 2024-11 or 2024. Raises ValueError for another form or a day that does not exist."""
    match = _DATE.fullmatch(text)
    if match is None or match[1] == "0000":
        raise ValueError(f"`{text}` is not a date; write 2024-11-09, 2024-11 or 2024, in quotes or without")
    year, month, day = (int(part) if part is not None else None for part in match.groups())
    assert year is not None
    try:
        datetime.date(year, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        raise ValueError(f"`{text}` is not in the calendar") from None
    return Date(year=year, month=month or 0, day=day or 0)


def _parse_double(text: str) -> float | None:
    number = float(text) if _DECIMAL.fullmatch(text) else math.nan
    # What a double cannot hold, or only as zero, is another value than the one written.
    lost = number == 0 and any(digit in "123456789" for digit in re.split("[eE]", text)[0])
    return number if math.isfinite(number) and not lost else None


def _out_of_range(text: str) -> str:
    """What is wrong with a text that is written as a number and yet is none that a double can hold."""
    if not _DECIMAL.fullmatch(text) or _parse_double(text) is not None:
        return ""
    return "too large for a number" if math.isinf(float(text)) else "too close to zero"


class Reader:
    """Reads maps into messages; problems go to `fail`, with their position."""

    def __init__(self, fail: Callable[[Position, str], None], positions: dict[str, Position]) -> None:
        self._fail = fail
        self._positions = positions

    def read(self, node: yaml.MappingNode, skip: Collection[str], message: Message) -> None:
        """Fills `message`; keys in `skip` are left to the caller. It is complete when nothing failed."""
        self._positions[""] = position_of(node)
        self._map(node, "", 0, message, skip)

    def _at(self, node: yaml.Node, text: str) -> None:
        self._fail(position_of(node), text)

    def _keys(self, node: yaml.MappingNode) -> list[tuple[yaml.Node, str, yaml.Node]]:
        """The entries with a key that is a word and that was not there before."""
        entries: list[tuple[yaml.Node, str, yaml.Node]] = []
        seen = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._at(key, f"a key must be a word, not {_shape(key)}")
            elif key.value in seen:
                self._at(key, f"`{key.value}` is here twice")
            else:
                seen.add(key.value)
                entries.append((key, key.value, value))
        return entries

    def _map(self, node: yaml.MappingNode, path: str, depth: int, message: Message,
             skip: Collection[str] = ()) -> None:
        type_ = message.DESCRIPTOR
        seen = set()
        for key_node, key, value in self._keys(node):
            if key in skip:
                continue
            field = type_.fields_by_name.get(key) or type_.fields_by_camelcase_name.get(key)
            if field is None:
                self._at(key_node, f"`{type_.name}` has no field `{key}`; its fields are "
                                   f"{', '.join(field.name for field in type_.fields)}")
                continue
            field_path = f"{path}.{field.name}" if path else field.name
            choice = _choice(field)
            if field.name in seen:
                self._at(key_node, f"`{key}` is here twice")
            elif choice and message.WhichOneof(choice):
                self._at(key_node, f"`{key}` cannot stand beside another of the choices for `{choice}`")
            elif is_null(value) and not _is(field, Value):
                # Nothing has no place of its own.
                self._at(key_node, f"`{field_path}` is empty; give a value or leave the field out")
            else:
                self._positions[field_path] = position_of(value)
                self._field(value, field_path, depth, field, message)
            seen.add(field.name)

    def _deep(self, node: yaml.Node, depth: int) -> bool:
        if depth >= MAX_DEPTH:
            self._at(node, "nested too deeply; does an alias hold itself?")
        return depth >= MAX_DEPTH

    def _field(self, node: yaml.Node, path: str, depth: int, field: Field, message: Message) -> None:
        if self._deep(node, depth):
            return
        if _is_map(field):
            self._proto_map(node, path, depth, field, getattr(message, field.name))
        elif not field.is_repeated:
            self._value(node, path, depth, field, message)
        elif not isinstance(node, yaml.SequenceNode):
            self._at(node, f"`{path}` must be a list, but it is {_shape(node)}")
        else:
            for i, item in enumerate(node.value):
                item_path = f"{path}[{i}]"
                self._positions[item_path] = position_of(item)
                if is_null(item):
                    self._at(item, f"`{item_path}` is empty; give a value or remove it")
                else:
                    self._value(item, item_path, depth, field, message)

    def _proto_map(self, node: yaml.Node, path: str, depth: int, field: Field, target: Any) -> None:
        if not isinstance(node, yaml.MappingNode):
            self._at(node, f"`{path}` must be a map, but it is {_shape(node)}")
            return
        # All maps of the contract have text keys.
        value_field = field.message_type.fields_by_name["value"]
        for key_node, key, value in self._keys(node):
            item_path = f"{path}.{key}"
            if is_null(value):
                self._at(key_node, f"`{item_path}` is empty; give a value or remove it")
                continue
            self._positions[item_path] = position_of(value)
            if value_field.message_type:
                self._message(value, item_path, depth + 1, value_field, target[key])
            else:
                found = self._scalar(value, item_path, value_field)
                if found is not None:
                    target[key] = found

    def _value(self, node: yaml.Node, path: str, depth: int, field: Field, message: Message) -> None:
        """One value into a singular field, or at the end of a repeated one."""
        target = getattr(message, field.name)
        if field.message_type:
            part = target.add() if field.is_repeated else target
            part.SetInParent()
            self._message(node, path, depth + 1, field, part)
            return
        found = self._scalar(node, path, field)
        if found is None:
            return
        if field.is_repeated:
            target.append(found)
        else:
            setattr(message, field.name, found)

    def _scalar(self, node: yaml.Node, path: str, field: Field) -> Any:
        """The value, or None when it is none of the field's type, which is told."""
        expected = _EXPECTED.get(field.cpp_type, "a text")
        if field.enum_type:
            expected = "one of " + ", ".join(value.name for value in field.enum_type.values if value.number)
        if not isinstance(node, yaml.ScalarNode):
            self._at(node, f"`{path}` must be {expected}, but it is {_shape(node)}")
            return None
        text, found = node.value, None
        if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            found = text
        elif field.cpp_type in _LIMITS:
            limit = 1 << _LIMITS[field.cpp_type]
            found = int(text) if _INTEGER.fullmatch(text) and len(text) < 21 and -limit <= int(text) < limit else None
        elif field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
            found = _parse_double(text)
            if found is None and _out_of_range(text):
                self._at(node, f"`{path}`: `{text}` is {_out_of_range(text)}")
                return None
        elif field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            found = text == "true" if not is_quoted(node) and text in ("true", "false") else None
        elif field.enum_type and text in field.enum_type.values_by_name:
            found = field.enum_type.values_by_name[text].number
        if found is None:
            self._at(node, f"`{path}` must be {expected}, but it is `{text}`" +
                     (" in quotes" if is_quoted(node) else ""))
        return found

    def _message(self, node: yaml.Node, path: str, depth: int, field: Field, message: Message) -> None:
        if self._deep(node, depth):
            return
        if isinstance(message, Date) and isinstance(node, yaml.ScalarNode):
            try:
                date = parse_date(node.value)
            except ValueError as error:
                self._at(node, f"`{path}`: {error}")
                return
            if not date.day and field.full_name != "policytrack.v1.Reference.publish_date":
                self._at(node, f"`{path}` is `{node.value}`; write a whole day such as 2025-01-31")
            message.CopyFrom(date)
        elif isinstance(message, Timestamp):
            try:
                message.FromJsonString(node.value if isinstance(node, yaml.ScalarNode) else "")
            except ValueError:
                self._at(node, f"`{path}` must be a time such as 2024-11-12T08:00:00Z")
        elif isinstance(message, Value):
            self._json_value(node, depth, message)
        elif not isinstance(node, yaml.MappingNode):
            self._at(node, f"`{path}` must be a map, but it is {_shape(node)}")
        elif isinstance(message, Struct):
            self._json_object(node, depth, message)
        else:
            self._map(node, path, depth, message)

    def _json_object(self, node: yaml.MappingNode, depth: int, target: Struct) -> None:
        for _, key, value in self._keys(node):
            self._json_value(value, depth + 1, target.fields[key])

    def _json_value(self, node: yaml.Node, depth: int, target: Value) -> None:
        if self._deep(node, depth):
            return
        if isinstance(node, yaml.MappingNode):
            target.struct_value.SetInParent()
            self._json_object(node, depth, target.struct_value)
        elif isinstance(node, yaml.SequenceNode):
            target.list_value.SetInParent()
            for item in node.value:
                self._json_value(item, depth + 1, target.list_value.values.add())
        elif is_null(node):
            target.null_value = 0  # type: ignore[assignment]
        elif is_quoted(node):
            target.string_value = node.value
        elif node.value in ("true", "false"):
            target.bool_value = node.value == "true"
        elif (number := _parse_double(node.value)) is not None:
            target.number_value = number
        elif why := _out_of_range(node.value):
            # As a text it would be another value than the one that was written.
            self._at(node, f"`{node.value}` is {why}")
        else:
            target.string_value = node.value


def _shape(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a map"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "empty" if is_null(node) else "a scalar"


def _is(field: Field, message: type[Message]) -> bool:
    return field.message_type is not None and field.message_type.full_name == message.DESCRIPTOR.full_name


def _is_map(field: Field) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def _choice(field: Field) -> str:
    """The oneof that the field is a choice of, or ""; `optional` makes one of its own, of one field."""
    oneof = field.containing_oneof
    return oneof.name if oneof is not None and len(oneof.fields) > 1 else ""
