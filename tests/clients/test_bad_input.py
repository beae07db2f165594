"""Every unary method against every kind of bad input: what good_requests.py holds, with one fault at a
time from bad_values.py. Each is refused by a reason that the method documents, in words that say where,
and changes nothing; the service goes on. What is rightly taken stands in ACCEPTED."""

import base64
import hashlib
import re
import struct

import pytest
from google.protobuf.message import DecodeError

import bad_texts
import bad_values
import good_requests
import harness
import refusals
import stubs as generated
import wire
from bad_service import Service, copy_of
from refusals import contract

METHODS = {method.name: method for method in contract.methods(harness.ROOT)}
# Those that a client sends one message, also where the answer is a stream.
UNARY = sorted(name for name, method in METHODS.items() if not method.client_stream)
LISTINGS = [name for name in UNARY if name.startswith("List") or name == "ReadSeries"]
# How long a request may take whatever it holds; the machine may be busy with other tests.
SOON_SECONDS = 10
# Something else that can be listed.
OTHERS = {"plans/paths": "plans/spare", "datasets/paths-km": "datasets/spare", "indicators/share": "indicators/paths-km",
          "measures/build-paths": "measures/spare", "indicators/paths-km": "indicators/share",
          "scripts/share": "scripts/spare"}

# Method, field and fault (regular expressions) of what is taken, and why that is right. Writes among them
# are sent with validate_only.
ACCEPTED = [
    ("List.*|ReadSeries", "page_size", "2147483647", "more than a page holds means as many as it holds"),
    ("Create.*", r"\w+\.(name|etag)", f"(?!{'|'.join(map(re.escape, bad_texts.NOT_UTF8))}).*",
     "what a new document is called stands in its id, and it has no etag yet"),
    ("WatchEvents", r"names\[0\]", "another collection|no id|unknown", "what is not there may come"),
    ("WatchEvents", r"names\[1\]", "no id|unknown|unknown inside", "what is not there may come"),
    ("WatchEvents", "names|kinds", "an entry twice", "what is selected twice is selected"),
]


@pytest.fixture(scope="module")
def service(tmp_path_factory, stubs):
    folder = tmp_path_factory.mktemp("bad-input")
    with (harness.running(folder / "data", "--backup-dir", folder) as server,
          generated.Api(stubs, server.address, [("grpc.max_send_message_length", -1)]) as api):
        yield Service(server, api, ACCEPTED)


@pytest.fixture
def unchanged(service):
    """Holds what is stored before the test against what is stored after it."""
    before = refusals.State(service.api)
    yield
    assert refusals.State(service.api) == before


def written(message):
    """The same request, not to be checked only."""
    copy = copy_of(message)
    if "validate_only" in message.DESCRIPTOR.fields_by_name:
        copy.ClearField("validate_only")
    return copy


def messages_in(v1, kind):
    """A type of messages and those of ours that its fields have, those aside that only the service sets."""
    open_, found = [kind], {}
    while open_:
        kind = open_.pop()
        if kind.full_name in found:
            continue
        found[kind.full_name] = kind
        for field in kind.fields:
            inner = field.message_type
            if inner is None or "OUTPUT_ONLY" in bad_values.annotations(v1, field):
                continue
            if bad_values.is_map(field):
                inner = inner.fields_by_name["value"].message_type
            if inner is not None and bad_values.is_open(inner):
                open_.append(inner)
    return found.values()


def test_every_method_has_good_requests_that_set_every_field(service):
    """What is not set is not varied: a field added to the contract needs a good value here."""
    assert sorted(good_requests.GOOD) == UNARY
    for method in UNARY:
        found = {f"{site.field.containing_type.full_name}.{site.field.name}"
                 for message in service.good(method) for site in bad_values.sites(service.v1, message)}
        wanted = {f"{kind.full_name}.{field.name}"
                  for kind in messages_in(service.v1, getattr(service.v1, METHODS[method].request).DESCRIPTOR)
                  for field in kind.fields if "OUTPUT_ONLY" not in bad_values.annotations(service.v1, field)}
        missing = {name for name in wanted - found if not name.endswith(".page_token")}
        if method == "PreviewIndicator":
            # Of a definition that is not stored.
            missing -= {"policytrack.v1.Indicator.name", "policytrack.v1.Indicator.etag"}
        assert not missing, f"the good requests of {method} do not set {sorted(missing)}"


def test_every_rule_of_what_is_accepted_is_needed(service):
    used = {service.accepted_by(method, variant) for method in UNARY for message in service.good(method)
            for variant in bad_values.Bad(service.v1, message).variants()}
    assert used - {None} == set(ACCEPTED)


@pytest.mark.parametrize("method", UNARY)
def test_good_requests_are_good(service, unchanged, method):
    for message in service.good(method):
        service.api.send(method, message)


