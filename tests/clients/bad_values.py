"""Bad input, derived from a good request and the descriptors alone: every field that it sets is varied by
its type, its annotations and, for texts, by what the good value looks like. A field added to the
contract is varied without a word here; a text with a form of its own gets a row in FORMATS."""

import string
from typing import NamedTuple

import bad_texts
import wire

INT_BOUNDS = {"int32": (-2**31, 2**31 - 1), "int64": (-2**63, 2**63 - 1), "sint64": (-2**63, 2**63 - 1)}
# Whole numbers with a range of their own: values just outside.
OUTSIDE = {"unit_multiplier": (-13, 16), "year_start_month": (-1, 13), "page_size": (-1,),
           "at_least_revision": (-1, 10**9), "periods": (0, 10_000), "break_indexes": (-1, 10_000)}


class Variant(NamedTuple):
    path: str  # of the field that is bad, as the service writes it
    what: str
    data: bytes  # the request
    reasons: frozenset  # by one of which it is refused


class Site(NamedTuple):
    """One field of a message that is set, or one entry of it."""
    path: str
    steps: tuple  # the way from the request: names of fields, indexes of lists, keys of maps
    field: object
    value: object

    def of(self, request):
        """The message around it, or the list or map, and the last step."""
        place = request
        for step in self.steps[:-1]:
            place = getattr(place, step) if hasattr(place, "DESCRIPTOR") else place[step]
        return place, self.steps[-1]

    def put(self, request, value):
        place, last = self.of(request)
        if not hasattr(place, "DESCRIPTOR") and not hasattr(value, "DESCRIPTOR"):
            place[last] = value
        elif hasattr(value, "DESCRIPTOR"):
            (getattr(place, last) if hasattr(place, "DESCRIPTOR") else place[last]).CopyFrom(value)
        else:
            setattr(place, last, value)


def annotations(v1, field):
    return {v1.FieldBehavior.Name(value) for value in field.GetOptions().Extensions[v1.field_behavior]}


def is_map(field):
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def type_of(field):
    names = {value: key[5:].lower() for key, value in vars(type(field)).items() if key.startswith("TYPE_")}
    return names[field.type]


def is_open(message_type):
    """Whether its fields are ours to walk through, and not those of a well-known type."""
    return message_type.full_name.startswith("policytrack.") and message_type.name != "AsOf"


def sites(v1, message, path="", steps=()):
    """Every field that a client has set, at any depth, the messages before what is in them."""
    for field, value in message.ListFields():
        if "OUTPUT_ONLY" in annotations(v1, field):
            continue
        at = (f"{path}." if path else "") + field.name
        if is_map(field):
            inner = field.message_type.fields_by_name["value"]
            entries = [(f"{at}.{key}", (*steps, field.name, key), inner, value[key]) for key in value]
        elif field.label == field.LABEL_REPEATED:
            entries = [(f"{at}[{n}]", (*steps, field.name, n), field, item) for n, item in enumerate(value)]
        else:
            entries = []
        yield Site(at, (*steps, field.name), field, value)
        for entry in entries:
            yield Site(*entry)
        for at, way, of, item in entries or [(at, (*steps, field.name), field, value)]:
            if of.message_type is not None and is_open(of.message_type) and not is_map(of):
                yield from sites(v1, item, at, way)


def is_whole_list(site):
    return site.field.label == site.field.LABEL_REPEATED and site.steps[-1] == site.field.name


def without_id(message):
    copy = type(message)()
    copy.CopyFrom(message)
    copy.ClearField("id")
    return copy


