"""Values that are bad for texts of a certain form, and for the messages that stand for one value."""

import re

RESOURCE = re.compile(r"(?:plans|measures|datasets|indicators|scripts|plugins|commits)/")

NOT_UTF8 = {"a byte that is not UTF-8": b"\xff", "an overlong form": b"\xc0\xaf", "a surrogate": b"\xed\xa0\x80",
            "a code point above U+10FFFF": b"\xf4\x90\x80\x80", "a character cut off": b"x\xe4\xb8"}

PERIODS = ["soon", "2020-13", "2020-W54", "2020-Q5", "2020-S3", "2020-02-30", "20200", "0000", "-2020", "2020 ", " 2020",
           "2020\n", "２０２０", "2020.5", "1e3", "NaN", "2020-", "2020/01"]
LANGUAGES = ["english!", "e", "en_US", "-en", "en-", "en--US", "abcdefghi", "e1", "en\n", "中文"]
CODES = ["_T\n", " east", "east ", "ea\tst", "ea\x7fst", "\ufeffeast", "east\u2028", "e" * 257, "\x1f"]
IDS = ["Bad", "1a", "-a", "a-", "a_b", "a.b", "a/b", "a b", "a" * 64, "ä", "..", "%2e", "a\n", "*"]

# Texts with a form, by the name of the field: bad ones, and what refuses them.
FORMATS = {
    "language_code": (LANGUAGES, {"FIELD_INVALID"}),
    "uri": (["ftp://example.org", "javascript:alert(1)", "example.org", "//example.org", "file:///etc/passwd",
             " https://example.org"], {"FIELD_INVALID"}),
    "unit": (["bananas", "KM", "km ", "@value"], {"FIELD_INVALID"}),
    "Script.unit": (["bananas", "KM", "km ", "@none"], {"FIELD_INVALID"}),
    "ScriptInput.slot": (["VALUE", "value ", "a-b", "a_", "1st"], {"FIELD_INVALID"}),
    "plugin_version": (["newest", "1.", "v1", "1.2.3.4", "01", "1.2"], {"FIELD_INVALID"}),
    "region": (["not a region", "CN/HA", "C" * 33, "CN-HA\n"], {"FIELD_INVALID"}),
    "regions": (["not a region", "CN/HA", "C" * 33, "CN-HA\n", ""], {"FIELD_INVALID"}),
    "period": (PERIODS, {"FIELD_INVALID"}),
    "start_period": (PERIODS, {"FIELD_INVALID"}),
    "end_period": ([*PERIODS, "2019"], {"FIELD_INVALID"}),
    "slot": (["none", "VALUE", "value "], {"FIELD_INVALID"}),
    "output": (["none", "VALUE"], {"FIELD_INVALID"}),
    "group_by": (["none", "CITY", ""], {"FIELD_INVALID"}),
    "group": ([*CODES, ""], {"FIELD_INVALID"}),
    "dimensions": ([*CODES, ""], {"FIELD_INVALID"}),
    "values": ([*CODES, ""], {"FIELD_INVALID"}),
    "code": ([*CODES, "_T"], {"FIELD_INVALID"}),
    "total_codes": ([*CODES, "_T"], {"FIELD_INVALID"}),
    "request_id": (["1", "6fa459ea-ee8a-4ca4-894e-db77e160355", "6fa459eaee8a4ca4894edb77e160355e0000",
                    "{6fa459ea-ee8a-4ca4-894e-db77e160355}", "zfa459ea-ee8a-4ca4-894e-db77e160355e"],
                   {"FIELD_INVALID"}),
    "etag": (['"stale"', "r1", '""', '"r99999"', "*", 'W/"r1"'], {"ETAG_MISMATCH"}),
    "filter": (["(" * 2000, "(" * 10_000, "name = " + "(" * 17 + '"a"' + ")" * 17, "-" * 10_000,
                " OR ".join(["name = x"] * 10_000), " ".join(["x"] * 65), 'name = "', "name = 'x", 'name = "\\q"',
                "name =", "= name", "no_such = 1", "name.no_such = 1", "name == x", "name = x AND", "NOT", "name = a*b",
                "name && x", "“name” = x", "f(x)", ")", "name = \x01"], {"FILTER_INVALID"}),
    "resume_token": (["", "made-up", "A", "100", "!", "AQ=="], {"RESUME_TOKEN_INVALID"}),
    "order_by": (["no_such", "name no", "name desc,", ",name", "name,name", "name desc desc", "display_name.x",
                  "references", "NAME", "name;", "1", "\x01"], {"ORDER_BY_INVALID"}),
    "id": (IDS, {"NAME_INVALID"}),
    "Dimension.id": ([*(text for text in IDS if text != "a_b"), "_a", "a-b"], {"FIELD_INVALID"}),
}


def resource_names(good):
    """Bad names where `good` is one: what is bad, and the name."""
    collection, _, identifier = good.partition("/")
    other = "measures" if collection == "plans" else "plans"
    for what, name in (
            ("another collection", f"{other}/{identifier}"), ("..", f"{collection}/.."),
            ("two up", f"{collection}/../{good}"), ("%2F", f"{collection}%2F{identifier}"),
            ("%2F in the id", f"{collection}/%2F"), ("uppercase", good.upper()), ("an empty id", f"{collection}/"),
            ("no id", collection), ("64 characters", f"{collection}/{'a' * 64}"), ("a slash at the end", good + "/"),
            ("a slash at the start", "/" + good), ("two slashes", good.replace("/", "//", 1)),
            ("a line feed at the end", good + "\n"), ("a space before", " " + good), ("more after", good + "/more"),
            ("a host before", "//policytrack.dev/" + good), ("a wildcard", f"{collection}/*"), ("-", f"{collection}/-"),
            ("SQL", f"{collection}/x'; DROP TABLE documents; --"), ("not ASCII", f"{collection}/пути"),
            ("an escape sequence", f"{collection}/\x1b[31mred"), ("a negative number", f"{collection}/-1"),
            ("a fraction", f"{collection}/1.5")):
        yield what, name


