"""The chain of an edge: one running hash over the fields of all events it has carried.

Defined over fields, not over encoded bytes, so that a batch may be cut anywhere and a schema may
gain a field with a default. For each event, little-endian: one byte, the event's place in its
group's union; then 8 bytes each for the time in milliseconds (0 on edges whose groups carry none)
and for every field in the schema's order: integers in two's complement, booleans as 0 and 1, an
enum as the place of its symbol; a 128-bit integer takes 16 bytes, a string 8 bytes of length and
then its UTF-8. The chain is the CRC-32 (zlib's) of all of that since the edge's first event.
"""

import struct
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from zlib import crc32

from partita.schemas.codec import SCHEMAS
from partita.schemas.converter import CLASSES, Message, named_types

_Pack = Callable[[int, Message], bytes]
_LOW = (1 << 64) - 1
CHAIN_MAX = (1 << 32) - 1


def _ordinals(symbols: list[str]) -> Callable[[str], int]:
    return {symbol: at for at, symbol in enumerate(symbols)}.__getitem__


def _text(value: str) -> bytes:
    data = value.encode()
    return len(data).to_bytes(8, "little") + data


class _Layout(NamedTuple):
    """How the fields of an event are laid out; all others are one 64-bit integer."""

    texts: list[int]  # where its strings are
    wide: list[int]  # where its 128-bit integers are
    enums: list[tuple[int, Callable[[Any], int]]]  # where its enums are, and their places


def _layout(fields: list[dict[str, Any]], types: dict[str, Any]) -> _Layout:
    found = _Layout([], [], [])
    for at, field in enumerate(fields):
        kind = field["type"]
        name = kind if isinstance(kind, str) else kind.get("name", kind["type"])
        if name == "string":
            found.texts.append(at)
        elif isinstance(kind, dict) and kind.get("logicalType") == "int128":
            found.wide.append(at)
        elif name in types:
            found.enums.append((at, _ordinals(types[name]["symbols"])))
    return found


def _packer(tag: int, schema: dict[str, Any], types: dict[str, Any]) -> _Pack:
    """Return the function that lays out one event: one struct, but for strings."""
    texts, wide, enums = _layout(schema["fields"], types)
    layout = "<Bq" + "".join(
        "{}" if at in texts else "Qq" if at in wide else "q" for at in range(len(schema["fields"]))
    )
    if not (texts or wide):
        return _narrow_packer(tag, struct.Struct(layout).pack, enums)

    def pack(time_ms: int, event: Message) -> bytes:
        values = list(event)
        for at, ordinal in enums:
            values[at] = ordinal(values[at])
        sizes = []
        for at in texts:
            values[at] = _text(values[at])
            sizes.append(f"{len(values[at])}s")
        for at in reversed(wide):
            whole = values[at]
            values[at : at + 1] = whole & _LOW, whole >> 64
        # The struct module keeps the layouts it has seen: texts have few lengths.
        return struct.pack(layout.format(*sizes), tag, time_ms, *values)

    return pack


def _narrow_packer(
    tag: int, pack: Callable[..., bytes], ordinals: list[tuple[int, Callable[[Any], int]]]
) -> _Pack:
    """Return the usual function: every field is one 64-bit integer."""
    if not ordinals:
        return lambda time_ms, event: pack(tag, time_ms, *event)

    def pack_ordinals(time_ms: int, event: Message) -> bytes:
        values = list(event)
        for at, ordinal in ordinals:
            values[at] = ordinal(values[at])
        return pack(tag, time_ms, *values)

    return pack_ordinals


class Chain:
    """Rolls the chains of one kind of edge.

    >>> from partita.schemas.orders import CancelOrder
    >>> one, two = CancelOrder(1, 2, 3), CancelOrder(4, 5, 6)
    >>> ORDERS.roll(ORDERS.roll(0, [one]), [two]) == ORDERS.roll(0, [one, two])
    True
    """

    def __init__(self, record: str, group: str) -> None:
        types = named_types(SCHEMAS[record].parsed, {})
        events = next(f["type"] for f in types[group]["fields"] if f["name"] == "events")
        self._packers: dict[type[Any], _Pack] = {}
        for tag, member in enumerate(events["items"]):
            name = member if isinstance(member, str) else member["name"]
            self._packers[CLASSES[name]] = _packer(tag, types[name], types)

    def roll(self, chain: int, events: Iterable[Message], time_ms: int = 0) -> int:
        """Return the chain after more events, all at one time."""
        packers = self._packers
        for event in events:
            chain = crc32(packers[type(event)](time_ms, event), chain)
        return chain


ORDERS = Chain("partita.orders.OrderBatch", "partita.orders.OrderGroup")
REPORTS = Chain("partita.reports.ReportBatch", "partita.reports.ReportGroup")
ACCOUNT_EVENTS = Chain("partita.accounts.AccountEventBatch", "partita.accounts.AccountEventGroup")
FEED = Chain("partita.feed.FeedBatch", "partita.feed.FeedGroup")