class Bad:
    """The variants of one request."""

    def __init__(self, v1, request):
        self.v1 = v1
        self.request = request

    def _with(self, change):
        copy = type(self.request)()
        copy.CopyFrom(self.request)
        change(copy)
        return copy.SerializeToString()

    def variants(self):
        for site in sites(self.v1, self.request):
            if is_whole_list(site):
                yield from self._of_list(site)
            elif site.field.message_type is not None:
                yield from self._of_message(site)
            elif type_of(site.field) == "string":
                yield from self._of_text(site)
            else:
                yield from self._of_plain(site)

    def over_long(self, size=1 << 20):
        """Every text, and every key of a map, with a mebibyte in it."""
        filler = (string.ascii_lowercase * (size // 26 + 1))[:size]
        for site in sites(self.v1, self.request):
            if is_map(site.field) and is_whole_list(site):
                yield Variant(site.path, "a key of 1 MiB", self._with_key(site, filler), frozenset({"FIELD_INVALID"}))
            elif not is_whole_list(site) and type_of(site.field) == "string":
                yield Variant(site.path, "1 MiB", self._with(lambda r: site.put(r, site.value + filler)),
                              bad_texts.reasons_of(site))

    def crowded(self, size=500 << 10):
        """Every list and map with as many entries as fit in `size`, different where they have to be."""
        for site in filter(is_whole_list, sites(self.v1, self.request)):
            def crowd(request):
                place, last = site.of(request)
                entries = getattr(place, last)
                first = sorted(entries)[0] if is_map(site.field) else entries[0]
                named = not is_map(site.field) and hasattr(first, "id")
                weight = (first.ByteSize() if hasattr(first, "ByteSize") else len(str(first))) + 12
                for number in range(size // weight):
                    if is_map(site.field) and isinstance(entries[first], str):
                        entries[f"{first}-{number:06}"] = entries[first]
                    elif is_map(site.field):
                        entries[f"{first}-{number:06}"].CopyFrom(entries[first])
                    elif named:
                        entries.add(id=f"{first.id}-{number}").MergeFrom(without_id(first))
                    elif isinstance(first, str):
                        entries.append(f"{first}{number}")
                    elif hasattr(first, "CopyFrom"):
                        entries.add().CopyFrom(first)
                    else:
                        entries.append(first)
            yield Variant(site.path, "as many entries as fit", self._with(crowd), frozenset())

    def output_only(self):
        """The request with junk in every field of it that only the service sets."""
        def fill(message):
            for field in message.DESCRIPTOR.fields:
                if "OUTPUT_ONLY" in annotations(self.v1, field):
                    if field.label == field.LABEL_REPEATED:
                        continue
                    kind = type_of(field)
                    if kind == "message":
                        getattr(message, field.name).SetInParent()
                    elif kind == "string":
                        setattr(message, field.name, "NUL \0 in it")
                    else:
                        setattr(message, field.name, 1)
            for field, value in message.ListFields():
                if field.message_type is None or is_map(field) or not is_open(field.message_type):
                    continue
                for item in value if field.label == field.LABEL_REPEATED else [value]:
                    fill(item)
        return self._with(fill)

    def _required(self, site):
        return "REQUIRED" in annotations(self.v1, site.field)

    def _if_unset(self, site):
        # What cannot change cannot be taken away either.
        changed = {"FIELD_INVALID"} if "IMMUTABLE" in annotations(self.v1, site.field) else set()
        return frozenset({"FIELD_REQUIRED", *changed})

    def _without(self, site):
        def clear(request):
            place, last = site.of(request)
            place.ClearField(last)
        return Variant(site.path, "unset", self._with(clear), self._if_unset(site))

    def _of_list(self, site):
        if self._required(site):
            yield self._without(site)
        if is_map(site.field):
            yield from self._of_keys(site)
        elif not site.field.message_type:
            yield from self._twice(site)
        elif {"id", "slot", "code"} & set(site.field.message_type.fields_by_name):
            yield from self._twice(site)

    def _twice(self, site):
        def repeat(request):
            place, last = site.of(request)
            place = getattr(place, last)
            place.extend([place[0]])
        # That entries must differ is no form of theirs: any fault that follows from it will do.
        yield Variant(site.path, "an entry twice", self._with(repeat), frozenset({"FIELD_INVALID"}))

    def _of_keys(self, site):
        for what, key in (("NUL in a key", "a\0b"), ("a strange key", "not a key!"), ("an empty key", "")):
            yield Variant(site.path, what, self._with_key(site, key), frozenset({"FIELD_INVALID"}))
        for what, bad in bad_texts.NOT_UTF8.items():
            yield Variant(site.path, f"a key that is {what}", wire.marked(self._with_key(site, wire.MARK), bad),
                          frozenset({"FIELD_INVALID"}))

    def _with_key(self, site, key):
        """The request with one entry more in a map, equal to one that is there."""
        def add(request):
            place, last = site.of(request)
            entries = getattr(place, last)
            first = entries[sorted(entries)[0]]
            if site.field.message_type.fields_by_name["value"].message_type is None:
                entries[key] = first
            else:
                entries[key].CopyFrom(first)
        return self._with(add)

    def _of_message(self, site):
        name = site.field.message_type.name
        in_list = site.steps[-1] != site.field.name
        if self._required(site) and not in_list:
            yield self._without(site)
        if name == "Struct":
            yield from self._of_struct(site)
        elif name in ("Date", "AsOf", "FieldMask"):
            for what, value in bad_texts.messages_of(self.v1, name):
                yield Variant(site.path, what, self._with(lambda r, value=value: site.put(r, value)),
                              frozenset({"FIELD_INVALID"}))
        elif any("REQUIRED" in annotations(self.v1, field) for field in site.field.message_type.fields):
            def empty(request):
                place, last = site.of(request)
                (getattr(place, last) if hasattr(place, "DESCRIPTOR") else place[last]).Clear()
            yield Variant(site.path, "empty", self._with(empty), frozenset({"FIELD_REQUIRED"}))

    def _of_struct(self, site):
        reasons = frozenset({"PARAMETERS_INVALID", "FIELD_INVALID"})
        for what, value in bad_texts.structs(self.v1, site.value):
            yield Variant(site.path, what, self._with(lambda r, value=value: site.put(r, value)), reasons)
        numbers, kind = [], self.request.DESCRIPTOR
        for step in (step for step in site.steps if isinstance(step, str)):
            numbers.append(kind.fields_by_name[step].number)
            kind = kind.fields_by_name[step].message_type
        for depth in (33, 10_000):
            deep = wire.nested(wire.deep_struct(depth), numbers)
            yield Variant(site.path, f"nested {depth} deep", self.request.SerializeToString() + deep,
                          frozenset({"FIELD_INVALID"}))

    def _of_text(self, site):
        reasons = bad_texts.reasons_of(site)
        for what, bad in bad_texts.NOT_UTF8.items():
            yield Variant(site.path, what, wire.marked(self._with(lambda r: site.put(r, wire.MARK)), bad),
                          frozenset({"FIELD_INVALID"}))
        one_of_many = site.steps[-1] != site.field.name
        for what, text, why in bad_texts.texts_of(site, self._required(site) and not one_of_many):
            if what == "unknown" and getattr(self.request, "allow_missing", False):
                continue  # That it may be is what allow_missing says.
            why = self._if_unset(site) if what == "empty" else why or reasons
            yield Variant(site.path, what, self._with(lambda r, text=text: site.put(r, text)), why)

    def _of_plain(self, site):
        kind = type_of(site.field)
        values, reasons = (), {"FIELD_INVALID"}
        if kind == "double":
            values = (float("nan"), float("inf"), float("-inf"))
        elif kind == "enum":
            values = (9999, -1)
            if self._required(site):
                yield Variant(site.path, "unspecified", self._with(lambda r: site.put(r, 0)), self._if_unset(site))
        elif kind in INT_BOUNDS:
            values = (*OUTSIDE.get(site.field.name, ()), *INT_BOUNDS[kind])
        else:
            assert kind == "bool", f"{site.path}: nothing is known of bad values of type {kind}"
        for value in values:
            yield Variant(site.path, str(value), self._with(lambda r, value=value: site.put(r, value)),
                          frozenset(reasons))
