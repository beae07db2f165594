"""A server for the tests of bad input, and what is wrong with how it answers."""

import re

import full_world
import good_requests
import refusals
import wire


def copy_of(message):
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


class Stream:
    """A method that answers in a stream, called as if it gave one answer: the bytes of all messages."""

    def __init__(self, call):
        self.future = call

    def __call__(self, data, **options):
        return b"".join(self.future(data, **options))


class Service:
    """A server that holds the full world, called with raw bytes. `accepted` has a method, a field and a
    fault, as regular expressions, of what is taken, and why that is right."""

    def __init__(self, server, api, accepted):
        self.server, self.api, self.v1, self.accepted = server, api, api.v1, accepted
        for name, request in full_world.CALLS:
            api.send(name, request)
        pushed = api.send("PushObservations", full_world.PUSH)
        # Evaluation writes commits of its own; after this it has nothing left to do.
        api.send("GetPlanProgress", {"name": "plans/paths", "atLeastRevision": pushed.revision})
        self.head = api.event.ListCommits(self.v1.ListCommitsRequest(page_size=1)).commits[0]
        self.last_write = refusals.last_write(api)

    def path(self, name):
        return f"/policytrack.v1.{self.v1.methods[name].containing_service.name}/{name}"

    def accepted_by(self, name, variant):
        """The rule by which a variant is taken, or None."""
        return next((rule for rule in self.accepted if re.fullmatch(rule[0], name)
                     and re.fullmatch(rule[1], variant.path) and re.fullmatch(rule[2], variant.what)), None)

    def call(self, name):
        if refusals.METHODS[name].server_stream:
            return Stream(self.api.channel.unary_stream(self.path(name)))
        return self.api.channel.unary_unary(self.path(name))

    def _resolved(self, value):
        if isinstance(value, dict):
            return {key: self._resolved(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._resolved(item) for item in value]
        if value == "@head":
            return str(self.head.revision)
        if value == "@token":
            return self.api.send("WatchEvents", {"stopAtPresent": True})[-1].resume_token
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
        rule = self.accepted_by(name, variant)
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
        return self.v1.methods[name].input_type.fields_by_name
