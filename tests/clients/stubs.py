"""Python code generated from the contract, as a client in another language would have it."""

import importlib
import pathlib
import sys
import types

import grpc
from google.protobuf import json_format
from google.protobuf.message import Message

from harness import CALL_SECONDS, ROOT, run, tool

PROTO = ROOT / "proto"
SERVICES = ("Plan", "Measure", "Dataset", "Indicator", "Observation", "Progress", "Plugin", "Event",
            "Script", "Admin")


def generate(folder):
    """Generates into `folder`; gives one namespace with all messages, enums and stubs."""
    sources = [*sorted((PROTO / "policytrack").rglob("*.proto")),
               *sorted((PROTO / "third_party/google").rglob("*.proto"))]
    # The distribution's compiler: that of python3-grpc-tools may not know `optional` in proto3.
    done = run([tool("protoc"), f"--plugin=protoc-gen-grpc={tool('grpc_python_plugin')}",
                f"-I{PROTO / 'third_party'}", f"-I{PROTO}", f"--python_out={folder}",
                f"--grpc_out={folder}", *sources])
    assert done.returncode == 0, f"the protos do not compile to Python:\n{done.stderr}"
    sys.path.insert(0, str(folder))
    # `google` is there already, with protobuf in it.
    import google
    google.__path__.append(str(pathlib.Path(folder) / "google"))
    names = types.SimpleNamespace(methods={})
    modules = [source.relative_to(PROTO) for source in sources if source.is_relative_to(PROTO / "policytrack")]
    for path in modules:
        module = ".".join(path.with_suffix("").parts)
        for suffix in ("_pb2", "_pb2_grpc"):
            vars(names).update({key: value for key, value in vars(importlib.import_module(module + suffix)).items()
                                if not key.startswith("_") and not key.endswith("__pb2")})
        for service in importlib.import_module(module + "_pb2").DESCRIPTOR.services_by_name.values():
            names.methods.update(service.methods_by_name)
    for module in ("google.api.field_behavior_pb2", "google.type.date_pb2", "google.protobuf.field_mask_pb2",
                   "google.protobuf.struct_pb2"):
        vars(names).update({key: value for key, value in vars(importlib.import_module(module)).items()
                            if key[0] != "_" and key != "DESCRIPTOR"})
    names.Status = importlib.import_module("google.rpc.status_pb2").Status
    names.ErrorInfo = importlib.import_module("google.rpc.error_details_pb2").ErrorInfo
    return names


class Api:
    """One channel with a stub of every service: `api.plan.GetPlan(...)`."""

    def __init__(self, names, address, options=()):
        self.v1 = names
        self.channel = grpc.insecure_channel(address, options=list(options))
        for service in SERVICES:
            stub = getattr(names, f"{service}ServiceStub")(self.channel)
            setattr(self, service.lower(), stub)

    def __enter__(self):
        grpc.channel_ready_future(self.channel).result(CALL_SECONDS)
        return self

    def __exit__(self, *unused):
        self.channel.close()

    def message(self, method, request):
        """A request of a method from proto JSON."""
        return json_format.ParseDict(request, getattr(self.v1, self.v1.methods[method].input_type.name)())

    def send(self, method, *requests):
        """The answer of a method, by its name, to a message, or several of a stream, or proto JSON of them."""
        messages = [self.message(method, request) if isinstance(request, dict) else request for request in requests]
        descriptor = self.v1.methods[method]
        service = descriptor.containing_service.name.removesuffix("Service").lower()
        call = getattr(getattr(self, service), method)
        answer = call(iter(messages) if method == "PushObservations" else messages[0], timeout=CALL_SECONDS)
        if method == "WatchEvents":
            # All messages of a stream, which has to be one that ends.
            return list(answer)
        # Of a stream the last message, after all of it.
        return answer if isinstance(answer, Message) else list(answer)[-1]

    def error_info(self, error):
        """The one ErrorInfo of a call that failed, out of its trailing metadata."""
        trailing = dict(error.trailing_metadata() or ())
        assert "grpc-status-details-bin" in trailing, f"no details: {error}"
        status = self.v1.Status.FromString(trailing["grpc-status-details-bin"])
        assert status.code == error.code().value[0]
        assert status.message == error.details()
        infos = [self.v1.ErrorInfo.FromString(any_.value) for any_ in status.details
                 if any_.Is(self.v1.ErrorInfo.DESCRIPTOR)]
        assert len(infos) == 1, f"{len(infos)} ErrorInfo in {status}"
        assert infos[0].domain == "policytrack.dev"
        return infos[0]

    def create(self, kind, request):
        """Creates a document from the proto JSON of its request."""
        message = json_format.ParseDict(request, getattr(self.v1, f"Create{kind}Request")())
        return getattr(getattr(self, kind.lower()), f"Create{kind}")(message, timeout=CALL_SECONDS)

    def push(self, dataset, rows=(), columns=(), **options):
        """Pushes (period, value) pairs or whole observations in one message."""
        rows = [row if not isinstance(row, tuple) else self.v1.Observation(period=row[0], value=row[1])
                for row in rows]
        request = self.v1.PushObservationsRequest(dataset=dataset, rows=rows, columns=columns)
        if options:
            request.options.CopyFrom(self.v1.PushOptions(**options))
        return self.observation.PushObservations(iter([request]), timeout=CALL_SECONDS)
