"""How long a machine stands still while its state is taken: a large book, and a large shard.

A core in this process gets a machine of so many resting orders, or of so many accounts with a
balance in two assets, an open order and the ids of all of that. Then its state is taken as its
worker takes it (from a copy, or by a forked child), again and again. The pause is from the
beginning of that until the worker goes on; the other figure is until everything is written down.

    python -m benchmarks.capture [--count N] [--times N] [--engine NAME]
"""

import gc
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from benchmarks.resting import MIDDLE, resting_order
from benchmarks.results import Figures, Measured, Parameters, record
from partita.deploy.match.scale import Scale
from partita.ledger import engines as shards
from partita.ledger.service import SERVICE as LEDGER
from partita.log.capture import Source, Take, by_rows
from partita.log.core import WorkerCore
from partita.log.edges import OutEdge
from partita.log.port import Record
from partita.log.role import Role
from partita.matchers import engines as books
from partita.matchers.service import SERVICE as MATCHERS
from partita.schemas.chain import ORDERS
from partita.schemas.codec import encode
from partita.schemas.commands import Command, CommandBatch, Place, Transfer
from partita.schemas.enums import Line, OrderType, SelfTrade, Side, TimeInForce
from partita.schemas.instrument import Instrument
from partita.schemas.orders import OrderBatch, OrderGroup
from partita.schemas.reports import ReportBatch, ReportGroup

_NOW_MS = 1_000_000
_UNTIL_MS = _NOW_MS + 10_000
_BATCH = 1_000
_PAUSE_S = 0.3  # between two: pages that were shared with a child are touched again


def _records(values: Iterator[bytes]) -> list[Record]:
    return [Record(0, offset, _NOW_MS, value) for offset, value in enumerate(values)]


def _book(core: WorkerCore, rules: Instrument, count: int) -> str:
    """Fill a book; return its name."""
    edge = OutEdge()

    def values() -> Iterator[bytes]:
        yield encode(rules)
        for begun in range(0, count, _BATCH):
            first, chain = edge.number + 1, edge.chain
            orders = [resting_order(n + 1, n) for n in range(begun, min(count, begun + _BATCH))]
            for order in orders:
                edge.put(ORDERS, order)
            group = OrderGroup(rules.instrument_id, first, chain, tuple(orders))
            yield encode(OrderBatch(b"", Line.A, 0, (group,)))

    core.open(0)
    core.apply(_records(values()))
    return rules.symbol


def _commands(count: int) -> Iterator[Command]:
    for account in range(1, count + 1):
        for asset_id in (1, 2):
            yield Transfer(account, f"t{asset_id}", _UNTIL_MS, asset_id, 1 << 60)
        kind = (Side.BUY, OrderType.LIMIT, TimeInForce.GTC, MIDDLE, 1, 0)
        yield Place(account, "p1", _UNTIL_MS, 1, *kind, False, SelfTrade.DC, 0)


def _shard(core: WorkerCore, rules: Instrument, count: int) -> str:
    """Fill a shard; return its name."""

    def values() -> Iterator[bytes]:
        heard = ReportGroup(rules.instrument_id, 1, 0, (rules,))
        yield encode(ReportBatch(b"", Line.A, (heard,)))
        commands = list(_commands(count))
        for begun in range(0, len(commands), _BATCH):
            yield encode(CommandBatch(b"", tuple(commands[begun : begun + _BATCH])))

    core.open(0)
    core.apply(_records(values()))
    return "shard 0"


def _captured(
    core: WorkerCore, machine: str, take: Take, times: int
) -> tuple[list[float], list[float], int]:
    """Return the pauses and the times until all was written, ms, and the bytes."""
    pauses, whole, size = [], [], 0
    rows = core.machines(0)[machine].rows
    source = Source(rows, lambda: core.snapshot(0, machine), lambda: core.copy(0, machine))
    for _ in range(times):
        begun_s = time.perf_counter()
        capture = take(source)
        pauses.append((time.perf_counter() - begun_s) * 1e3)
        while (data := capture.data()) is None:
            time.sleep(0.001)
        whole.append((time.perf_counter() - begun_s) * 1e3)
        size = data.size
        data.drop()
        time.sleep(_PAUSE_S)
    return pauses, whole, size


def _middle_and_most(values: Sequence[float]) -> str:
    return f"{median(values):.1f} (most {max(values):.1f})"


@click.command(help=__doc__)
@click.option("--count", default=100_000, show_default=True, help="Orders, and accounts.")
@click.option("--times", default=10, show_default=True, help="How often.")
@click.option("--engine", help="Which engine.  [default: the first one]")
@click.option("--record/--no-record", "keep", default=True, help="Write into RESULTS.md.")
def main(count: int, times: int, engine: str | None, keep: bool) -> None:
    """Measure and print."""
    name = engine or next(iter(books.ENGINES))
    rules = Scale(Decimal("0.01"), Decimal("0.01")).instrument("BTC-USD")
    table = Table("machine", "pause, ms", "until written, ms", "bytes", title=f"{name} engine")
    words, measured = {}, []
    for what, fill, core, service in (
        ("book", _book, books.core(engine)(1, Line.A), MATCHERS),
        ("shard", _shard, shards.core(engine)(1, Line.A), LEDGER),
    ):
        machine = fill(core, rules, count)
        gc.collect()
        gc.freeze()
        take = by_rows(Role().inline_rows_max, service.copied_rows_max)
        pauses, whole, size = _captured(core, machine, take, times)
        gc.unfreeze()
        table.add_row(what, _middle_and_most(pauses), _middle_and_most(whole), f"{size:,}")
        parameters: Parameters = {"machine": what, "engine": name, "count": count}
        figures: Figures = {
            "pause ms": round(median(pauses), 2),
            "most pause ms": round(max(pauses), 2),
            "until written ms": round(median(whole), 1),
            "bytes": size,
        }
        measured.append(Measured("capture", parameters, figures))
        words[f"state taken of a {what} of {count:,}, {name} engine"] = (
            f"pause {_middle_and_most(pauses)} ms, written down after"
            f" {_middle_and_most(whole)} ms, {size:,} bytes (medians of {times})"
        )
    Console().print(table)
    if keep:
        record("benchmarks.capture", words, measured)


if __name__ == "__main__":
    main()
