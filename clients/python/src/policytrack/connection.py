"""The connection: deadlines, retries, and statuses decoded into exceptions.

Tried again are UNAVAILABLE, and RESOURCE_EXHAUSTED where the service says when to come again;
nothing else, because everything else either was done or would be refused again."""

from __future__ import annotations

import importlib.metadata
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

from policytrack.errors import Error, make_error

M = TypeVar("M", bound=Message)

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 8.0
#: A service that asks for more patience than this is taken as unavailable: a job that hangs is no
#: better than one that fails.
LONGEST_ASKED_PAUSE = 60.0
MAX_RECEIVE_BYTES = 64 << 20


class Connection:
    """A channel with the calls of this package. Any thread may use it."""

    def __init__(self, address: str, *, timeout: float, push_timeout: float, retries: int) -> None:
        if timeout <= 0 or push_timeout <= 0:
            raise ValueError("timeouts must be positive numbers of seconds")
        if retries < 0:
            raise ValueError("retries must not be negative")
        self.address = address
        self.timeout = timeout
        self.push_timeout = push_timeout
        self.retries = retries
        self.channel = grpc.insecure_channel(address, options=[
            # Retries are counted here and nowhere else.
            ("grpc.enable_retries", 0),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 1000),
            ("grpc.max_reconnect_backoff_ms", 2000),
            ("grpc.max_receive_message_length", MAX_RECEIVE_BYTES),
            ("grpc.primary_user_agent", f"policytrack-python/{importlib.metadata.version('policytrack')}"),
        ])

    def close(self) -> None:
        self.channel.close()

    def unary(self, method: str, request: Message, response: type[M]) -> M:
        """One call of `Service/Method`. Raises Error."""
        call: Callable[..., M] = self.channel.unary_unary(
            f"/policytrack.v1.{method}", request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString)
        return self._attempt(lambda: call(request, timeout=self.timeout))

    def stream(self, method: str, requests: Callable[[], Iterator[Message]], response: type[M]) -> M:
        """One call of a client stream, with the messages made anew for each attempt. They must carry
        a request id, or a lost answer would write twice. Raises Error."""
        call: Callable[..., M] = self.channel.stream_unary(
            f"/policytrack.v1.{method}", request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response.FromString)
        return self._attempt(lambda: call(requests(), timeout=self.push_timeout))

    def follow(self, method: str, request: Callable[[], Message], response: type[M], patience: float,
               went_on: Callable[[M], bool]) -> Iterator[M]:
        """The messages of a server stream that only adds to what it has told, over as many calls as it takes:
        `request` gives that of each. One that is silent for `patience` seconds is broken. Attempts are counted
        anew after a message with which it `went_on`, and after any but the first of a call, which may be no more
        than a greeting. Raises Error."""
        call: Callable[..., Any] = self.channel.unary_stream(
            f"/policytrack.v1.{method}", request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response.FromString)
        pause, retries = FIRST_PAUSE, self.retries
        while True:
            stream, first = call(request()), True
            try:
                while True:
                    watchdog = threading.Timer(patience, stream.cancel)
                    watchdog.daemon = True
                    watchdog.start()
                    try:
                        message: M | None = next(stream, None)
                    finally:
                        watchdog.cancel()
                    if message is None:
                        return
                    if not first or went_on(message):
                        pause, retries = FIRST_PAUSE, self.retries
                    first = False
                    yield message
            except grpc.RpcError as failure:
                error = self._decode(failure)
                # Nobody else cancels here: the watchdog did, or the server, or a proxy.
                again = error.code is grpc.StatusCode.CANCELLED or _worth_another(error)
                if retries == 0 or not again:
                    raise error from failure
                wait = error.retry_after if error.retry_after is not None else pause * random.uniform(0.75, 1.25)
            finally:
                stream.cancel()
            retries -= 1
            pause = min(pause * 2, LONGEST_PAUSE)
            time.sleep(wait)

    def _attempt(self, call: Callable[[], M]) -> M:
        pause = FIRST_PAUSE
        retries = self.retries
        while True:
            try:
                return call()
            except grpc.RpcError as failure:
                error = self._decode(failure)
                if retries == 0 or not _worth_another(error):
                    raise error from failure
                # Jitter, so that jobs that failed together do not come back together.
                wait = error.retry_after if error.retry_after is not None else pause * random.uniform(0.75, 1.25)
            retries -= 1
            pause = min(pause * 2, LONGEST_PAUSE)
            time.sleep(wait)

    def _decode(self, failure: Any) -> Error:
        code, message = failure.code(), failure.details() or ""
        trailers: dict[str, Any] = {key: value for key, value in failure.trailing_metadata() or ()}
        reason, metadata, retry_after = "", {}, None
        for detail in _details(trailers.get("grpc-status-details-bin", b"")):
            info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
            if detail.Unpack(info):
                reason, metadata = info.reason, dict(info.metadata)
            elif detail.Unpack(retry):
                retry_after = retry.retry_delay.ToNanoseconds() / 1e9
        if retry_after is None and "grpc-retry-pushback-ms" in trailers:
            try:
                retry_after = int(trailers["grpc-retry-pushback-ms"]) / 1000
            except ValueError:
                # Not a number: as gRPC has it, the server does not want to be asked again.
                retry_after = -1.0
        # With a reason, the service itself answered.
        if code is grpc.StatusCode.UNAVAILABLE and not reason:
            message = f"the service at {self.address} cannot be reached: {message}"
        if code is grpc.StatusCode.DEADLINE_EXCEEDED and not reason:
            message = f"the service at {self.address} did not answer in time: {message}"
        return make_error(code, message, reason, metadata, retry_after)


def _worth_another(error: Error) -> bool:
    if error.code is grpc.StatusCode.UNAVAILABLE:
        # A negative pause says: do not come again.
        return error.retry_after is None or 0 <= error.retry_after <= LONGEST_ASKED_PAUSE
    return (error.code is grpc.StatusCode.RESOURCE_EXHAUSTED and error.retry_after is not None
            and 0 <= error.retry_after <= LONGEST_ASKED_PAUSE)


def _details(packed: bytes | str) -> list[status_pb2.Any]:
    if not isinstance(packed, bytes):
        return []
    try:
        return list(status_pb2.Status.FromString(packed).details)
    except DecodeError:
        return []
