"""What a worker core has said, by edge and number, however it was cut into records."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from partita.log.port import Outgoing
from partita.schemas import chain
from partita.schemas.codec import decode
from partita.schemas.limits import BATCH_EVENTS_MAX
from partita.schemas.topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, BOOK, DEAD_LETTERS, ORDERS

CHAINS = {
    ORDERS: chain.ORDERS,
    ACCOUNT_COMMANDS: chain.REPORTS,
    ACCOUNT_EVENTS: chain.ACCOUNT_EVENTS,
    BOOK: chain.FEED,
}


class Edge(NamedTuple):
    """Whose events these are, and for whom."""

    topic: str
    partition: int
    sender: int  # a shard, 0 for books
    edge_id: int  # an instrument_id, 0 for accounts


class Said:
    """All that a core has said so far."""

    def __init__(self) -> None:
        # By number: (time, type, event, chain behind it).
        self.events: dict[Edge, dict[int, tuple[int, str, Any, int]]] = defaultdict(dict)
        self.letters: dict[tuple[int, bytes | None], Any] = {}

    def take(self, records: Iterable[Outgoing]) -> None:
        """Note records; assert that a number has one content, and a chain follows from the past."""
        for record in records:
            message = decode(record.value)
            if record.topic == DEAD_LETTERS:
                # Each engine has words of its own for what it cannot read.
                self.letters[record.partition, record.key] = message._replace(error="")
                continue
            assert sum(len(group.events) for group in message.groups) <= BATCH_EVENTS_MAX
            for group in message.groups:
                self._group(record, getattr(message, "shard", 0), group)

    def _group(self, record: Outgoing, sender: int, group: Any) -> None:
        edge_id = getattr(group, "instrument_id", 0)
        edge = Edge(record.topic, record.partition, sender, edge_id)
        time_ms = getattr(group, "time_ms", 0)
        known, chain_so_far = self.events[edge], group.chain
        assert group.events, "no group is empty"
        if group.first - 1 in known:
            assert known[group.first - 1][-1] == group.chain, f"{edge} goes on"
        for number, event in enumerate(group.events, group.first):
            chain_so_far = CHAINS[edge.topic].roll(chain_so_far, (event,), time_ms)
            said = time_ms, type(event).__name__, event, chain_so_far
            assert known.setdefault(number, said) == said, (edge, number, known[number], said)

    def assert_agrees(self, other: "Said") -> None:
        """Assert that both have said the same under the same numbers, as far as both spoke."""
        for edge in self.events.keys() & other.events.keys():
            one, two = self.events[edge], other.events[edge]
            common = one.keys() & two.keys()
            assert {n: one[n] for n in common} == {n: two[n] for n in common}, edge
        for key in self.letters.keys() & other.letters.keys():
            assert self.letters[key] == other.letters[key]
