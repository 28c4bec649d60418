"""Trades a second into candles, through the real app on a real Kafka.

Trades of four symbols on two partitions, written before the clock starts or while it runs, in
records of so many trades. Stream: the app runs, and the records come by faust as fast as they are
written; counted until each symbol's newest minute on `candles` has its last trade. Start: the app
is started on records that stand there, as after a long stop.

    python -m benchmarks.candles [--trades N] [--record]
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.results import record
from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE
from partita.deploy.workers import worker_command
from partita.log.kafka.reader import Reader
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing
from partita.schemas.codec import decode, encode
from partita.schemas.enums import Side
from partita.schemas.instrument import Instrument
from partita.schemas.market_data import Candle, Trade, TradeBatch
from partita.schemas.topics import CANDLES, TRADES

SYMBOLS = 4
SIZES = (1, 10, 100, 1_000)
# A record a trade is what the design forbids: measured with fewer, to say why.
SINGLES_MAX = 50_000
_PATIENCE_S = 300.0
_READY = "bars up to offset"


def batches(instruments: list[Instrument], count: int, size: int) -> list[Outgoing]:
    """Return so many trades of each symbol as records of so many; a minute has 20,000."""
    now_ms = time.time_ns() // 1_000_000 - 3_600_000
    found = []
    for first in range(1, count + 1, size):
        for instrument in instruments:
            trades = tuple(
                Trade(3 * n, now_ms + 3 * n, Side.BUY, 1_000_000 + n % 977, n % 89 + 1)
                for n in range(first, min(first + size, count + 1))
            )
            batch = TradeBatch(b"", instrument.instrument_id, first, trades)
            key = instrument.symbol.encode()
            found.append(Outgoing(TRADES, instrument.partition, key, encode(batch)))
    return found


@contextmanager
def app(bootstrap: str, log: Path) -> Iterator[int]:
    """Run the app; yield its pid."""
    command = worker_command("marketdata.bars", bootstrap, "--session-timeout-ms", "2000")
    with log.open("wb") as out, subprocess.Popen(command, stderr=out) as process:
        try:
            yield process.pid
        finally:
            process.terminate()


def cpu_s(pid: int) -> float:
    """Return the processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Candles:
    """What comes to candles from now on."""

    def __init__(self, bootstrap: str, instruments: list[Instrument], count: int) -> None:
        self._left = {f"{i.symbol}/60/".encode() for i in instruments}
        self._count = count
        self.records = 0
        self._reader = Reader(bootstrap, CANDLES)
        self._reader.start(self._reader.ends([0, 1]))

    def wait(self) -> None:
        """Wait until every symbol has its last trade in a minute."""
        deadline_s = time.monotonic() + _PATIENCE_S
        while self._left:
            for one in self._reader.read(0.1):
                self.records += 1
                candle = decode(one.value)
                assert isinstance(candle, Candle)
                if candle.last_trade_id == self._count and one.key is not None:
                    self._left.discard(one.key[: one.key.rindex(b"/") + 1])
            if time.monotonic() > deadline_s:
                raise SystemExit("the candles did not come")
        self._reader.close()


def measure(count: int, size: int, *, stream: bool) -> str:
    """Run one workload; return its figures."""
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(Path(folder), DEFAULT_FILE, ledgers=0, matchers=0)
        with Exchange(plan) as exchange:
            exchange.start(lambda _: None)
            instruments = exchange.instruments[:SYMBOLS]
            records, sender = batches(instruments, count, size), Sender(exchange.bootstrap)
            candles = Candles(exchange.bootstrap, instruments, count)
            log = Path(folder) / "app.log"
            if not stream:
                _send(sender, records)
            with app(exchange.bootstrap, log) as pid:
                if stream:
                    while log.read_text().count(_READY) < plan.partitions:
                        time.sleep(0.05)
                started_s, before_s = time.monotonic(), cpu_s(pid)
                if stream:
                    _send(sender, records)
                candles.wait()
                seconds, cpu = time.monotonic() - started_s, cpu_s(pid) - before_s
    total = count * len(instruments)
    return (
        f"{total / seconds:,.0f} trades/s ({total:,} in {seconds:.1f} s,"
        f" {len(records) / seconds:,.0f} records/s in, {candles.records / seconds:,.0f} out),"
        f" {cpu / total * 1e6:,.1f} us CPU a trade"
    )


def _send(sender: Sender, records: list[Outgoing]) -> None:
    for outgoing in records:
        sender.send(outgoing)
    sender.flush(_PATIENCE_S)


@click.command(help=__doc__)
@click.option("--trades", default=1_000_000, show_default=True, help="Trades to measure, in all.")
@click.option("--record/--no-record", "keep", default=False, help="Write into RESULTS.md.")
def main(trades: int, keep: bool) -> None:
    """Measure, print a table, and record."""
    results = {}
    for size in SIZES:
        total = min(trades, SINGLES_MAX) if size == 1 else trades
        name = f"candles, stream, {size} trades a record, {SYMBOLS} symbols, 2 partitions"
        results[name] = measure(total // SYMBOLS, size, stream=True)
    name = f"candles, start, 100 trades a record, {SYMBOLS} symbols, 2 partitions"
    results[name] = measure(trades // SYMBOLS, 100, stream=False)
    table = Table("workload", "result")
    for row in results.items():
        table.add_row(*row)
    Console().print(table)
    if keep:
        record("benchmarks.candles", results)


if __name__ == "__main__":
    main()
