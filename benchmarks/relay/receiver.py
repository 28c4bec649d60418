"""The receiving end of edges: each number once, in order, or it stops."""

from collections.abc import Iterable

from benchmarks.relay.record import Edge, Group, unpack


class Gap(Exception):
    """Orders are missing on an edge: what was measured is worth nothing."""


class Receiver:
    """Takes what is new and drops what another line has said already."""

    def __init__(self) -> None:
        self._next: dict[Edge, int] = {}

    def take(self, values: Iterable[bytes]) -> list[Group]:
        """Return what is new in these records, one group an edge.

        Raises:
            Gap: numbers are missing.
        """
        begun: dict[Edge, int] = {}
        upto = self._next
        for value in values:
            for edge, first, count in unpack(value):
                known = upto.get(edge, 0)
                if first > known:
                    raise Gap(f"{edge}: {known} must come next, and {first} came")
                if first + count > known:
                    begun.setdefault(edge, known)
                    upto[edge] = first + count
        return [Group(edge, first, upto[edge] - first) for edge, first in begun.items()]
