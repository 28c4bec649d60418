"""Entries as lines of JSON: [kind, field, ...], commands and events likewise inside."""

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any, get_args, get_type_hints

from histories.entries import Began, Entry, Heard, Invoked, NotSent, Ok, Ruled

from partita.schemas import accounts, commands
from partita.schemas.instrument import Instrument

_KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        *get_args(Entry),
        *get_args(accounts.AccountEvent),
        *get_args(commands.Command),
        Instrument,
    )
}
Field = tuple[int, Callable[[Any], Any]]


def _fields(kind: Any) -> list[Field]:
    """Return where a value's fields are enumerations, and how to read them."""
    hints = get_type_hints(kind)
    return [
        (at, {str(member): member for member in hints[name]}.__getitem__)
        for at, name in enumerate(kind._fields)
        if isinstance(hints[name], type) and issubclass(hints[name], StrEnum)
    ]


_ENUMS = {name: _fields(kind) for name, kind in _KINDS.items()}


def _value(value: Any) -> list[Any]:
    return [type(value).__name__, *value]


def to_line(entry: Entry) -> str:
    """Return an entry as a line, without its end."""
    match entry:
        case Heard():
            row = ["Heard", *entry[:-1], _value(entry.event)]
        case Invoked() | NotSent() | Ruled():
            row = [type(entry).__name__, *entry[:-1], _value(entry[-1])]
        case Ok():
            row = ["Ok", *entry[:-1], [_value(event) for event in entry.events]]
        case Began():
            row = ["Began", *entry[:-1], [_value(rules) for rules in entry.instruments]]
        case _:
            row = _value(entry)
    return json.dumps(row, separators=(",", ":"))


def _made(row: list[Any]) -> Any:
    kind, *fields = row
    for at, read in _ENUMS[kind]:
        fields[at] = read(fields[at])
    return _KINDS[kind](*fields)


def from_line(line: str) -> Entry:
    """Return the entry of a line.

    Raises:
        ValueError, KeyError: it is no line of a history.
    """
    row = json.loads(line)
    kind = row[0]
    if kind in {"Heard", "Invoked", "NotSent", "Ruled"}:
        row[-1] = _made(row[-1])
    elif kind in {"Ok", "Began"}:
        row[-1] = tuple(map(_made, row[-1]))
    entry: Entry = _made(row)
    return entry
