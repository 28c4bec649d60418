"""When orders settled, lane by lane: what a client feels of a death.

A lane is a shard together with a partition of the books; a death stops some of them, and what
settles on another tells nothing of those.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from time import perf_counter
from typing import NamedTuple

from partita.producers import RawEvent
from partita.schemas.accounts import Done, Opened, Received
from partita.schemas.instrument import Instrument

Lane = tuple[int, int]


class Gap(NamedTuple):
    """A time in which nothing settled on a lane."""

    lane: Lane
    begun_s: float
    ended_s: float

    @property
    def length_s(self) -> float:
        """How long it was."""
        return self.ended_s - self.begun_s


class Settled:
    """Listens for orders that rest or are done."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self._partitions = {i.instrument_id: i.partition for i in instruments}
        self._orders: dict[int, int] = {}  # partition, by order_id
        self._times_s: dict[Lane, list[float]] = {}

    def hear(self, events: Sequence[RawEvent]) -> None:
        """Take events as they come."""
        now_s = perf_counter()
        lanes = set()
        for raw in events:
            event = raw.event
            if isinstance(event, Received):
                self._orders[event.order_id] = self._partitions[event.instrument_id]
            elif isinstance(event, Opened | Done) and event.order_id in self._orders:
                lanes.add((raw.shard, self._orders[event.order_id]))
                if isinstance(event, Done):
                    del self._orders[event.order_id]
        for lane in lanes:
            self._times_s.setdefault(lane, []).append(now_s)

    def longest(self, from_s: float, to_s: float) -> Gap:
        """Return the longest gap of any lane that ended in a stretch of time."""
        return max(self._gaps(from_s, to_s), key=lambda gap: gap.length_s)

    def _gaps(self, from_s: float, to_s: float) -> Iterable[Gap]:
        for lane, times_s in self._times_s.items():
            for before_s, after_s in pairwise(times_s):
                if from_s <= after_s <= to_s:
                    yield Gap(lane, before_s, after_s)

    def back_at(self, moment_s: float) -> float | None:
        """Return when the last lane had settled something after a moment; None: not yet."""
        found = [
            times_s[bisect_right(times_s, moment_s) :][:1] for times_s in self._times_s.values()
        ]
        return max(at_s for (at_s,) in found) if all(found) else None
