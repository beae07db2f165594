"""What differs between two states of a document, field by field."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import MessageToDict

from policytrack.documents import Document
from policytrack.sources import clear_output_only


@dataclass(frozen=True)
class Change:
    """One difference. Values are written as in JSON, dates as 2024-11-09; None is not there."""

    path: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        return f"{self.path}: {_shown(self.old)} -> {_shown(self.new)}"


def authored(document: Document) -> Document:
    """A copy without what the server sets and without etag: what people write."""
    written = copy.deepcopy(document)
    clear_output_only(written)
    written.etag = ""
    return written


def diff(before: Document, after: Document) -> tuple[Change, ...]:
    """The differences in the order of the fields; none when people would have written the same. Items
    of a list that have unique ids are compared id by id, others position by position."""
    old, new = authored(before), authored(after)
    if old == new:
        return ()
    changes: list[Change] = []
    _compare(_dictionary(old), _dictionary(new), "", changes)
    return tuple(changes)


def _dictionary(document: Document) -> dict[str, Any]:
    return MessageToDict(document, preserving_proto_field_name=True)


def _compare(old: Any, new: Any, path: str, changes: list[Change]) -> None:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict) and not (_is_date(old) or _is_date(new)):
        for key in {**old, **new}:
            _compare(old.get(key), new.get(key), f"{path}.{key}" if path else key, changes)
    elif isinstance(old, list) and isinstance(new, list):
        _compare_lists(old, new, path, changes)
    else:
        changes.append(Change(path, _text(old), _text(new)))


def _compare_lists(old: list[Any], new: list[Any], path: str, changes: list[Change]) -> None:
    old_ids, new_ids = _ids(old), _ids(new)
    if old_ids is None or new_ids is None:
        for i in range(max(len(old), len(new))):
            _compare(old[i] if i < len(old) else None, new[i] if i < len(new) else None, f"{path}[{i}]", changes)
        return
    before = len(changes)
    for key in {**old_ids, **new_ids}:
        _compare(old_ids.get(key), new_ids.get(key), f"{path}[{key}]", changes)
    # The same items in another order are a change too.
    if len(changes) == before:
        changes.append(Change(f"{path} (order)", ", ".join(old_ids), ", ".join(new_ids)))


def _ids(items: list[Any]) -> dict[str, Any] | None:
    """The items by id, or None when they have no unique ones."""
    ids = {item["id"]: item for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)}
    return ids if len(ids) == len(items) else None


def _is_date(value: dict[str, Any]) -> bool:
    return "year" in value and value.keys() <= {"year", "month", "day"}


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict) and _is_date(value):
        return "-".join([f"{value['year']:04d}", *(f"{value[part]:02d}" for part in ("month", "day") if part in value)])
    return json.dumps(value, ensure_ascii=False)


def _shown(text: str | None) -> str:
    if text is None:
        return "(unset)"
    return text if len(text) <= 160 else text[:157] + "..."
