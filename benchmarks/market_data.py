"""Market data: the worker core, the replicas, and a late subscriber of a book of 10,000 levels.

The cores in process, on records made beforehand: a deep book, and orders that come, go and trade
near its middle, 200 events a record. The late subscriber on an embedded Kafka with the real worker,
while the feed goes on at 2,000 events a second.

    python -m benchmarks.market_data [--events N] [--levels N] [--joins N] [--no-record]
"""

import asyncio
import gc
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from benchmarks.results import record
from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.log.edges import OutEdge
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing, Record
from partita.marketdata.client import Channel, MarketDataClient
from partita.marketdata.client.market import Market
from partita.marketdata.level_replica import LevelReplica
from partita.marketdata.snapshot_records import find, latest_values, parts
from partita.marketdata.starts import newest_starts
from partita.marketdata.worker_core import BookPartition
from partita.schemas import feed
from partita.schemas.chain import FEED
from partita.schemas.codec import decode, encode
from partita.schemas.enums import InstrumentStatus, Line, Outcome, Side
from partita.schemas.instrument import Instrument
from partita.schemas.market_data import DepthBatch
from partita.schemas.topics import BOOK

PER_RECORD = 200
RATE_PER_S = 2_000
_MIDDLE = 1_000_000


class Feed:
    """The feed of one book: deep first, then busy near the middle."""

    def __init__(self, rules: Instrument, levels: int) -> None:
        self.rules = rules
        self._edge = OutEdge()
        self._levels = levels
        self._random = random.Random(1)
        self._order_id = self._trade_id = 0
        self._near: list[tuple[int, Side, int]] = []  # orders near the middle: id, side, price
        self._sizes: dict[int, int] = {}  # and what is left of them

    def _open(self, side: Side, price: int, size: int) -> feed.Opened:
        self._order_id += 1
        return feed.Opened(self._order_id, side, price, size)

    def deep(self) -> list[feed.FeedEvent]:
        """Return the events that list the book and put an order at each level."""
        events: list[feed.FeedEvent] = [self.rules]
        for at in range(self._levels // 2):
            events.append(self._open(Side.BUY, _MIDDLE - 100 - at, 10))
            events.append(self._open(Side.SELL, _MIDDLE + 100 + at, 10))
        return events

    def busy(self) -> Iterator[feed.FeedEvent]:
        """Yield what goes on: orders open, trade, change and go."""
        while True:
            choice = self._random.random()
            if choice < 0.45 or len(self._near) < 10:
                side, away = self._random.choice(list(Side)), self._random.randint(1, 99)
                price = _MIDDLE - away if side is Side.BUY else _MIDDLE + away
                opened = self._open(side, price, self._random.randint(2, 9))
                self._near.append((opened.order_id, side, price))
                self._sizes[opened.order_id] = opened.size
                yield opened
                continue
            at = self._random.randrange(len(self._near))
            order_id, side, price = self._near[at]
            size = self._sizes[order_id]
            if choice < 0.6 and size > 1:
                self._trade_id += 1
                self._sizes[order_id] = size - 1
                taker = Side.SELL if side is Side.BUY else Side.BUY
                yield feed.Traded(self._trade_id, order_id, 1 << 40, taker, price, 1)
            elif choice < 0.65 and size > 1:
                self._sizes[order_id] = size - 1
                yield feed.Changed(order_id, price, size - 1)
            else:
                self._near[at] = self._near[-1]
                self._near.pop()
                yield feed.Done(order_id, Outcome.CANCELLED, self._sizes.pop(order_id))

    def values(self, events: Sequence[feed.FeedEvent], time_ms: int) -> list[bytes]:
        """Return events as the values of records."""
        found = []
        for at in range(0, len(events), PER_RECORD):
            some = tuple(events[at : at + PER_RECORD])
            number, chain = self._edge.state()
            for event in some:
                self._edge.put(FEED, event, time_ms)
            group = feed.FeedGroup(self.rules.instrument_id, number + 1, chain, time_ms, some)
            found.append(encode(feed.FeedBatch(b"", Line.A, (group,))))
        return found


def rules_of(partition: int = 0) -> Instrument:
    """Return an instrument for the cores alone."""
    return Instrument(
        *(1, 1, "BTC-USD", partition, InstrumentStatus.TRADING, 1, "BTC", 8, 2, "USD", 2),
        *(1, 1, 1, 1, 1 << 40, 1 << 40, 0, 0),
    )


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that something takes, without the collector in between."""
    gc.collect()
    gc.disable()
    started = time.perf_counter()
    work()
    took_s = time.perf_counter() - started
    gc.enable()
    return took_s


def cores(levels: int, count: int) -> dict[str, str]:
    """Measure the worker core and the replicas in process."""
    made = Feed(rules_of(), levels)
    deep = made.values(made.deep(), 1)
    flow = made.busy()
    busy = made.values([next(flow) for _ in range(count)], 2)
    records = [Record(0, at, 1, value) for at, value in enumerate([*deep, *busy])]
    worker = BookPartition()
    derived = [*worker.apply(records[: len(deep)])]
    start = worker.books[1].start(worker.position)

    def work() -> None:
        for one in records[len(deep) :]:
            derived.extend(worker.apply([one]))

    core_s = timed(work)
    depth = [m for one in derived if isinstance(m := decode(one.value), DepthBatch)]
    changes = sum(len(one.changes) for one in depth)
    replica = LevelReplica()
    applied_s = timed(lambda: [replica.take(one) for one in depth])
    encoded = [encode(one) for one in depth]
    again = LevelReplica()
    decoded_s = timed(lambda: [again.take(decode(one)) for one in encoded])
    client = Market()
    client.part((Channel.BOOK, 1))
    client.join((Channel.BOOK, 1), BookPartition([start], 0).books[1])
    values = [one.value for one in records[len(deep) :]]
    book_s = timed(lambda: client.take(decode(value) for value in values))
    sent = list(parts(start, 0))
    parts_s = timed(lambda: list(parts(start, 0)))
    stored = latest_values(Record(0, at, 1, o.value, o.key) for at, o in enumerate(sent))
    found_s = timed(lambda: find(stored, "BTC-USD"))
    return {
        "worker core": f"{count / core_s:,.0f} feed events/s, from records to records",
        "L2 replica": f"{changes / applied_s:,.0f} level changes/s; {changes / decoded_s:,.0f}"
        " with decoding",
        "L3 replica of a client": f"{count / book_s:,.0f} feed events/s with decoding",
        f"snapshot of {len(start.orders):,} orders": f"{parts_s * 1e3:.0f} ms to write in"
        f" {len(sent)} parts, {sum(len(o.value) for o in sent):,} bytes; {found_s * 1e3:.0f} ms"
        " to read and check",
    }


async def late(bootstrap: str, symbol: str, joins: int) -> dict[str, list[float]]:
    """Return the seconds of each join, by channel, each with a client of its own."""
    took: dict[str, list[float]] = {"book (L3)": [], "depth (L2)": []}
    for _ in range(joins):
        for name, channel in (("book (L3)", Channel.BOOK), ("depth (L2)", Channel.DEPTH)):
            async with MarketDataClient.connecting(bootstrap) as client:
                started = time.perf_counter()
                await client.subscribe([symbol], [channel])
                took[name].append(time.perf_counter() - started)
        await asyncio.sleep(0.5)
    return took


def subscribers(levels: int, joins: int) -> dict[str, str]:
    """Measure late subscribers on a real Kafka."""
    with tempfile.TemporaryDirectory(prefix="partita-bench-") as folder:
        plan = Plan(Path(folder), DEFAULT_FILE, partitions=1, ledgers=0, matchers=0, market_data=1)
        with Exchange(plan) as running:
            running.start(lambda line: print(f"  {line}"))
            rules = running.instruments[0]
            made, sender = Feed(rules, levels), Sender(running.bootstrap)
            for value in made.values(made.deep(), 1):
                sender.send(Outgoing(BOOK, rules.partition, None, value))
            stop = threading.Event()
            flow = made.busy()

            def go_on() -> None:
                while not stop.wait(0.05):
                    events = [next(flow) for _ in range(RATE_PER_S // 20)]
                    for value in made.values(events, 2):
                        sender.send(Outgoing(BOOK, rules.partition, None, value))

            thread = threading.Thread(target=go_on)
            thread.start()
            try:
                while not newest_starts(running.bootstrap, rules.partition, [rules.symbol]):
                    time.sleep(0.1)
                time.sleep(10.0)
                took = asyncio.run(late(running.bootstrap, rules.symbol, joins))
            finally:
                stop.set()
                thread.join()
    return {
        f"late subscriber, {name}, {levels:,} levels, {RATE_PER_S:,} events/s": (
            f"median {median(times) * 1e3:.0f} ms, worst {max(times) * 1e3:.0f} ms of {len(times)}"
        )
        for name, times in took.items()
    }


@click.command(help=__doc__)
@click.option("--events", default=200_000, show_default=True, help="Feed events of the cores.")
@click.option("--levels", default=10_000, show_default=True, help="Price levels of the book.")
@click.option("--joins", default=10, show_default=True, help="Late subscribers a channel.")
@click.option("--record/--no-record", "keep", default=True, help="Write into RESULTS.md.")
def main(events: int, levels: int, joins: int, keep: bool) -> None:
    """Measure, print a table, and record."""
    results = cores(levels, events) | subscribers(levels, joins)
    table = Table("workload", "result", title="market data")
    for workload, result in results.items():
        table.add_row(workload, result)
    Console().print(table)
    if keep:
        record("benchmarks.market_data", {f"market data: {k}": v for k, v in results.items()})


if __name__ == "__main__":
    main()
