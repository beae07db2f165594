"""HTTP/2 by hand, for what no library sends: floods, headers that break rules, connections that fall
silent half-way. Frames as RFC 9113 has them, headers as literals without compression."""

import contextlib
import socket
import ssl
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9
END_STREAM = ACK = 0x1
END_HEADERS = 0x4
MAX_CONCURRENT_STREAMS, MAX_HEADER_LIST_SIZE = 3, 6
TIMEOUT_SECONDS = 60


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def _length(number):
    """An integer with a prefix of seven bits."""
    if number < 127:
        return bytes([number])
    encoded, number = [127], number - 127
    while number >= 128:
        encoded.append(number % 128 + 128)
        number //= 128
    return bytes([*encoded, number])


def header_block(headers):
    block = b""
    for name, value in headers:
        name, value = name.encode(), value if isinstance(value, bytes) else value.encode()
        block += b"\0" + _length(len(name)) + name + _length(len(value)) + value
    return block


def call_headers(path, *more, scheme="http"):
    return [(":method", "POST"), (":scheme", scheme), (":path", path), (":authority", "localhost"),
            ("content-type", "application/grpc"), ("te", "trailers"), *more]


class Connection:
    """One connection. With `tls` it is encrypted, whoever the other is."""

    def __init__(self, port, source="127.0.0.1", tls=False, scheme=None):
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS, (source, 0))
        self.scheme = scheme or ("https" if tls else "http")
        if tls:
            # Without the certificates of the system, which take long to read.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket)
        self.buffer = b""
        self.next_stream = 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def begin(self):
        self.send(PREFACE + frame(SETTINGS, 0, 0))
        return self

    def read(self):
        """The next frame as (kind, flags, stream, payload), or None at the end."""
        try:
            while len(self.buffer) < 9 or len(self.buffer) < 9 + int.from_bytes(self.buffer[:3], "big"):
                more = self.socket.recv(65536)
                if not more:
                    return None
                self.buffer += more
        except (ConnectionError, ssl.SSLError):
            return None
        size = int.from_bytes(self.buffer[:3], "big")
        kind, flags = self.buffer[3], self.buffer[4]
        stream = int.from_bytes(self.buffer[5:9], "big")
        payload, self.buffer = self.buffer[9:9 + size], self.buffer[9 + size:]
        return kind, flags, stream, payload

    def read_until(self, wanted):
        """The first frame that `wanted` likes; None when the connection ends before."""
        while True:
            found = self.read()
            if found is None or wanted(found):
                return found
            if found[0] == SETTINGS and not found[1] & ACK:
                # It may have said its last; what it said is still there to be read.
                with contextlib.suppress(ConnectionError):
                    self.send(frame(SETTINGS, ACK, 0))

    def settings(self):
        """The settings that the other side says first."""
        payload = self.read_until(lambda f: f[0] == SETTINGS and not f[1] & ACK)[3]
        return {identifier: value for identifier, value in struct.iter_unpack(">HI", payload)}

    def call(self, path, message=b"", headers=()):
        """Sends one unary call; gives its stream."""
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        block = header_block(call_headers(path, *headers, scheme=self.scheme))
        self.send(frame(HEADERS, END_HEADERS, stream, block)
                  + frame(DATA, END_STREAM, stream, b"\0" + struct.pack(">I", len(message)) + message))
        return stream

    def end_of(self, stream):
        """Reads until the stream is over: its frames, and whether the connection went with it."""
        frames = []
        last = self.read_until(lambda f: (f[0] == GOAWAY and f[2] == 0) or (
            f[2] == stream and (frames.append(f) or f[0] == RST_STREAM or
                                (f[0] in (HEADERS, DATA) and f[1] & END_STREAM))))
        return frames, last is None or last[0] == GOAWAY

    def ended(self):
        """Whether the other side closes the connection, in the time that there is."""
        try:
            return self.read_until(lambda f: False) is None
        except TimeoutError:
            return False
