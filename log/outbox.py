"""The outbox of a worker: events of all its machines become one batch per destination."""

from collections.abc import Callable
from typing import NamedTuple

from partita.log.edges import EdgeState, OutEdge
from partita.log.port import Outgoing
from partita.schemas.chain import Chain
from partita.schemas.codec import encode
from partita.schemas.converter import Message
from partita.schemas.limits import BATCH_EVENTS_MAX, RECORD_BYTES_MAX
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS

_Destination = tuple[str, int, int]  # topic, partition, sender


class Stream(NamedTuple):
    """A kind of edge: where its events go, and how they are wrapped."""

    topic: str
    # Whose batches these are: a shard. Books, which share their batches, are 0 all of them.
    sender: int
    chain: Chain
    # (sender or receiver, number of the first event, chain, time_ms, events) -> the group
    group: Callable[[int, int, int, int, tuple[Message, ...]], Message]
    # (groups) -> the batch
    batch: Callable[[tuple[Message, ...]], Message]


class _Run(NamedTuple):
    """Consecutive events of one edge at one time."""

    stream: Stream
    edge_id: int
    before: EdgeState
    time_ms: int
    events: list[Message]

    def split(self, size: int) -> "list[_Run]":
        """Cut into runs of at most so many events."""
        runs, number, chain = [], self.before.number, self.before.chain
        for at in range(0, len(self.events), size):
            part = self.events[at : at + size]
            runs.append(self._replace(before=EdgeState(number, chain), events=part))
            number += len(part)
            chain = self.stream.chain.roll(chain, part, self.time_ms)
        return runs


class _Batch:
    """Runs for one destination by edge, in order. Dicts keep the order of first use."""

    def __init__(self) -> None:
        self.edges: dict[int, list[_Run]] = {}
        self.events = 0


def _is_waited_for(of: tuple[_Destination, object]) -> bool:
    (topic, _, _), _ = of
    return topic in (ORDERS, ACCOUNT_COMMANDS)


class Outbox:
    """Collects numbered events; `take` gives them as records, in batches of a bounded size."""

    def __init__(self) -> None:
        # By destination and sender. A batch that is full is followed by a new one: so where a
        # stream is cut is the same in every engine.
        self._batches: dict[_Destination, list[_Batch]] = {}
        self._since: list[tuple[_Batch, _Run]] = []  # one entry for each event put since begin()

    def begin(self) -> None:
        """Start a record: what it puts can be taken back until the next one starts."""
        self._since.clear()

    def roll_back(self) -> None:
        """Take back what was put since begin().

        Half a record's events would be numbered otherwise when an operator goes past the record.
        """
        for batch, run in self._since:
            run.events.pop()
            batch.events -= 1
        self._since.clear()

    def put(
        self,
        stream: Stream,
        partition: int,
        edge_id: int,
        edge: OutEdge,
        event: Message,
        time_ms: int = 0,
    ) -> None:
        """Number an event on its edge and keep it for the destination's batch."""
        before = edge.put(stream.chain, event, time_ms)
        batches = self._batches.setdefault((stream.topic, partition, stream.sender), [])
        if not batches or batches[-1].events >= BATCH_EVENTS_MAX:
            batches.append(_Batch())
        batch = batches[-1]
        runs = batch.edges.setdefault(edge_id, [])
        if not runs or runs[-1].time_ms != time_ms:
            runs.append(_Run(stream, edge_id, before, time_ms, []))
        runs[-1].events.append(event)
        batch.events += 1
        self._since.append((batch, runs[-1]))

    def take(self) -> list[Outgoing]:
        """Return all that was put since the last time as records, and forget it.

        First what other machines wait for, else in the order of first use.
        """
        records: list[Outgoing] = []
        for (topic, partition, _), batches in self._by_urgency():
            for batch in batches:
                runs = [run for edge in batch.edges.values() for run in edge if run.events]
                values = _encode(runs) if runs else ()
                records.extend(Outgoing(topic, partition, None, value) for value in values)
        self._batches = {}
        self._since.clear()
        return records

    def _by_urgency(self) -> list[tuple[_Destination, list[_Batch]]]:
        return sorted(self._batches.items(), key=_is_waited_for, reverse=True)  # keeps equals


def _encode(runs: list[_Run]) -> list[bytes]:
    """Return the runs as one record, or as several when it would be too large."""
    stream = runs[0].stream
    value = encode(
        stream.batch(
            tuple(
                stream.group(
                    run.edge_id,
                    run.before.number + 1,
                    run.before.chain,
                    run.time_ms,
                    tuple(run.events),
                )
                for run in runs
            )
        )
    )
    if len(value) <= RECORD_BYTES_MAX:
        return [value]
    if len(runs) > 1:
        middle = len(runs) // 2
        return _encode(runs[:middle]) + _encode(runs[middle:])
    halves = runs[0].split((len(runs[0].events) + 1) // 2)
    assert len(halves) == 2, "one event is larger than a record"
    return _encode(halves[:1]) + _encode(halves[1:])
