"""Every unary method against every kind of bad input: what good_requests.py holds, with one fault at a
time from bad_values.py. Each is refused by a reason that the method documents, in words that say where,
and changes nothing; the service goes on. What is rightly taken stands in ACCEPTED."""

import re

import pytest
from google.protobuf.message import DecodeError

import bad_texts
import bad_values
import full_world
import good_requests
import harness
import refusals
import stubs as generated
import wire
from refusals import contract

METHODS = {method.name: method for method in contract.methods(harness.ROOT)}
UNARY = sorted(name for name, method in METHODS.items() if not method.client_stream)
LISTINGS = [name for name in UNARY if name.startswith("List") or name == "ReadSeries"]
# Something else that can be listed.
OTHERS = {"plans/paths": "plans/spare", "datasets/paths-km": "datasets/spare", "indicators/share": "indicators/paths-km",
          "measures/build-paths": "measures/spare", "indicators/paths-km": "indicators/share"}

# Method, field and fault (regular expressions) of what is taken, and why that is right. Writes among them
# are sent with validate_only.
ACCEPTED = [
    ("List.*|ReadSeries", "page_size", "2147483647", "more than a page holds means as many as it holds"),
    ("Create.*", r"\w+\.(name|etag)", f"(?!{'|'.join(map(re.escape, bad_texts.NOT_UTF8))}).*",
     "what a new document is called stands in its id, and it has no etag yet"),
]


def accepted_by(method, variant):
    """The rule by which a variant is taken, or None."""
    return next((rule for rule in ACCEPTED if re.fullmatch(rule[0], method) and re.fullmatch(rule[1], variant.path)
                 and re.fullmatch(rule[2], variant.what)), None)


class Service:
    """A server that holds the full world, called with raw bytes."""

    def __init__(self, server, api):
        self.server, self.api, self.v1 = server, api, api.v1
        for name, request in full_world.CALLS:
            api.send(name, request)
        pushed = api.send("PushObservations", full_world.PUSH)
        # Evaluation writes commits of its own; after this it has nothing left to do.
        api.send("GetPlanProgress", {"name": "plans/paths", "atLeastRevision": pushed.revision})
        self.head = api.event.ListCommits(self.v1.ListCommitsRequest(page_size=1)).commits[0]
        self.last_write = refusals.last_write(api)

    def path(self, name):
        return f"/policytrack.v1.{METHODS[name].service}/{name}"

    def call(self, name):
        return self.api.channel.unary_unary(self.path(name))

    def _resolved(self, value):
        if isinstance(value, dict):
            return {key: self._resolved(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._resolved(item) for item in value]
        if value == "@head":
            return str(self.head.revision)
        if value == "@time":
            return self.head.time.ToJsonString()
        if isinstance(value, str) and value.startswith("@etag "):
            name = value.removeprefix("@etag ")
            kind = name.split("/")[0][:-1].capitalize()
            return self.api.send(f"Get{kind}", {"name": name}).etag
        return value

    def good(self, name):
        """The good requests of a method."""
        return [self.api.message(name, self._resolved(request)) for request in good_requests.GOOD[name]]

    def next_page(self, name, message):
        """The same request for the second page, or None where there is none."""
        token = self.api.send(name, message).next_page_token
        following = copy_of(message)
        following.page_token = token
        return following if token else None

    def fault(self, name, variant):
        """What is wrong with the answer to a variant, in words, or ""."""
        rule = accepted_by(name, variant)
        data = variant.data
        if rule and "validate_only" in self.fields(name):
            data += wire.varint(self.fields(name)["validate_only"].number << 3) + b"\1"
        seen = refusals.outcome(self.v1, self.call(name), data)
        # Also the good call that is answered after every bad one.
        last_write = refusals.last_write(self.api)
        found = []
        if last_write != self.last_write:
            found.append("something was written")
            self.last_write = last_write
        if rule and seen is not None:
            found.append(f"refused, although {rule[3]}")
        elif not rule and seen is None:
            found.append("it was taken")
        elif not rule:
            found += refusals.faults_of(name, seen, self.server.data_dir)
            if seen.reason not in variant.reasons:
                found.append(f"not by {' or '.join(sorted(variant.reasons))}")
            if not refusals.names_place(seen, variant.path):
                found.append("another place is named")
        return f"{name} {variant.path} [{variant.what}]: {'; '.join(found)}: {seen}" if found else ""

    def faults(self, name, variants):
        found = []
        for variant in variants:
            found.append(self.fault(name, variant))
            # What comes after would be refused for what was written.
            if "something was written" in found[-1]:
                break
        return [fault for fault in found if fault]

    def fields(self, name):
        return getattr(self.v1, METHODS[name].request).DESCRIPTOR.fields_by_name


def copy_of(message):
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


@pytest.fixture(scope="module")
def service(tmp_path_factory, stubs):
    server = harness.ServerProcess(tmp_path_factory.mktemp("bad-input") / "data").start()
    with generated.Api(stubs, server.address, [("grpc.max_send_message_length", -1)]) as api:
        yield Service(server, api)
    assert server.process.poll() is None, f"the server has ended:\n{server.text()}"
    server.kill()


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
    used = {accepted_by(method, variant) for method in UNARY for message in service.good(method)
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


@pytest.mark.parametrize("method", UNARY)
def test_over_long_texts(service, unchanged, method):
    faults = []
    for message in service.good(method):
        faults += service.faults(method, bad_values.Bad(service.v1, message).over_long())
    assert not faults, "\n" + "\n".join(faults)


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


@pytest.mark.parametrize("method", UNARY)
def test_an_empty_request(service, unchanged, method):
    required = [field.name for field in service.fields(method).values()
                if "REQUIRED" in bad_values.annotations(service.v1, field)]
    seen = refusals.outcome(service.v1, service.call(method), b"")
    if not required:
        # A listing of all there is.
        assert method in LISTINGS and seen is None
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
