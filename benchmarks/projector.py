"""Projector: rows a second into a store, from records as a busy ledger writes them.

A seeded market runs through the reference cores in process, whole batches at a time: limit orders
of many accounts, of which about half trade at once. What the shards say of it is kept as it would
stand on account-events. Then it is projected, without Kafka: decoded, folded and written; timed are
all of it, and the store's share.

    python -m benchmarks.projector [--store ADDRESS] [--orders N] [--accounts N]
        [--runs N] [--no-record]
"""

import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.results import record
from partita.deploy.cassandra import EmbeddedCassandra
from partita.deploy.instruments import DEFAULT_FILE, read_instruments
from partita.ledger.engines import engine as shard_engine
from partita.ledger.partition import ledger_core
from partita.ledger.projector.projection import Projection
from partita.ledger.projector.run import EVENTS_MAX
from partita.ledger.store.choice import open_store
from partita.ledger.store.port import Retention, Store
from partita.ledger.store.rows import Rows, Source
from partita.log.port import Outgoing, Record
from partita.matchers.engines import engine as book_engine
from partita.matchers.partition import matcher_core
from partita.schemas.codec import encode
from partita.schemas.commands import Command, CommandBatch, Place, Transfer
from partita.schemas.enums import Line, OrderType, SelfTrade, Side, TimeInForce
from partita.schemas.instrument import Instrument
from partita.schemas.topics import ACCOUNT_COMMANDS, ACCOUNT_EVENTS, ORDERS

_SHARDS = 2
_BATCH = 200  # commands that are applied together
_NOW_MS = 1_790_000_000_000
_FIRST_SYMBOLS = 4


class Market:
    """Cores of two shards and one partition of books, and what goes between them."""

    def __init__(self) -> None:
        """List the instruments."""
        self.events: list[Outgoing] = []
        self._offsets: dict[tuple[str, int], int] = {}
        self._ledger = ledger_core(_SHARDS, Line.A, shard_engine(None))
        self._matcher = matcher_core(_SHARDS, Line.A, book_engine(None))
        for shard in range(_SHARDS):
            self._ledger.open(shard)
        self._matcher.open(0)
        self.instruments = read_instruments(DEFAULT_FILE, 1, {})[:_FIRST_SYMBOLS]
        for instrument in self.instruments:
            self._pass_on([Outgoing(ORDERS, 0, None, encode(instrument))])

    def submit(self, commands: Sequence[Command]) -> None:
        """Apply commands, and all that comes of them."""
        for shard in range(_SHARDS):
            mine = tuple(c for c in commands if c.account % _SHARDS == shard)
            self._pass_on(
                [Outgoing(ACCOUNT_COMMANDS, shard, None, encode(CommandBatch(b"", mine)))]
            )

    def _pass_on(self, sent: Sequence[Outgoing]) -> None:
        while sent:
            said: list[Outgoing] = []
            for outgoing in sent:
                if outgoing.topic == ACCOUNT_EVENTS:
                    self.events.append(outgoing)
                elif outgoing.topic in (ACCOUNT_COMMANDS, ORDERS):
                    said += self._apply(outgoing)
            sent = said

    def _apply(self, outgoing: Outgoing) -> Sequence[Outgoing]:
        where = outgoing.topic, outgoing.partition
        offset = self._offsets.get(where, 0)
        self._offsets[where] = offset + 1
        core = self._matcher if outgoing.topic == ORDERS else self._ledger
        time_ms = _NOW_MS + offset
        return core.apply([Record(outgoing.partition, offset, time_ms, outgoing.value)]).records


def commands(
    instruments: Sequence[Instrument], orders: int, accounts: int
) -> Iterator[list[Command]]:
    """Give the market's commands, a batch at a time."""
    chance = random.Random(5)
    ids = iter(range(1, 1 << 60))
    until_ms = _NOW_MS + 50_000
    assets = {i.base_asset_id for i in instruments} | {i.quote_asset_id for i in instruments}
    transfers: list[Command] = [
        Transfer(account, f"t{next(ids)}", until_ms, asset, 1 << 58)
        for account in range(1, accounts + 1)
        for asset in sorted(assets)
    ]
    for at in range(0, len(transfers), _BATCH):
        yield transfers[at : at + _BATCH]
    for _ in range(0, orders, _BATCH):
        yield [_place(chance, next(ids), instruments, accounts, until_ms) for _ in range(_BATCH)]


