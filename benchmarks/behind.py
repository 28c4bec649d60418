"""How far what is derived is behind the matcher, and the store behind the ledger.

Derived topics: one matcher worker at a steady rate of orders that meet in pairs, a market-data
worker and a candle worker, all on one embedded broker. Of each feed event the time at which the
broker appended it to `book` is compared with the time at which it appended what was derived of it.
Candles are conflated, so of those each record's own last trade counts.

Store: a whole exchange at a steady rate, with a projector; of each private event, from its append
to the first look at which the store covers it.

    python -m benchmarks.behind derived|store [--rate R] [--seconds S]
"""

import asyncio
import threading
import time
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import click
from rich.console import Console
from rich.table import Table

from benchmarks.results import record
from benchmarks.snapshot_pause import Shard, matcher
from benchmarks.venue import orders, session
from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.deploy.replay.latency import Percentiles, percentiles
from partita.ledger.store.choice import open_reader
from partita.log.kafka.past import PastReader
from partita.log.port import Record
from partita.schemas.codec import decode
from partita.schemas.topics import ACCOUNT_EVENTS, BOOK, CANDLES, DEPTH, TRADES

_NAMES = ("p50", "p90", "p99", "p99.9", "max")
_WARM_S = 5
_SNAPSHOTS_MS = 10_000
_LOOK_S = 0.005
_KEEP = click.option("--record/--no-record", "keep", default=True, help="Write into RESULTS.md.")


def _records(bootstrap: str, topic: str, partition: int) -> Iterator[Record]:
    with closing(PastReader(bootstrap, topic)) as reader:
        yield from reader.records(partition)


def lags(bootstrap: str, instrument_id: int, after_ms: int) -> dict[str, Percentiles]:
    """Return the lag of each derived topic behind `book`, of what was said after a time."""
    said: dict[int, int] = {}  # by number of the event: when it was appended
    for one in _records(bootstrap, BOOK, 0):
        for group in decode(one.value).groups:
            if group.instrument_id == instrument_id:
                for number in range(group.first, group.first + len(group.events)):
                    said.setdefault(number, one.time_ms)
    found: dict[str, array[float]] = {}
    for topic, name in ((TRADES, "trades"), (DEPTH, "changes"), (CANDLES, "")):
        seen, late = set[tuple[int, int]](), found.setdefault(topic, array("d"))
        for one in _records(bootstrap, topic, 0):
            message = decode(one.value)
            if message.instrument_id != instrument_id:
                continue
            events = getattr(message, name) if name else (message,)
            for at, event in enumerate(events, getattr(message, "first", one.offset)):
                if (at, event.number) not in seen and said[event.number] > after_ms:
                    late.append((one.time_ms - said[event.number]) / 1_000)
                seen.add((at, event.number))
    return {topic: percentiles(late) for topic, late in found.items()}


@click.group(help=__doc__)
def main() -> None:
    """Group the commands."""


@main.command()
@click.option("--rate", default=11_574, show_default=True, help="Orders a second.")
@click.option("--seconds", default=20, show_default=True, help="Length of the run.")
@_KEEP
def derived(rate: int, seconds: int, keep: bool) -> None:
    """Measure the derived topics."""
    with TemporaryDirectory(prefix="partita-bench-") as name:
        plan = Plan(
            Path(name),
            DEFAULT_FILE,
            shards=1,
            partitions=1,
            ledgers=0,
            matchers=0,
            market_data=1,
            candles=1,
        )
        with Exchange(plan) as exchange:
            exchange.start(lambda line: print(f"  {line}"))
            rules = exchange.instruments[0]
            shard = Shard(exchange.bootstrap, rules)
            with matcher(exchange.bootstrap, Path(name), _SNAPSHOTS_MS):
                shard.run(100, _WARM_S)
                after_ms = time.time_ns() // 1_000_000
                hop = shard.run(rate, seconds)
                time.sleep(_WARM_S)  # what is behind catches up
            found = {"matcher's hop": hop} | lags(exchange.bootstrap, rules.instrument_id, after_ms)
    _finish(
        keep,
        f"behind the matcher, {rate:,} orders/s open loop, {seconds} s, reference engine, 1x1",
        found,
    )


class Looks:
    """Looks at the store now and then: when it covered how much."""

    def __init__(self, address: str) -> None:
        self.numbers: dict[int, list[int]] = {}  # by shard: what it covered at each look
        self.times_ms: list[int] = []
        self._address = address
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        with closing(open_reader(self._address)) as reader:
            while not self._stop.wait(_LOOK_S):
                progress = reader.progress()
                self.times_ms.append(time.time_ns() // 1_000_000)
                for at in progress.values():
                    if at.source.topic == ACCOUNT_EVENTS:
                        self.numbers.setdefault(at.source.partition, []).append(at.number)

    def covered_ms(self, shard: int, number: int) -> int:
        """Return when the store was first seen to cover an event."""
        numbers = self.numbers[shard]
        late = len(self.times_ms) - len(numbers)  # looks before the store had heard of the shard
        return self.times_ms[late + bisect_left(numbers, number)]


@main.command()
@click.option("--rate", default=2_000, show_default=True, help="Orders a second.")
@click.option("--seconds", default=20, show_default=True, help="Length of the run.")
@click.option("--store", "kind", default="sqlite", show_default=True, help="sqlite or cassandra.")
@_KEEP
def store(rate: int, seconds: int, kind: str, keep: bool) -> None:
    """Measure the store."""
    with TemporaryDirectory(prefix="partita-bench-") as name:
        plan = Plan(Path(name), DEFAULT_FILE, projectors=1, store=kind)
        with Exchange(plan) as exchange:
            exchange.start(lambda line: print(f"  {line}"))
            late = asyncio.run(_store(exchange, rate, seconds))
    title = f"{kind} behind the ledger, {rate:,} orders/s open loop, {seconds} s, 2x2"
    _finish(keep, title, {"store": late})


async def _store(exchange: Exchange, rate: int, seconds: int) -> Percentiles:
    async with session(exchange.bootstrap) as venue:
        await venue.fund(orders(rate * _WARM_S, rate, seed=2))
        await venue.fund(orders(rate * seconds, rate, seed=3))
        await asyncio.sleep(_WARM_S)  # until the store has heard of it
        with Looks(exchange.store.address) as looks:
            await venue.run(orders(rate * _WARM_S, rate, seed=2), 1)
            after_ms = time.time_ns() // 1_000_000
            await venue.run(orders(rate * seconds, rate, seed=3), 1)
            await asyncio.sleep(_WARM_S)
    late = array("d")
    for shard in range(exchange.plan.shards):
        seen = 0
        for one in _records(exchange.bootstrap, ACCOUNT_EVENTS, shard):
            for group in decode(one.value).groups:
                last = group.first + len(group.events) - 1
                if last > seen and one.time_ms > after_ms:
                    waited_ms = looks.covered_ms(shard, last) - one.time_ms
                    late.extend([waited_ms / 1_000] * (last - max(seen, group.first - 1)))
                seen = max(seen, last)
    return percentiles(late)


def _finish(keep: bool, title: str, found: dict[str, Percentiles]) -> None:
    table = Table("", *_NAMES, title=f"{title}, ms")
    texts = []
    for what, one in found.items():
        table.add_row(what, *(f"{value:.1f}" for value in one[1:]))
        figures = ", ".join(f"{n} {v:.1f}" for n, v in zip(_NAMES, one[1:], strict=True))
        texts.append(f"{what}: {figures} ms")
    Console().print(table)
    if keep:
        record("benchmarks.behind", {title: "; ".join(texts)})


if __name__ == "__main__":
    main()
