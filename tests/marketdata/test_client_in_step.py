"""A client that joins at any moment has the matcher's book at every number: L2 and L3."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from books.flow import flow
from books.make import INSTRUMENT
from views.feeds import Matcher, Told

from partita.deploy.match.intake import Intake
from partita.deploy.match.orders import TapeOrders
from partita.deploy.match.scale import Scale, increment
from partita.deploy.tape.reader import read_tape, survey
from partita.log.port import Record
from partita.marketdata.book_feed import BookFeed
from partita.marketdata.client.market import Market
from partita.marketdata.client.messages import Channel
from partita.marketdata.snapshot_records import find, latest_values, parts
from partita.marketdata.worker_core import BookPartition
from partita.schemas.codec import decode
from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument
from partita.schemas.orders import OrderEvent
from partita.schemas.reasons import Reason

TAPE = (
    Path(__file__).resolve().parents[3] / "shared" / "tapes" / "bitstamp-btcusd-2015-05-01.csv.gz"
)
CHECKS = 1_000


class Joining:
    """A matcher, a market-data worker behind it, and a client that joins at some moment."""

    def __init__(self, rules: Instrument, random: Random) -> None:
        self.matcher = Matcher([rules])
        self.client = Market()
        self.checks = 0
        self._worker = BookPartition()
        self._rules = rules
        self._random = random
        self._snapshots: list[Record] = []
        self._read = 0  # records of book that were given to the worker
        self._places = [(channel, rules.instrument_id) for channel in (Channel.BOOK, Channel.DEPTH)]

    def step(self, event: OrderEvent, time_ms: int) -> None:
        """Give the book an order; let all others hear of it at once."""
        self.matcher.order(self._rules.instrument_id, event, time_ms)
        self.matcher.write()
        for record in self.matcher.records[self._read :]:
            told = self._worker.apply([record])
            self.client.take([decode(record.value), *(decode(one.value) for one in told)])
        self._read = len(self.matcher.records)
        if self._random.randrange(500) == 0:
            self._write_snapshot()

    def _write_snapshot(self) -> None:
        start = self._worker.books[self._rules.instrument_id].start(self._worker.position)
        for one in parts(start, self._random.randrange(2)):
            at = len(self._snapshots)
            self._snapshots.append(Record(one.partition, at, 1, one.value, one.key))

    def listen(self) -> None:
        """Let the client begin to join: what comes now waits."""
        for place in self._places:
            self.client.part(place)

    def join(self) -> None:
        """Let it read its start from the log, a snapshot and what follows, and go on from there."""
        start = find(latest_values(self._snapshots), self._rules.symbol).newest
        for place in self._places:
            feed = BookFeed(self._rules, start)
            for record in self.matcher.records[start.offset if start else 0 :]:
                feed.take(decode(record.value))
            assert self.client.join(place, feed)

    def check(self) -> None:
        """Compare the matcher's book with both replicas of the client, at its number."""
        at = self._rules.instrument_id
        feed, levels = self.client.books[at].feed, self.client.depths[at].levels
        assert feed is not None
        assert levels is not None
        assert self.matcher.number(at) == feed.number >= levels.number
        queue = [tuple(o) for side in Side for o in feed.replica.orders(side)]
        assert self.matcher.queue(at) == queue
        expected = self.matcher.levels(at)
        for side in Side:
            assert expected[side] == list(levels.levels(side)) == list(feed.replica.levels(side))
        self.checks += 1


def follow(
    joining: Joining, steps: Iterator[tuple[OrderEvent, int]], count: int, random: Random
) -> None:
    """Join somewhere in the first half, and check from there to the end, CHECKS times."""
    listens = random.randrange(1, count // 4)
    joins = listens + random.randrange(count // 4)
    left = count - joins
    for at, (event, time_ms) in enumerate(steps):
        if at == listens:
            joining.listen()
        joining.step(event, time_ms)
        if at == joins:
            joining.join()
        if at > joins and (at - joins) * CHECKS // left > joining.checks:
            joining.check()
    assert joining.checks >= CHECKS - 1


@pytest.mark.parametrize("seed", range(3))
def test_on_random_flow(seed: int) -> None:
    """Every kind of order, few prices: levels come and go all the time."""
    random, steps = Random(seed), flow(seed, 4_000)
    joining = Joining(INSTRUMENT, random)
    follow(joining, ((step.event, step.time_ms) for step in steps), len(steps), random)


@pytest.mark.skipif(not TAPE.exists(), reason=f"no {TAPE}")
def test_on_a_real_day() -> None:
    """A day on Bitstamp, but for its last rows."""
    found, random, count = survey(TAPE), Random(11), 49_000
    scale = Scale(increment(found.price_decimals), increment(found.size_decimals))
    rules = scale.instrument("BTC-USD")
    joining = Joining(rules, random)
    steps = _tape(joining, scale, rules)
    follow(joining, islice(steps, count), count, random)


def _tape(joining: Joining, scale: Scale, rules: Instrument) -> Iterator[tuple[OrderEvent, int]]:
    """Yield the orders of a tape; what the book answers to each is heard before the next."""
    orders = TapeOrders()
    intake, time_ms = Intake(scale, orders), 0
    for row in read_tape(TAPE):
        time_ms = max(row.time_ms, time_ms)
        event = intake.take(row, time_ms)
        if isinstance(event, Reason):
            continue
        yield event, time_ms
        book = joining.matcher.book(rules.instrument_id)
        assert isinstance(book, Told)
        orders.follow(book.answer)
