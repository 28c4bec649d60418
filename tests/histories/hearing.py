"""One shard's stream as the clients of a history have heard it: each number has one content.

Clients join at different numbers, and hear at different times. What is heard beyond the next number
waits; what is heard again must be the same. Of each event only a hash is kept, 8 bytes.
"""

from array import array
from collections.abc import Iterator, Sequence

from histories.asked import digest
from histories.entries import Heard
from histories.violation import violate

from partita.schemas.accounts import AccountEvent


class Hearing:
    """The events of one shard, from the first that anybody heard."""

    def __init__(self) -> None:
        self.first = 0  # number of the first event, 0 before there is one
        self.top = 0  # the highest number that any client knows of
        self.time_ms = 0  # the shard's, at the last event of the whole stretch
        self._digests = array("q")
        self._early: dict[int, Heard] = {}

    @property
    def last(self) -> int:
        """The last number that was heard with all before it."""
        return self.first + len(self._digests) - 1

    def take(self, heard: Heard) -> Iterator[Heard]:
        """Take what a client heard; give what is new and next, in order."""
        if not self.first:
            self.first = heard.number
        self.top = max(self.top, heard.number)
        if heard.number < self.first:
            return  # before the clients that this history is about
        if heard.number <= self.last:
            self.require(heard.number, heard.time_ms, [heard.event])
            return
        known = self._early.setdefault(heard.number, heard)
        if (type(known.event), known[2:]) != (type(heard.event), heard[2:]):
            violate(f"client {heard.client} heard {heard}, client {known.client} heard {known}")
        while (found := self._early.pop(self.last + 1, None)) is not None:
            self._digests.append(digest(found.time_ms, found.event))
            self.time_ms = found.time_ms
            yield found

    def require(self, number: int, time_ms: int, events: Sequence[AccountEvent]) -> None:
        """Check that these events stand at consecutive numbers, the last of which is given."""
        for at, event in enumerate(events, number - len(events) + 1):
            if at < self.first:
                violate(f"number {at} is from before this history: {event}")
            if self._digests[at - self.first] != digest(time_ms, event):
                violate(f"number {at} is not what others heard there: {event} at {time_ms}")

    def at_end(self) -> None:
        """Check that nothing is missing between what was heard."""
        if self._early:
            there = min(self._early)
            violate(
                f"numbers {self.last + 1} to {there - 1} were heard by nobody: complete the history"
                " from the whole stream (histories.complete)"
            )