def _format_of(site):
    """Bad texts of the form that belongs to a field, and what refuses them."""
    names = [step for step in site.steps if isinstance(step, str)]
    of = site.field.containing_type
    # Of an entry of a map the name of the map says the form.
    name = names[-2] if of.GetOptions().map_entry else site.field.name
    if name.endswith("_id") and name not in FORMATS:
        return FORMATS["id"]
    if name == "page_token":
        return (), {"PAGE_TOKEN_INVALID"}
    return FORMATS.get(f"{of.name}.{name}", FORMATS.get(name, ((), set())))


def reasons_of(site):
    """What refuses a text that is bad there. FIELD_INVALID is what the general checks give."""
    if RESOURCE.match(site.value):
        return frozenset({"NAME_INVALID", "FIELD_INVALID"})
    return frozenset({"FIELD_INVALID", *_format_of(site)[1]})


def texts_of(site, required):
    """What is bad, the text, and by what it is refused where that is not reasons_of(site)."""
    good = site.value
    texts, reasons = _format_of(site)
    yield "NUL", good + "\0", None
    yield "NUL alone", "\0", None
    if required:
        yield "empty", "", None
    if RESOURCE.match(good):
        for what, text in resource_names(good):
            yield what, text, None
        unknown = "commits/999999" if good.startswith("commits/") else re.sub(r"/[^/]+", "/none", good, count=1)
        yield "unknown", unknown, frozenset({"RESOURCE_NOT_FOUND"})
        if good.count("/") > 1:
            yield "unknown inside", good.rpartition("/")[0] + "/none", frozenset({"RESOURCE_NOT_FOUND"})
    elif site.field.name == "page_token":
        yield from _page_tokens(good)
    for text in texts:
        yield repr(text[:40]), text, frozenset(reasons)


def _page_tokens(good):
    swapped = good[:-1] + ("A" if good[-1] != "A" else "B")
    for what, token in (
            ("made up", "made-up"), ("cut off", good[:-1]), ("cut to half", good[:len(good) // 2]),
            ("another last character", swapped), ("another first character", "B" + good[1:]),
            ("padded", good + "="), ("twice", good * 2), ("a space after", good + " "), ("not base64", "!" + good[1:]),
            ("another version", "Ag" + good[2:]), ("one character", "A"), ("a number", "100")):
        yield what, token, frozenset({"PAGE_TOKEN_INVALID"})


def messages_of(v1, name):
    """Bad Dates, AsOfs and FieldMasks: what is bad, and the message."""
    if name == "Date":
        for year, month, day in ((0, 1, 1), (-1, 1, 1), (10_000, 1, 1), (2020, 13, 1), (2020, -1, 1), (2020, 1, 32),
                                 (2020, 2, 30), (2023, 2, 29), (2020, 4, 31), (2020, 1, -1), (2020, 0, 5), (0, 0, 0),
                                 (2**31 - 1, 2**31 - 1, 2**31 - 1), (-2**31, -2**31, -2**31)):
            yield f"{year}-{month}-{day}", v1.Date(year=year, month=month, day=day)
    elif name == "AsOf":
        yield "neither revision nor time", v1.AsOf()
        for revision in (0, -1, 10**9, 2**63 - 1, -2**63):
            yield f"revision {revision}", v1.AsOf(revision=revision)
        for seconds, nanos in ((0, 0), (-62135596801, 0), (-62135596800, 0), (253402300800, 0), (2**63 - 1, 0),
                               (-2**63, 0), (1_700_000_000, -1), (1_700_000_000, 10**9), (2**62, 2**31 - 1)):
            yield f"{seconds} s {nanos} ns", v1.AsOf(time={"seconds": seconds, "nanos": nanos})
    else:
        for paths in (["no_such"], [""], ["*", "name"], ["*", "*"], ["display_name."], [".display_name"],
                      ["display_name..x"], ["display_name.x"], ["displayName"], ["references.title"],
                      ["references[0]"], ["translations.`zh"], ["translations.zh.no_such"], ["display_name\0"],
                      ["x" * 5000], [f"x{n}" for n in range(1001)], ["description", "no_such"], ["DESCRIPTION"]):
            yield str(paths)[:60], v1.FieldMask(paths=paths)


def structs(v1, good):
    """Bad parameters: what is bad, and the Struct."""
    first = sorted(good)[0]
    for what, key, change in (
            ("an unknown parameter", "no_such", {"number_value": 1}), ("an empty name", "", {"number_value": 1}),
            ("NUL in a name", "a\0b", {"number_value": 1}), ("NUL in a text", first, {"string_value": "a\0"}),
            ("NaN", first, {"number_value": float("nan")}), ("infinite", first, {"number_value": float("inf")}),
            ("no value", first, {}), ("null", first, {"null_value": 0}), ("a truth", first, {"bool_value": True}),
            ("a list", first, {"list_value": {}}), ("a struct", first, {"struct_value": {}}),
            ("a bad text", first, {"string_value": "magic"}), ("beyond its range", first, {"number_value": -1e300})):
        changed = v1.Struct()
        changed.CopyFrom(good)
        changed.fields[key].CopyFrom(v1.Value(**change))
        yield what, changed


def is_free(site):
    """Whether any text may stand there: a string without a form of its own."""
    return (isinstance(site.value, str) and not _format_of(site)[1] and not RESOURCE.match(site.value)
            and site.field.name != "name")
