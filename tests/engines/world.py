"""A small exchange that two engines run side by side: each reads every record of both topics.

What the one says goes onto the log, at times what the other says, too: each is fed with its own
words, with the other's, cut otherwise, and with whatever a test puts between.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from books.make import INSTRUMENT
from engines.said import Said

from partita.ledger import engines as ledger
from partita.log.core import Alarm, Outputs, Snapshot, WorkerCore
from partita.log.memory import MemoryLog
from partita.log.port import Outgoing
from partita.matchers import engines as matchers
from partita.schemas.codec import encode
from partita.schemas.converter import Message
from partita.schemas.enums import Line
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS

SHARDS = 2
PARTITIONS = 2
START_MS = 1_700_000_000_000
RULES = tuple(
    INSTRUMENT._replace(
        instrument_id=at + 1, symbol=f"{name}-USD", partition=at % PARTITIONS, base_asset_id=at + 3,
        base_asset=name, maker_fee_ppm=1_000 * at, taker_fee_ppm=2_000,
    )
    for at, name in enumerate(("AAA", "BBB", "CCC"))
)  # fmt: skip
TOPICS = {ACCOUNT_COMMANDS: SHARDS, ORDERS: PARTITIONS}


class Told(NamedTuple):
    """What a core has told of its input, but for the words that are its own."""

    alarms: list[tuple[int, int, str]]
    parked: list[tuple[int, int]]
    refused: list[object]


class Engine:
    """The worker cores of one engine: all shards, and all books."""

    def __init__(self, name: str, line: Line) -> None:
        self.name = name
        self.cores: dict[str, WorkerCore] = {
            ACCOUNT_COMMANDS: ledger.core(name)(SHARDS, line),
            ORDERS: matchers.core(name)(SHARDS, line),
        }
        self.said = {topic: Said() for topic in TOPICS}
        self.told = {topic: Told([], [], []) for topic in TOPICS}
        self.positions = {(topic, at): 0 for topic, count in TOPICS.items() for at in range(count)}
        for topic, at in self.positions:
            self.cores[topic].open(at)

    def read(self, log: MemoryLog, topic: str, at: int, count: int) -> list[Outgoing]:
        """Apply so many records of a partition in one call; return what is said."""
        begin = self.positions[topic, at]
        records = log.records(topic, at, begin)[:count]
        self.positions[topic, at] += len(records)
        outputs = self.cores[topic].apply(records)
        self.said[topic].take(outputs.records)
        self._note(topic, outputs)
        return list(outputs.records)

    def skip(self, log: MemoryLog, topic: str, at: int) -> None:
        """Go past one record."""
        self.cores[topic].skip(log.records(topic, at, self.positions[topic, at])[0])
        self.positions[topic, at] += 1

    def _note(self, topic: str, outputs: Outputs) -> None:
        told = self.told[topic]
        told.alarms.extend(map(_alarm, outputs.alarms))
        told.parked.extend((parked.partition, parked.offset) for parked in outputs.parked)
        told.refused.extend(outputs.refused)

    def snapshots(self, topic: str, at: int) -> list[Snapshot]:
        """Return the whole state of a partition."""
        core, position = self.cores[topic], self.positions[topic, at]
        return [Snapshot(name, position, core.snapshot(at, name)) for name in core.machines(at)]

    def take_over(self, other: "Engine", topic: str, at: int) -> None:
        """Forget the machines of a partition, and go on from another engine's snapshots."""
        self.cores[topic].close(at)
        self.cores[topic].open(at, other.snapshots(topic, at))
        self.positions[topic, at] = other.positions[topic, at]


def _alarm(alarm: Alarm) -> tuple[int, int, str]:
    # Each engine has words of its own for what it cannot read.
    text = "dead letter" if alarm.text.startswith("dead letter: ") else alarm.text
    return alarm.partition, alarm.offset, text


class World:
    """Both engines on one log."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.log = MemoryLog(START_MS)
        # Both of one line, so that tickers have equal bytes, too.
        self.engines = (Engine("reference", Line.A), Engine("native", Line.A))
        self.skipped: set[tuple[str, int, int]] = set()  # records that the operator goes past
        for rules in RULES:
            self.put(ORDERS, rules.partition, rules)
        self.settle()

    def put(self, topic: str, partition: int, message: Message | bytes) -> None:
        """Append a record."""
        value = message if isinstance(message, bytes) else encode(message)
        self.log.append(Outgoing(topic, partition, None, value))

    def read(self, engine: Engine, topic: str, at: int, count: int) -> None:
        """Let an engine read; what it says goes on to the other topic, or is lost."""
        begin = engine.positions[topic, at]
        if (topic, at, begin) in self.skipped:
            engine.skip(self.log, topic, at)
            return
        while any((topic, at, begin + before) in self.skipped for before in range(count)):
            count -= 1
        for record in engine.read(self.log, topic, at, count):
            if record.topic in TOPICS:
                self.log.append(record)

    def step(self) -> None:
        """Let one of them read a bit."""
        engine = self.random.choice(self.engines)
        topic, at = self.random.choice(list(engine.positions))
        self.read(engine, topic, at, self.random.choice((1, 1, 2, 5, 50)))

    def settle(self) -> None:
        """Let both read all that there is."""
        while self._behind():
            for engine in self.engines:
                for topic, at in engine.positions:
                    self.read(engine, topic, at, self.random.choice((1, 3, 100)))

    def _behind(self) -> bool:
        return any(
            position < self.log.bounds(*where)[1]
            for engine in self.engines
            for where, position in engine.positions.items()
        )

    def agree(self, *, from_the_start: bool = True) -> None:
        """Assert that both have come to the same, once they have read the same."""
        one, two = self.engines
        for topic in TOPICS:
            one.said[topic].assert_agrees(two.said[topic])
            if from_the_start:
                assert one.cores[topic].latest() == two.cores[topic].latest()
                assert one.said[topic].letters == two.said[topic].letters
                assert one.said[topic].events == two.said[topic].events
                for of in ("alarms", "parked", "refused"):
                    assert _sorted(getattr(one.told[topic], of)) == _sorted(
                        getattr(two.told[topic], of)
                    )
        for topic, at in one.positions:
            self._agree_at(one.cores[topic], two.cores[topic], at, from_the_start)

    def _agree_at(self, one: WorkerCore, two: WorkerCore, at: int, from_the_start: bool) -> None:
        if from_the_start:
            assert one.counters(at) == two.counters(at)
            assert _marks(one, at) == _marks(two, at)
            assert one.edges_waiting(at) == two.edges_waiting(at)
        assert list(one.machines(at)) == list(two.machines(at))
        assert one.next_expiry_ms(at) == two.next_expiry_ms(at)
        assert dict(one.state_hashes(at)) == dict(two.state_hashes(at))
        for name in one.machines(at):
            assert one.edges_digest(at, name) == two.edges_digest(at, name)
            assert one.snapshot(at, name) == two.snapshot(at, name)
        one.check()
        two.check()


def _marks(core: WorkerCore, at: int) -> dict[str, tuple[int, ...]]:
    # Of the rows nobody says more than about how many there are: what has ended may be among them.
    return {name: mark[:-1] for name, mark in core.machines(at).items()}


def _sorted(rows: list[object]) -> list[object]:
    # Partitions are read in turns that differ; the order within one is that of the log.
    key: Callable[[object], int] = lambda row: row[0]  # type: ignore[index]  # noqa: E731 - partition
    return sorted(rows, key=key)
