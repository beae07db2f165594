"""What the contract promises, read from the text of proto/policytrack and docs/errors.md: the methods
with the errors that their comments list, and the fields with their behaviour. For lints and tests."""

import re
from typing import NamedTuple

# What any method may answer besides what its comment lists; docs/errors.md says the same.
OF_ANY_METHOD = {"FIELD_INVALID": "INVALID_ARGUMENT", "STORE_BUSY": "UNAVAILABLE",
                 "SERVER_STOPPING": "UNAVAILABLE", "STORE_DAMAGED": "INTERNAL"}


class Method(NamedTuple):
    service: str
    name: str
    request: str
    client_stream: bool
    comment: str
    path: str
    line: int
    server_stream: bool


class Field(NamedTuple):
    message: str
    name: str
    behaviors: tuple
    in_oneof: bool
    path: str
    line: int


class _Statement(NamedTuple):
    text: str
    line: int
    comment: str
    block: tuple  # the opening statements of the blocks around it


def _statements(text):
    """The statements of a proto file, each with the comment before it. `text` ends with a line feed."""
    blocks, words, comment, line, start, nested, index = [], "", [], 1, 1, 0, 0
    while index < len(text):
        rest = text[index:]
        piece = re.match(r'//[^\n]*|"(?:[^"\\]|\\.)*"|\s+|[^\s"/]|/', rest).group(0)
        index += len(piece)
        if piece.startswith("//"):
            if not words:
                comment.append(piece[2:].strip())
        elif piece.isspace():
            if words:
                words += " "
            elif piece.count("\n") > 1:
                comment = []
        elif not nested and piece == "}":
            blocks.pop()
            words, comment = "", []
        elif not nested and (piece == ";" or piece == "{" and not words.startswith("option")):
            yield _Statement(re.sub(r"\s+", " ", words).strip(), start, "\n".join(comment), tuple(blocks))
            if piece == "{":
                blocks.append(words.strip())
            words, comment = "", []
        else:
            if not words:
                start = line
            nested += (piece in "[{") - (piece in "]}")
            words += piece
        line += piece.count("\n")


def _read(root):
    for path in sorted((root / "proto/policytrack").rglob("*.proto")):
        for statement in _statements(path.read_text(encoding="utf-8") + "\n"):
            yield path.relative_to(root).as_posix(), statement


def methods(root):
    """Every RPC, in the order of the files."""
    found = []
    for path, statement in _read(root):
        rpc = re.match(r"rpc (\w+) ?\( ?(stream )?(\w+) ?\) ?returns ?\( ?(stream )?", statement.text)
        if rpc:
            service = statement.block[-1].split()[1]
            found.append(Method(service, rpc.group(1), rpc.group(3), bool(rpc.group(2)),
                                statement.comment, path, statement.line, bool(rpc.group(4))))
    return found


def fields(root):
    """Every field of every message."""
    found = []
    for path, statement in _read(root):
        block = statement.block
        if not block or block[-1].split()[0] not in ("message", "oneof"):
            continue
        field = re.match(r"(?:(?:repeated|optional) )?(?:map ?<[^>]*>|[\w.]+) (\w+) = \d+(.*)$", statement.text)
        if field and not statement.text.startswith(("option ", "reserved ")):
            behaviors = re.findall(r"\(google\.api\.field_behavior\) = (\w+)", field.group(2))
            message = next(words.split()[1] for words in reversed(block) if words.startswith("message"))
            found.append(Field(message, field.group(1), tuple(behaviors), block[-1].startswith("oneof"),
                               path, statement.line))
    return found


def reasons(root):
    """The code of each reason, as docs/errors.md lists them."""
    text = (root / "docs/errors.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([A-Z_]+)` \| ([A-Z_]+) \|", text, re.MULTILINE))


def documented(root):
    """For each method, the code of every reason that the paragraph `Errors:` of its comment lists.
    A reason belongs to the code before it; `as for X` stands for all of X."""
    known = reasons(root)
    codes = set(known.values())
    paragraphs = {method.name: method.comment.partition("Errors:")[2] for method in methods(root)}

    def of(name, seen):
        pairs, code = {}, None
        for words, other in re.findall(r"([A-Z]+(?:_[A-Z]+)+|[A-Z]{5,})|\bas for (\w+)", paragraphs[name]):
            if other:
                assert other in paragraphs and other not in seen, f"{name}: as for {other}, which leads nowhere"
                pairs.update(of(other, seen | {other}))
            elif words in codes:
                code = words
            elif words in known:
                pairs[words] = code
        return pairs

    return {name: of(name, {name}) for name in paragraphs}
