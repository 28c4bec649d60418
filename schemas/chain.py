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
from typing import Any
from zlib import crc32

from partita.schemas.codec import SCHEMAS
from partita.schemas.converter import CLASSES, Message, named_types

_Pack = Callable[[int, Message], bytes]


def _ordinals(symbols: list[str]) -> Callable[[str], int]:
    return {symbol: at for at, symbol in enumerate(symbols)}.__getitem__


def _text(value: str) -> bytes:
    data = value.encode()
    return len(data).to_bytes(8, "little") + data


def _wide_integer(value: int) -> bytes:
    return value.to_bytes(16, "little", signed=True)


def _packer(tag: int, schema: dict[str, Any], types: dict[str, Any]) -> _Pack:
    """Return the function that lays out one event; the usual one, all integers, is one struct."""
    ordinals: dict[int, Callable[[str], int]] = {}
    wide: dict[int, Callable[[Any], bytes]] = {}
    for at, field in enumerate(schema["fields"]):
        kind = field["type"]
        name = kind if isinstance(kind, str) else kind.get("name", kind["type"])
        if name == "string":
            wide[at] = _text
        elif isinstance(kind, dict) and kind.get("logicalType") == "int128":
            wide[at] = _wide_integer
        elif name in types:
            ordinals[at] = _ordinals(types[name]["symbols"])
    if wide:
        return _wide_packer(tag, ordinals, wide)
    pack = struct.Struct("<Bq" + "q" * len(schema["fields"])).pack
    if not ordinals:
        return lambda time_ms, event: pack(tag, time_ms, *event)

    def pack_ordinals(time_ms: int, event: Message) -> bytes:
        values = list(event)
        for at, ordinal in ordinals.items():
            values[at] = ordinal(values[at])
        return pack(tag, time_ms, *values)

    return pack_ordinals


def _wide_packer(
    tag: int, ordinals: dict[int, Callable[[str], int]], wide: dict[int, Callable[[Any], bytes]]
) -> _Pack:
    def pack(time_ms: int, event: Message) -> bytes:
        parts = [struct.pack("<Bq", tag, time_ms)]
        for at, value in enumerate(event):
            if at in wide:
                parts.append(wide[at](value))
            else:
                number = ordinals[at](value) if at in ordinals else value
                parts.append(struct.pack("<q", number))
        return b"".join(parts)

    return pack


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