def _place(
    chance: random.Random, name: int, rules: Sequence[Instrument], accounts: int, until_ms: int
) -> Place:
    side, instrument = chance.choice((Side.BUY, Side.SELL)), chance.choice(rules)
    middle = 10_000 - (4 if side is Side.BUY else -4)
    return Place(
        chance.randint(1, accounts),
        f"o{name}",
        until_ms,
        instrument.instrument_id,
        side,
        OrderType.LIMIT,
        TimeInForce.GTC,
        price=middle + chance.randint(-20, 20),
        size=max(instrument.min_size, 1) * chance.randint(1, 9),
        funds=0,
        post_only=False,
        self_trade=SelfTrade.CO,
        expire_ms=0,
    )


class Timed:
    """A store whose own time is taken."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.store, name)
        if name not in ("write", "load_orders", "load_balances"):
            return found

        def call(given: Rows) -> Any:
            begun_s = time.perf_counter()
            try:
                return found(given)
            finally:
                self.seconds += time.perf_counter() - begun_s

        return call


def project(store: Any, logs: dict[int, list[Record]]) -> int:
    """Project everything as a projector does that catches up; return how many rows."""
    sources = [Source(ACCOUNT_EVENTS, "benchmark", shard) for shard in logs]
    projection, rows = Projection(store, sources), 0
    for records in zip(*logs.values(), strict=False):
        for one in records:
            projection.take(ACCOUNT_EVENTS, one)
        if projection.pending >= EVENTS_MAX:
            rows += projection.flush()
    return rows + projection.flush()


@click.command(help=__doc__)
@click.option(
    "--store",
    "address",
    help="cassandra: on one started here; an address: of a store that is emptied; else SQLite.",
)
@click.option("--orders", default=100_000, show_default=True)
@click.option("--accounts", default=1_000, show_default=True)
@click.option("--runs", default=3, show_default=True)
@click.option("--record/--no-record", "keep", default=True, help="Write into RESULTS.md.")
def main(address: str | None, orders: int, accounts: int, runs: int, keep: bool) -> None:
    """Measure, print, and record."""
    market = Market()
    for batch in commands(market.instruments, orders, accounts):
        market.submit(batch)
    logs: dict[int, list[Record]] = {shard: [] for shard in range(_SHARDS)}
    for outgoing in market.events:
        log = logs[outgoing.partition]
        log.append(Record(outgoing.partition, len(log), _NOW_MS, outgoing.value))
    with tempfile.TemporaryDirectory(prefix="partita-bench-") as folder, ExitStack() as started:
        if address == "cassandra":
            server = started.enter_context(EmbeddedCassandra(Path(folder) / "cassandra"))
            address = f"cassandra:{server.address}?replication=1"
        address = address or f"sqlite:{Path(folder) / 'store.sqlite'}"
        found = _measure(address, logs, orders, runs)
    if keep:
        kind = address.partition(":")[0]
        workload = f"projector into {kind}, events of {orders:,} orders of {accounts:,} accounts"
        text = f"{found:,.0f} rows/s (median of {runs}), decoding and folding included"
        record("benchmarks.projector", {workload: text})


def _measure(address: str, logs: dict[int, list[Record]], orders: int, runs: int) -> float:
    table = Table("rows", "rows/s", "store alone", "orders/s", title=address.partition(":")[0])
    rates = []
    for _ in range(runs):
        timed = Timed(open_store(address, Retention(), anew=True))
        begun_s = time.perf_counter()
        rows = project(timed, logs)
        took_s = time.perf_counter() - begun_s
        timed.store.close()
        rates.append(rows / took_s)
        alone = f"{rows / timed.seconds:,.0f}/s"
        table.add_row(f"{rows:,}", f"{rows / took_s:,.0f}", alone, f"{orders / took_s:,.0f}")
    Console().print(table)
    Console().print(f"median {median(rates):,.0f} rows/s of {runs} runs")
    return median(rates)


if __name__ == "__main__":
    main()
