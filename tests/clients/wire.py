"""Bytes that no library would write: texts that are not UTF-8, messages that are cut off or too deep."""

import functools

# Stands in a text where other bytes are to be put, as many as it has.
MARK = "@#MARK#@"


def marked(data, bad):
    """`data` with `bad` in the place of MARK."""
    assert data.count(MARK.encode()) == 1 and len(bad) <= len(MARK)
    return data.replace(MARK.encode(), bad + b"x" * (len(MARK) - len(bad)))


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def piece(number, content):
    """A field that holds bytes, a text or a message."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def nested(content, numbers):
    """The content inside of messages inside of each other, the outermost first."""
    for number in reversed(numbers):
        content = piece(number, content)
    return content


@functools.lru_cache
def deep_struct(depth):
    """The bytes of a google.protobuf.Struct that holds so many inside of each other."""
    # Struct.fields is 1, of an entry the key is 1 and the value 2, Value.string_value is 3 and struct_value 5.
    def around(value):
        return piece(1, piece(1, b"a") + piece(2, value))

    value = piece(3, b"x")
    for _ in range(depth):
        value = piece(5, around(value))
    return around(value)
