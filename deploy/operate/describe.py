"""What a record is, for a person who has to decide about it."""

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from partita.log.port import Record
from partita.schemas.codec import decode
from partita.schemas.errors import Unreadable

# Enough to recognise a record by; the whole of it is on the log.
_HEAD_BYTES = 64
_EVENTS_MAX = 5
_TEXT_MAX = 160


class Described(NamedTuple):
    """A record as a person sees it."""

    kind: str  # the message's name, or why there is none
    size: int  # bytes
    time_ms: int  # log time
    sha256: bytes
    head: bytes  # the first of its bytes
    holds: list[str]  # a line each, of what could be read
    numbered: bool  # its events have numbers: who takes them waits for each


def describe(record: Record) -> Described:
    """Return what a record is; bytes that cannot be read are described too."""
    kind, holds, numbered = "", list[str](), False
    try:
        message = decode(record.value)
    except Unreadable as error:
        kind = f"cannot be read: {error}"
    else:
        kind = type(message).__name__
        groups = getattr(message, "groups", ())
        numbered = bool(groups)
        lines = [text for group in groups for text in _group(group)] or _one(message)
        left = len(lines) - _EVENTS_MAX
        holds = [_short(line) for line in lines[:_EVENTS_MAX]]
        holds += [f"... and {left} more"] if left > 0 else []
    return Described(
        kind=printable(kind),
        size=len(record.value),
        time_ms=record.time_ms,
        sha256=hashlib.sha256(record.value).digest(),
        head=record.value[:_HEAD_BYTES],
        holds=holds,
        numbered=numbered,
    )


def _group(group: Any) -> Iterator[str]:
    for number, event in enumerate(group.events, start=group.first):
        yield f"{number}: {_text(event)}"


def _one(message: Any) -> list[str]:
    commands = getattr(message, "commands", None)
    return [_text(message)] if commands is None else [_text(command) for command in commands]


def _text(message: Any) -> str:
    """Return a message with the words of its fields."""
    values = (f"{name}={value}" for name, value in message._asdict().items())
    return f"{type(message).__name__}({', '.join(values)})"


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _TEXT_MAX else f"{text[: _TEXT_MAX - 3]}..."


def printable(text: str) -> str:
    """Return a text that does nothing to a terminal, whatever a record has put into it."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
