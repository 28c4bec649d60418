"""A market-data worker in one process: its log acknowledges when it likes, and it may be killed."""

from collections.abc import Sequence
from random import Random

from views.derived import derived
from views.feeds import chunks

from partita.log.port import Outgoing, Record
from partita.marketdata.recovery import recover
from partita.marketdata.snapshot_turns import SnapshotTurns, Way
from partita.marketdata.worker_core import BookPartition
from partita.schemas.codec import decode
from partita.schemas.market_data import BookSnapshotPart
from partita.schemas.topics import BOOK_SNAPSHOTS

EVERY_S = 0.2


class Station:
    """What a worker sends arrives in order, later; a kill loses what is under way."""

    def __init__(self, records: Sequence[Record], random: Random) -> None:
        self.arrived: list[bytes] = []  # values of trades and depth
        self.snapshots: list[Record] = []
        self._input = list(records)
        self._random = random
        self._under_way: list[Outgoing] = []
        self._sent = 0
        self._acknowledged = 0
        self._now_s = 0.0
        self.partition = BookPartition()
        self.starts: list[int] = []
        self.start()

    def start(self) -> int:
        """Start the worker; return where it reads on."""
        found, starts, offset = recover(0, self.snapshots, (0, len(self._input)))
        self.partition = BookPartition(starts, offset)
        way = Way(self._send, lambda: self._sent, lambda at: self._acknowledged >= at)
        self._turns = SnapshotTurns(self.partition, found, way, EVERY_S, lambda: self._now_s)
        self._polls = chunks(self._input[offset:], self._random)
        self.starts.append(offset)
        return offset

    @property
    def done(self) -> bool:
        """Whether all was read, and all that came of it has arrived."""
        return self.partition.position == len(self._input) and not self._under_way

    def _send(self, outgoing: Outgoing) -> None:
        if outgoing.topic == BOOK_SNAPSHOTS and outgoing.value:
            self._check(decode(outgoing.value))
        self._under_way.append(outgoing)
        self._sent += 1

    def _check(self, part: object) -> None:
        """Assert that all that a snapshot stands on has arrived."""
        assert isinstance(part, BookSnapshotPart)
        number, found = part.instrument.instrument_id, derived(self.arrived)
        assert all((number, at) in found.changes for at in range(1, part.changes + 1))
        assert all((number, at) in found.trades for at in range(1, part.trades + 1))

    def live(self, steps: int) -> None:
        """Let the worker do so many steps."""
        for _ in range(steps):
            for outgoing in self.partition.apply(next(self._polls, ())):
                self._send(outgoing)
            self._now_s += self._random.choice((0.0, 0.01, 0.1))
            for _ in range(self._random.randrange(4)):
                self._turns.step()
            self._arrive(self._random.randint(0, len(self._under_way)))

    def finish(self) -> None:
        """Let it read all, and write what is due."""
        while not self.done:
            self.live(1)
        self.live(50)
        self._arrive(len(self._under_way))

    def _arrive(self, count: int) -> None:
        for topic, partition, key, value in self._under_way[:count]:
            if topic == BOOK_SNAPSHOTS:
                self.snapshots.append(Record(partition, len(self.snapshots), 1, value, key))
            else:
                self.arrived.append(value)
        del self._under_way[:count]
        self._acknowledged += count

    def kill(self) -> None:
        """Kill it: what is under way is lost, and the next one starts."""
        if self.done:
            return
        self._under_way.clear()
        self._acknowledged = self._sent
        self.start()
