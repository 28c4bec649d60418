"""How long nothing was settled, and where: what a client feels of a crash.

A lane is a shard together with a partition of the books: each kill stops some lanes, and what
settles on another does not tell that they are back.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from partita.producers import RawEvent
from partita.schemas.accounts import Done, Filled, Opened, Received

# Under the load of a crash run a lane is often silent for less.
NOTED_S = 0.25
# What was under way at a kill still arrives.
_UNDER_WAY_S = 0.1


class Gap(NamedTuple):
    """A time in which nothing settled on a lane, by the monotonic clock."""

    begun_s: float
    ended_s: float

    @property
    def length_s(self) -> float:
        """How long it was."""
        return self.ended_s - self.begun_s


class Gaps:
    """Listens to settled events: an order rests, is filled, or is done."""

    def __init__(
        self, partitions: Mapping[int, int], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Start; partitions by instrument_id."""
        self.noted: list[Gap] = []
        self.settled = 0  # events
        self._closed = False
        self._partitions = partitions
        self._now_s = now_s
        self._orders: dict[int, int] = {}  # partition, by order_id
        self._last_s: dict[tuple[int, int], float] = {}  # by lane

    def hear(self, events: Sequence[RawEvent]) -> None:
        """Take events as they come."""
        if self._closed:
            return
        now_s = self._now_s()
        for raw in events:
            event = raw.event
            if isinstance(event, Received):
                self._orders[event.order_id] = self._partitions[event.instrument_id]
            elif isinstance(event, Opened | Filled | Done):
                self.settled += 1
                partition = self._orders.get(event.order_id)
                if partition is not None:
                    self._settle((raw.shard, partition), now_s)
                if isinstance(event, Done):
                    self._orders.pop(event.order_id, None)

    def close(self) -> None:
        """Take no more: the load has ended, and silence is right."""
        self._closed = True

    def _settle(self, lane: tuple[int, int], now_s: float) -> None:
        last_s, self._last_s[lane] = self._last_s.get(lane, now_s), now_s
        if now_s - last_s > NOTED_S:
            self.noted.append(Gap(last_s, now_s))

    def all_back(self, moment_s: float) -> bool:
        """Return whether all lanes have settled something since a moment."""
        return all(last_s > moment_s for last_s in self._last_s.values())

    def longest_s(self) -> float:
        """Return the longest gap of all lanes."""
        return max((gap.length_s for gap in self.noted), default=0.0)

    def felt(self, moments_s: Sequence[float]) -> Iterator[float]:
        """Give for each moment how long after it all lanes had settled something, 0 if at once."""
        for moment_s in moments_s:
            ends = [
                gap.ended_s
                for gap in self.noted
                if gap.begun_s <= moment_s + _UNDER_WAY_S < gap.ended_s
            ]
            yield max(ends, default=moment_s) - moment_s