@pytest.mark.parametrize("method", UNARY)
def test_every_field(service, unchanged, method):
    faults = []
    for message in service.good(method):
        faults += service.faults(method, bad_values.Bad(service.v1, written(message)).variants())
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("method", LISTINGS)
def test_page_tokens(service, unchanged, method):
    pages = [page for page in (service.next_page(method, message) for message in service.good(method)) if page]
    assert pages, "no good request has a second page"
    faults = []
    for page in pages:
        bad = bad_values.Bad(service.v1, page)
        faults += service.faults(method, (variant for variant in bad.variants() if variant.path == "page_token"))
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("method", LISTINGS)
def test_page_tokens_of_other_requests(service, unchanged, method):
    """A token is good for its method and arguments alone."""
    page = next(filter(None, (service.next_page(method, message) for message in service.good(method))))
    faults = []
    for site in list(bad_values.sites(service.v1, page)):
        if len(site.steps) == 1 and site.field.name not in ("page_size", "page_token"):
            # Another good value, not a bad one: what is left of the request is that of another good one.
            changed = copy_of(page)
            changed.ClearField(site.field.name)
            if site.field.name in ("name", "parent"):
                setattr(changed, site.field.name, OTHERS[site.value])
            faults.append(service.fault(method, bad_values.Variant(
                "page_token", f"{site.path} changed", changed.SerializeToString(), frozenset({"PAGE_TOKEN_INVALID"}))))
    for other in LISTINGS:
        foreign = copy_of(page)
        foreign.page_token = next(filter(None, (service.next_page(other, message) for message in service.good(other)))
                                  ).page_token
        if other != method:
            faults.append(service.fault(method, bad_values.Variant(
                "page_token", f"of {other}", foreign.SerializeToString(), frozenset({"PAGE_TOKEN_INVALID"}))))
    assert not any(faults), "\n" + "\n".join(filter(None, faults))


def forged(token):
    """Tokens for the same request that nobody gave, but with a checksum that is right."""
    content = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[:-4]
    # A version and a digest of the request, revision, offset, and a key of any length.
    for revision in (0, 1, 10**9, 2**63 - 1):
        for offset in (0, -1, 2**63 - 1, -2**63):
            for key in (b"", b"\xff\xfe", b"\0", b"\x1e", b"a\x1e\xff", content[33:] + b"\0", b"x" * 100_000):
                changed = content[:17] + struct.pack("<qq", revision, offset) + key
                signed = changed + hashlib.sha256(changed).digest()[:4]
                yield base64.urlsafe_b64encode(signed).decode().rstrip("=")


@pytest.mark.parametrize("method", LISTINGS)
def test_forged_page_tokens(service, unchanged, method):
    """They may name any place to go on from; they do no harm."""
    taken = 0
    for page in filter(None, (service.next_page(method, message) for message in service.good(method))):
        for token in forged(page.page_token):
            page.page_token = token
            seen = refusals.outcome(service.v1, service.call(method), page.SerializeToString())
            assert seen is None or not list(refusals.faults_of(method, seen, service.server.data_dir)), (token[:80], seen)
            taken += seen is None
    assert taken, "none has the form of a token any more"


@pytest.mark.parametrize("method", UNARY)
def test_over_long_texts(service, unchanged, method):
    faults = []
    for message in service.good(method):
        faults += service.faults(method, bad_values.Bad(service.v1, message).over_long())
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("method", [method for method in UNARY if re.match("Create|Preview|UpdatePlan", method)])
def test_very_many_entries(service, unchanged, method):
    """Taken or not, they are answered soon: one request must not hold up those of others."""
    for variant in bad_values.Bad(service.v1, service.good(method)[0]).crowded():
        seen = refusals.outcome(service.v1, service.call(method), variant.data, timeout=SOON_SECONDS)
        assert seen is None or not list(refusals.faults_of(method, seen, service.server.data_dir)), (variant.path, seen)


