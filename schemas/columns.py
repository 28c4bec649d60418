"""Rows to columns and back: how the large tables of a snapshot are written.

An enum stands as its place in the list of its members, which is the schema's list of symbols.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, TypeVar

Member = TypeVar("Member", bound=StrEnum)

_HALF = 1 << 63
_LOW = (1 << 64) - 1


def columns(rows: Sequence[Sequence[Any]], count: int) -> list[tuple[Any, ...]]:
    """Return rows of so many fields as columns, empty ones when there are no rows."""
    return list(zip(*rows, strict=True)) if rows else [()] * count


def places(members: Iterable[StrEnum], kind: type[StrEnum]) -> tuple[int, ...]:
    """Return the places of members in their enum."""
    place = {member: at for at, member in enumerate(kind)}
    return tuple([place[member] for member in members])


def members(at: Iterable[int], kind: type[Member]) -> list[Member]:
    """Return the members at these places. Raises KeyError where there is none."""
    known = dict(enumerate(kind))
    return [known[place] for place in at]


def halves(amounts: Iterable[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return 128-bit amounts as the high and low halves of their two's complement, both signed."""
    pairs = [(amount >> 64, amount & _LOW) for amount in amounts]
    return (
        tuple([high for high, _ in pairs]),
        tuple([low if low < _HALF else low - 2 * _HALF for _, low in pairs]),
    )


def whole(high: Iterable[int], low: Iterable[int]) -> list[int]:
    """Return the amounts of two columns of halves."""
    return [(above << 64) + (below & _LOW) for above, below in zip(high, low, strict=True)]