def not_a_message(service, method, good):
    """Bytes that are no request of the method, and what they are."""
    yield "noise", b"\xff" * 100
    yield "zeros", bytes(100)
    yield "a group without end", good + b"\x7b"
    yield "the end of a group", good + b"\x7c"
    yield "groups 10 000 deep", good + b"\x7b" * 10_000 + b"\x7c" * 10_000
    yield "a number without end", good + b"\x78" + b"\xff" * 11
    yield "a length beyond the end", good + b"\x7a\xff\xff\xff\xff\x07"
    yield "a length that is negative", good + b"\x7a" + b"\xff" * 9 + b"\x01"
    yield "field number 0", good + b"\x02\x01x"
    yield "a wire type that is none", good + b"\x7e"
    yield "a text as a request", b"GET / HTTP/1.1\r\n\r\n"
    yield "JSON as a request", b'{"name": "plans/paths"}'
    kind = getattr(service.v1, METHODS[method].request)
    # At any byte but the borders of fields.
    for length in range(len(good) - 1, 0, -max(1, len(good) // 20)):
        try:
            kind.FromString(good[:length])
        except DecodeError:
            yield f"cut to {length} of {len(good)} bytes", good[:length]


@pytest.mark.parametrize("method", UNARY)
def test_bytes_that_are_no_request(service, unchanged, method):
    good = written(service.good(method)[0]).SerializeToString()
    faults = service.faults(method, [bad_values.Variant("request", what, data, frozenset({"FIELD_INVALID"}))
                                     for what, data in not_a_message(service, method, good)])
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("method", [method for method in UNARY if method != "WatchEvents"])
def test_an_empty_request(service, unchanged, method):
    required = [field.name for field in service.fields(method).values()
                if "REQUIRED" in bad_values.annotations(service.v1, field)]
    seen = refusals.outcome(service.v1, service.call(method), b"")
    if not required:
        # A listing of all there is, a reload of what is there already, or nothing to be said.
        assert (method in (*LISTINGS, "ReloadPlugins") or not service.fields(method)) and seen is None
    else:
        assert seen.reason == "FIELD_REQUIRED" and seen.metadata["field"].split(".")[-1] in (*required, "name"), seen
        assert not list(refusals.faults_of(method, seen, service.server.data_dir))


@pytest.mark.parametrize("method", UNARY)
def test_fields_that_nobody_knows_are_left_out(service, unchanged, method):
    """As protobuf has it, so that clients may be newer than the service; but they are not stored."""
    good = service.good(method)[0]
    unknown = wire.piece(1000, b"from the future")
    answer = service.call(method)(good.SerializeToString() + unknown, timeout=harness.CALL_SECONDS)
    assert unknown not in answer
    for number in (field.number for field in service.fields(method).values()
                   if field.message_type and bad_values.is_open(field.message_type)):
        # Appended to what the field holds: messages that come twice are merged.
        answer = service.call(method)(good.SerializeToString() + wire.nested(unknown, [number]),
                                      timeout=harness.CALL_SECONDS)
        assert unknown not in answer


@pytest.mark.parametrize("method", UNARY)
def test_what_only_the_service_sets_is_left_out(service, unchanged, method):
    good = service.good(method)[0]
    junk = bad_values.Bad(service.v1, good).output_only()
    if junk == good.SerializeToString():
        return  # The request has no such field.
    answers = [service.api.send(method, type(good).FromString(data)) for data in (good.SerializeToString(), junk)]
    for answer in answers:
        for name in ("create_time", "update_time"):
            if name in answer.DESCRIPTOR.fields_by_name:
                answer.ClearField(name)
    assert answers[0] == answers[1]


@pytest.mark.parametrize("method", UNARY)
def test_a_message_above_4_mib(service, unchanged, method):
    """The library refuses it before it is read, so no reason can be given; docs/errors.md says so."""
    data = service.good(method)[0].SerializeToString() + wire.piece(1000, bytes(4 << 20))
    seen = refusals.outcome(service.v1, service.call(method), data)
    assert (seen.code, seen.infos) == ("RESOURCE_EXHAUSTED", 0) and "4194304" in seen.message, seen


@pytest.mark.parametrize("method", UNARY)
def test_a_client_that_goes_away(service, unchanged, method):
    """Cancelled, out of time, or gone with its connection, at once: of a checked request nothing is left."""
    good = service.good(method)[0].SerializeToString()
    late = [service.call(method).future(good, timeout=0.0001) for _ in range(5)]
    for _ in range(5):
        service.call(method).future(good, timeout=harness.CALL_SECONDS).cancel()
    with generated.Api(service.v1, service.server.address, [("grpc.use_local_subchannel_pool", 1)]) as gone:
        gone.channel.unary_unary(service.path(method)).future(good, timeout=harness.CALL_SECONDS)
    for call in late:
        call.exception(harness.CALL_SECONDS)
    service.api.send(method, service.good(method)[0])


def test_answers_of_the_library(service, unchanged):
    """They have no ErrorInfo; docs/errors.md says which they are."""
    for path, metadata, code in (("/policytrack.v1.PlanService/NoSuchMethod", (), "UNIMPLEMENTED"),
                                 ("/policytrack.v1.NoSuchService/GetPlan", (), "UNIMPLEMENTED"),
                                 (service.path("GetPlan"), [("x-long", "x" * 20_000)], "RESOURCE_EXHAUSTED")):
        seen = refusals.outcome(service.v1, service.api.channel.unary_unary(path), b"", metadata=metadata)
        assert (seen.code, seen.infos) == (code, 0), (path, seen)
